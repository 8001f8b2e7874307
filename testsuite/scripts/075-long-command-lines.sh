#!/bin/sh
# Command lines and environments up to the limit, and past it.
x=$(head -c 100000 /dev/zero | tr '\0' x)
echo ${#x}; sh -c 'echo ${#1}' s "$x"; env BIG="$x" sh -c 'echo ${#BIG}'
seq 20000 | xargs sh -c 'echo $#' s; y="$x$x"; /bin/echo "$y" >/dev/null 2>&1; echo $?
/bin/echo "$(head -c 131071 /dev/zero | tr '\0' a)" 2>/dev/null | wc -c; set -- $(seq 30000); echo $#
printf '%s\n' "$@" | tail -1; /bin/echo "$@" | wc -c; getconf ARG_MAX; f=
for i in 1 2 3 4 5; do f="$f $x"; done; set -- $f; /bin/echo "$@" | wc -c; export A1="$x" A2="$x" A3="$x"
env | grep -c ^A; sh -c 'sh -c "env | grep ^A[123] | wc -c"'; tr '\0' '\n' </proc/self/cmdline | wc -l
