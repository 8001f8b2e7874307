#!/bin/sh
# Reading and lowering limits, and what happens at them.
ulimit -n 64; ulimit -n; (ulimit -n 10; sh -c 'ulimit -n'); ulimit -c 0; ulimit -c
(ulimit -f 1; dd if=/dev/zero of=big bs=1k count=100 2>/dev/null; echo $?); stat -c %s big
(ulimit -n 6; exec 3</dev/null 4</dev/null 5</dev/null; sh -c 'exec 6</dev/null' 2>/dev/null || echo EMFILE)
(ulimit -S -n 20; ulimit -H -n; ulimit -n 30 && ulimit -n)
(ulimit -t 1; sh -c 'while :; do :; done'; echo $?) 2>/dev/null
(ulimit -v 200000; perl -e '$x = "a" x 500_000_000; print "no\n"' 2>/dev/null || echo ENOMEM); ulimit -s
bash -c 'ulimit -a | grep -c .'; (ulimit -H -n 50; ulimit -n 60) 2>/dev/null && echo raised
prlimit --nofile=33:44 sh -c 'ulimit -n; ulimit -Hn'
