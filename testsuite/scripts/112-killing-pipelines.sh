#!/bin/bash
# Killing members and whole pipelines, statuses, zombies reaped, no leftovers.
sleep 0.5 | sleep 30 & p=$!; sleep 0.1; kill $p; wait $p; echo $?; pkill -x sleep; sleep 0.1; pgrep -cx sleep
set -m; sleep 30 | cat | sleep 30 & kill -- -$(jobs -p %1); wait $!; echo $?; jobs | wc -l; pgrep -x sleep | wc -l
set +m; yes >/dev/null & y=$!; sleep 0.05; kill -STOP $y; sleep 0.05; grep State /proc/$y/status | cut -c8
kill -KILL $y; wait $y; echo $?; (sleep 30; echo no) & s=$!; kill $s; wait $s; echo $?; pkill -x sleep
timeout 0.2 bash -c 'sleep 30 | cat'; echo $?; for i in {1..10}; do sleep 20 & done; kill $(jobs -p); wait
echo all killed; (trap 'kill 0' EXIT; sleep 20 & sleep 20 & true) 2>/dev/null & wait $! ; echo $?
