#!/bin/sh
# Basic, extended, fixed and Perl expressions; context, counting, recursion, exit statuses, binary files.
printf 'apple\nBanana\ncherry pie\n\ngrape 42\nfoo.bar\n' >f; grep an f; grep -i b f; grep -v a f
grep -c a f; grep -n e f; grep -l pie f; grep -L pie f; grep -o '[0-9]*' f; grep -E '^(a|B)' f; grep -F . f
grep -w pie f; grep -x apple f; grep -q zz f; echo $?; grep x nofile 2>/dev/null; echo $?; grep -s x nofile
echo $?; grep -A1 apple f; grep -B1 pie f; grep -C1 pie f; grep -m1 e f; grep -e ap -e 42 f
grep '^$' f | wc -l; grep -P '(?<=c)h\w+' -o f; grep -E 'r{2}' f; grep '\(.\)\1' f; grep -b pie f
grep -H 42 f; grep -E '[[:upper:]]' f; grep '\.' f; grep -Z -l a f | od -An -c
mkdir -p d/e; cp f d/e/g; printf 'bin\0ary\n' >d/b; grep -r apple d; grep -rl bin d; grep bin d/b
grep -a bin d/b | wc -c; grep -c '' f; grep --include='*.txt' -r a d; echo $?; grep -f - f <<E
ap
fo
E
echo abcabc | grep -o b; grep -vc . f; grep -T -n apple f; egrep 'a|c' f 2>/dev/null | wc -l
seq 100000 | grep -c 7; seq 100000 | grep -E '^(.)(.)(.)\3?\2\1$' | tail -1
head -c 100000 /dev/zero | grep -c x; grep --color=always p f | head -1 | od -An -c | head -2
zgrep -h apple f; printf 'é\n' | grep -c '^.$'; grep -y APPLE f 2>/dev/null
