#!/usr/bin/env python3
"""Components: the command under stock engines, and containers that answer HTTP, under stock `wasmtime serve`, node and
`brainworm serve`: right answers to many requests at once, and bad requests and handlers that harm nobody else.

  check.py --brainworm BIN --wasmtime BIN --cache DIR [--requests N] [--only WORD] [--node NODE_MODULES]

Needs http-busybox.tar, http-debian.tar and tools-root.tar in DIR (testsuite/images). Each check prints a line; the last line
counts them. --requests 10000 is what docs/benchmarks.md speaks of.
"""
import argparse, asyncio, hashlib, os, re, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Broken, flood, get, head, once, post, read_answer

TIME_LIMIT = 4  # seconds, of the handlers


class Checks:
    def __init__(self, only):
        self.passed = self.failed = 0
        self.only = only

    def wants(self, name):
        return not self.only or self.only in name

    def true(self, name, good, detail=""):
        if good:
            self.passed += 1
            print(f"ok   {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name} {detail}", flush=True)

    def equal(self, name, got, want):
        self.true(name, got == want, f"\n  got  {got!r}\n  want {want!r}")


def run(command, **more):
    done = subprocess.run(command, capture_output=True, timeout=300, **{"stdin": subprocess.DEVNULL, **more})
    return done.returncode, done.stdout, done.stderr


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Served:
    """A server process for as long as a `with` lasts."""

    def __init__(self, command, log):
        self.port = free_port()
        self.log = open(log, "wb+")
        command = [word.replace("{addr}", f"127.0.0.1:{self.port}") for word in command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the server did not come up: {self.text()}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def cpu(self):
        """Seconds of CPU used."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def text(self):
        with open(self.log.name, "rb") as log:
            return log.read().decode(errors="replace")

    def memory(self):
        """(resident bytes that are this process's alone, peak of all resident bytes)"""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as rollup:
            private = sum(int(l.split()[1]) for l in rollup if l.startswith(("Private_Dirty:", "Private_Clean:")))
        with open(f"/proc/{self.process.pid}/status") as status:
            peak = next(int(l.split()[1]) for l in status if l.startswith("VmHWM:"))
        return private << 10, peak << 10


def command_checks(c, a, tmp):
    """--target component: the same as the preview 1 command, as far as 0.2 can tell it."""
    image, one, two = f"{a.cache}/http-busybox.tar", f"{tmp}/command.wasm", f"{tmp}/command.component.wasm"
    for target, path in (("wasi", one), ("component", two)):
        c.equal(f"build --target {target}", run([a.brainworm, "build", "--target", target, image, "--entrypoint", "", "-o", path])[0], 0)
    os.makedirs(f"{tmp}/dir/sub", exist_ok=True)
    with open(f"{tmp}/dir/file", "w") as file:
        file.write("from outside\n")
    flags = ["--dir", f"{tmp}/dir::/data", "--env", "NAME=a value"]
    script = """
        echo "$NAME" "$#" "$1"; cat /data/file; seq 500 | sort -rn | head -2; (exit 3); echo $?
        echo new > /data/sub/new; mv /data/sub/new /data/sub/newer; ls /data /data/sub; mkdir /data/d; rmdir /data/d
        ln -s file /data/link; readlink /data/link; rm /data/link; wc -c < /data/file; stat -c %s /data/file; sleep 0.05; date +%Y > /dev/null
        rm /data/sub/newer; rm /data/nothing; touch -d '2001-02-03 04:05:06' /data/file; stat -c %Y /data/file; echo e >&2"""
    words = ["sh", "-c", script, "sh", "arg one"]
    results = [run([a.wasmtime, "run", *flags, path, *words]) for path in (one, two)]
    c.equal("component: script, arguments, environment and a directory as under preview 1", results[1], results[0])
    c.true("component: it said something", b"a value 1 arg one\nfrom outside\n500\n499\n3\n" in results[0][1], results[0])
    three = f"{tmp}/translated.component.wasm"
    train = ["--aot-size", "1m", "--train", "sh -c 'for i in 1 2 3 4 5; do seq 500 | sort -rn | head -2; done'"]
    done = run([a.brainworm, "build", "--target", "component", "--json", image, "--entrypoint", "", "-o", three, *train])
    functions = int((re.search(rb'"aot_functions":(\d+)', done[1]) or (0, 0))[1])
    c.true(f"component: {functions} functions translated", functions > 0, done)
    c.equal("component: the same with translated code", run([a.wasmtime, "run", *flags, three, *words]), results[0])
    for path, kind in ((one, "module"), (two, "component")):
        data = bytes(range(256)) * 1000
        c.equal(f"{kind}: stdin to stdout, byte-exact", pipe([a.wasmtime, path, "cat"], data), (0, data))
    for script, status in (("exit 0", 0), ("exit 1", 1), ("exit 7", 1), ("exit 126", 1), ("sh -c 'kill -SEGV $$'; exit $?", 1)):
        code, _, err = run([a.wasmtime, two, "sh", "-c", script])
        named = re.search(rb"exit status (\d+)", err)
        c.true(f"component: {script}: {code}, {named and named.group(0)}", code == status and bool(named) == (status != 0), err)
    c.equal("component: no such command", run([a.wasmtime, two, "/no/such"])[0], 1)
    idle = os.pipe()
    c.equal("component: timers beside an idle pipe", run([a.wasmtime, two, "sh", "-c", "sleep 0.2; echo slept"], stdin=idle[0])[:2], (0, b"slept\n"))
    for end in idle:
        os.close(end)
    gone = run(["sh", "-c", '"$@" | head -1', "sh", a.wasmtime, two, "sh", "-c", "yes | head -100000; echo end >&2"])
    c.equal("component: stdout closed early", gone[1], b"y\n")
    c.equal("component: inspect", b"entrypoint" in run([a.brainworm, "inspect", "--json", two])[1], True)
    c.equal("component: brainworm run takes the image out", run([a.brainworm, "run", two, "echo", "hi"])[:2], (0, b"hi\n"))
    if a.node:
        node_command(c, a, two)


def pipe(command, data):
    done = subprocess.run(command, input=data, capture_output=True, timeout=300)
    return done.returncode, done.stdout


def node_command(c, a, component):
    """Another host that shares nothing with the first: node, by jco."""
    done = run(["node", os.path.join(a.node, ".bin", "jco"), "run", component, "sh", "-c", "seq 100 | sort -rn | head -1; (echo sub) & wait"])
    c.equal("jco: node runs the component", done[1], b"100\nsub\n")


def jco(a, wasm):
    return ["sh", "-c", 'exec node "$1" serve "$2" --host 127.0.0.1 --port "${3#*:}"', "sh", os.path.join(a.node, ".bin", "jco"), wasm, "{addr}"]


def build_http(c, a, tmp, name, image, *flags):
    wasm, compiled = f"{tmp}/{name}.wasm", f"{tmp}/{name}.cwasm"
    done = run([a.brainworm, "build", "--target", "http", image, "-o", wasm, *flags])
    c.true(f"{name}: build", done[0] == 0, done)
    done = run([a.wasmtime, "compile", wasm, "-o", compiled])
    c.true(f"{name}: wasmtime compile", done[0] == 0, done)
    return wasm, compiled


def stock(a, compiled, *flags):
    return [a.wasmtime, "serve", "--allow-precompiled", "--addr", "{addr}", *flags, compiled]


async def cgi_answers(c, host, port, a):
    answer = await get(port, "/hello?a=b")
    c.equal(f"{host}: hello", (answer.status, answer.field("content-type"), answer.body), (200, ["text/plain"], b"hello GET a=b\n"))
    env = (await get(port, "/env", fields=[("X-One", "1"), ("Cookie", "c=d"), ("Proxy", "evil"), ("Accept", "a"), ("Accept", "b")], host="example.org:81")).body.decode()
    for line in ("GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1", "REQUEST_METHOD=GET", "PATH_INFO=/env", "QUERY_STRING=",
                 "SERVER_NAME=example.org", "SERVER_PORT=81", "HTTP_X_ONE=1", "HTTP_COOKIE=c=d", "HTTP_ACCEPT=a, b", "GREETING=set"):
        c.true(f"{host}: environment has {line}", f"\n{line}\n" in f"\n{env}", env)
    c.true(f"{host}: no HTTP_PROXY", "HTTP_PROXY" not in env, env)
    for size in (0, 1, 5000, 300_000):
        body = os.urandom(size)
        answer = await post(port, "/echo", body)
        c.true(f"{host}: {size} bytes there and back", answer.body == body and answer.field("x-length") == [str(size)], (answer.fields, len(answer.body)))
    chunked = head("POST", "/echo", [("Transfer-Encoding", "chunked")]) + b"5\r\nhello\r\n6;x\r\n world\r\n0\r\n\r\n"
    answer = await once(port, chunked)
    c.equal(f"{host}: a body in chunks", (answer.body, answer.field("x-length")), (b"hello world", [""]))
    answer = await once(port, head("HEAD", "/hello"), "HEAD")
    c.equal(f"{host}: HEAD", (answer.status, answer.body), (200, b""))
    answer = await get(port, "/status")
    # jco keeps the last of several fields of one name.
    made = ["b"] if "node" in host else ["a", "b"]
    c.equal(f"{host}: a status of its own", (answer.status, answer.field("x-made"), answer.body), (418, made, b"teapot\n"))
    c.equal(f"{host}: 204", (await get(port, "/nothing")).status, 204)
    answer = await get(port, "/away")
    c.equal(f"{host}: a redirect", (answer.status, answer.field("location")), (302, ["http://example.org/"]))
    c.equal(f"{host}: a redirect within", (await post(port, "/inside", b"body")).body, b"hello GET from-POST\n")
    c.equal(f"{host}: 404", (await get(port, "/no")).status, 404)
    c.equal(f"{host}: pipes and processes", (await get(port, "/shell")).body, b"40000\n39601\n39204\n")
    c.equal(f"{host}: stderr is no part of the answer", (await get(port, "/log")).body, b"said\n")
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head("GET", "/lazy"))
    first = await reader.readuntil(b"early\n")  # written at once, so one chunk
    early = time.monotonic() - started
    await asyncio.wait_for(reader.readuntil(b"late\n"), 20)
    late = time.monotonic() - started
    c.true(f"{host}: an answer streams: first part after {early:.2f} s, second after {late:.2f} s", early < late - 0.5 and late >= 1, first)
    writer.close()


async def bodies(c, host, server, megabytes):
    size = megabytes << 20
    data = os.urandom(1 << 20)
    answer = await post(server.port, "/sum", data, timeout=600)
    c.equal(f"{host}: a sum", answer.body.split()[:1], [hashlib.md5(data).hexdigest().encode()])
    before = server.memory()[0]
    answer = await post(server.port, "/count", data * megabytes, timeout=600)
    c.equal(f"{host}: {megabytes} MB in", answer.body.split()[:1], [str(size).encode()])
    answer = await get(server.port, f"/zeros?{size}", timeout=600)
    c.true(f"{host}: {megabytes} MB out", len(answer.body) == size and not answer.body.strip(b"\0"), len(answer.body))
    grown = server.memory()[1] - before
    c.true(f"{host}: at most {grown >> 20} MB more for it", grown < 64 << 20)


async def slow_reader(c, host, server):
    """A client that does not read holds nothing but its own answer up."""
    before = server.memory()[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 16)
    writer.write(head("GET", f"/zeros?{1 << 30}"))
    await asyncio.sleep(2)
    grown = server.memory()[0] - before
    c.true(f"{host}: a client that reads nothing of 1 GB: {grown >> 20} MB more", grown < 64 << 20)
    c.equal(f"{host}: and others are answered", (await get(server.port, "/hello?x")).body, b"hello GET x\n")
    writer.close()


async def bad_handlers(c, host, port, limit=TIME_LIMIT):
    async def status(target, **more):
        try:
            return (await get(port, target, **more)).status
        except Broken:
            return "cut"
    for target, want in (("/crash", 502), ("/silent", 502), ("/garbage", 502), ("/plain", 502), ("/endless", 502), ("/round", 502), ("/short", "cut")):
        c.equal(f"{host}: {target}", await status(target), want)
    for target in ("/hang", "/spin", "/bomb", "/hungry"):
        others = [get(port, f"/hello?{i}") for i in range(4)]
        started = time.monotonic()
        got, *fine = await asyncio.gather(status(target), *others)
        took = time.monotonic() - started
        # Out of memory, a handler may die before its time is up.
        may_die = target in ("/bomb", "/hungry") and got in (502, 504, 200, "cut")
        c.true(f"{host}: {target}: {got} after {took:.1f} s", got == 504 and took < limit + 6 or may_die, got)
        c.equal(f"{host}: {target} harms no other", [answer.body for answer in fine], [f"hello GET {i}\n".encode() for i in range(4)])
    # Several at once, more than there are cores.
    spinning = asyncio.gather(*(status("/spin") for _ in range(4)))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    answer = await get(port, "/hello?between")
    c.true(f"{host}: beside four that spin, an answer in {time.monotonic() - started:.2f} s", answer.body == b"hello GET between\n")
    c.equal(f"{host}: and they end", set(await spinning), {504})


async def bad_requests(c, host, port):
    async def raw(data, wait=5):
        try:
            return (await once(port, data, timeout=wait)).status
        except (Broken, OSError):
            return "closed"
        except asyncio.TimeoutError:
            return "waits"
    refused = (400, 405, 411, 414, 431, 500, 501, 505, "closed")
    for name, data in (
        ("not HTTP", b"hello\r\n\r\n"), ("binary", bytes(range(256)) * 10 + b"\r\n\r\n"), ("no version", b"GET /\r\n\r\n"),
        ("HTTP/9", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n"),
        ("a long target", head("GET", "/" + "a" * 200_000)), ("a huge header", head("GET", "/hello", [("X", "b" * 2_000_000)])),
        ("many headers", head("GET", "/hello", [(f"X-{i}", "b") for i in range(5000)])), ("a header without colon", b"GET /hello HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n"),
        ("a bad length", head("POST", "/echo", [("Content-Length", "-1")])),
        ("two lengths", head("POST", "/echo", [("Content-Length", "1"), ("Content-Length", "2")]) + b"ab"),
        ("a bad chunk", head("POST", "/echo", [("Transfer-Encoding", "chunked")]) + b"zz\r\nhello\r\n"),
    ):
        got = await raw(data)
        # A body that is cut off in the middle is the client's end, whatever was answered before.
        c.true(f"{host}: {name}: {got}", got in refused or got == 502 or name == "a bad chunk" and got == 200, got)
    # Cut off: the connection ends in the middle of a body.
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("POST", "/echo", [("Content-Length", "100000")]) + b"x" * 1000)
        await writer.drain()
        writer.close()
    # Gone: nobody waits for the answer.
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("GET", f"/zeros?{100 << 20}"))
        await reader.read(1000)
        writer.transport.abort()
    # Slow: a body a byte at a time is still a body.
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for byte in head("POST", "/echo", [("Content-Length", "5")]) + b"hello":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.005)
    c.true(f"{host}: a request a byte at a time", (await asyncio.wait_for(read_answer(reader, "POST"), 60)).body == b"hello")
    writer.close()
    # Never: the body does not come.
    c.equal(f"{host}: a body that does not come", await raw(head("POST", "/echo?x", [("Content-Length", "5")]) + b"he", TIME_LIMIT + 10) in (504, "closed", 200), True)
    c.equal(f"{host}: answers after all that", (await get(port, "/hello?still")).body, b"hello GET still\n")


async def many(c, host, port, count, target, check, width=32):
    started = time.monotonic()
    got, first = await flood(port, count, width, target, check)
    took = time.monotonic() - started
    c.equal(f"{host}: {count} requests, {width} at a time: right, wrong, lost ({count / took:.0f}/s) {first or ''}", got, (count, 0, 0))


def handlers(c, a, tmp):
    """--http command, under all hosts."""
    image = f"{a.cache}/http-busybox.tar"
    flags = ["--http", "command", "--entrypoint", "/srv/cgi/app.sh", "-e", "GREETING=set", "--timeout", f"{TIME_LIMIT}s", "-m", "256m"]
    wasm, compiled = build_http(c, a, tmp, "cgi", image, *flags)
    hosts = {
        "wasmtime serve": stock(a, compiled),
        # The same instance for several requests, one after the other.
        "wasmtime serve, reusing": stock(a, compiled, "--max-instance-reuse-count", "50"),
    }
    if a.node:
        hosts["node (jco), reusing"] = jco(a, wasm)
    _, patient = build_http(c, a, tmp, "patient cgi", image, "--http", "command", "--entrypoint", "/srv/cgi/app.sh", "--timeout", "5m")
    with Served(stock(a, patient), f"{tmp}/log") as server:
        asyncio.run(bodies(c, "wasmtime serve", server, a.megabytes))
    for host, command in hosts.items():
        if not c.wants(host):
            continue
        with Served(command, f"{tmp}/log") as server:
            asyncio.run(cgi_answers(c, host, server.port, a))
            asyncio.run(many(c, host, server.port, a.requests, lambda i: f"/hello?{i}", lambda i, answer: answer.body == f"hello GET {i}\n".encode()))
            private, peak = server.memory()
            if "reusing" in host:
                c.true(f"{host}: memory after all that: {private >> 20} MB, at most {peak >> 20} MB", True)
                continue
            asyncio.run(slow_reader(c, host, server))
            asyncio.run(bad_requests(c, host, server.port))
            asyncio.run(bad_handlers(c, host, server.port))
            private, peak = server.memory()
            c.true(f"{host}: memory after all that: {private >> 20} MB, at most {peak >> 20} MB", private < 400 << 20)
            log = server.text()
            c.true(f"{host}: why a handler failed is in the log", "brainworm: GET /silent: the handler ended with status 3" in log, log[-1000:])


OURS = "brainworm serve"


def serve(c, a, tmp):
    """Our own host: what the stock one has to stand, and what is its own."""
    if not c.wants(OURS):
        return
    image = f"{a.cache}/http-busybox.tar"
    settings = ["--http", "command", "--entrypoint", "/srv/cgi/app.sh", "-e", "GREETING=set", "-m", "256m"]
    command = [a.brainworm, "serve", "--addr", "{addr}", *settings]
    refusals(c, a, tmp, settings, image)
    with Served([*command, "--timeout", "2s", image], f"{tmp}/log") as server:
        asyncio.run(cgi_answers(c, OURS, server.port, a))
        asyncio.run(many(c, OURS, server.port, a.requests, lambda i: f"/hello?{i}", lambda i, answer: answer.body == f"hello GET {i}\n".encode()))
        asyncio.run(slow_reader(c, OURS, server))
        asyncio.run(bad_requests(c, OURS, server.port))
        asyncio.run(bad_handlers_and_a_stalled_client(c, server.port))
        private, peak = server.memory()
        c.true(f"{OURS}: memory after all that: {private >> 20} MB, at most {peak >> 20} MB", private < 400 << 20)
        log = server.text()
        c.true(f"{OURS}: a log line a request", re.search(r"^\S+Z 127\.0\.0\.1 GET /hello\?a=b 200 14 [0-9.]+ms$", log, re.M) is not None, log[:1000])
        c.true(f"{OURS}: why a handler failed is in the log", "brainworm: GET /silent: the handler ended with status 3" in log, log[-1000:])
        impatient = re.search(r" GET /zeros\?104857600 200 \d+ [0-9.]+ms \(the client went away\)$", log, re.M)
        c.true(f"{OURS}: and who did not wait for an answer", impatient is not None, log[-1000:])
        c.true(f"{OURS}: no backtrace", "wasm backtrace" not in log and "panicked" not in log, log[-3000:])
    patient = [*command, "--timeout", "5m", image]
    with Served([*patient, "--concurrency", "1"], f"{tmp}/log") as server:
        asyncio.run(one_at_a_time(c, server))
        asyncio.run(bodies(c, OURS, server, min(a.megabytes, 32)))
    with Served(patient, f"{tmp}/log") as server:
        asyncio.run(shutdown(c, server))
    with Served(patient, f"{tmp}/log") as server:
        asyncio.run(shutdown_at_once(c, server))


async def bad_handlers_and_a_stalled_client(c, port):
    """A request whose head does not come to its end holds a connection for 10 seconds."""
    async def stalled():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-")
        started = time.monotonic()
        rest = await asyncio.wait_for(reader.read(), 60)
        c.true(f"{OURS}: half a head: let go after {time.monotonic() - started:.1f} s", rest == b"" and time.monotonic() - started > 9, rest)
        writer.close()
    await asyncio.gather(stalled(), bad_handlers(c, OURS, port, 2))


def refusals(c, a, tmp, settings, image):
    """What cannot be served is said in a line."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for name, words, want in (
            ("an address in use", ["--addr", address, *settings, image], f"--addr {address}: Address already in use"),
            ("no address", ["--addr", "here", *settings, image], "--addr here: invalid socket address"),
            ("somebody else's address", ["--addr", "192.0.2.1:8080", *settings, image], "--addr 192.0.2.1:8080: Cannot assign requested address"),
            ("no image", ["--addr", "127.0.0.1:0", "/no/such/image"], "/no/such/image"),
            ("a server without a port", ["--addr", "127.0.0.1:0", "--http", "server", image], "name it, --http server:PORT"),
            ("no concurrency", ["--concurrency", "0", image], "--concurrency is from 1"),
        ):
            code, out, err = run([a.brainworm, "serve", *words])
            c.true(f"{OURS}: {name} is refused", code == 125 and out == b"" and want in err.decode() and err.count(b"\n") == 1, (code, err))
    other = f"{tmp}/other.wasm"
    run([a.brainworm, "build", image, "--entrypoint", "", "-o", other])
    code, _, err = run([a.brainworm, "serve", "--addr", "127.0.0.1:0", other])
    c.true(f"{OURS}: another target's file is refused", code == 125 and b"was not built with --target http" in err, (code, err))


async def one_at_a_time(c, server):
    """--concurrency 1: who waits is answered, and who does not wait takes nobody's turn."""
    started = time.monotonic()
    answers = await asyncio.gather(*(get(server.port, "/lazy") for _ in range(2)))
    took = time.monotonic() - started
    c.true(f"{OURS}: two of a second each, one at a time: {took:.1f} s", took >= 2 and all(answer.body == b"early\nlate\n" for answer in answers))
    for target in ("/hang", "/spin", "/lazy"):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head("GET", target))
        await asyncio.sleep(0.5)
        writer.transport.abort()
        started = time.monotonic()
        answer = await get(server.port, "/hello?next", timeout=60)
        c.true(f"{OURS}: the client of {target} goes away: the next is answered after {time.monotonic() - started:.2f} s", answer.body == b"hello GET next\n")
    used = server.cpu()
    await asyncio.sleep(1)
    used = server.cpu() - used
    c.true(f"{OURS}: nothing of them computes on ({used:.2f} s of CPU in one)", used < 0.1)


async def shutdown(c, server):
    """SIGTERM: what is under way is finished, then the process ends."""
    waiting = asyncio.create_task(get(server.port, "/lazy"))
    # A connection that is kept alive is no reason to stay.
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head("GET", "/hello?kept"))
    await read_answer(reader)
    await asyncio.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    c.equal(f"{OURS}: SIGTERM waits for what is under way", (await waiting).body, b"early\nlate\n")
    c.equal(f"{OURS}: and ends well", server.process.wait(10), 0)
    writer.close()


async def shutdown_at_once(c, server):
    """A second signal waits for nobody."""
    hanging = asyncio.create_task(get(server.port, "/hang"))
    await asyncio.sleep(0.5)
    for _ in range(2):
        server.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.5)
    c.equal(f"{OURS}: a second SIGINT ends it at once", server.process.wait(5), 1)
    try:
        await hanging
        c.true(f"{OURS}: and cuts off what hangs", False)
    except (Broken, OSError):
        c.true(f"{OURS}: and cuts off what hangs", True)


# Name, image, flags, and the command line. esbuild ends with its standard input.
SERVERS = (
    ("busybox httpd", "http-busybox.tar", ["--http", "server:8080", "--entrypoint", "httpd"], "-f -p 8080 -h /srv/www"),
    ("python http.server", "http-debian.tar", ["--http", "server:8000"], "python3 -m http.server --directory /srv/www 8000"),
    ("nginx", "http-debian.tar", ["--http", "server:8080"], "nginx"),
    ("Go (esbuild --serve)", "tools-root.tar", ["--http", "server:8000"], "sleep 1000000 | esbuild --serve=8000 --servedir=/srv/js/node_modules/preact"),
)


def servers(c, a, tmp):
    """--http server: the image's own."""
    for name, image, flags, words in SERVERS:
        if not c.wants(name):
            continue
        root = f"{a.cache}/{image.removesuffix('.tar')}"
        folder = f"{root}/srv/js/node_modules/preact" if "Go" in name else f"{root}/srv/www"
        files = ("package.json", "LICENSE") if "Go" in name else ("index.html", "bytes.bin", "numbers.txt")
        files = {f"/{file}": open(f"{folder}/{file}", "rb").read() for file in files}
        # A program of its own instead of a command line: build has no words for a command.
        script = f"{tmp}/start.sh"
        tree = f"{tmp}/tree.tar"
        subprocess.run(["cp", f"{a.cache}/{image}", tree], check=True)
        with open(script, "w") as file:
            file.write(f"#!/bin/sh\nexec {flags[3] + ' ' if len(flags) > 3 else ''}{words}\n")
        os.chmod(script, 0o755)
        subprocess.run(["tar", "--append", "--file", tree, "--owner=0", "--group=0", "-C", tmp, "./start.sh"], check=True)
        flags = [*flags[:2], "--entrypoint", "/start.sh", "--timeout", "5m"]
        short = name.split()[0]
        wasm, compiled = build_http(c, a, tmp, short, tree, *flags)
        hosts = [(f"{name}: wasmtime serve", stock(a, compiled, "--max-instance-reuse-count", "1000"))]
        # python's and Go's take long to start: here the stock host speaks for both, unless figures are wanted.
        if a.requests >= 10_000 or short in ("busybox", "nginx"):
            hosts.append((f"{name}: {OURS}", [a.brainworm, "serve", "--addr", "{addr}", wasm]))
        for host, command in hosts:
            with Served(command, f"{tmp}/log") as server:
                asyncio.run(server_answers(c, host, server.port, files, short))
                small = min(files, key=lambda file: len(files[file]))
                # A connection has an instance of its own, and each starts its server.
                width = 32 if a.requests >= 10_000 else {"python": 2, "Go": 2, "nginx": 8}.get(short, 32)
                right = lambda i, answer: answer.status == 200 and answer.body == files[small]
                asyncio.run(many(c, host, server.port, a.requests, lambda i: f"{small}?{i}", right, width))
                private, peak = server.memory()
                print(f"     {host}: {private >> 20} MB, at most {peak >> 20} MB; {server.text().count(chr(10))} lines of log", flush=True)


async def server_answers(c, host, port, files, short):
    started = time.monotonic()
    for file, content in files.items():
        answer = await get(port, file)
        took, good = time.monotonic() - started, answer.status == 200 and answer.body == content
        c.true(f"{host}: {file} ({len(content)} bytes, {took:.2f} s after the first request)", good, (answer.status, len(answer.body)))
    c.equal(f"{host}: 404", (await get(port, "/no/such")).status, 404)
    answer = await once(port, head("HEAD", next(iter(files))), "HEAD")
    c.true(f"{host}: HEAD", answer.status in (200, 405), answer.status)
    answer = await post(port, "/", b"x" * 2_000_000)
    c.true(f"{host}: a POST of 2 MB that nobody wants: {answer.status}", 200 <= answer.status < 502)


def main():
    ap = argparse.ArgumentParser()
    for name in ("--brainworm", "--wasmtime", "--cache"):
        ap.add_argument(name, required=True)
    ap.add_argument("--requests", type=int, default=300)
    ap.add_argument("--megabytes", type=int, default=100)
    ap.add_argument("--only", default="", help="component, handlers, serve, servers, or a word of a check's name")
    ap.add_argument("--node", help="a node_modules folder with @bytecodealliance/jco")
    a = ap.parse_args()
    parts = {"component": command_checks, "handlers": handlers, "serve": serve, "servers": servers}
    c = Checks("" if a.only in parts else a.only)
    with tempfile.TemporaryDirectory() as tmp:
        for name, part in parts.items():
            if a.only not in parts or a.only == name:
                part(c, a, tmp)
    print(f"{c.passed} passed, {c.failed} failed")
    sys.exit(c.failed != 0)


if __name__ == "__main__":
    main()
