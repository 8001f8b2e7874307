#!/bin/bash
# Which descriptors children inherit; close-on-exec; high numbers; many open files.
exec 3</etc/hostname 17>o; bash -c 'cat <&3; echo out >&17'; cat o
sh -c 'ls -l /proc/self/fd | wc -l' 3<&- 17>&- >n; [ $(cat n) -ge 4 ] && echo
sh -c '(echo x >&3) 2>/dev/null || echo read only'; python3 -c '
import os
r,w=os.pipe(); print(os.get_inheritable(r)); os.set_inheritable(r,True); print(os.get_inheritable(r))
print(os.system("test -e /proc/self/fd/%d" % r)); print(os.system("test -e /proc/self/fd/%d" % w) != 0)
d=os.dup2(w,900); print(d, os.fstat(900).st_mode == os.fstat(w).st_mode); os.closerange(3,1000)
try: os.write(900,b"x")
except OSError as e: print(e.strerror)
fds=[os.open("/dev/null",os.O_RDONLY) for _ in range(500)]; print(len(fds), len(set(fds))); os.close(fds[100]); print(os.open("/dev/null",0)==fds[100])'; exec 3<&- 17>&-; ulimit -n 1024; for i in {20..60}; do eval "exec $i</dev/null"; done; ls /proc/self/fd | grep -c '^[2-6][0-9]$'; for i in {20..60}; do eval "exec $i<&-"; done; sh -c 'exec 9>&1; (exec 9>&-; echo still >&1); echo nine >&9'; { { echo a >&3; } 3>&1; } 2>/dev/null; (exec 1>&-; echo lost) 2>/dev/null; echo $?; sh -c 'exec 0<&-; read x; echo $?'; exec 5>f; (echo sub >&5); echo main >&5; exec 5>&-; cat f
