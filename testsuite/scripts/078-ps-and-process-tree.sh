#!/bin/sh
# Parents, children, states and threads as ps sees them.
sleep 3 & a=$!; ps -o comm= -p $a; ps -o ppid= -p $a | tr -d ' '; ps -o stat= -p $a | cut -c1; kill -STOP $a
sleep 0.1; ps -o stat= -p $a | cut -c1; kill $a; kill -CONT $a; wait $a 2>/dev/null; ps -p $a >/dev/null
echo $?
sh -c 'sleep 3 & sleep 3 & sleep 0.2; ps -o comm= --ppid $$ >list; sort list; pkill -P $$ sleep; wait'
(sh -c 'exit 3' & exec sleep 2) & p=$!; sleep 0.2; ps -o stat=,comm= --ppid $p | tr -s ' '; wait
ps -e -o pid= | grep -cx ' *1'; ps -o args= -p 1 | cut -c1-10; ps -o uid=,ni=,cls= -p $$ | tr -s ' '
pgrep -x sleep; echo $?; sleep 5 & pidof sleep | wc -w; pkill sleep; wait; ps -o tty= -p $$
ps -C sh -o pid= | tr -d ' ' | head -1; pstree -A 1 >/dev/null && echo tree; killall -0 nosuch 2>/dev/null
echo $?; python3 -c '
import threading,time,subprocess,os
ts=[threading.Thread(target=time.sleep,args=(2,)) for _ in range(3)]; [t.start() for t in ts]
print(len(os.listdir("/proc/self/task")), subprocess.run(["ps","-o","nlwp=","-p",str(os.getpid())],capture_output=True,text=True).stdout.strip())'
