# bash: job control, arrays, process substitution, coproc, read with a timeout, an interactive shell on a pty.
cat >s.sh <<'X'
shopt -s extglob globstar nullglob
trap 'echo chld' CHLD
declare -A m=([a]=1 [b]=2); for k in "${!m[@]}"; do echo "$k=${m[$k]}"; done | sort
mapfile -t lines < <(seq 5); echo "${#lines[@]}"
diff <(seq 3) <(seq 4) || :
coproc cat; echo hi >&"${COPROC[1]}"; read -r z <&"${COPROC[0]}"; eval "exec ${COPROC[1]}>&-"; wait
read -t 0.05 -r q < <(sleep 0.2) || echo timeout
set -m; sleep 0.3 & jobs; kill -STOP %1; kill -CONT %1; wait -n; fg 2>/dev/null
set +m; for i in {1..5}; do (sleep 0.0$i; exit $i) & done; wait -n; wait
echo ${BASH_VERSINFO[0]} $((2**10)) $RANDOM $SECONDS $EPOCHSECONDS >/dev/null
[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}
cat <<<"here string"; exec {fd}>o; echo x >&$fd; exec {fd}>&-
printf '%(%Y)T\n' 0; ulimit -a >/dev/null; type -a ls; hash
exec 5<>/dev/null; echo a |& cat; (exec -a other sleep 0.01); ! false; wait
timeout 1 bash -c 'kill -INT $BASHPID'; echo $?
echo "word" > f; ls **/f; help >/dev/null; cd -P /usr; pushd / >/dev/null; popd >/dev/null
X
bash s.sh
printf 'echo one\nls /\nsleep 0.1 &\nwait\nexit\n' | script -qc 'bash -i' /dev/null >/dev/null
