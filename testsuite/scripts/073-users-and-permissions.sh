#!/bin/sh
# Acting as another user: permission checks, sticky directories, setuid bits, groups.
id; id nobody; su -s /bin/sh nobody -c id; runuser -u daemon -- id -un
setpriv --reuid 1000 --regid 1000 --groups 5,6 id; echo secret >s; chmod 600 s
as() { setpriv --reuid "$1" --regid "$1" --clear-groups sh -c "$2" 2>&1 | sed 's/.*: //'; }; as 1000 'cat s'
chmod 604 s; as 1000 'cat s'; as 1000 'echo x >s'; as 1000 'touch new'; mkdir -m 1777 st
as 1000 'echo mine >st/a'; as 1001 'rm -f st/a'; as 1001 'mv st/a st/b'; as 1000 'rm st/a && echo removed'
mkdir -m 700 priv; echo in >priv/f; as 1000 'cat priv/f'; chmod 711 priv; as 1000 'cat priv/f; ls priv'
chown 1000 s; as 1000 'chmod 640 s && stat -c %a s'; as 1000 'chown 0 s'; as 1001 'chmod 777 s'; chgrp 50 s
setpriv --reuid 1002 --regid 1002 --groups 50 cat s; as 1000 'kill -0 1'; as 1000 'nice -n -5 true' 
cp /usr/bin/id myid; chmod 4755 myid; as 1000 './myid -u'; chmod 2755 myid; chgrp 77 myid
as 1000 './myid -g'; as 1000 'cat /etc/shadow'; as 1000 'mkdir /x'; as 1000 'cat /proc/1/environ'
as 1000 'ulimit -S -n 10; ulimit -H -n 10; ulimit -H -n 20'; test -w /etc/passwd && echo root writes all
chmod 000 s; cat s; chmod 644 myid; ./myid 2>/dev/null; echo $?; as 1000 'touch -d @0 s'
as 1000 'chroot / true'; as 1000 'hostname x' 2>&1; groups; whoami; logname 2>/dev/null; echo $?
as 65534 'echo $(id -un) > /dev/null && whoami'; umask 0; as 1000 'umask'
install -d -o 1000 -g 1000 -m 755 own; as 1000 'touch own/f && stat -c "%u %g" own/f'
