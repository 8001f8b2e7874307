#!/bin/sh
# /dev/shm, /tmp, /run: sizes, modes, separate file systems, df and mount agree.
stat -c %a /tmp /dev/shm; echo x >/dev/shm/a; cat /dev/shm/a
[ "$(stat -c %d /dev/shm)" != "$(stat -c %d /)" ] && echo separate; stat -f -c %T /dev/shm
grep -c ' /dev/shm ' /proc/mounts; df --output=target /dev/shm | tail -1
df -P / | awk 'NR==2{print $6, ($2>0)}'; mv /dev/shm/a b; cat b; ln b /dev/shm/c 2>&1 | sed 's/.*: //'
rm -f /dev/shm/*; ls -A /dev/shm; mountpoint -q / && echo root; mountpoint -q /dev/shm && echo shm
stat -f -c '%s' / | grep -qE '^[0-9]+$' && echo bsize; findmnt -n -o TARGET /proc
[ -d /run ] && touch /run/x && rm /run/x && echo run
dd if=/dev/zero of=/dev/shm/z bs=1M count=8 2>/dev/null; stat -c %s /dev/shm/z; rm /dev/shm/z; python3 -c '
import mmap, os
f=os.open("/dev/shm/m",os.O_RDWR|os.O_CREAT); os.ftruncate(f,8192); m=mmap.mmap(f,8192)
if os.fork()==0:
    m[0:5]=b"child"; os._exit(0)
os.wait(); print(m[0:5], os.pread(f,5,0))'
