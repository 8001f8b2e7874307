// poll(2), ppoll(2), select(2), pselect(2): readiness, hang-up, errors, timeouts, signal masks.
// needs glibc: its headers or extensions
#include "check.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>

static volatile int hits;
static void hit(int sig) {
    (void)sig;
    hits++;
}

int main(void) {
    int p[2], s[2];
    char big[70000] = {0};
    CHECK(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    struct pollfd f[3] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {-1, POLLIN, 9}};
    CHECK(poll(f, 3, 0) == 1 && f[0].revents == 0 && f[1].revents == POLLOUT && f[2].revents == 0);
    CHECK(write(p[1], "x", 1) == 1 && poll(f, 3, -1) == 2 && f[0].revents == POLLIN);
    CHECK(fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
    while (write(p[1], big, sizeof big) > 0) {}
    CHECK(poll(f, 2, 0) == 1 && f[1].revents == 0);
    struct pollfd bad = {999, POLLIN, 0};
    CHECK(poll(&bad, 1, -1) == 1 && bad.revents == POLLNVAL);
    ok("pipe readiness and POLLNVAL");

    CHECK(close(p[1]) == 0 && poll(f, 1, 0) == 1 && f[0].revents == (POLLIN | POLLHUP));
    while (read(p[0], big, sizeof big) > 0) {}
    CHECK(poll(f, 1, 0) == 1 && f[0].revents == POLLHUP);
    close(p[0]);
    CHECK(pipe(p) == 0 && close(p[0]) == 0);
    f[0] = (struct pollfd){p[1], POLLOUT, 0};
    CHECK(poll(f, 1, 0) == 1 && (f[0].revents & POLLERR));
    struct pollfd q = {s[0], POLLIN | POLLOUT | POLLRDHUP, 0};
    CHECK(poll(&q, 1, 0) == 1 && q.revents == POLLOUT);
    CHECK(shutdown(s[1], SHUT_WR) == 0 && poll(&q, 1, 0) == 1 && q.revents == (POLLIN | POLLOUT | POLLRDHUP));
    CHECK(close(s[1]) == 0 && poll(&q, 1, 0) == 1 && (q.revents & POLLHUP));
    ok("hang-up and errors");

    int64_t start = now_ns();
    CHECK(poll(NULL, 0, 30) == 0 && now_ns() - start >= 30000000);
    struct timespec t = {0, 20000000}, negative = {-1, 0};
    start = now_ns();
    CHECK(ppoll(NULL, 0, &t, NULL) == 0 && now_ns() - start >= 20000000);
    FAILS(ppoll(NULL, 0, &negative, NULL), EINVAL);
    FAILS(syscall(SYS_poll, (void *)8, 1, 0), EFAULT);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    FAILS(poll(f, limit.rlim_cur + 1, 0), EINVAL);
    ok("timeouts and errors");

    CHECK(pipe(p) == 0);
    fd_set r, w;
    struct timeval tv = {0, 20000};
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    CHECK(select(p[1] + 1, &r, &w, NULL, &tv) == 1 && !FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
    FD_SET(p[0], &r);
    tv = (struct timeval){0, 20000};
    CHECK(select(p[0] + 1, &r, NULL, NULL, &tv) == 0 && !FD_ISSET(p[0], &r) && tv.tv_sec == 0);
    CHECK(tv.tv_usec == 0);
    FD_SET(p[0], &r);
    CHECK(write(p[1], "x", 1) == 1 && select(p[0] + 1, &r, NULL, NULL, NULL) == 1 && FD_ISSET(p[0], &r));
    FD_ZERO(&r);
    FD_SET(40, &r);
    FAILS(select(41, &r, NULL, NULL, NULL), EBADF);
    FAILS(select(-1, NULL, NULL, NULL, NULL), EINVAL);
    tv.tv_sec = -1;
    FAILS(select(0, NULL, NULL, NULL, &tv), EINVAL);
    ok("select");

    sigset_t block, none;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    on_signal(SIGUSR1, hit, 0);
    CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
    raise(SIGUSR1);
    struct timespec second = {1, 0};
    FAILS(ppoll(NULL, 0, &second, &none), EINTR);
    CHECK(hits == 1);
    raise(SIGUSR1);
    FAILS(pselect(0, NULL, NULL, NULL, &second, &none), EINTR);
    CHECK(hits == 2);
    pid_t pid = CHILD({ sleep_ms(50); kill(getppid(), SIGUSR1); });
    FAILS(ppoll(NULL, 0, &second, &none), EINTR);
    CHECK(hits == 3);
    REAP_OK(pid);
    ok("masks during ppoll and pselect");

    int file = open("/proc/self/exe", O_RDONLY);
    struct pollfd regular = {file, POLLIN | POLLOUT, 0};
    CHECK(poll(&regular, 1, 0) == 1 && regular.revents == (POLLIN | POLLOUT));
    ok("files are always ready");
    return 0;
}
