#!/bin/bash
# cd with CDPATH, -P and -L, -, symbolic links, pushd, dirs, PWD and OLDPWD, a removed directory.
mkdir -p real/sub other/target; ln -s real/sub link; cd link; pwd; pwd -P; cd ..; pwd; cd -P link; pwd
cd "$OLDPWD"; pwd; cd - >/dev/null; pwd; cd /tmp/scratch; CDPATH=other; cd target; pwd; unset CDPATH
cd /tmp/scratch; pushd real >/dev/null; pushd sub >/dev/null; dirs; popd >/dev/null; pwd; popd >/dev/null
dirs -v; cd nowhere 2>/dev/null; echo $?; cd real/./sub/../sub//; pwd; cd /; pwd; cd //; pwd; cd; pwd
cd ~root; pwd; cd /tmp/scratch; echo ~ ~/x ~root/y a~ "~" x=~ ; PWD=wrong; pwd; cd .; echo $PWD; mkdir gone
cd gone; rmdir ../gone; pwd; /bin/pwd 2>/dev/null; echo $?; cd .. ; pwd; cd "" ; pwd
(cd /usr; cd -L ..; pwd); sh -c 'cd /proc/self; pwd'
[ "$(cd -P /proc/self/cwd; pwd)" = /tmp/scratch ] && echo cwd
