#!/bin/sh
# /dev/fd, /dev/stdin, /dev/stdout, /proc/self/fd, /dev/null, zero and full.
echo in | cat /dev/stdin; echo in | cat /dev/fd/0; echo in | cat /proc/self/fd/0; echo out >/dev/stdout
echo out >/dev/fd/1
echo data >f; exec 5<f; cat /dev/fd/5; exec 5<&-; readlink /dev/fd /dev/stdin
head -c 5 /dev/zero | od -An -tx1; cat /dev/null; echo x >/dev/null; echo y >/dev/full; echo $?
(echo z >/dev/full) 2>&1 | sed 's/.*: //'; head -c 16 /dev/urandom | wc -c
dd if=/dev/zero bs=1k count=3 2>/dev/null | wc -c
stat -c '%n %F %t %T %a' /dev/null /dev/zero /dev/full /dev/urandom /dev/tty; test -c /dev/null && echo char
cat </dev/full | head -c 3 | od -An -tx1; sort /dev/stdin <<E
b
a
E
