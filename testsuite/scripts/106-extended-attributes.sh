#!/bin/sh
# setfattr and getfattr on files and directories; copying them; errors.
touch f; setfattr -n user.one -v first f; setfattr -n user.two -v 0x000102 f; getfattr -d f | sort
getfattr -n user.one --only-values f; echo; getfattr -n user.two -e hex f; setfattr -x user.one f
getfattr f; getfattr -n user.one f 2>&1 | sed 's/.*: //'; cp --preserve=xattr f g; getfattr -d g; cp f h
getfattr -d h; mv f k; getfattr -d k | head -1; mkdir d; setfattr -n user.dir -v x d; getfattr -d d
setfattr -n trusted.t -v r k; getfattr -m - k; setfattr -n user.big -v "$(printf 'x%.0s' $(seq 3000))" k
getfattr -n user.big --only-values k | wc -c; ln -s k l; setfattr -h -n user.x -v 1 l 2>&1 | sed 's/.*: //'
getfattr -n user.two l; tar --xattrs -cf t.tar k; mkdir o; tar --xattrs -xf t.tar -C o
getfattr -d o/k | grep -c user; python3 -c '
import os
os.setxattr("g","user.a",b"1"); print(sorted(os.listxattr("g")))
try: os.setxattr("g","user.a",b"2",os.XATTR_CREATE)
except OSError as e: print(e.strerror)
try: os.setxattr("g","user.b",b"2",os.XATTR_REPLACE)
except OSError as e: print(e.strerror)
os.removexattr("g","user.a"); print(os.listxattr("g"))'
