#!/usr/bin/env python3
"""Find out which system calls real programs make: run every NAME.sh here under strace in the full Debian image and write

  docs/syscalls-used.tsv        syscall, count, failures with errno, programs that made it
  docs/syscalls-used-args.tsv   the same per flag or request (ioctl, fcntl, clone, futex, madvise, setsockopt, open ...)

A call is attributed to the program its process had executed by then, so `sh` running `ls` counts for both.

  trace.py [--extra DIR] [NAME...]    DIR/opt/{esbuild,ruff} and DIR/bench/data/js, as the benchmark rootfs has them
"""
import argparse, collections, os, pathlib, re, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("BRAINWORM_CACHE", TOP / ".cache"))

# Programs by the package people know them by.
GROUPS = {
    "gcc": "gcc cc cc1 as ld collect2 lto1 lto-wrapper ar nm objdump strip readelf size strings c++filt ldd ld.bfd ranlib gcc-ar lto-plugin".split(),
    "dash": ["sh"], "busybox": ["exe"], "glibc": "getent ldconfig iconv locale ld-linux-x86-64.so.2".split(), "C-programs": ["m", "s", "dyn"],
    "findutils": ["find", "xargs"], "gawk": ["awk"], "python3": ["python3.11"], "xz": ["xzcat", "unxz"],
    "gzip": ["gunzip", "zcat", "zgrep"], "redis": ["redis-server", "redis-cli", "redis-benchmark"],
    "procps": "ps top free vmstat pgrep pkill pidof w watch pmap sysctl tload uptime pidwait skill".split(),
    "diffutils": ["diff", "cmp", "diff3", "sdiff"], "bzip2": ["bunzip2"], "psmisc": ["pstree", "fuser", "killall"],
    "util-linux": """flock setsid script getopt lscpu mount findmnt lsblk dmesg taskset chrt ionice prlimit unshare nsenter setpriv su runuser
        mountpoint namei whereis renice logger ipcs ipcmk ipcrm hexdump cal mesg wall more blkid fallocate swapon hwclock rev column umount""".split(),
    "dpkg+apt": ["dpkg", "dpkg-query", "apt-cache", "update-alternatives", "dpkg-deb", "dpkg-split"],
}
COREUTILS = """[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir dircolors
    dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv
    nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum sha256sum sha384sum
    sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq
    unlink users vdir wc who whoami yes""".split()
GROUP_OF = {program: group for group, programs in GROUPS.items() for program in programs} | dict.fromkeys(COREUTILS, "coreutils")

LINE = re.compile(r"^(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))$")
ERRNO = re.compile(r"\) += -1 (E[A-Z0-9]+)")
# Which argument tells the variants of a call apart (0-based), and whether it is a set of flags.
VARIANT = {
    "ioctl": (1, False), "fcntl": (1, False), "futex": (1, True), "madvise": (2, False), "prctl": (0, False), "arch_prctl": (0, False),
    "openat": (2, True), "open": (1, True), "mmap": (3, True), "mprotect": (2, True), "mremap": (3, True), "socket": (0, False), "socketpair": (0, False),
    "clone": (1, True), "unlinkat": (2, True), "newfstatat": (3, True), "faccessat2": (3, True), "epoll_ctl": (1, False), "pipe2": (1, True),
    "prlimit64": (1, False), "getrlimit": (0, False), "setrlimit": (0, False), "clock_gettime": (0, False), "clock_nanosleep": (0, False),
    "wait4": (2, True), "waitid": (0, False), "lseek": (2, False), "accept4": (3, True), "epoll_create1": (0, True), "eventfd2": (1, True),
    "dup3": (2, True), "flock": (1, True), "rt_sigprocmask": (0, False), "memfd_create": (1, True), "renameat2": (4, True), "linkat": (4, True),
    "statx": (2, True), "getrandom": (2, True), "fallocate": (1, True), "msync": (2, True), "setitimer": (0, False), "timerfd_create": (0, False),
    "getrusage": (0, False), "shutdown": (1, False), "utimensat": (3, True), "fadvise64": (3, False), "rseq": (2, True), "clone3": (0, True),
    "recvfrom": (3, True), "sendto": (3, True), "recvmsg": (2, True), "sendmsg": (2, True), "rt_sigaction": (0, False), "sched_setscheduler": (1, False),
    "timer_create": (0, False), "close_range": (2, True), "splice": (5, True), "kcmp": (2, False), "membarrier": (0, True), "personality": (0, False),
}
SOCKOPT = {"setsockopt", "getsockopt"}


def arguments(text):
    """Split strace's argument list at top-level commas."""
    out, depth, quoted, start, i = [], 0, False, 0, 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif c == "," and depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
        i += 1
    out.append(text[start:i].strip())
    return out


def variants(call, text):
    """The flags or request words of one call."""
    args = arguments(text)
    if call in SOCKOPT and len(args) > 2:
        return [f"{args[1]} {args[2]}"]
    if call == "clone":
        return re.findall(r"CLONE_\w+", text) + re.findall(r"\bSIG\w+", text)
    if call == "clone3":
        return re.findall(r"CLONE_\w+", text)
    if call in ("socket", "socketpair"):
        return [" ".join(args[:3])]
    if call not in VARIANT:
        return []
    at, is_set = VARIANT[call]
    if at >= len(args):
        return []
    word = re.sub(r"/\*.*?\*/", "", args[at]).strip()
    word = re.sub(r"<unfinished.*|\{.*", "", word).strip()
    if is_set:
        return [w for w in (x.strip() for x in word.split("|")) if w and not re.fullmatch(r"0[0-7]*", w)]
    return [word] if word else []


class Tally:
    def __init__(self):
        self.calls, self.errors, self.programs = collections.Counter(), {}, {}
        self.args, self.arg_programs = collections.Counter(), {}

    def add(self, program, call, text):
        self.calls[call] += 1
        self.programs.setdefault(call, collections.Counter())[program] += 1
        for v in variants(call, text):
            self.args[call, v] += 1
            self.arg_programs.setdefault((call, v), set()).add(program)

    def fail(self, call, errno):
        self.errors.setdefault(call, collections.Counter())[errno] += 1


def read(path, tally):
    lines = [m for m in map(LINE.match, path.read_text(errors="replace").splitlines()) if m]
    parent = {}
    for m in lines:
        call, rest = (m[2], m[3]) if m[2] else (m[4], m[5])
        if call in ("clone", "clone3", "fork", "vfork"):
            child = re.search(r"= (\d+)$", rest)
            if child:
                parent.setdefault(child[1], m[1])
    program = {}

    def name(pid):
        if pid not in program:
            program[pid] = name(parent[pid]) if pid in parent else "?"
        return program[pid]

    pending = {}
    for m in lines:
        pid, call, rest = m[1], m[2] or m[4], m[3] if m[2] else m[5]
        if m[2]:
            tally.add(name(pid), call, rest)
            if call == "execve":
                pending[pid] = arguments(rest)[0].strip('"')
        error = ERRNO.search(rest)
        if error:
            tally.fail(call, error[1])
        if call == "execve" and rest.rstrip().endswith("= 0") and pid in pending:
            base = pathlib.PurePosixPath(pending[pid]).name
            base = base.removeprefix("x86_64-linux-gnu-").removesuffix("-12")
            base = "git" if base.startswith("git-") else GROUP_OF.get(base, base)
            program[pid] = base


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--extra")
    p.add_argument("names", nargs="*")
    o = p.parse_args()
    image = CACHE / "debian"
    tally = Tally()
    for script in sorted(HERE.glob("*.sh")):
        if o.names and script.stem not in o.names:
            continue
        with tempfile.TemporaryDirectory() as d:
            cmd = [str(TOP / "testsuite/images/native"), "-v", f"{d}:/trace"]
            if script.stem == "native-languages":
                if not o.extra:
                    print("native-languages needs --extra; left out", file=sys.stderr)
                    continue
                cmd += ["-v", f"{o.extra}/opt:/mnt/opt", "-v", f"{o.extra}/bench/data/js:/mnt/js"]
            text = "mkdir /tmp/t; cd /tmp/t; " + script.read_text()
            cmd += [str(image), "strace", "-f", "-qq", "-a1", "-s8", "-I4", "-o", "/trace/out", "sh", "-c", text]
            try:
                done = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
                (CACHE / f"trace-{script.stem}.log").write_bytes(done.stdout)
            except subprocess.TimeoutExpired:
                print(f"{script.stem}: timed out, what was seen counts", file=sys.stderr)
            before = sum(tally.calls.values())
            read(pathlib.Path(d, "out"), tally)
            print(f"{script.stem}: {sum(tally.calls.values()) - before} calls", file=sys.stderr)
    docs = TOP / "docs"
    docs.mkdir(exist_ok=True)
    with open(docs / "syscalls-used.tsv", "w") as f:
        print("syscall\tcount\tfailures\tprograms", file=f)
        for call, n in sorted(tally.calls.items(), key=lambda x: (-len(tally.programs[x[0]]), x[0])):
            failures = ",".join(f"{e}:{k}" for e, k in sorted(tally.errors.get(call, {}).items()))
            programs = " ".join(x for x, _ in sorted(tally.programs[call].items()))
            print(f"{call}\t{n}\t{failures}\t{programs}", file=f)
    with open(docs / "syscalls-used-args.tsv", "w") as f:
        print("syscall\targument\tcount\tprograms", file=f)
        for (call, v), n in sorted(tally.args.items()):
            programs = sorted(tally.arg_programs[call, v])
            shown = " ".join(programs[:8]) + (f" +{len(programs) - 8}" if len(programs) > 8 else "")
            print(f"{call}\t{v}\t{n}\t{shown}", file=f)


if __name__ == "__main__":
    main()
