#!/bin/bash
# exec -a, exec -c, env -i, env -u, export, declare -x, one-shot assignments.
(exec -a renamed sh -c 'echo $0'); (exec -c env | grep -v ^_= | sort); env -i A=1 B=2 env | sort; export E=x
env -u E sh -c 'echo ${E-unset}'; F=once sh -c 'echo $F'; echo ${F-none}
export -n E; sh -c 'echo ${E-notexported}'; G='a b' H=$G sh -c 'echo "$H"'; env -i /bin/sh -c 'echo $PATH' 
declare -x X=1; sh -c 'echo $X'; unset X; sh -c 'echo ${X-gone}'
env -i sh -c 'export -p' | grep -v PWD | sort; env -C / pwd; env -S 'A=split printenv A'
(readonly R=1; R=2; echo no) 2>/dev/null; echo $?; f() { echo exported function; }; export -f f; bash -c f
tr '\0' '\n' </proc/self/environ | grep -c '^TZ=UTC$'; printenv TZ; env A=$'multi\nline' printenv A
