#!/bin/sh
# Shells started by shells started by shells, each with its own variables, up to fifteen deep.
n() { [ $1 = 0 ] && { echo bottom; return; }; sh -c "$2" sh $(($1-1)) "$2"; }; export X=0
s='X=$((X+1)); export X; if [ $1 -gt 0 ]; then sh -c "$2" sh $(($1-1)) "$2"; else echo $X; fi'
sh -c "$s" sh 15 "$s"; echo $X; bash -c 'echo $SHLVL; bash -c "echo \$SHLVL"'
sh -c 'sh -c "sh -c \"sh -c \\\"echo quoted\\\"\""'; echo 'echo 3' | sh -c 'cat; echo "echo 4"' | sh
sh -c 'sh -c "exit 4" || sh -c "exit 5"'; echo $?; bash -c 'dash -c "busybox sh -c \"echo three shells\""'
x='for i in 1 2; do echo $i; done'; sh -c "$x" | bash -c 'while read l; do dash -c "echo d$l"; done'; i=0
while [ $i -lt 100 ]; do sh -c :; i=$((i+1)); done; echo $i
perl -e 'system "sh", "-c", "python3 -c \"import os; os.system(\\\"echo from python\\\")\""'
awk 'BEGIN{system("sh -c \"echo from awk\"")}'
find /etc/hostname -exec sh -c 'echo "$1"' x {} \;; env sh -c 'echo env'; nice sh -c 'nice'
setsid -w sh -c 'echo session'; timeout 5 sh -c 'echo timed'; nohup sh -c 'echo hup' 2>/dev/null
xargs sh -c 'echo $0' </etc/hostname; flock l sh -c 'echo locked'
script -qec 'echo pty' /dev/null | tr -d '\r'
