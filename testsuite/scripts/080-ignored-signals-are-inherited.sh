#!/bin/bash
# Ignored signals stay ignored through exec, handlers do not, and cannot be trapped in dash.
trap '' USR1 TERM; trap 'echo handler' USR2
sh -c 'kill -USR1 $$; kill -TERM $$; echo ignored'
sh -c 'kill -USR2 $$; echo no' 2>/dev/null; echo $?
sh -c 'trap "echo cannot" TERM; kill -TERM $$; echo still'
env --default-signal=TERM sh -c 'kill -TERM $$; echo no' 2>/dev/null; echo $?
trap - TERM USR1; sh -c 'kill -TERM $$; echo no' 2>/dev/null; echo $?
env --ignore-signal=INT sh -c 'kill -INT $$; echo ok'
(sleep 5 & sleep 0.2; kill -INT $!; kill -QUIT $!; sleep 0.1; kill -0 $! && echo background jobs ignore INT; kill $!)
set -m; sleep 5 & kill -INT $!; wait $!; echo $?; set +m
env --block-signal=USR1 sh -c 'kill -USR1 $$; grep SigPnd /proc/self/status | cut -c8-; echo blocked'
