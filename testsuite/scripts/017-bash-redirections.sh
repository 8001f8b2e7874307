#!/bin/bash
# &>, &>>, |&, {fd}, moving and swapping descriptors, here-strings, reading many files at once.
f() { echo out; echo err >&2; }
f &>both; sort both; f &>>both; wc -l <both; f |& sort
exec {fd}>named; echo hi >&$fd; exec {fd}>&-; cat named; [ $fd -ge 10 ] && echo ten
exec 3>a 4>b; echo 3 >&3; echo 4 >&4; exec 5>&3- ; echo five >&5; (echo x >&3) 2>/dev/null || echo moved
exec 4>&- 5>&-; cat a b
f 3>&1 1>&2 2>&3 3>&- 2>/dev/null | sed 's/^/swapped: /' 2>&1
cat <<<"here string $((1+1))"; read a b <<<'x y z'; echo "$b"
exec 7<<<'line one
line two'; read -u 7 p; read -u 7 q; echo "$q $p"; exec 7<&-
while read -u 8 l && read -u 9 m; do echo "$l$m"; done 8< <(seq 3) 9< <(seq 4 6)
echo x > >(cat); wait $!; cat < <(echo from) - </dev/null
{ echo to 1; echo to 2 >&2; } 2> >(sed 's/^/E /') | cat; wait
