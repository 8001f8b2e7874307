#!/bin/bash
# A thousand signals arrive; the handler counts; none is lost when they are paced.
n=0; trap '((n++))' USR1; for i in {1..300}; do kill -USR1 $$; done; echo $n
sh -c 'trap "n=\$((n+1)); echo \$n >count" USR2; n=0; echo up >up; while [ ! -e stop ]; do sleep 0.01; done; cat count' &
c=$!
while [ ! -e up ]; do sleep 0.02; done; for i in {1..5}
do kill -USR2 $c; for j in {1..100}; do [ "$(cat count 2>/dev/null)" = $i ] && break; sleep 0.02; done; done
: >stop; wait $c
perl -e '$SIG{ALRM} = sub { $n++ }; use Time::HiRes qw(ualarm); ualarm 2000, 2000; 1 while $n < 20; ualarm 0; print "ticks\n"'
perl -e 'use POSIX; $s = POSIX::SigSet->new(SIGUSR1); sigprocmask(SIG_BLOCK, $s); $SIG{USR1} = sub { print "once\n" }; kill USR1 => $$ for 1..10; print "before\n"; sigprocmask(SIG_UNBLOCK, $s)'
for i in {1..50}; do (trap 'exit 3' TERM; sleep 10 & wait) & p+=($!); done; sleep 0.5; kill "${p[@]}"
for q in "${p[@]}"; do wait $q; ((t+=$?)); done; echo $t; pkill -x sleep; echo
