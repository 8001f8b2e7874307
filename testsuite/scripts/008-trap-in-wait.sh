#!/bin/sh
# A trapped signal interrupts wait; the job goes on and can be waited for again.
trap 'echo got' USR1
sleep 0.6 & p=$!
(sleep 0.2; kill -USR1 $$) &
wait $p; s=$?
[ $s -gt 128 ] && echo interrupted $s
wait $p; echo done $?
