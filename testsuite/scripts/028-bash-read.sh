#!/bin/bash
# read -t, -n, -N, -d, -a, -s, -u, mapfile.
read -n 3 x <<<abcdef; echo "$x"; read -N 4 x <<<$'a\nbcd'; printf '%q\n' "$x"
read -d : x <<<'up to:colon'; echo "$x"; read -a arr <<<'1 2 3'; echo "${#arr[@]} ${arr[2]}"
read -t 0.1 x < <(sleep 0.5); s=$?; [ $s -gt 128 ] && echo timeout; read -t 5 x <<<fast; echo "$x"
exec 3< <(echo ready); sleep 0.2; read -t 0 -u 3; echo $?; exec 3<&-
printf 'a\0b\0' | while IFS= read -r -d '' i; do echo "<$i>"; done
mapfile -t lines < <(seq 5)
echo "${lines[@]}" ${#lines[@]}; mapfile -n 2 -s 1 two < <(seq 5); printf '%s' "${two[@]}"
mapfile -d '' -t z < <(printf 'x\0y\0'); echo "${z[1]}"; readarray -t -C 'echo cb' -c 2 q < <(seq 4)
read x y < <(echo one two three); echo "$y"
while IFS='=' read -r k v; do echo "$k->$v"; done <<<$'a=1\nb=2=3'
read -r -p prompt x <<<p; echo $x; echo "$REPLY"; read <<<'  whole reply  '; echo "[$REPLY]"
exec 3<<<$'l1\nl2'; read -u 3 a; read -u 3 b; read -u 3 c || echo "$a$b"
