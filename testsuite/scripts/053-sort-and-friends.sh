#!/bin/sh
# sort keys and modes, uniq, comm, join, tsort, shuf with a fixed source.
printf 'b 2\na 10\nc 1\na 9\n' >f; sort f; sort -k2n f; sort -k1,1 -k2,2nr f; sort -r f; sort -u -k1,1 f
sort -t' ' -k2 f; printf '10\n9\n1e1\n-5\n' | sort -n; printf '1K\n2M\n3\n' | sort -h
printf 'v1.10\nv1.9\n' | sort -V; printf 'B\na\nC\n' | sort -f; printf 'Mar\nJan\n' | sort -M
printf '1e2\n5\n' | sort -g; sort -c f 2>/dev/null; echo $?; sort -m f f | wc -l
printf 'x\0a\0' | sort -z | tr '\0' '\n'; sort -s -k1,1 f
printf 'a\na\nb\na\n' | uniq -c; printf 'a\na\nb\n' | uniq -d; printf 'a\na\nb\n' | uniq -u
printf 'A\na\n' | uniq -i; printf '1 x\n2 x\n' | uniq -f1; seq 3 >s1; seq 2 4 >s2; comm s1 s2; comm -3 s1 s2
printf '1 a\n2 b\n' >j1; printf '1 x\n3 y\n' >j2; join j1 j2; join -a1 -e- -o 0,1.2,2.2 j1 j2
join -v2 j1 j2; printf 'a b\nb c\n' | tsort; shuf -i 1-5 --random-source=/bin/sh | sort | tr '\n' ' '
seq 200000 | sort -rn -S 1M | head -1; seq 50000 | sort --parallel=4 | sha256sum
