"""What is measured: name, group and command of each row, and what its amount of work follows from.

`amount(N)` in a command is N times the scale, at least 1; SCALE is the scale itself, HALF half of it. IMPORTS, SOURCES
and `lines(N)` are inputs of about that size. Commands with shell syntax run
under the guest's own /bin/sh. Every command prints something that depends on all of the work.
"""

MICRO = """
    int_sha256 int_sorthash int_bytecode int_strings
    fp_nbody fp_mandel fp_spectral fp_libm
    simd_saxpy simd_matmul
    mem_chase mem_copy mem_str mem_alloc
    k_getppid k_pipe k_pipebw k_fork k_exec k_file k_mmap k_signal k_thread k_epoll
""".split()

# Taken off these groups: what a runner needs to run /bin/true, so that a small scale still compares the work.
NET_GROUPS = ("int", "fp", "simd", "mem", "k")
START_ROW = "true-dyn"

SQL = (
    "(head -n $((amount(100000) + 4)) /bench/data/load.sql; cat /bench/data/ask.sql) | sqlite3 {database} | cksum"
)

ROWS = [
    ("coremark", "int", "/bench/bin/coremark 0x0 0x0 0x66 amount(22000) 7 1 2000"),
    *((name, name.split("_")[0], f"/bench/bin/{name} SCALE") for name in MICRO),
    ("k_exec_dyn", "k", "/bench/bin/k_exec HALF /bin/true"),
    ("python", "app", "/usr/bin/python3 -S -E /bench/apps/mix.py amount(50)"),
    ("perl", "app", "/usr/bin/perl /bench/apps/mix.pl amount(50)"),
    ("dash-loop", "app", "/bin/dash /bench/apps/loop.sh amount(200000)"),
    ("bash-loop", "app", "/bin/bash /bench/apps/loop.sh amount(60000)"),
    ("dash-forkexec", "app", "/bin/dash /bench/apps/commands.sh amount(300)"),
    ("bash-forkexec", "app", "/bin/bash /bench/apps/commands.sh amount(300)"),
    ("sqlite-mem", "app", ["sh", SQL.format(database=":memory:")]),
    ("sqlite-file", "app", ["sh", "rm -f /tmp/bench.db; " + SQL.format(database="/tmp/bench.db")]),
    ("gzip-9", "app", ["sh", "head -c amount(3000000) /bench/data/words | gzip -9 -n | cksum"]),
    ("xz", "app", ["sh", "head -c amount(700000) /bench/data/words | xz -T1 | cksum"]),
    ("gunzip", "app", ["sh", "gzip -dc /bench/data/words8.gz | head -c amount(160000000) | cksum"]),
    ("sha256sum", "app", ["sh", "head -c amount(160000000) /dev/zero | sha256sum"]),
    ("grep-E", "app", ["sh", "head -c amount(20000000) /bench/data/words | "
                             "LC_ALL=C grep -E -c '(mi|so)[a-z]+ta [0-9]+3|([a-z]{6}) .*77'"]),
    ("awk", "app", ["sh", "head -n amount(600000) /bench/data/pairs | "
                          "mawk '{ sum[$1] += $2; bytes += length($0) } END { for (k in sum) t += sum[k] % 89; print t, bytes }'"]),
    ("sort", "app", ["sh", "head -n amount(500000) /bench/data/pairs | LC_ALL=C sort --parallel=1 -k2,2n -k1,1 | cksum"]),
    ("gcc", "app", ["sh", "head -n lines(2200) /bench/data/large.c >/tmp/x.c && gcc -O2 -c -w -o /tmp/x.o /tmp/x.c && cksum </tmp/x.o"]),
    ("esbuild(Go)", "app", ["sh", "cd /bench/data/js && echo \"IMPORTS\" | "
                                  "GOMAXPROCS=1 /opt/esbuild --bundle --minify --loader=js 2>/dev/null | cksum"]),
    ("ruff(Rust)", "app", ["sh", "cd /usr/lib/python3.11 && RAYON_NUM_THREADS=1 /opt/ruff check --isolated --no-cache --exit-zero "
                                 "--quiet --select E,F,W,I,N,UP SOURCES | cksum"]),
    ("redis", "app", ["sh", "sh /bench/apps/redis.sh amount(20000)"]),
    ("true-static", "start", "/bench/bin/true_static"),
    ("true-dyn", "start", "/bin/true"),
    ("bash-c-true", "start", "/bin/bash -c true"),
    ("python-pass", "start", "/usr/bin/python3 -c pass"),
]
