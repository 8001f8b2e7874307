#!/bin/sh
# Subshells keep their changes to themselves; braces do not.
x=1; (x=2; cd /; echo "in $x $(pwd)"); echo "out $x $(pwd)"
{ x=3; cd /; }; echo "$x $(pwd)"; cd /tmp/scratch
(exit 7); echo $?
(set -e; false; echo not reached); echo $?
(trap 'echo sub bye' EXIT; echo sub)
x=$( (echo nested; (echo deeper)) ); echo "$x"
(umask 077; umask); umask
( (exit 3) || exit 4 ); echo $?
(readonly r=1; r=2) 2>/dev/null; echo $?
