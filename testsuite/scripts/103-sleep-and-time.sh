#!/bin/bash
# Sleeping orders events, SECONDS counts, time measures, intervals add up.
s=$EPOCHREALTIME; sleep 0.2; e=$EPOCHREALTIME; d=$(( (${e/./} - ${s/./}) / 1000 ))
((d >= 200)) && echo slept; SECONDS=0; sleep 1.1; ((SECONDS >= 1)) && echo seconds; TIMEFORMAT=%R
t=$( { time sleep 0.3; } 2>&1 ); [[ $t > 0.29 ]] && echo timed; for i in 3 1 2
do (sleep 0.$((i*3)); echo $i) & done; wait; sleep 0.1 0.1; echo $?; sleep 1e-3; sleep 0.001s
timeout 0.2 bash -c 'while :; do :; done'; echo $?; (sleep 0.3; echo b) & sleep 0.1; echo a; wait
read -t 0.2 x < <(sleep 2); (( $? > 128 )) && echo read timed out; python3 -c '
import time
a=time.monotonic(); time.sleep(0.05); b=time.monotonic(); print(b-a >= 0.05, time.time() > 1.6e9, time.process_time() < 5)
c=time.process_time(); 
while time.process_time() - c < 0.05: pass
print("cpu")'; date +%s.%N | grep -cE '^[0-9]{10}\.[0-9]{9}$'; times | wc -l; /usr/bin/env time -f %e true 2>/dev/null; uptime >/dev/null && echo up; awk '$1 > 0 {print "uptime"}' /proc/uptime
