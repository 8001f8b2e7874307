#!/bin/bash
# A pipe holds 64 KiB, then the writer waits; writes up to PIPE_BUF stay whole.
mkfifo p; exec 3<>p; dd if=/dev/zero bs=65536 count=1 >&3 2>/dev/null && echo full
timeout 0.2 dd if=/dev/zero bs=1 count=1 >&3 2>/dev/null; echo $?
dd bs=4096 count=1 <&3 2>/dev/null | wc -c; timeout 1 dd if=/dev/zero bs=4096 count=1 >&3 2>/dev/null
echo $?; exec 3>&-
line=$(printf 'x%.0s' {1..500}); for i in {1..8}
do (for j in {1..40}; do echo "$i$line"; done) & done | awk '{l[length($0)]++} END {for (k in l) print k, l[k]}'
wait
(for i in {1..5}; do echo $i; sleep 0.05; done) | (sleep 0.4; cat | tr '\n' ' '); echo
yes | (sleep 0.2; head -c 10 | wc -c)
{ echo first; sleep 0.2; echo second; } | { read a; echo $a; read b; echo $b; }
python3 -c 'import fcntl,os; r,w=os.pipe(); print(fcntl.fcntl(w,1032), fcntl.fcntl(w,1031,4096), fcntl.fcntl(w,1032)); os.write(w,b"x"*100); import array,termios; b=array.array("i",[0]); fcntl.ioctl(r,termios.FIONREAD,b); print(b[0])'
