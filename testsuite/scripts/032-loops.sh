#!/bin/sh
# for, while, until, break and continue with levels, loops as pipeline parts, empty lists.
for i in 1 2 3; do for j in a b c; do [ $j = b ] && continue 2; echo $i$j; done; done
for i in 1 2 3; do for j in a b c; do [ $i$j = 2b ] && break 2; echo $i$j; done; done
for i in; do echo no; done; echo $?; set -- x y; for i; do echo $i; done
i=0; until [ $i -ge 3 ]; do i=$((i+1)); echo $i; done; while :; do break; done; echo $?
seq 5 | while read x; do [ $x = 3 ] && break; echo $x; done | sed s/^/p/
for f in $(seq 3) "a b" 'c'; do echo "$f"; done; while read a && read b; do echo $b$a; done <<E
1
2
3
E
n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done; echo $n
