#!/bin/sh
# Tests, actions, pruning, -exec forms, depth, -printf, -delete.
mkdir -p a/b/c a/d; touch a/1.txt a/b/2.txt a/b/c/3.log; printf 12345 >a/d/five; ln -s 1.txt a/link
ln a/1.txt a/hard; touch -d '2020-01-02 03:04:05' a/old; mkfifo a/fifo; chmod 600 a/d/five; mkdir a/empty
find a | sort; find a -type f -name '*.txt' | sort; find a -type d -empty; find a -size 5c | sort
find a -maxdepth 1 -mindepth 1 -type l; find a -links 2 -type f | sort
find a -newermt 2021-01-01 -name 1.txt; find a ! -newermt 2021-01-01 | sort
find a -path a/b -prune -o -type f -print | sort; find a -name '*.txt' -exec echo {} \; | sort
find a -type f -exec echo {} + | tr ' ' '\n' | sort | head -2; find a -perm 600
find a -perm -4 -type f | wc -l; find a \( -name '*.log' -o -name five \) -printf '%f %s %m %d %P\n' | sort
find a -regex '.*/[0-9]\.\(txt\|log\)' | sort; find a -depth -name c -o -name '3*' | sort
find a -name '*.txt' -ok true {} \; </dev/null 2>/dev/null; find a -iname 'FIVE'
find a -samefile a/1.txt | sort; find a -lname '1*'; find a -execdir pwd \; | sort -u | head -2
find a -name '*.log' -delete; find a -name '*.log' | wc -l; find a -type f -quit; find nothere 2>/dev/null
echo $?; find a -printf '%y%l\n' | sort | uniq -c; find a -newer a/old -a -type p
find a -user root -group root -uid 0 | wc -l; find a -type f -print0 | xargs -0 stat -c %h | sort -u
find a -delete; ls
