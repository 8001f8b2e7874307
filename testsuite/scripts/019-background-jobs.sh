#!/bin/sh
# wait for one, for all, status of each, $! and order.
(sleep 0.1; exit 3) & a=$!; (exit 4) & b=$!
wait $a; echo $?; wait $b; echo $?
for i in 5 4 3 2 1; do (sleep 0.$i; echo $i) & done; wait; echo all
wait; echo $?; wait 999999 2>/dev/null; echo $?
sleep 10 & kill $!; wait $! 2>/dev/null; echo $?
{ sleep 0.05; echo grouped; } & wait $!
x=$(sleep 0.05 & echo quick; wait); echo $x
(echo orphan >o; ) & wait; cat o
true & wait $!; echo $?; false & wait $!; echo $?
