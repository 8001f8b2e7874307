#!/bin/bash
# wait -n, -p, -f, jobs ended before, no jobs left.
(sleep 1.5; exit 3) & (sleep 0.1; exit 1) & (sleep 0.7; exit 2) &
wait -n; echo $?; wait -n; echo $?; wait -n; echo $?; wait -n; echo $?
(sleep 0.8; exit 6) & a=$!; (sleep 0.1; exit 5) & b=$!
wait -n -p who $a $b; echo $? $([ "$who" = "$b" ] && echo b)
wait -n -p who $a $b; echo $? $([ "$who" = "$a" ] && echo a)
(exit 7) & p=$!; sleep 0.1; wait -n $p; echo $?
sleep 0.1 & wait -f $!; echo $?; wait
