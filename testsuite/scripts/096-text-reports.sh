#!/bin/sh
# Word counts, histograms, tables and joins over generated data.
awk 'BEGIN{s=42; for(i=0;i<5000;i++){s=(s*69069+1)%4294967296; printf "user%d %d %s\n", int(s/65536)%20, int(s/1000)%500, (int(s/77)%3?"GET":"POST")}}' >log
wc log; cut -d' ' -f1 log | sort | uniq -c | sort -k1,1nr -k2 | head -5
awk '{t[$3]+=$2; n[$3]++} END{for(k in t) printf "%s %d %.2f\n", k, t[k], t[k]/n[k]}' log | sort
sort -k2,2n -k1,1 log | sed -n '1p;2500p;$p'; grep -c POST log; awk '$2>490' log | wc -l
sed -n 's/^user\([0-9]*\) .* GET$/\1/p' log | sort -n | uniq -c | awk '{print $1*$2}' | paste -sd+ | bc
cut -d' ' -f2 log | sort -n | awk '{a[NR]=$1} END{print a[1], a[int(NR/2)], a[NR]}'
tr ' ' '\n' <log | sort | uniq | wc -l; awk '{print $1}' log | sort -u >u1
awk '$3=="POST"{print $1}' log | sort -u >u2; comm -12 u1 u2 | wc -l; join u1 u2 | head -2
awk '{h[int($2/100)]++} END{for(i=0;i<5;i++){printf "%d ",i; for(j=0;j<h[i]/100;j++) printf "*"; print ""}}' log
split -l 1000 log part.; for f in part.*; do sort $f >$f.s; done; sort -m part.*.s | cksum; sort log | cksum
nl -w3 -s' ' log | tail -1; pr -t -n -l 5 log 2>/dev/null | head -2; awk 'NR%1000==0' log | rev | cut -c1-5
