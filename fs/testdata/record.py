#!/usr/bin/env python3
"""Records what Linux answers to random calls on path names, for the test `vfs::replay`.

Run as root with fs.protected_symlinks=1 and fs.protected_hardlinks=1:

    record.py DIRECTORY SEED COUNT > names.log

DIRECTORY is made afresh on a tmpfs, and chroot(2) goes there. A line is the call, its arguments, `=` and the answer,
separated by tabs; stat answers are mode, links, size (0 for directories), uid and gid.
"""
import ctypes
import errno
import os
import random
import shutil
import stat
import sys

AT_FDCWD, AT_SYMLINK_FOLLOW, AT_EACCESS, FACCESSAT2 = -100, 0x400, 0x200, 439
O_PATH = 0o10000000
libc = ctypes.CDLL(None, use_errno=True)
NAMES = "abcd"


def path():
    """One to three components of few names, so that calls meet; sometimes dots, slashes, nothing at all."""
    pool = list(NAMES) + ([".", ".."] if random.random() < 0.25 else [])
    text = "/".join(random.choice(pool) for _ in range(random.choice([1, 1, 1, 2, 2, 3])))
    if random.random() < 0.5:
        text = "/" + text
    if random.random() < 0.12:
        text += "/"
    return random.choices([text, "/", ""], [97, 2, 1])[0]


def target():
    """The text of a symlink."""
    deep = "/".join(random.choice(NAMES) for _ in range(random.choice([1, 1, 2])))
    name = random.choice(NAMES)
    return random.choices([deep, "/" + name, "../" + name, name + "/", "."], [4, 2, 2, 1, 1])[0]


def show(s):
    size = 0 if stat.S_ISDIR(s.st_mode) else s.st_size
    return f"{s.st_mode:o} {s.st_nlink} {size} {s.st_uid} {s.st_gid}"


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), "")


def op_open(args, step):
    flags = random.choice([0, 0, 1, 2]) | os.O_NONBLOCK
    for flag in (os.O_CREAT, os.O_CREAT, os.O_EXCL, os.O_TRUNC, os.O_DIRECTORY, os.O_NOFOLLOW, O_PATH):
        if random.random() < 0.2:
            flags |= flag
    args += [path(), flags]
    fd = os.open(args[0], flags, 0o666)
    s = os.fstat(fd)
    if flags & 3 and not flags & O_PATH and stat.S_ISREG(s.st_mode):
        os.write(fd, b"x" * (step % 7))
    os.close(fd)
    return show(s)


def op_tmpfile(args, _):
    args += [path()]
    fd = os.open(args[0], os.O_TMPFILE | os.O_RDWR, 0o600)
    s = os.fstat(fd)
    os.close(fd)
    return show(s)


def op_rename(args, _):
    args += [path(), path(), random.choice([0, 0, 0, 0, 1, 2])]
    check(libc.renameat2(AT_FDCWD, args[0].encode(), AT_FDCWD, args[1].encode(), args[2]))


def op_link(args, _):
    args += [path(), path(), random.choice([0, 0, 1])]
    flags = AT_SYMLINK_FOLLOW if args[2] else 0
    check(libc.linkat(AT_FDCWD, args[0].encode(), AT_FDCWD, args[1].encode(), flags))


def op_symlink(args, _):
    args += [target(), path()]
    os.symlink(*args)


def op_chmod(args, _):
    args += [path(), random.choice([0o755, 0o700, 0o1777, 0o644, 0, 0o2755, 0o4755, 0o777])]
    os.chmod(*args)


def op_chown(args, _):
    args += [path(), random.choice([-1, 0, 1000, 1001]), random.choice([-1, 0, 1000, 50])]
    os.chown(*args)


def op_truncate(args, _):
    args += [path(), random.choice([0, 5, 5000])]
    os.truncate(*args)


def op_access(args, _):
    args += [path(), random.choice([0, 1, 2, 4, 6, 7])]
    check(libc.syscall(FACCESSAT2, AT_FDCWD, args[0].encode(), args[1], AT_EACCESS))


def op_chdir(args, _):
    args += [path()]
    os.chdir(args[0])
    return os.getcwd()


def op_list(args, _):
    args += [path()]
    return " ".join(sorted(os.listdir(args[0])))


def op_uid(args, _):
    uid = random.choice([0, 0, 1000])
    args += [uid]
    os.seteuid(0)
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)


def simple(call):
    """A call with a path and nothing else."""

    def op(args, _):
        args += [path()]
        return call(args[0])

    return op


OPS = {
    "open": (5, op_open), "mkdir": (4, simple(lambda p: os.mkdir(p, 0o777))), "rmdir": (2, simple(os.rmdir)),
    "unlink": (2, simple(os.unlink)), "rename": (4, op_rename), "link": (2, op_link), "symlink": (2, op_symlink),
    "stat": (2, simple(lambda p: show(os.stat(p)))), "lstat": (1, simple(lambda p: show(os.lstat(p)))),
    "readlink": (1, simple(os.readlink)), "chmod": (1, op_chmod), "chown": (1, op_chown),
    "truncate": (1, op_truncate), "access": (1, op_access), "chdir": (1, op_chdir),
    "mkfifo": (1, simple(lambda p: os.mkfifo(p, 0o666))), "list": (1, op_list), "uid": (1, op_uid),
    "tmpfile": (1, op_tmpfile),
}  # fmt: skip


def main():
    directory, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory, 0o755)
    os.chroot(directory)
    os.chdir("/")
    os.umask(0o022)
    random.seed(seed)
    weights = [weight for weight, _ in OPS.values()]
    for step in range(count):
        name = random.choices(list(OPS), weights)[0]
        args = []
        try:
            answer = ("ok " + (OPS[name][1](args, step) or "")).rstrip()
        except OSError as e:
            answer = errno.errorcode[e.errno]
        print("\t".join([name, *map(str, args), "=", answer]))


main()
