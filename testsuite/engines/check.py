#!/usr/bin/env python3
"""The same container under independent engines: equal output, exact exit statuses, streams of every kind.

  check.py --image IMAGE --brainworm BIN --wasmtime BIN [--node BIN] [--wasmi 'qemu-aarch64-static WASMI']

Builds IMAGE once, then runs it. Each check prints a line; the last line counts them.
"""
import argparse, os, pty, select, subprocess, sys, tempfile, time

SCRIPT = """
set -u
work=$(mktemp -d); cd "$work"
seq 1 200 | awk '{ print $1 * $1 }' | sort -rn | head -3
for i in 1 2 3; do (echo "child $i" > "$i.txt") & done; wait
cat 1.txt 2.txt 3.txt
mkfifo pipe; (echo through the fifo > pipe) & cat pipe; wait
trap 'echo caught TERM' TERM; kill -TERM $$
false || echo "status $?"
sh -c 'kill -9 $$'; echo "killed: $?"
find . -type f | sort | xargs cksum | cut -d' ' -f1,2
printf '%s\\n' "$((0x7fffffff * 3))" "$(printf 'a\\tb' | od -An -tx1)"
"""
# The first process is spared what it sends itself, as in a pid namespace; a fault of its own is not.
SEGFAULT = "exec perl -e 'print unpack(q(p), pack(q(J), 1))'"
ISSUE = "seq 1000 | sort -R | sort -n | tail -1; (sleep 0.1; echo done) & wait"


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, name, got, want):
        if got == want:
            self.passed += 1
            print(f"ok   {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}\n  got  {got!r}\n  want {want!r}", flush=True)


def run(command, stdin=subprocess.DEVNULL, timeout=300, **more):
    """(status, stdout, stderr) of a command; a run that does not end is a status of its own."""
    try:
        done = subprocess.run(command, stdin=stdin, capture_output=True, timeout=timeout, **more)
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        return "timeout", late.stdout, late.stderr


def on_terminal(command, typed, until, timeout=120):
    """What a command prints on a terminal of its own after `typed` was typed, up to `until`."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    seen, deadline, sent = b"", time.monotonic() + timeout, False
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.5)
        if ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
        if not sent and (b"$" in seen or b"#" in seen or time.monotonic() > deadline - timeout + 15):
            os.write(master, typed)
            sent = True
        if until in seen:
            break
    os.close(master)
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
    return until in seen, seen


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--image", required=True)
    ap.add_argument("--brainworm", required=True)
    ap.add_argument("--wasmtime", required=True)
    ap.add_argument("--node")
    ap.add_argument("--wasmi", help="another engine, perhaps on another architecture: a command prefix")
    a = ap.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    checks = Checks()
    with tempfile.TemporaryDirectory() as tmp:
        app, precompiled = os.path.join(tmp, "app.wasm"), os.path.join(tmp, "app.cwasm")
        done = run([a.brainworm, "build", a.image, "-o", app])
        checks.equal("build", done[0], 0)
        again = os.path.join(tmp, "again.wasm")
        run([a.brainworm, "build", a.image, "-o", again])
        checks.equal("build is reproducible", open(app, "rb").read() == open(again, "rb").read(), True)
        run([a.wasmtime, "compile", app, "-o", precompiled], timeout=900)
        stock = {"wasmtime": [a.wasmtime, "run", "--allow-precompiled", precompiled]}
        if a.node:
            stock["node"] = [a.node, "--no-warnings", os.path.join(here, "wasi.mjs"), app]
        engines = dict(stock, brainworm=[a.brainworm, "run", app])

        want = run([a.brainworm, "run", a.image, "sh", "-c", SCRIPT])
        checks.equal("script: brainworm run IMAGE ends well", want[0], 0)
        for name, prefix in engines.items():
            checks.equal(f"script: {name} equals brainworm run", run(prefix + ["sh", "-c", SCRIPT])[:2], want[:2])
            checks.equal(f"issue's line: {name}", run(prefix + ["sh", "-c", ISSUE])[:2], (0, b"1000\ndone\n"))
        if a.wasmi:
            prefix = a.wasmi.split() + [app]
            small = "echo $(seq 5 | sort -rn); (exit 3); echo $?"
            checks.equal("another engine and architecture", run(prefix + ["sh", "-c", small], timeout=900)[:2], (0, b"5 4 3 2 1\n3\n"))

        for name, prefix in stock.items():
            status = lambda script: run(prefix + ["sh", "-c", script])
            checks.equal(f"{name}: status 7", status("exit 7")[0], 7)
            checks.equal(f"{name}: status 125", status("exit 125")[0], 125)
            for script, true in (("exit 126", "126"), ("exit 255", "255"), (SEGFAULT, "139")):
                code, _, err = status(script)
                checks.equal(f"{name}: {script} exits 125 and stderr names {true}", (code, true in err.decode()), (125, True))
            checks.equal(f"{name}: stdout and stderr apart", status("echo out; echo err >&2")[1:], (b"out\n", b"err\n"))
            with open(os.path.join(tmp, "input"), "wb+") as file:
                data = bytes(range(256)) * 300
                file.write(data)
                file.seek(0)
                checks.equal(f"{name}: stdin from a file, byte-exact", run(prefix + ["cat"], stdin=file)[:2], (0, data))
            checks.equal(f"{name}: stdin from /dev/null", run(prefix + ["wc", "-c"])[:2], (0, b"0\n"))
            checks.equal(f"{name}: stdin pipe", pipe(prefix + ["cat"], b"through a pipe"), (0, b"through a pipe"))
            # An idle pipe: timers run, and the end of the guest is the end of the engine.
            idle = os.pipe()
            started = time.monotonic()
            got = run(prefix + ["sh", "-c", "sleep 0.2; echo slept"], stdin=idle[0], timeout=60)
            checks.equal(f"{name}: an idle pipe on stdin", got[:2], (0, b"slept\n"))
            os.close(idle[0]), os.close(idle[1])
            closed = run(["sh", "-c", '"$@" <&-', "sh"] + prefix + ["sh", "-c", "echo fine"])
            checks.equal(f"{name}: stdin closed", closed[:2], (0, b"fine\n"))
            gone = run(["sh", "-c", '"$@" | head -1', "sh"] + prefix + ["sh", "-c", "yes | head -100000; echo end >&2"])
            checks.equal(f"{name}: stdout closed early", gone[1], b"y\n")
            found, seen = on_terminal(prefix + ["sh", "-c", "tty >/dev/null && echo is-a-tty; read x; echo got-$x"], b"word\n", b"got-word")
            checks.equal(f"{name}: a terminal on stdin ({seen[-60:] if not found else 'ok'})", found, True)
        bw = [a.brainworm, "run", a.image, "sh", "-c"]
        for script, code in (("exit 7", 7), ("exit 126", 126), ("exit 255", 255), (SEGFAULT, 139)):
            checks.equal(f"brainworm run: {script}", run(bw + [script])[0], code)
        checks.equal("brainworm run: no such command is 127", run([a.brainworm, "run", a.image, "/no/such"])[0], 127)
        checks.equal("brainworm run: not executable is 126", run([a.brainworm, "run", a.image, "/etc/passwd"])[0], 126)
        checks.equal("brainworm run: no such image is 125", run([a.brainworm, "run", "/no/such.tar", "true"])[0], 125)
        code, _, err = run([a.brainworm, "run", "-p", "80:80", a.image, "true"])
        checks.equal("brainworm run -p is refused in one line", (code, err.count(b"\n")), (125, 1))
        for flags in (["-t"], ["-it"]):
            found, seen = on_terminal([a.brainworm, "run", *flags, a.image, "bash"], b"stty size; echo $((6*7))x; exit\n", b"42x")
            checks.equal(f"brainworm run {flags[0]} bash ({seen[-80:] if not found else 'ok'})", found, True)
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(checks.failed != 0)


def pipe(command, data):
    done = subprocess.run(command, input=data, capture_output=True, timeout=300)
    return done.returncode, done.stdout


main()
