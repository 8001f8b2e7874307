#!/bin/sh
# Writers die of SIGPIPE; ignoring it gives EPIPE; heads that stop early.
yes | head -2
(seq 1000000; echo "seq $?" >st) | head -1; cat st
(trap '' PIPE; seq 1000000 2>err; echo "seq $?" >st) | head -1; cat st; sed 's/.*: //' err
bash -c 'yes | head -1 >/dev/null; echo ${PIPESTATUS[*]}'
cat /dev/zero | head -c 100000 | wc -c
(sleep 0.1; echo late; echo "late $?" >st) | true; sleep 0.3; cat st
