#!/bin/bash
# A CHLD trap runs once per child, also while waiting and reading.
set -m; n=0; trap '((n++))' CHLD; for i in 1 2 3; do (exit $i) & wait $!; done; echo $n
(sleep 0.1) & read -t 1 x < <(sleep 0.4; echo line); echo $x; trap - CHLD; [ $n -ge 4 ] && echo more
sleep 0.4; trap 'echo child' CHLD; sleep 0.2 & wait $!; trap - CHLD; echo end
