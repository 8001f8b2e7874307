#!/bin/bash
# Scripts that share stdin with their commands; here-documents for ssh-like loops; buffering.
printf '1\n2\n3\n' | { head -n 1; cat; } >o; [ $(wc -l <o) -ge 1 ] && head -1 o
printf '1\n2\n3\n' | { read x; echo "x=$x"; sed -n 1p; }; seq 5 | while read n
do cat >/dev/null; echo once $n; done; seq 3 | while read n; do cat </dev/null; echo each $n; done; seq 3 >f
while read a; do read b <&3; echo $a$b; done <f 3<f; sh -s a b <<'E'
echo $# $1
cat <<X
inner
X
E
printf 'echo from pipe\nexit 3\necho no\n' | bash; echo $?; bash <(echo 'echo from fd'); echo 'cat' | bash -s
echo data | cat - f | head -2; (read a; read b; echo "$b$a") <<<$'x\ny'; sort <<E | tr '\n' ' '
z
y
E
echo; cat /dev/null - <<<tail; wc -l < <(cat f f); { cat <&3; } 3<<<three
printf 'no newline' | { IFS= read -r l || true; echo "[$l]"; }; printf 'a\0b' | tr '\0' '-'; echo
yes '' | head -3 | wc -l; while IFS= read -rn1 c; do printf '%s.' "$c"; done <<<abc; echo
