# python3: threads, subprocess, multiprocessing, asyncio, sockets, sqlite3, files.
cat >p.py <<'X'
import threading, subprocess, sqlite3, os, sys, socket, select, signal, time, tempfile, shutil, mmap, fcntl, multiprocessing, asyncio, queue, json, hashlib, ctypes, resource, pathlib, glob, random, pwd, struct, zlib, gzip, lzma, tarfile, zipfile, urllib.request, http.server, logging, concurrent.futures as cf, selectors, termios, pty, ssl, uuid, platform
def main():
    ts = [threading.Thread(target=lambda: time.sleep(0.01)) for _ in range(8)]; [t.start() for t in ts]; [t.join() for t in ts]
    q = queue.Queue(); e = threading.Event(); threading.Thread(target=lambda: (q.put(1), e.set())).start(); print(q.get(timeout=1), e.wait(1)); c = threading.Condition()
    with c: c.wait(0.01)
    print(subprocess.run(['echo', 'x'], capture_output=True, text=True, timeout=5).stdout, subprocess.check_output('exit 0; cat', shell=True, input=b'y'))
    p = subprocess.Popen(['sleep', '5'], start_new_session=True, cwd='/', env={}); p.terminate(); print(p.wait()); os.posix_spawn('/bin/true', ['true'], os.environ); os.wait()
    db = sqlite3.connect('t.db'); db.execute('create table t(a,b)'); db.executemany('insert into t values(?,?)', ((i, str(i)) for i in range(1000))); db.commit(); print(db.execute('select sum(a) from t').fetchone()); db.execute('pragma journal_mode=wal'); db.execute('insert into t values(1,2)'); db.commit(); db.close()
    with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))
    ctx = multiprocessing.get_context('spawn'); pr = ctx.Process(target=print, args=('spawned',)); pr.start(); pr.join(); sh = multiprocessing.Value('i', 1); 
    from multiprocessing import shared_memory; m = shared_memory.SharedMemory(create=True, size=4096); m.buf[0] = 1; m.close(); m.unlink()
    with cf.ThreadPoolExecutor(4) as ex: print(list(ex.map(abs, range(-3, 0))))
    with cf.ProcessPoolExecutor(2) as ex: print(list(ex.map(abs, range(-3, 0))))
    async def srv():
        s = await asyncio.start_server(lambda r, w: asyncio.ensure_future(echo(r, w)), '127.0.0.1', 0); port = s.sockets[0].getsockname()[1]; r, w = await asyncio.open_connection('127.0.0.1', port); w.write(b'hi\n'); print(await r.readline()); w.close(); s.close()
        p = await asyncio.create_subprocess_exec('echo', 'async', stdout=-1); print(await p.communicate())
    async def echo(r, w): w.write(await r.readline()); await w.drain(); w.close()
    asyncio.run(srv())
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', 0)); s.listen(); h = threading.Thread(target=lambda: s.accept()[0].sendall(b'z' * 1000)); h.start(); c = socket.create_connection(s.getsockname()); print(len(c.recv(5000))); c.close(); s.close()
    a, b = socket.socketpair(); socket.send_fds(a, [b'x'], [0]); socket.recv_fds(b, 1, 1); u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0)); u.sendto(b'd', u.getsockname()); u.recvfrom(9); un = socket.socket(socket.AF_UNIX); un.bind('sock'); un.listen()
    hs = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler); threading.Thread(target=hs.handle_request).start(); urllib.request.urlopen('http://127.0.0.1:%d/' % hs.server_port).read(); hs.server_close()
    signal.signal(signal.SIGALRM, lambda *a: print('alrm')); signal.setitimer(signal.ITIMER_REAL, 0.02); time.sleep(0.1); signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); os.kill(os.getpid(), signal.SIGUSR1); print(signal.sigwait([signal.SIGUSR1]), signal.sigtimedwait([signal.SIGUSR2], 0.01))
    mm = mmap.mmap(-1, 8192); mm[0:2] = b'ab'; f = open('f', 'wb+'); f.truncate(8192); m2 = mmap.mmap(f.fileno(), 0); m2[0:1] = b'q'; m2.flush(); m2.resize(4096); m2.close(); fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX); os.fsync(f.fileno()); f.close()
    r, w = os.pipe(); ep = select.epoll(); ep.register(r, select.EPOLLIN); os.write(w, b'1'); print(ep.poll(1)); po = select.poll(); po.register(r); po.poll(10); select.select([r], [], [], 1)
    with tempfile.TemporaryDirectory() as d: shutil.copytree('/etc/apt', d + '/x', symlinks=True); list(os.walk(d)); [os.stat(x) for x in glob.glob(d + '/**', recursive=True)]; os.symlink('a', d + '/l'); os.link('f', d + '/h'); os.utime(d + '/h', (0, 0)); os.chmod(d + '/h', 0o600); shutil.make_archive('ar', 'gztar', d)
    with tempfile.TemporaryFile() as t: t.write(b'x' * 100000); os.sendfile(os.open('s2', os.O_CREAT | os.O_WRONLY), t.fileno(), 0, 100)
    resource.getrlimit(resource.RLIMIT_NOFILE); resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.sched_getaffinity(0); os.cpu_count(); os.getloadavg(); os.urandom(8); os.getrandom(4); platform.uname(); uuid.uuid1(); resource.getrusage(resource.RUSAGE_SELF); time.process_time(); time.thread_time(); os.nice(1); os.umask(0o22); os.getgroups(); os.memfd_create('x'); os.eventfd(0); os.pidfd_open(os.getpid()); os.copy_file_range(os.open('f', 0), os.open('s3', os.O_CREAT | os.O_RDWR), 10); os.statvfs('/'); os.setxattr('f', 'user.a', b'1'); os.listxattr('f'); os.getpriority(0, 0); os.get_terminal_size
    pid, fd = pty.fork()
    if pid == 0: os.execvp('sh', ['sh', '-c', 'stty size; echo tty'])
    try:
        while os.read(fd, 100): pass
    except OSError: pass
    os.waitpid(pid, 0); ctypes.CDLL(None).getpid()
if __name__ == '__main__': main()
X
python3 p.py; python3 -c 'import os,sys; sys.exit(3)'; python3 -m compileall -q /usr/lib/python3.11/json; echo 'print(1)' | python3; python3 -m venv --without-pip ve; python3 -m zipfile -c z.zip p.py; python3 -m unittest -h >/dev/null; faulthandler=1 python3 -X faulthandler -c 'import os; os.kill(os.getpid(), 11)'
