#!/bin/bash
# Keys with spaces, iteration, deletion, counting words, name references.
declare -A m=([a]=1 ['b c']=2); m[d]=3; for k in "${!m[@]}"; do echo "$k=${m[$k]}"; done | sort
echo ${#m[@]} "${m['b c']}" "${m[zz]-none}" ${m[a]+set}; unset 'm[a]'; echo ${#m[@]}
declare -A n; for w in the cat the dog the end; do ((n[$w]++)); done
for w in "${!n[@]}"; do echo "$w ${n[$w]}"; done | sort
declare -n alias=n; alias[new]=9; echo ${n[new]}; [[ -v n[cat] ]] && echo has; [[ -v n[cow] ]] || echo has not
f() { local -A loc=([x]=y); echo "${loc[x]}"; }; f; echo "${loc[x]-gone}"
