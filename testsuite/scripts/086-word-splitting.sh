#!/bin/sh
# Field splitting with several IFS values, empty fields, quoting inside expansions.
c() { echo "$#: $*"; }; x='a  b	c'; c $x; c "$x"; IFS=:; y='a::b:'; c $y; y=:a; c $y; IFS=' :'; y=' a : b '
c $y; IFS=; c $x; unset IFS; c ${u} "${u}" $u''; set -- 'p q' r; c $* ; c "$*"; c $@; c "$@"; c x"$@"y
IFS=,; c "$*" $*; c ${z:-a,b}; c "${z:-a,b}"; unset IFS; c ${z:-"a b" c}; c $(printf 'x y\nz')
c "$(printf 'x y\nz')"; n=''; c a${n}b $n; c "" ''; for i in $(printf 'a\n\nb\n'); do c $i; done; v='*'
cd /; set -f; c $v; set +f; eval "c 'e f' g"; IFS=0; c $((100+1)); c 10 2
