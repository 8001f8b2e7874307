#!/bin/sh
# What programs see without a terminal: tty, /dev/tty, stty, isatty, TERM.
tty; echo $?; (echo x >/dev/tty) 2>&1 | sed 's/.*: //'; stty 2>/dev/null; echo $?; for i in 0 1 2
do [ -t $i ] && echo tty $i; done; ls --color=auto / | od -c | grep -c 033; ps -o tty= -p $$
bash -c 'set -m; sleep 0 & wait; echo $?'
python3 -c 'import os,sys; print(os.isatty(0), sys.stdout.isatty(), sys.stdin.read())'
git --no-pager --version | cut -c1-3; bash -i -c 'echo interactive' 2>/dev/null </dev/null
less /etc/hostname; cat; wc -c; head -1; read x; echo $?; mesg 2>/dev/null; echo $?
test -r /dev/stdin && echo readable
