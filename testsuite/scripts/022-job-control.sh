#!/bin/bash
# set -m: jobs, fg, bg, %-names, stop and continue, disown.
set -m
sleep 30 & sleep 31 &
jobs; kill -STOP %1; sleep 0.2; jobs; kill -CONT %1; sleep 0.2; jobs -r | wc -l
kill %sleep 2>/dev/null || echo ambiguous; kill %1; wait %1; echo $?; kill %%; wait %2; echo $?
(sleep 0.1; exit 4) & fg >/dev/null; echo $?
sleep 0.1 & bg 2>/dev/null; echo $?; wait
sh -c 'kill -STOP $$; echo resumed' & sleep 0.2; jobs -s | sed 's/ *sh.*//'; bg %+ >/dev/null; wait; 
sleep 30 & disown; jobs; kill $!; sleep 0.05; kill -0 $! 2>/dev/null || echo gone
sleep 30 & p=$!; kill -KILL $p; wait $p; echo $?
set +m; jobs; echo end
