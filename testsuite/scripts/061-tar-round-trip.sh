#!/bin/sh
# Archives with links, modes, times, fifos, long names; append, delete, exclude, transform, stdin and stdout.
mkdir -p d/sub; echo hello >d/f; seq 1000 >d/sub/n; ln d/f d/hard; ln -s f d/sym; mkfifo d/p; chmod 640 d/f
touch -d '2021-02-03 04:05:06' d/f; long=$(printf 'l%.0s' $(seq 120)); mkdir d/$long; echo x >d/$long/$long
: >d/empty
tar cf t.tar --sort=name d; tar tf t.tar | wc -l; touch -h -d @1 d/sym d/p; tar cf t.tar --sort=name d
tar tvf t.tar d/f d/sym | sed 's/  */ /g'; mkdir o; tar xpf t.tar -C o
diff -r --no-dereference d/sub o/d/sub && cmp d/f o/d/f && stat -c '%a %Y %h %F' o/d/f o/d/sym o/d/p
cat o/d/$long/$long; [ o/d/f -ef o/d/hard ] && echo linked; echo new >d/new; tar rf t.tar d/new
tar tf t.tar | tail -1; tar --delete -f t.tar d/new; tar tf t.tar | grep -c new
tar cf - d | tar tf - | wc -l; tar cf e.tar --exclude='*/l*' --exclude=sub d; tar tf e.tar | sort
tar cf x.tar --transform 's/^d/renamed/' d/f; tar tf x.tar; tar xOf t.tar d/f; tar df t.tar && echo same
echo changed >>d/sub/n; tar df t.tar d/sub 2>&1 | sed 's/:.*differs/ differs/' | sort -u
tar xf t.tar --strip-components=1 -C o d/f; cat o/f; printf 'd/f\nd/empty\n' | tar cf l.tar -T -
tar tf l.tar; for z in z j J; do tar c${z}f c.$z d; tar x${z}f c.$z -C o d/f && tar tf c.$z | wc -l; done
tar --zstd -cf c.zst d; tar tf c.zst | wc -l; tar tf /etc/passwd 2>/dev/null; echo $?; truncate -s 5M sparse
printf end >>sparse; tar Scf s.tar sparse; stat -c '%s' s.tar; tar xSf s.tar -C o
cmp sparse o/sparse && [ $(stat -c %b o/sparse) -lt 1000 ] && echo sparse; tar --format=pax -cf pax.tar d
tar --format=ustar -cf u.tar d/f; tar tf u.tar
tar cf own.tar --owner=1 --group=2 --numeric-owner --mtime=@0 d/f
tar tvf own.tar --numeric-owner | sed 's/  */ /g'
tar --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - d/f d/empty d/sym | sha256sum
