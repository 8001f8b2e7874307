#!/bin/bash
# Under set -m each job is a process group of its own; killing the group takes all of it.
set -m
(sleep 50 & sleep 51 & echo up >ready; wait) & leader=$!
while [ ! -s ready ]; do sleep 0.02; done
ps -o pgid= --ppid $leader | awk -v l=$leader '$1==l {n++} END {print n " in the group"}'
kill -TERM -$leader; wait $leader; echo $?; sleep 0.1
pgrep -g $leader >/dev/null || echo empty
set +m
(ps -o pgid= -p $BASHPID) | awk -v p="$(ps -o pgid= -p $$)" '$1==p+0 {print "same group without -m"}'
set -m; sleep 0.1 | cat & wait; ps -o tpgid= -p $$ | tr -d ' '
setsid sh -c 'ps -o pid=,pgid=,sid= -p $$' | awk '{print ($1==$2 && $2==$3)}'
