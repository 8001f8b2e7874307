#!/bin/bash
# Twenty processes append to one file; no line is lost or torn; counters under flock.
for i in {1..20}; do (for j in {1..50}; do printf '%s %s\n' $i $j; done >>log) & done; wait; wc -l <log
awk '{c[$1]++; s+=$2} NF!=2 {bad++} END {print length(c), s, bad+0}' log; echo 0 >n; for i in {1..10}
do (for j in {1..5}; do flock n.lock bash -c 'echo $(($(<n)+1)) >n'; done) & done; wait; cat n
for i in {1..10}
do (until mkdir lockdir 2>/dev/null; do sleep 0.01; done; echo $i >>order; rmdir lockdir) & done; wait
sort -n order | tr '\n' ' '; echo
(set -C; for i in {1..10}; do (echo $i >once) 2>/dev/null & done; wait; wc -l <once); for i in {1..5}
do ln -s $i sym 2>/dev/null & done; wait; readlink sym | wc -l
