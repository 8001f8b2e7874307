#!/bin/bash
# Indexed arrays: slices, append, unset, sparse, expansion of indices, loops.
a=(one two 'three 3' [5]=six)
echo ${#a[@]} "${a[2]}" "${a[@]: -1}" ${!a[@]}; a+=(seven); echo "${a[-1]}" ${!a[@]}
unset 'a[1]'; echo "${a[@]}"; for x in "${a[@]}"; do echo "<$x>"; done
echo "${a[@]:0:2}" "${a[*]/e/E}" "${a[@]^^}" "${#a[2]}"
b=("${a[@]}"); echo ${#b[@]}; IFS=,; echo "${b[*]}"; unset IFS; c=($(seq 5))
echo "${c[@]:1:3}" $((c[1]+c[2])); c[1]+=x; echo ${c[1]}
declare -a e=(); echo ${#e[@]} "${e[@]:-none}"; f=([3]=x [1]=y); echo "${!f[@]}" "${f[@]}"
mapfile -t s < <(printf '%s\n' b c a | sort); echo "${s[@]}"
g() { local -n ref=$1; ref+=(added); }; g s; echo "${s[@]}"; printf '%s,' "${s[@]/#/p}"; echo; declare -p s
