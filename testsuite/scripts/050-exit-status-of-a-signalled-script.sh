#!/bin/sh
# A script whose last command is killed gives 128+n to whoever waits.
sh -c 'kill -TERM $$'; echo $?
sh -c 'sh -c "kill -SEGV \$\$"; exit $?' 2>/dev/null; echo $?
sh -c 'exit 300'; echo $?; sh -c 'exit -1' 2>/dev/null; echo $?; (exit 255); echo $?
sh -c 'kill -INT $$'; exit $?
