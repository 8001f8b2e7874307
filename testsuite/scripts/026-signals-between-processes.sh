#!/bin/sh
# Parent and children send each other signals.
echo >log
sh -c 'trap "echo child got usr1; exit 5" USR1; echo ready >r1; while :; do sleep 0.02; done' & c=$!
while [ ! -s r1 ]; do sleep 0.02; done
kill -0 $c && echo alive; kill -USR1 $c; wait $c; echo $?; kill -0 $c 2>/dev/null || echo dead
trap 'echo parent got usr2' USR2
sh -c "kill -USR2 $$"; sh -c 'kill -USR2 $PPID'
sh -c 'trap "" TERM; echo r >r2; sleep 0.5; exit 6' & c=$!
while [ ! -s r2 ]; do sleep 0.02; done
kill $c; wait $c; echo $?
sh -c 'sleep 20' & c=$!; kill -STOP $c; sleep 0.1; ps -o s= -p $c; kill -TERM $c; sleep 0.1; ps -o s= -p $c
kill -CONT $c; wait $c; echo $?
kill -0 999999 2>/dev/null; echo $?; kill -l 10
