#!/bin/sh
# Arguments, local, return, recursion, redefinition, unset, functions in pipelines.
f() { echo "$# $1 $2"; shift; echo "$1"; return 3; }
f a b; echo $?; set -- p q; f x y >/dev/null; echo "$@"
fact() { [ "$1" -le 1 ] && echo 1 || echo $(($1 * $(fact $(($1-1))))); }; fact 10
v=global; g() { local v=local; h; echo "$v"; }; h() { echo "h $v"; v=changed; }; g; echo "$v"
w() { while read x; do echo "w$x"; done; }; seq 2 | w | w
g() { echo new; }; g; unset -f g; g 2>/dev/null; echo $?
r() { return; }; false; r; echo $?; n() { true; }; n; echo $?
outer() { inner() { echo inner; }; }; outer; inner; (sub() { echo s; }; sub); sub 2>/dev/null; echo $?
deep() { [ "$1" -eq 0 ] && { echo bottom; return; }; deep $(($1-1)); }; deep 500
