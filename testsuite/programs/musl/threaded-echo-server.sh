#!/bin/sh
# The threaded echo server, static and dynamic, with many clients at once.
for s in echod echod-dyn; do
$s 7000 12 >log & server=$!
while ! grep -q listening log; do sleep 0.05; done
i=0
while [ $i -lt 10 ]; do (seq $((i*10)) $((i*10+9)) | sed 's/^/line /' | nc -w 2 127.0.0.1 7000 >out$i) & i=$((i+1)); done
(seq 1000 | nc -w 2 127.0.0.1 7000 | wc -l >big) & (printf 'no newline' | nc -w 2 127.0.0.1 7000 >tail) &
wait $server; echo $?; wait; cat out0; cat out? | sort | wc -l; cat out? | md5sum; cat big tail; echo
tail -1 log; rm -f out? big tail log
done
echod 2>/dev/null; echo $?; echod 7001 1 >/dev/null & sleep 0.2; echod 7001 1 2>&1; echo $?
echo x | nc -w 1 127.0.0.1 7001; wait
