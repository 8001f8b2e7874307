#!/bin/sh
# Rename over files and directories, unlinked open files, removing while reading, ENOTEMPTY, EXDEV.
echo a >a; echo b >b; exec 3<b; mv a b; cat b; cat <&3; exec 3<&-; mkdir d1 d2; touch d2/x
mv -T d1 d2 2>&1 | sed 's/.*: //'; rm d2/x; mv -T d1 d2 && ls -d d*; mkdir p; mv p p/q 2>/dev/null; echo $?
echo keep >u; exec 4<>u; rm u; cat <&4; echo more >&4; ls u 2>/dev/null; cat /proc/self/fd/4
stat -L -c %h /proc/self/fd/4; exec 4>&-
mkdir many; i=0; while [ $i -lt 300 ]; do : >many/f$i; i=$((i+1)); done; for f in many/*; do rm "$f"; done
ls many | wc -l; rmdir many; mkdir -p t/a/b; rmdir t 2>&1 | sed 's/.*: //'; rmdir -p t/a/b; ls t 2>/dev/null
touch x y; mv x y && ls; touch n; mv -n n y; ls n; mv -u y n; mv -b n y 2>/dev/null; ls; mkdir cwd; cd cwd
rmdir ../cwd; ls; touch z 2>&1 | sed 's/.*: //'; pwd; cd ..; mv y /dev/shm/moved && cat /dev/shm/moved
rm /dev/shm/moved; rm -rf "$PWD/"*; ls -A; rm nothing 2>/dev/null; echo $?; rm -f nothing; echo $?
mkdir -p deep; cd deep; for i in $(seq 60); do mkdir d$i; cd d$i; done; cd /tmp/scratch; find deep | wc -l
rm -r deep; ls; touch -- -dash; ls; rm -- -dash; touch "$(printf 'new\nline')"; ls | wc -l; rm new*
mv --exchange a b 2>/dev/null || ln -T /proc/version h 2>/dev/null || echo exdev; rm .. 2>/dev/null; echo $?
