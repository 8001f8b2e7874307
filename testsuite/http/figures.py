#!/usr/bin/env python3
"""The figures of docs/benchmarks.md about HTTP, as rows of its tables.

  figures.py many  --brainworm BIN --wasmtime BIN --cache DIR [--requests 10000] [--only WORD] [--host WORD]
  figures.py start --brainworm BIN --wasmtime BIN --cache DIR [--runs 9] [--only WORD] [--host WORD]

`many`: requests over 32 connections to stock `wasmtime serve` and to `brainworm serve`: right, wrong, lost.
`start`: start to first byte and memory of an instance, beside runc (apt install runc) with the same tree and server; needs
root. runc starts its container anew each time, on the host's network, its files in the page cache. For the two hosts the
process is up, the code compiled, and a fresh instance is made for the request. CPU is that of the process, or of runc and all
in its container. Memory: what one more instance, which is in the middle of an answer, adds to the process, or what a container's
processes have of their own after an answer; shared pages count for nobody. Files as for check.py. Each row says the load of
the machine. http-go.tar is made by testsuite/images/make-go.sh.
"""
import argparse, asyncio, json, os, resource, shutil, socket, statistics, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from check import OURS, Served, free_port, run
from client import flood, get, head

# A request from within, as training has it: by bash, so that the image needs no client.
ASK = "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET {path} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3 >/dev/null"
# Starts the server, asks it some times, ends it.
TRAIN = "bash -c '/start.sh & sleep 5; for i in 1 2 3 4 5 6 7 8; do (" + ASK.replace("'", "\"") + "); done; kill $!'"
# A file of this size is added to what is served: an answer that a client can leave lying.
LARGE = 16 << 20
# Name, image, how it answers, the program, what to ask for, file with the answer (none: a greeting), flags of build.
KINDS = (
    ("shell CGI (busybox ash)", "http-busybox", "command", "/srv/cgi/app.sh", "/hello?1", None, ()),
    ("busybox httpd", "http-busybox", "server:8080", "httpd -f -p 8080 -h /srv/www", "/index.html", "srv/www/index.html", ()),
    ("nginx, a static page", "http-debian", "server:8080", "nginx", "/index.html", "srv/www/index.html", ()),
    ("python http.server", "http-debian", "server:8000", "python3 -m http.server --directory /srv/www 8000", "/index.html", "srv/www/index.html", ()),
    ("python http.server, interpreted", "http-debian", "server:8000", "python3 -m http.server --directory /srv/www 8000", "/index.html", "srv/www/index.html",
     ("--aot", "off")),
    ("python http.server, trained with requests", "http-debian", "server:8000", "python3 -m http.server --directory /srv/www 8000", "/index.html", "srv/www/index.html",
     ("--aot-size", "6m", "--train", TRAIN.format(port=8000, path="/index.html"))),
    ("Go net/http", "http-go", "server:8080", "server", "/", "srv/www/index.html", ()),
    ("Go (esbuild --serve)", "tools-root", "server:8000", "sleep 1000000 | esbuild --serve=8000 --servedir=/srv/js/node_modules/preact",
     "/package.json", "srv/js/node_modules/preact/package.json", ()),
)


class Kind:
    """A server in a tree of its own, as a built file and as a bundle for runc."""

    def __init__(self, row, a, tmp):
        self.name, image, self.way, self.program, self.path, file, self.flags = row
        self.a, self.tmp = a, tmp
        self.is_server = self.way != "command"
        self.tree = f"{tmp}/tree"
        shutil.rmtree(self.tree, ignore_errors=True)
        os.makedirs(self.tree)
        subprocess.run(["tar", "-xf", f"{a.cache}/{image}.tar", "-C", self.tree], check=True)
        if self.is_server:
            with open(f"{self.tree}/start.sh", "w") as start:
                start.write(f"#!/bin/sh\n{'' if '|' in self.program else 'exec '}{self.program}\n")
            os.chmod(f"{self.tree}/start.sh", 0o755)
        self.large = f"/zeros?{LARGE}"
        if file:
            self.large = "/large"
            with open(f"{self.tree}/{os.path.dirname(file)}/large", "wb") as large:
                large.truncate(LARGE)
        self.entry = "/start.sh" if self.is_server else self.program
        self.content = open(f"{self.tree}/{file}", "rb").read() if file else b"hello GET 1\n"

    def build(self):
        self.wasm, self.compiled = f"{self.tmp}/app.wasm", f"{self.tmp}/app.cwasm"
        words = ["build", "--target", "http", "--http", self.way, "--timeout", "10m", "--entrypoint", self.entry, *self.flags]
        started = os.times()
        for command in ([self.a.brainworm, *words, f"rootfs:{self.tree}", "-o", self.wasm],
                        [self.a.wasmtime, "compile", self.wasm, "-o", self.compiled]):
            code, _, err = run(command)
            if code:
                raise SystemExit(f"{command}: {err.decode()}")
            print(err.decode(), end="", file=sys.stderr)
        ended = os.times()
        print(f"{self.name}: built and compiled in {ended.children_user - started.children_user:.0f} s of CPU", file=sys.stderr, flush=True)

    def stock(self, reuse):
        return [self.a.wasmtime, "serve", "--allow-precompiled", "--addr", "{addr}", "--max-instance-reuse-count", str(reuse), self.compiled]

    def ours(self, reuse):
        return [self.a.brainworm, "serve", "--addr", "{addr}", "--reuse", str(reuse), self.wasm]

    def is_right(self, answer):
        return answer.status == 200 and answer.body == self.content


def load():
    return f"{os.getloadavg()[0]:.1f}"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def many(kind):
    """Many requests; a server's instance answers 1,000 of them, a command's one."""
    kind.build()
    reuse = 1000 if kind.is_server else 1
    for host, command in (("wasmtime serve", kind.stock(reuse)), (OURS, kind.ours(reuse))):
        if kind.a.host not in host:
            continue
        with Served(command, f"{kind.tmp}/log") as server:
            asyncio.run(get(server.port, kind.path, timeout=600))
            before, started = server.cpu(), time.monotonic()
            target = lambda i: f"{kind.path}{'' if '?' in kind.path else '?1'}"
            got, first = asyncio.run(flood(server.port, kind.a.requests, 32, target, lambda i, answer: kind.is_right(answer), timeout=600))
            took, cpu = time.monotonic() - started, server.cpu() - before
            peak = server.memory()[1]
            row(kind.name, host, f"{kind.a.requests:,}", "{:,}, {}, {}".format(*got), f"{kind.a.requests / took:.0f}",
                f"{cpu / kind.a.requests * 1e3:.1f}", f"{peak >> 20}", load())
            for line in first:
                print(f"  {line}", flush=True)


async def first_byte(port, path, patience=600):
    """Seconds until the first byte of an answer, from now on, the server's start included."""
    started = time.monotonic()
    while time.monotonic() - started < patience:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.001)
            continue
        writer.write(head("GET", path, [("Connection", "close")]))
        byte = await reader.read(1)
        took = time.monotonic() - started
        rest = await reader.read()
        writer.close()
        return took, byte + rest
    raise SystemExit("no answer")


def ms(times):
    return f"{statistics.median(times) * 1e3:.0f}"


def start(kind):
    """Start to first byte and memory."""
    kind.build()
    times, cpu, memory = in_runc(kind)
    row(kind.name, "runc", ms(times), f"{cpu * 1e3:.0f}", f"{memory / 1048576:.1f}" if memory else "-", len(times), load())
    for host, once, again in (("wasmtime serve", kind.stock(1), kind.stock(1000)), (OURS, kind.ours(1), kind.ours(1000))):
        if kind.a.host not in host:
            continue
        with Served(once, f"{kind.tmp}/log") as server:
            asyncio.run(first_byte(server.port, kind.path))
            times, started, before = [], time.monotonic(), server.cpu()
            while len(times) < kind.a.runs and (len(times) < 3 or time.monotonic() - started < 60):
                took, answer = asyncio.run(first_byte(server.port, kind.path))
                if kind.content not in answer:
                    raise SystemExit(f"{kind.name}: {host}: wrong answer {answer[-300:]!r}")
                times.append(took)
            cpu = (server.cpu() - before) / len(times)
        with Served(again if kind.is_server else once, f"{kind.tmp}/log") as server:
            memory = asyncio.run(of_instances(server, kind.large))
        row(kind.name, host, ms(times), f"{cpu * 1e3:.0f}", f"{memory / 1048576:.1f}", len(times), load())


async def of_instances(server, path):
    """What one more instance takes, while a client leaves its answer lying."""
    sizes, held = [], []
    for _ in range(4):
        ours = socket.socket()
        # Before it connects: so little is on its way between the two.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ours.connect(("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection(sock=ours, limit=1024)
        writer.write(head("GET", path))
        await reader.read(1)
        await asyncio.sleep(1)
        sizes.append(server.memory()[0])
        held.append((reader, writer))
    for _, writer in held:
        writer.transport.abort()
    return (sizes[-1] - sizes[0]) / 3


def in_runc(kind):
    """The same tree and program in runc, each time a new container."""
    bundle = f"{kind.tmp}/bundle"
    os.makedirs(bundle, exist_ok=True)
    config = f"{bundle}/config.json"
    if os.path.exists(config):
        os.remove(config)
    subprocess.run(["runc", "spec", "--bundle", bundle], check=True)
    spec = json.load(open(config))
    spec["root"] = {"path": kind.tree, "readonly": False}
    spec["process"]["terminal"] = False
    spec["process"]["args"] = [kind.entry]
    if not kind.is_server:
        spec["process"]["env"] += ["REQUEST_METHOD=GET", "PATH_INFO=/hello", "QUERY_STRING=1", "GATEWAY_INTERFACE=CGI/1.1"]
    more = ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"]
    for kinds in spec["process"]["capabilities"].values():
        kinds += [capability for capability in more if capability not in kinds]
    spec["linux"]["namespaces"] = [space for space in spec["linux"]["namespaces"] if space["type"] != "network"]
    json.dump(spec, open(config, "w"))
    port = int(kind.way.split(":")[1]) if kind.is_server else 0
    times, sizes, used = [], [], []
    for number in range(kind.a.runs + 1):
        name, before = f"brainworm-figures-{os.getpid()}-{number}", of_children()
        if kind.is_server:
            began = time.monotonic()
            with open(f"{kind.tmp}/runc.log", "wb") as log:
                process = subprocess.Popen(["runc", "run", "--detach", "--bundle", bundle, name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            _, answer = asyncio.run(first_byte(port, kind.path, 30))
            times.append(time.monotonic() - began)
            process.wait()
            if not answer.endswith(kind.content):
                raise SystemExit(f"{kind.name}: runc: wrong answer {answer[-300:]!r}")
            used.append(of_children() - before)
            pids = json.loads(run(["runc", "ps", "--format", "json", name])[1])
            used[-1] += sum(scheduled(pid) for pid in pids)
            sizes.append(sum(private(pid) for pid in pids))
            run(["runc", "kill", name, "KILL"])
            while run(["runc", "delete", "--force", name])[0]:
                time.sleep(0.01)
        else:
            began = time.monotonic()
            process = subprocess.Popen(["runc", "run", "--bundle", bundle, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            byte = process.stdout.read(1)
            times.append(time.monotonic() - began)
            answer = byte + process.communicate()[0]
            if not answer.endswith(kind.content):
                raise SystemExit(f"{kind.name}: runc: wrong answer {answer[-300:]!r}")
            used.append(of_children() - before)
            sizes.append(0)  # it has ended when it has answered
    # The first one fills the page cache.
    return times[1:], statistics.mean(used[1:]), statistics.median(sizes[1:])


def of_children():
    """Seconds of CPU of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scheduled(pid):
    """Seconds of CPU of a process that runs, all its threads."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def private(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith(("Private_Dirty:", "Private_Clean:"))) << 10


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("part", choices=("many", "start"))
    for name in ("--brainworm", "--wasmtime", "--cache"):
        ap.add_argument(name, required=True)
    ap.add_argument("--requests", type=int, default=10_000)
    ap.add_argument("--runs", type=int, default=9)
    ap.add_argument("--only", default="", help="a word of the server's name")
    ap.add_argument("--host", default="", help="a word of the host's name")
    a = ap.parse_args()
    a.brainworm, a.wasmtime, a.cache = map(os.path.abspath, (a.brainworm, a.wasmtime, a.cache))
    if a.part == "many":
        row("what", "host", "requests", "right, wrong, lost", "per second", "ms of CPU each", "MiB at most", "load")
    else:
        row("what", "host", "ms to the first byte", "ms of CPU", "MiB of an instance", "runs", "load")
    for kind in KINDS:
        if a.only in kind[0]:
            with tempfile.TemporaryDirectory() as tmp:
                (many if a.part == "many" else start)(Kind(kind, a, tmp))


if __name__ == "__main__":
    main()
