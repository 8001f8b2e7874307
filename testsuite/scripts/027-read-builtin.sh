#!/bin/sh
# IFS splitting, -r, backslashes, fewer and more fields, end of file without a newline.
printf 'a b c\n' | { read x y; echo "[$x][$y]"; }
printf 'a\n' | { read x y; echo "[$x][$y]"; }
printf '  lead trail  \n' | { read x; echo "[$x]"; }
printf '  lead trail  \n' | { IFS= read x; echo "[$x]"; }
printf 'a:b::c\n' | { IFS=: read w x y z; echo "[$w][$x][$y][$z]"; }
printf 'a\\tb\\\nc\n' | { read x; echo "[$x]"; }
printf 'a\\tb\\\nc\n' | { read -r x; echo "[$x]"; }
printf 'last' | { read x; echo "$? [$x]"; }
printf '' | { read x; echo "$? [$x]"; }
printf '1\n2\n3\n' | while read n; do echo $((n*n)); done
n=0; while IFS= read -r l; do n=$((n+1)); done </etc/passwd; [ $n -gt 5 ] && echo many
printf 'x y\n' | { read a; read b || echo "eof [$a][$b]"; }
IFS=, read a b <<E
1,2,3
E
echo "$a $b"
