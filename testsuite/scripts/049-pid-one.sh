#!/bin/sh
# The command is process 1: unhandled signals from inside do nothing to it, orphans become its children.
echo $$ $PPID
kill -TERM $$; kill -HUP $$; kill -USR1 $$; kill -KILL $$; echo still here
trap 'echo handled' TERM; kill -TERM $$
(sleep 5 & echo $! >orphan); sleep 0.1; ps -o ppid= -p "$(cat orphan)" | tr -d ' '
sh -c 'kill -TERM 1; sleep 0.05; echo $PPID'; readlink /proc/1/exe
tr '\0' ' ' </proc/1/cmdline | head -n1 | cut -c1-10
kill -0 -1 2>/dev/null; echo $?
