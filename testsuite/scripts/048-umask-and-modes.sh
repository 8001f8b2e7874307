#!/bin/sh
# umask, symbolic umask, chmod forms, setgid directories, sticky, install.
for m in 022 077 000 027; do (umask $m; touch f$m; mkdir d$m; stat -c '%a %n' f$m d$m); done
(umask u=rwx,g=rx,o=; umask; umask -S)
touch x; for c in 644 u+x go-r a=r u=rwx,g=rx,o= +x -w 4755 g+s 1777 u-s,g=o 0
do chmod $c x; stat -c "%A %a $c" x; done; mkdir s; chmod 2775 s; mkdir s/sub; stat -c %a s/sub
touch s/file; chgrp 33 s; touch s/f2; stat -c '%g %a' s/f2; install -m 640 /dev/null i; stat -c %a i
cp -p i j; stat -c %a j; (umask 077; cp i k; stat -c %a k); chmod --reference=i x; stat -c %a x; ln -s x l
chmod 600 l; stat -c %a l x; mkdir -m 711 md; stat -c %a md; mkdir -p -m 700 a/b; stat -c %a a a/b
