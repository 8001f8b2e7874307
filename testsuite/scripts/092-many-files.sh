#!/bin/sh
# Thousands of files in one directory, names of 255 bytes, deep trees, du and ls over them.
mkdir many
(cd many; seq 3000 | xargs touch; ls | wc -l; ls -f | wc -l; ls | sort -n | tail -1; find . -name '*99' | wc -l; echo * | wc -w; seq 1 2 3000 | xargs rm; ls | wc -l; for i in 2 4 6; do mv $i new$i; done; ls | grep -c new)
rm -r many; n=$(printf 'n%.0s' $(seq 255)); touch $n; ls | awk '{print length($0)}'
touch ${n}x 2>&1 | sed 's/.*: //'; rm $n; p=; for i in $(seq 15); do p=$p$n/; done
mkdir -p "$p" && find . -depth | wc -l; (cd "$p" && /bin/pwd | wc -c)
mkdir -p "$p$n/$n" 2>&1 | sed 's/.*: //'; rm -r nn*; ls | wc -l; for i in $(seq 200)
do mkdir -p t/$((i%10))/$i; echo $i >t/$((i%10))/$i/f; done; find t -type f | wc -l; find t -type d | wc -l
cp -a t u; diff -r t u && echo copied; find u -name f -exec cat {} + | awk '{s+=$1} END {print s}'
stat -c %h t; rm -r t u; touch 'a b' 'c	d' ./-n '*' '"' "'" '\'; ls -Q; ls -b; for f in *
do printf '[%s]' "$f"; done; echo; rm -- *; ls | wc -l
