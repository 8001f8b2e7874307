#!/bin/bash
# Python: threads, subprocess, sqlite3, multiprocessing, asyncio, sockets, files, signals.
cat >p.py <<'E'
import threading, subprocess, sqlite3, os, sys, json, re, queue, signal, time, tempfile, hashlib, zlib, gzip, lzma, bz2, decimal, fractions, math, collections, itertools, struct, socket, select, asyncio, multiprocessing, concurrent.futures, shutil, csv, io, datetime, random, textwrap, heapq, pathlib, mmap, pickle, statistics
def work(n): return sum(i * i for i in range(n))
def main():
    lock, total = threading.Lock(), [0]
    def add():
        for _ in range(1000):
            with lock: total[0] += 1
    ts = [threading.Thread(target=add) for _ in range(8)]; [t.start() for t in ts]; [t.join() for t in ts]; print("threads", total[0])
    q = queue.Queue(5); got = []
    def producer(): [q.put(i) for i in range(100)]; q.put(None)
    t = threading.Thread(target=producer); t.start()
    while (x := q.get()) is not None: got.append(x)
    t.join(); print("queue", sum(got)); ev = threading.Event(); threading.Timer(0.05, ev.set).start(); print("event", ev.wait(5))
    r = subprocess.run(["sh", "-c", "cat; echo err >&2; exit 3"], input="stdin", capture_output=True, text=True); print(r.returncode, r.stdout, r.stderr.strip())
    p1 = subprocess.Popen(["seq", "100"], stdout=subprocess.PIPE); p2 = subprocess.Popen(["tail", "-1"], stdin=p1.stdout, stdout=subprocess.PIPE); p1.stdout.close(); print(p2.communicate()[0])
    try: subprocess.run(["sleep", "5"], timeout=0.2)
    except subprocess.TimeoutExpired: print("timeout")
    p = subprocess.Popen(["sleep", "5"]); p.send_signal(signal.SIGTERM); print(p.wait())
    db = sqlite3.connect("t.db"); db.execute("create table t(a integer primary key, b text)"); db.executemany("insert into t(b) values(?)", [("v%d" % i,) for i in range(500)]); db.commit(); print(db.execute("select count(*), max(b), sum(a) from t where b like 'v1%'").fetchone())
    try: db.execute("insert into t(a) values(1)")
    except sqlite3.IntegrityError as e: print(e)
    db.rollback(); db.create_function("twice", 1, lambda x: x * 2); print(db.execute("select twice(a) from t order by a desc limit 1").fetchone()); db.close()
    with multiprocessing.Pool(3) as pool: print(pool.map(work, [10, 100, 1000]))
    with concurrent.futures.ThreadPoolExecutor(4) as ex: print(list(ex.map(work, range(5))))
    async def echo(r, w): w.write((await r.readline()).upper()); await w.drain(); w.close()
    async def loop():
        s = await asyncio.start_server(echo, "127.0.0.1", 0); port = s.sockets[0].getsockname()[1]
        async def client(i):
            r, w = await asyncio.open_connection("127.0.0.1", port); w.write(b"msg%d\n" % i); x = await r.readline(); w.close(); return x
        print(sorted(await asyncio.gather(*[client(i) for i in range(5)]))); s.close(); p = await asyncio.create_subprocess_shell("echo sub; exit 4", stdout=-1); print(await p.communicate(), p.returncode)
        try: await asyncio.wait_for(asyncio.sleep(5), 0.05)
        except asyncio.TimeoutError: print("async timeout")
    asyncio.run(loop())
    d = b"hello " * 10000; print([len(z(d)) > 0 and u(z(d)) == d for z, u in ((zlib.compress, zlib.decompress), (gzip.compress, gzip.decompress), (lzma.compress, lzma.decompress), (bz2.compress, bz2.decompress))], hashlib.sha256(d).hexdigest()[:16], zlib.crc32(d))
    decimal.getcontext().prec = 50; print(decimal.Decimal(2).sqrt(), fractions.Fraction(1, 3) + fractions.Fraction(1, 6), math.factorial(30), 2 ** 200 % 1000007, math.sin(1), 0.1 + 0.2, float("1e308") * 10, struct.pack(">dIh", 1.5, 7, -2).hex())
    print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world foo bar"), json.dumps({"b": [1, None, True, 1.5], "a": "ä"}, sort_keys=True), collections.Counter("mississippi").most_common(2), list(itertools.permutations("abc", 2))[:3], heapq.nsmallest(3, [5, 1, 4, 2]))
    random.seed(1); print(random.random(), random.sample(range(100), 5), datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc).isoformat(), datetime.date(2024, 12, 31).isocalendar()[1])
    hits = []; signal.signal(signal.SIGUSR1, lambda s, f: hits.append(s)); os.kill(os.getpid(), signal.SIGUSR1); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.signal(signal.SIGALRM, lambda s, f: hits.append(s)); time.sleep(0.3); print(hits)
    with tempfile.TemporaryDirectory() as td: pathlib.Path(td, "a").write_text("x\n" * 5); shutil.copytree(td, td + "/../copy"); print(len(list(pathlib.Path(td).iterdir())), sum(1 for _ in open(td + "/a"))); shutil.rmtree(td + "/../copy")
    pid = os.fork()
    if pid == 0: os._exit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); r, w = os.pipe(); os.write(w, b"z"); print(select.select([r], [], [], 1)[0] == [r]); m = mmap.mmap(-1, 4096); m[:3] = b"abc"; print(m[:3], pickle.loads(pickle.dumps({"k": {1, 2}})), statistics.stdev([1, 2, 3, 4]))
    w = csv.writer(b := io.StringIO()); w.writerow(["a,b", 'c"d', 1]); print(b.getvalue().strip(), textwrap.fill("word " * 20, 30).count("\n"), sys.version_info[:2])
    try: 1 / 0
    except ZeroDivisionError as e: print(type(e).__name__, e)
    sys.exit(9)
if __name__ == "__main__": main()
E
python3 p.py; echo $?
python3 -c 'import sys; sys.setrecursionlimit(5000); f = lambda n: 0 if n == 0 else 1 + f(n - 1); print(f(4000))'
echo 'print(input()[::-1])' >r.py; echo abc | python3 r.py; python3 -m json.tool --compact <<<'{"a": [1,2]}'
python3 -c 'print("unbuffered"); import os; os.abort()' 2>/dev/null; echo $?; python3 nofile.py 2>/dev/null
echo $?; python3 -c 'raise SystemExit("msg")' 2>&1; echo $?
