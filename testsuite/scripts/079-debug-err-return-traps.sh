#!/bin/bash
# The pseudo signals DEBUG, ERR, RETURN, and EXIT order.
trap 'echo "err $? line $LINENO"' ERR
false; (exit 3); ! true; false || true; if false; then :; fi
f() { false; echo in f; }; f; set -E; f; set +E; trap - ERR
trap 'echo "debug $BASH_COMMAND"' DEBUG; x=1; echo y >/dev/null; trap - DEBUG
g() { trap 'echo return' RETURN; echo g; }; g; echo; trap - RETURN
(trap 'echo exit1' EXIT; trap 'echo exit2' EXIT; exit 4); echo $?
bash -c 'trap "echo outer" EXIT; (echo sub); exec true'
bash -c 'trap "echo bye \$?" EXIT; kill -TERM $BASHPID; sleep 1' ; echo $?
bash -c 'trap "echo int; exit 7" INT; kill -INT $$; echo no'; echo $?
