#!/bin/bash
# flock exclusion and sharing, timeout statuses, nohup, nice, setsid.
for i in 1 2 3 4; do flock lock sh -c 'n=$(cat c 2>/dev/null || echo 0); sleep 0.03; echo $((n+1)) >c' & done
wait; cat c
(flock 9; echo held; sleep 0.4) 9>lock & sleep 0.1; flock -n lock echo no; echo $?
flock -w 0.05 lock echo no; echo $?; flock -w 5 lock echo got; wait
(flock -s 9; flock -s -n lock echo shared) 9<lock; exec 8>lock; flock 8; flock -n lock true; echo $?
flock -u 8; flock -n lock echo free; exec 8>&-
timeout 0.1 sleep 5; echo $?; timeout 5 sh -c 'exit 3'; echo $?; timeout -s KILL 0.1 sleep 5; echo $?
timeout --preserve-status 0.1 sleep 5; echo $?; timeout -k 0.1 0.1 sh -c 'trap "" TERM; sleep 5; sleep 5'
echo $?; timeout 1 nonexistent 2>/dev/null; echo $?; timeout 0 true; echo $?
timeout --foreground 0.1 sleep 3; echo $?
nohup sh -c 'echo nohup out; kill -HUP $$; echo survived' 2>/dev/null; nice -n 5 nice; nice; nice -n 30 nice
renice -n 3 $$ >/dev/null; nice; setsid -w sh -c 'exit 4'; echo $?
setsid sh -c 'ps -o sid= -p $$' | tr -d ' ' | grep -qv "^$$\$" && echo own session; ionice -c2 -n7 true
chrt -o 0 true; taskset -c 0 nproc; stdbuf -o0 echo unbuffered; time -p true 2>/dev/null; echo $?
