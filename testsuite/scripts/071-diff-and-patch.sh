#!/bin/sh
# diff formats, directories, patch apply, reverse, fuzz, rejects, diff3, cmp, sdiff.
seq 20 >a; sed '3s/.*/three/;10d;15a new' a >b; diff a b; diff -u a b | tail -n +3
diff -c a b | tail -n +3 | head -8; diff -q a b; diff -s a a; diff -y --width=20 a b | head -4; diff -e a b
diff --brief a none 2>/dev/null; echo $?; diff -U1 --label A --label B a b; diff -u a b >p; cp a c
patch -s c p; cmp c b && echo patched; patch -s -R c p; cmp c a && echo reversed; sed 1d a >d
patch d p | tail -1; sed 's/^/x/' a >e; patch -f -s e p; echo $?; ls e*; wc -l <e.rej; mkdir x y; cp a x/f
cp b y/f; touch y/only; diff -r x y | tail -1; diff -ruN x y | grep -c '^[-+]'; diff -i <<E - a | head -2
1
E
printf 'A b\n' >i; printf 'a  B\n' >j; diff -iw i j && echo equal; cmp a b; cmp -l a c; cmp -s a b; echo $?
cmp -n 4 a b; printf '1\n2\n' >o; printf '1\n2a\n' >m; printf '1\n2b\n' >z; diff3 -m m o z; echo $?
sdiff -s a b | wc -l; diff --color=always i j | od -An -c | head -1; comm -12 a b | wc -l
diff <&- - a 2>/dev/null; echo $?; merge 2>/dev/null; git diff --no-index --stat a b; patch --dry-run c <p
cat c | cksum
