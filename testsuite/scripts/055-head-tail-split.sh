#!/bin/sh
# head and tail forms, split, csplit, tail -f on a growing file.
seq 100 >f; head -n 2 f; head -c 5 f; head -n -98 f; tail -n 2 f; tail -c 4 f; tail -n +99 f; head -1 f f
tail -qn1 f f; seq 5 | tail -2; seq 5 | tail -n +4
split -l 30 f p.; wc -l p.*; split -b 100 -d f q.; ls q.* ; cat q.* | cmp - f && echo same; split -n 3 f r.
ls r.*; split -n l/4 --additional-suffix=.x f s.; cat s.*.x | cmp - f && echo same
split -l 50 --filter='wc -l >$FILE' f t.; cat t.*; csplit -s f 20 /55/; wc -l xx*
csplit -s -z f '/0$/' '{*}'; ls xx* | wc -l
(timeout 3 tail -f -n1 g 2>/dev/null & sleep 0.3; exit) ; : >g; timeout 2 tail -n0 -f g >seen & sleep 0.5
echo one >>g; sleep 0.3; echo two >>g; wait $!; echo $?; cat seen; sleep 0.5 & p=$!
timeout 5 tail -f --pid=$p f | tail -1
