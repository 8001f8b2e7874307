#!/bin/bash
# A coprocess answers; two ends; end of file by closing; its status.
coproc bc -q; echo '2^10' >&"${COPROC[1]}"; read -r r <&"${COPROC[0]}"; echo $r; echo '3*7' >&"${COPROC[1]}"
read -r r <&"${COPROC[0]}"; echo $r; p=$COPROC_PID; exec {COPROC[1]}>&-; wait $p; echo $?
coproc UP { while read -r l; do echo "${l^^}"; done; exit 5; }; pid=$UP_PID; for w in one two
do echo $w >&${UP[1]}; read -r r <&${UP[0]}; echo $r; done; eval "exec ${UP[1]}>&-"; wait $pid; echo $?
