#!/bin/sh
# mktemp templates; stat formats for every kind of file.
t=$(mktemp); [ -f "$t" ] && stat -c '%a %s %F' "$t"; d=$(mktemp -d XXXXXX); stat -c '%a %F' "$d"
mktemp -u ab.XXX | sed 's/...$//'; mktemp --suffix=.c q.XXXX | sed 's/\..*\././'
mktemp -p /dev/shm a.XXXX | cut -c1-11; mktemp xx 2>/dev/null; echo $?; echo 12345 >f
touch -d '2001-09-09 01:46:40.123456789' f; stat -c '%n %s %a %A %h %u %g %U %G %F %Y %y' f
stat --printf '%X|%x|%t|%T\n' f; touch -a -d @5 f; stat -c '%X %Y' f; touch -r f g; stat -c %Y g
touch -m -t 198001010000.01 f; stat -c %y f; mkdir dd; ln -s f l; mkfifo p; stat -c '%N %F' l dd p /dev/null
stat -L -c %s l; stat -f -c %T /proc; stat -c '%d' f g | uniq | wc -l; stat -c %o f >/dev/null && echo
date -r f +%s; touch -c none; ls none 2>/dev/null; echo $?; truncate -s 100 f; stat -c %s f
truncate -s -50 f; truncate -s %8 f; stat -c %s f; touch -h -d @7 l; stat -c %Y l
stat nofile 2>&1 | sed 's/.*: //'; [ "$(stat -c %i f)" = "$(ls -i f | cut -d' ' -f1)" ] && echo inode
du -b f; ls -l --time-style=+%s f | cut -d' ' -f1-5; chown 12:34 g; stat -c '%u:%g' g; chown nobody g
stat -c %U g; ls -ln g | awk '{print $3,$4}'
