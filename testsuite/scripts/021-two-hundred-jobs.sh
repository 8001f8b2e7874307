#!/bin/sh
# 200 background jobs at once, each writes a file.
i=0; while [ $i -lt 200 ]; do (echo $((i*i)) >f$i) & i=$((i+1)); done; wait
cat f* | wc -l; cat f* | awk '{s+=$1} END {print s}'
i=0; while [ $i -lt 200 ]; do (exit $((i%7))) & p="$p $!"; i=$((i+1)); done
t=0; for q in $p; do wait $q; t=$((t+$?)); done; echo $t
