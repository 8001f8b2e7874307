#!/bin/bash
# Directories and fifos where files are expected, and the other way round; errors by name.
mkdir d; mkfifo p; echo x >f; e() { "$@" 2>&1 | sed 's/.*: //'; }; e cat d; e cat f/x; e cd f; e ls none/x
e rmdir f; e unlink d; e mkdir f; e mkdir d; e touch none/x; e ln f d; e cp f none/; e mv f none/x/
e truncate -s 1 d; (e sh -c 'echo x >d'); e sh -c 'exec 3<none'; e rm d; e rmdir none; e chmod 600 none
e readlink f; dd if=d of=none2 2>/dev/null; echo $?; rm none2; e head -c1 d; e stat ''
e cat "$(printf 'x%.0s' {1..300})"; e mknod c c 1 3; cat c; e mknod f p; e ls -d f/; e ls -d f/.; e cat f/..
e rm -r .; e mv d d/e; e ln -s x f; python3 - <<'E'
import os, errno
def t(f, *a, **k):
    try: print(f.__name__, f(*a, **k))
    except OSError as e: print(f.__name__, errno.errorcode[e.errno])
t(os.open, "d", os.O_WRONLY); t(os.open, "p", os.O_WRONLY | os.O_NONBLOCK); t(os.open, "f", os.O_DIRECTORY); t(os.open, "f", os.O_CREAT | os.O_EXCL); t(os.rename, "d", "f"); t(os.rename, "f", "d"); t(os.rmdir, "."); t(os.rmdir, "/"); t(os.unlink, "none"); t(os.link, "d", "l"); t(os.symlink, "", "s"); t(os.readlink, "d"); t(os.read, 99, 1); t(os.write, 0, b"x"); t(os.lseek, 1, 0, 0); t(os.truncate, "f", -1); t(os.ftruncate, 0, 5); t(os.fchdir, 0); t(os.chdir, "f"); t(os.listdir, "f"); t(os.mkdir, "f/x"); t(os.statvfs, "none"); t(os.kill, 999999, 0); t(os.setpgid, 999999, 0); t(os.waitpid, -1, 0); t(os.getpgid, 999999); t(os.dup2, 99, 5); t(os.dup, 99); t(os.open, "f/", os.O_RDONLY); t(os.open, "new/", os.O_CREAT | os.O_WRONLY); t(os.getxattr, "f", "user.none"); t(os.setxattr, "f", "bad", b""); t(os.execv, "f", ["f"]); t(os.execv, "d", ["d"]); t(os.nice, 0); t(os.sched_setaffinity, 0, [5000]); t(os.mkfifo, "f"); t(os.fsync, 99)
E
