#!/bin/sh
# 128+n for every catchable way to die.
for s in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM 16 XCPU XFSZ VTALRM PROF 29 PWR SYS 34 50 64
do
    sh -c "kill -$s \$\$; echo survived" 2>/dev/null; echo "$s $?"
done 2>/dev/null
for s in CHLD CONT URG WINCH; do sh -c "kill -$s \$\$; exit 3"; echo "$s $?"; done
kill -l 15; kill -l 137; kill -l TERM 2>/dev/null || echo
