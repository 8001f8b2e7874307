#!/bin/sh
# cut by bytes, characters and fields; tr sets and classes; od formats; paste, fold, expand, nl, tac, rev.
printf 'a:b:c\nd:e\nnone\n' >f; cut -d: -f2 f; cut -d: -f1,3 f; cut -s -d: -f2- f; cut -c1-3 f; cut -b2 f
cut -d: -f1 --output-delimiter=+ f; cut --complement -d: -f2 f
echo hello | tr a-y b-z; echo 'a  b   c' | tr -s ' '; echo hello | tr -d l
echo Hello | tr '[:lower:]' '[:upper:]'; echo abc123 | tr -cd 0-9; echo; echo hello | tr -c 'a-z\n' X
printf 'a\nb\n' | tr '\n' ,; echo; echo abc | tr abc '[x*]'; printf '\0\1' | tr '\0\1' ab; echo
echo abcdef | tr -s a-f X
printf 'ABC\n\377\0' | od -c; printf 'ABCD' | od -An -tx4; seq 3 | od -An -tx1 -w4
printf 'abcdefghijklmnopqrstuvwxyz' | od -Ax -tx2z -j3 -N8; printf '\1\0\0\0\0\0\0\200' | od -An -td4 -tu8
printf '\0\0\200\77' | od -An -tf4; yes | head -c 64 | od -v | wc -l; yes | head -c 64 | od -b
paste f f; paste -s -d, f; seq 6 | paste - - -; seq 10 | fold -w 3 | head -2
echo 'the quick brown fox' | fold -s -w 10; printf 'a\tb\n' | expand -t4; printf '        x\n' | unexpand
nl f; nl -ba -s: -w2 f; tac f; rev f; echo 'one two three four' | fmt -w 9; seq 30 | pr -3 -t -l10 | head -4
seq 4 | column -c 20; printf 'a 1\nbbb 22\n' | column -t; expr length hello : 'h\(.*\)o' 2>/dev/null
expr hello : 'h\(.*\)o'; expr 3 \* 4 + 1; expr 5 \> 3; expr substr hello 2 3; expr index hello l
