// getrlimit(2), setrlimit, prlimit: NOFILE, FSIZE with SIGXFSZ, AS, STACK, CPU with SIGXCPU, NPROC, CORE, errors.
#include "check.h"
#include <sys/resource.h>

static void limit(int what, rlim_t value) {
    struct rlimit l = {value, value};
    CHECK(setrlimit(what, &l) == 0);
}
static volatile int xfsz;
static void count(int sig) {
    (void)sig;
    xfsz++;
}
static int deep(int n) {
    volatile char frame[65536];
    frame[0] = n;
    return n == 0 ? 0 : deep(n - 1) + frame[0];
}

int main(int argc, char **argv) {
    if (argc > 1) return deep(atoi(argv[1])), 0;
    char exe[200] = "";
    CHECK(readlink("/proc/self/exe", exe, 199) > 0);
    scratch();
    struct rlimit l, bad = {10, 5};
    CHECK(getrlimit(RLIMIT_STACK, &l) == 0 && l.rlim_cur == 8 << 20);
    FAILS(setrlimit(RLIMIT_NOFILE, &bad), EINVAL);
    FAILS(getrlimit(99, &l), EINVAL);
    FAILS(prlimit(99999999, RLIMIT_NOFILE, NULL, &l), ESRCH);
    FAILS(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, 8), EFAULT);
    REAP_OK(CHILD({ limit(RLIMIT_CORE, 0); CHECK(prlimit(0, RLIMIT_CORE, NULL, &l) == 0 && l.rlim_max == 0); }));
    ok("asking and errors");

    REAP_OK(CHILD({
        limit(RLIMIT_NOFILE, 20);
        int fd;
        while ((fd = dup(0)) >= 0) CHECK(fd < 20);
        CHECK(errno == EMFILE);
        FAILS(fcntl(0, F_DUPFD, 20), EINVAL);
        FAILS(dup2(0, 20), EBADF);
    }));
    ok("NOFILE");

    REAP_OK(CHILD({
        on_signal(SIGXFSZ, count, 0);
        limit(RLIMIT_FSIZE, 100);
        int fd = open("f", O_CREAT | O_WRONLY, 0600);
        char big[150] = {0};
        CHECK(write(fd, big, 150) == 100 && xfsz == 0);
        FAILS(write(fd, big, 1), EFBIG);
        CHECK(xfsz == 1);
        FAILS(ftruncate(fd, 200), EFBIG);
        CHECK(xfsz == 2);
    }));
    pid_t pid = CHILD({
        limit(RLIMIT_FSIZE, 10), limit(RLIMIT_CORE, 0);
        int fd = open("g", O_CREAT | O_WRONLY, 0600);
        lseek(fd, 20, SEEK_SET);
        write(fd, "x", 1);
    });
    CHECK(WTERMSIG(reap(pid)) == SIGXFSZ);
    ok("FSIZE");

    REAP_OK(CHILD({
        limit(RLIMIT_AS, 64 << 20);
        FAILS(mmap(NULL, 100 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
        CHECK(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
        CHECK(malloc(200 << 20) == NULL);
    }));
    pid = CHILD({ limit(RLIMIT_STACK, 1 << 20); limit(RLIMIT_CORE, 0); deep(100); });
    CHECK(WTERMSIG(reap(pid)) == SIGSEGV);
    // The limit of the moment counts for growth, the one at execve(2) for the room there is.
    struct rlimit low = {1 << 20, RLIM_INFINITY};
    struct rlimit usual = {8 << 20, RLIM_INFINITY};
    struct rlimit high = {64 << 20, RLIM_INFINITY};
    REAP_OK(CHILD({
        CHECK(setrlimit(RLIMIT_STACK, &low) == 0 && setrlimit(RLIMIT_STACK, &usual) == 0);
        deep(100);
        CHECK(setrlimit(RLIMIT_STACK, &low) == 0 && getrlimit(RLIMIT_STACK, &l) == 0 && l.rlim_cur == 1 << 20);
    }));
    REAP_OK(CHILD({ setrlimit(RLIMIT_STACK, &low); execl(exe, "x", "8", NULL); }));
    REAP_OK(CHILD({ setrlimit(RLIMIT_STACK, &high); execl(exe, "x", "800", NULL); }));
    pid = CHILD({ setrlimit(RLIMIT_STACK, &low); execl(exe, "x", "100", NULL); });
    CHECK(WTERMSIG(reap(pid)) == SIGSEGV);
    REAP_OK(CHILD({ limit(RLIMIT_DATA, 16 << 20); FAILS(brk((char *)sbrk(0) + (64 << 20)), ENOMEM); }));
    ok("AS, STACK, DATA");

    pid = CHILD({
        struct rlimit cpu = {1, 2};
        setrlimit(RLIMIT_CPU, &cpu);
        for (;;) {}
    });
    CHECK(WTERMSIG(reap(pid)) == SIGXCPU);
    ok("CPU");

    REAP_OK(CHILD({
        CHECK(setresgid(1234, 1234, 1234) == 0 && setresuid(1234, 1234, 1234) == 0);
        limit(RLIMIT_NPROC, 1);
        FAILS(fork(), EAGAIN);
        struct rlimit more = {5, 5};
        FAILS(setrlimit(RLIMIT_NPROC, &more), EPERM);
    }));
    ok("NPROC, raising without privilege");
    return 0;
}
