#!/bin/sh
# What /proc says about oneself: cmdline, comm, cwd, exe, fd, status, environ, maps, limits, mounts.
cat /proc/self/cmdline | tr '\0' ' '; echo; cat /proc/self/comm; readlink /proc/self/cwd
readlink /proc/self/exe; sh -c 'exec 5</etc/hostname; readlink /proc/self/fd/5 /proc/$$/fd/5'
env -i A=1 B=2 cat /proc/self/environ | tr '\0' '\n'; cat /proc/$$/comm
grep -E '^(Name|State|Uid|Gid|Threads|SigBlk):' /proc/self/status | sed 's/\t/ /g'
(trap '' INT USR1; sed -n 's/^SigIgn.*\(.....\)$/\1/p' /proc/self/status)
cut -d' ' -f2,3,20 /proc/self/stat
awk '/\[stack\]/{print "stack",$2} /\[heap\]/{print "heap",$2}' /proc/self/maps
awk '$6 ~ /libc.so/ && $2=="r-xp"{print "text", $6}' /proc/self/maps; grep -c . /proc/self/limits
grep 'Max open files' /proc/self/limits | awk '{print NF}'; grep -q ' / ' /proc/self/mounts && echo root
grep -q proc /proc/filesystems && echo proc; wc -w </proc/loadavg; wc -w </proc/uptime
cat /proc/sys/kernel/ostype; cat /proc/sys/kernel/hostname
grep -c ^processor /proc/cpuinfo | grep -q . && echo cpus
grep -E '^(MemTotal|MemFree|MemAvailable|SwapTotal):' /proc/meminfo | cut -d: -f1
head -1 /proc/stat | cut -d' ' -f1; cat /proc/sys/fs/pipe-max-size; ls /proc/self/task | wc -l
[ "$(ls /proc/self/task)" != $$ ] && echo task; ls -d /proc/self/ns/pid; cat /proc/self/oom_score_adj
readlink /proc/self | grep -qx '[0-9]*' && echo pid; ls /proc/self/fd | grep -x '[012]' | tr '\n' ' '
cat /proc/self/fdinfo/0 | head -1; cat /proc/nonexistent 2>/dev/null; echo $?
cat /proc/999999/stat 2>/dev/null; echo $?; echo x >/proc/version 2>/dev/null; echo $?
test -r /proc/self/mem && echo mem; sh -c 'echo renamed >/proc/self/comm; cat /proc/$$/comm'
tr '\0' '\n' </proc/self/auxv | wc -c | grep -q . && echo auxv
stat -c %F /proc/self /proc/self/fd/0 /proc/1; cat /proc/self/wchan >/dev/null
grep -c 'VmRSS\|VmSize\|VmPeak' /proc/self/status; cat /proc/self/statm | wc -w
cat /proc/self/cgroup >/dev/null; cat /proc/self/loginuid >/dev/null 2>&1
cat /proc/sys/kernel/random/uuid | wc -c; cat /proc/sys/kernel/pid_max | grep -q . && echo max
