#!/bin/sh
# Long pipelines, status of the last part, negation.
seq 1 20 | grep 1 | sed 's/1/x/g' | sort -r | head -3 | tr x y
true | false; echo $?
false | true; echo $?
! true; echo $?
! false | false; echo $?
echo a | { read x; echo "got $x"; }
echo b | (cat; echo c) | cat -n
printf '3\n1\n2\n' | sort | { read first; cat >/dev/null; echo "first $first"; }
: | cat | cat | cat | wc -c
