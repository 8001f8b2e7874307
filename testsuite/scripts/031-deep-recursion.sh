#!/bin/bash
# Recursion thousands of calls deep, and subshells within subshells.
r() { if (( $1 == 0 )); then echo bottom ${#FUNCNAME[@]}; else r $(($1-1)); fi; }
r 3000
s() { if [ $1 = 0 ]; then echo $BASH_SUBSHELL; else (s $(($1-1))); fi; }; s 40
e() { [ $1 = 0 ] && echo eval done || eval "e $(($1-1))"; }; e 300
x=; for i in {1..60}; do x="\$(echo $i $x)"; done; eval "echo $x" | wc -w
FUNCNEST=50; q() { q; }; (q) 2>/dev/null; echo $?
