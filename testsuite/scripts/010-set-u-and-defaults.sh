#!/bin/sh
# Unset variables under nounset, default, assign, error and alternative forms.
sh -uc 'echo "$nope"; echo no' 2>/dev/null; echo $?
sh -uc 'echo "${nope-default}" "${nope:-d2}" "${nope+set}"'; echo $?
unset a; b=; c=x
echo "${a-1}" "${b-1}" "${c-1}" "${a:-2}" "${b:-2}" "${c:-2}"
echo "${a+1}" "${b+1}" "${c+1}" "${a:+2}" "${b:+2}" "${c:+2}"
echo "${a=5}" "$a" "${b:=6}" "$b"
(: "${zz?missing}") 2>&1 | sed 's/^.*: //'
(: "${zz:?}") 2>/dev/null; echo $?
set -u; set --; echo "$#" "$*"; for i in "$@"; do echo no; done; echo end
