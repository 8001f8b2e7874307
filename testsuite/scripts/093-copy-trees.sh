#!/bin/sh
# cp -a, -r, -p, -u, -l, -s, --parents, --sparse, backups, over symlinks, and what is kept.
mkdir -p s/d; echo 1 >s/f; echo 2 >s/d/g; chmod 741 s/f; chmod 700 s/d; ln -s f s/l; ln s/f s/h
touch -d @1000 s/f s/d; chown 5:6 s/f; cp -a s a; stat -c '%n %a %Y %u:%g %h' a/f a/d; readlink a/l
[ a/f -ef a/h ] && echo hard kept; cp -r s r; stat -c '%a %u' r/f; [ r/f -ef r/h ] || echo separate
cp -rL s L; [ -L L/l ] || echo followed; cp -p s/f p; stat -c '%Y %u' p
cp --parents s/d/g x 2>/dev/null || mkdir x; cp --parents s/d/g x; find x | sort; echo old >t; touch -d @0 t
cp -u s/f t; cat t; cp -l s/f hl; stat -c %h hl; cp -s "$PWD/s/f" sl; cat sl; echo 9 >o
cp --backup=numbered s/f o; ls o*; cat o.~1~; cp -n s/d/g o; cat o; cp s/f sl 2>/dev/null; echo $?
cp -rT s a; cp s s2 2>/dev/null; echo $?; cp nofile z 2>/dev/null; echo $?; cp s/f s/d/g dir 2>/dev/null
echo $?; cp -t x s/f s/d/g; ls x; mkfifo s/p; cp -a s b; stat -c %F b/p; mv b c; ls c
install -D -m 600 s/f new/dir/f; stat -c %a new/dir/f; rsync --version 2>/dev/null
cp -a --attributes-only s/f at; stat -c '%s %a' at; cp /dev/null nul; stat -c %s nul
cp --reflink=auto s/f ref; cmp s/f ref && echo; cat s/f s/d/g >both; cat both | cp /dev/stdin fromstdin
cat fromstdin; cp -a /etc/alternatives alt; find alt -type l | wc -l | grep -q '[0-9]' && echo links
