#!/bin/bash
# The text tools on a larger generated tree.
mkdir tree; for i in $(seq 40)
do d=tree/d$((i%7))/e$((i%3)); mkdir -p $d; seq $i $((i*10)) >$d/f$i.txt; gzip -nkf $d/f$i.txt; done
find tree -type f | wc -l; find tree -name '*.txt' -size +100c | wc -l; find tree -name '*.gz' -delete
find tree -type f -exec cat {} + | sort -n | uniq -c | sort -k1,1nr -k2,2n | head -3
grep -rl '^333$' tree | sort; grep -rh '7$' tree | wc -l
find tree -type f -print0 | sort -z | xargs -0 gawk 'FNR==1{n++} {s+=$1} END{print n, s}'
find tree -name 'f1*.txt' | sort | xargs sed -n '1p' | paste -sd,
sed -s -i '1i header' $(find tree -name 'f2?.txt')
grep -c header $(find tree -name 'f2?.txt' | sort) | cut -d: -f2 | paste -sd+ | bc
mawk 'BEGIN{for(i=0;i<200000;i++){a[i%1000]+=i} for(i=0;i<1000;i+=333) print a[i]}'
gawk 'BEGIN{for(i=0;i<200000;i++){a[i%1000]+=i} n=asorti(a,b); print n, b[1]}'
seq 100000 | sed -E 's/([0-9])([0-9])/\2\1/g' | md5sum; seq 100000 | grep -E '(12|34)+5?$' | wc -l
seq 100000 | gawk '{print $1%97, $1}' | sort -k1,1n -s | gawk '$1!=p{p=$1;c++} END{print c}'
tar cf - tree | tar xf - -C /dev/shm && diff -r tree /dev/shm/tree && echo identical; rm -r /dev/shm/tree
find tree -type d | sort -r | head -3; find tree -newer tree/d1 -type f | wc -l | grep -q . && echo newer
xz -k tree/d1/e1/f1.txt; xz -dc tree/d1/e1/f1.txt.xz | cmp - tree/d1/e1/f1.txt && echo xz
