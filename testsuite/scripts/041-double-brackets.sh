#!/bin/bash
# [[ ]] with patterns, regular expressions, BASH_REMATCH, and short circuits.
[[ abc == a* ]] && echo glob; [[ abc == "a*" ]] || echo quoted
[[ abc =~ ^(a)(b)?(x)?c$ ]] && echo "${BASH_REMATCH[0]}|${BASH_REMATCH[1]}|${BASH_REMATCH[2]}|${BASH_REMATCH[3]}|${#BASH_REMATCH[@]}"
[[ a < b && ! b < a ]] && echo order; [[ -z '' || $(echo no >&2) ]] && echo short; re='^[0-9]{2,3}$'
for n in 1 22 333 4444; do [[ $n =~ $re ]] && echo $n; done
[[ 10 -gt 9 ]] && echo num; x='a b'; [[ $x == 'a b' ]] && echo nosplit; [[ -v x ]] && echo v
[[ ! -e /none ]] && echo none; shopt -s nocasematch; [[ ABC == abc ]] && echo nocase
[[ 2024-01-31 =~ ([0-9]+)-([0-9]+)-([0-9]+) ]] && echo "${BASH_REMATCH[@]:1}"
[[ "x.y" =~ x\.y ]] && echo dot; [[ $'a\nb' =~ a.b ]] && echo newline; [[ -o nounset ]] || echo option
