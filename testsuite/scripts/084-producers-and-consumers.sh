#!/bin/bash
# Several workers take jobs from one fifo under a lock and put results into another.
mkfifo jobs results; exec 3<>jobs 4<>results
take() { flock 9; read -r -u 3 j; flock -u 9; }
for w in 1 2 3 4; do (while take 9>lock && [ "$j" != stop ]; do echo $((j*j)) >&4; done) & done
for i in {1..30}; do echo $i; done >&3; n=0; s=0; while ((n<30)) && read -t 10 -u 4 r; do ((n++, s+=r)); done
echo $n $s; for w in 1 2 3 4; do echo stop >&3; done; wait; exec 3>&- 4>&-; rm jobs results lock; ls
