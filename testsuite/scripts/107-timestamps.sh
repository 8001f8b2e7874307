#!/bin/bash
# atime, mtime and ctime change when they should; touch forms; nanoseconds; make-like comparisons.
touch -d '2020-01-01' f; m=$(stat -c %Y f); cat f; [ $(stat -c %Y f) = $m ] && echo read keeps
c=$(stat -c %.9Z f); sleep 0.05; chmod 600 f
[ $(stat -c %Y f) = $m ] && [ $(stat -c %.9Z f) != $c ] && echo chmod changes ctime; echo x >>f
[ $(stat -c %Y f) != $m ] && echo write changes mtime; touch -d @0 d 2>/dev/null; mkdir dir
touch -d @100 dir; : >dir/new; [ $(stat -c %Y dir) != 100 ] && echo entry changes dir; touch -d @100 dir
echo more >dir/new; stat -c %Y dir; mv dir/new dir/newer; [ $(stat -c %Y dir) != 100 ] && echo rename too
touch -d '1999-12-31 23:59:59.123456789' n; stat -c '%y' n; cp -p n n2; stat -c %y n2; touch -a -d @5 n
stat -c '%X %Y' n; touch -m -d @6 n; stat -c '%X %Y' n; touch -r n q; stat -c '%X %Y' q; a=$(stat -c %Y f)
touch -d @3000000000 far; stat -c %Y far; touch -d @-1 before; stat -c %Y before
[ far -nt before ] && echo nt; ln far l; touch -d @9 l; stat -c %Y far; ln -s far s; touch -h -d @11 s
stat -c %Y s; touch -d @12 s; stat -c %Y far s; python3 -c '
import os
os.utime("n", ns=(123456789, 987654321)); s=os.stat("n"); print(s.st_atime_ns, s.st_mtime_ns)
fd=os.open("n",os.O_RDWR); os.utime(fd,(1,2)); print(os.fstat(fd).st_mtime); b=os.fstat(fd).st_ctime_ns; os.ftruncate(fd,10); print(os.fstat(fd).st_mtime != 2)'; truncate -s 5 f; find . -newermt 2000-01-01 ! -newermt 2100-01-01 -name f; touch -d @50 src; touch -d @40 obj; [ src -nt obj ] && echo rebuild; [ obj -ot src ] && echo ot; [ src -nt missing ] && echo nt missing
