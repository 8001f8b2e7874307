#!/bin/sh
# Splitting, -n, -I, -0, -P, quoting, empty input, exit statuses, long lists.
seq 10 | xargs -n3 echo; seq 3 | xargs -I{} echo 'item {} {}'; printf 'a b\0c\0' | xargs -0 -n1 echo
echo "'q u' \"d q\" e\\ s" | xargs -n1 echo
: | xargs echo empty; : | xargs -r echo no; seq 3 | xargs -n1 sh -c 'exit 3'; echo $?
echo x | xargs sh -c 'exit 255' 2>/dev/null; echo $?; echo | xargs nonexistent 2>/dev/null; echo $?
seq 20 | xargs -P4 -n1 sh -c 'echo $(($1*$1))' x | sort -n | tail -3; seq 100000 | xargs echo | wc -w
seq 5 | xargs -L2 echo; printf 'a,b,c' | xargs -d, echo; seq 4 | xargs -t -n2 echo 2>&1 | sort
seq 50000 | xargs -s 4096 echo | awk '{n+=NF} length($0)>4096 {print "too long"} END {print n}'
