#!/bin/bash
# set and shopt options, aliases in scripts, $-, verbose and xtrace output.
shopt -s expand_aliases
alias hi='echo hello' two='echo 1; echo 2'
hi world; two; unalias hi; type hi 2>/dev/null; echo $?
set -x; echo traced; { set +x; } 2>/dev/null; (PS4='+ $LINENO: '; set -x; true a b) 2>&1; set -v
set +v 2>/dev/null
set -o | grep -c on$; shopt -q extglob; echo $?; set -f; echo *; set +f; set -n 2>/dev/null; echo not run
set +n
