// pipe(2): capacity, PIPE_BUF, EOF, EPIPE, O_NONBLOCK, FIONREAD, F_SETPIPE_SZ, fifos, many writers.
#include "check.h"
#include <limits.h>
#include <sys/ioctl.h>

int main(void) {
    int p[2], n;
    char buffer[70000] = {0};
    on_signal(SIGPIPE, SIG_IGN, 0);
    CHECK(pipe(p) == 0 && p[0] != p[1]);
    CHECK(fcntl(p[0], F_GETFL) == O_RDONLY && fcntl(p[1], F_GETFL) == O_WRONLY);
    FAILS(read(p[1], buffer, 1), EBADF);
    FAILS(write(p[0], buffer, 1), EBADF);
    FAILS(lseek(p[0], 0, SEEK_CUR), ESPIPE);
    FAILS(pread(p[0], buffer, 1, 0), ESPIPE);
    FAILS(pipe2(p, 0x40), EINVAL);
    struct stat st;
    CHECK(fstat(p[0], &st) == 0 && S_ISFIFO(st.st_mode));
    ok("ends");

    CHECK(write(p[1], "hello", 5) == 5 && ioctl(p[0], FIONREAD, &n) == 0 && n == 5);
    CHECK(read(p[0], buffer, 3) == 3 && !memcmp(buffer, "hel", 3));
    CHECK(read(p[0], buffer, 100) == 2 && !memcmp(buffer, "lo", 2));
    CHECK(write(p[1], buffer, 0) == 0);
    ok("bytes");

    CHECK(fcntl(p[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
    FAILS(read(p[0], buffer, 1), EAGAIN);
    CHECK(write(p[1], buffer, sizeof buffer) == 65536);
    FAILS(write(p[1], buffer, 1), EAGAIN);
    CHECK(read(p[0], buffer, 4095) == 4095);
    FAILS(write(p[1], buffer, PIPE_BUF), EAGAIN);
    CHECK(read(p[0], buffer, 1) == 1);
    CHECK(write(p[1], buffer, PIPE_BUF) == PIPE_BUF);
    CHECK(fcntl(p[0], F_GETPIPE_SZ) == 65536);
    FAILS(fcntl(p[0], F_SETPIPE_SZ, 4096), EBUSY);
    while (read(p[0], buffer, sizeof buffer) > 0) {}
    CHECK(fcntl(p[0], F_SETPIPE_SZ, 5000) == 8192 && fcntl(p[1], F_GETPIPE_SZ) == 8192);
    CHECK(write(p[1], buffer, sizeof buffer) == 8192);
    ok("capacity and PIPE_BUF");

    CHECK(close(p[0]) == 0);
    FAILS(write(p[1], "x", 1), EPIPE);
    close(p[1]);
    pid_t pid = CHILD({ signal(SIGPIPE, SIG_DFL); CHECK(pipe(p) == 0); close(p[0]); write(p[1], "x", 1); });
    CHECK(WTERMSIG(reap(pid)) == SIGPIPE);
    CHECK(pipe(p) == 0 && write(p[1], "rest", 4) == 4 && close(p[1]) == 0);
    CHECK(read(p[0], buffer, 100) == 4 && read(p[0], buffer, 100) == 0 && read(p[0], buffer, 100) == 0);
    close(p[0]);
    ok("EPIPE and end of file");

    CHECK(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK(fcntl(p[0], F_GETFD) == FD_CLOEXEC && (fcntl(p[1], F_GETFL) & O_NONBLOCK));
    close(p[0]), close(p[1]);
    CHECK(pipe(p) == 0);
    for (int w = 0; w < 4; w++) {
        CHILD({
            char line[1000];
            memset(line, 'a' + w, sizeof line);
            for (int i = 0; i < 100; i++) CHECK(write(p[1], line, sizeof line) == sizeof line);
        });
    }
    close(p[1]);
    long total = 0;
    FILE *in = fdopen(p[0], "r");
    char line[1000];
    while (fread(line, 1, sizeof line, in) == sizeof line) {
        for (unsigned i = 1; i < sizeof line; i++) CHECK(line[i] == line[0]);
        total++;
    }
    CHECK(total == 400);
    while (wait(NULL) > 0) {}
    ok("small writes are whole");

    scratch();
    CHECK(mkfifo("fifo", 0600) == 0);
    FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    int r = open("fifo", O_RDONLY | O_NONBLOCK);
    CHECK(r >= 0 && read(r, buffer, 1) == 0);
    int w = open("fifo", O_WRONLY | O_NONBLOCK);
    CHECK(w >= 0);
    FAILS(read(r, buffer, 1), EAGAIN);
    CHECK(write(w, "f", 1) == 1 && read(r, buffer, 1) == 1 && close(w) == 0 && read(r, buffer, 1) == 0);
    close(r);
    pid = CHILD({ int f = open("fifo", O_WRONLY); CHECK(f >= 0 && write(f, "late", 4) == 4); });
    r = open("fifo", O_RDONLY);
    CHECK(r >= 0 && read(r, buffer, 10) == 4);
    REAP_OK(pid);
    int both = open("fifo", O_RDWR);
    CHECK(both >= 0 && write(both, "z", 1) == 1 && read(both, buffer, 1) == 1);
    ok("fifos");
    return 0;
}
