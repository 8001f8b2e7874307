// Which calls a signal handler interrupts (EINTR) and which go on with SA_RESTART; remaining times; partial transfers.
// needs glibc: its headers or extensions
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>

static volatile int hits;
static void hit(int sig) {
    (void)sig;
    hits++;
}
static void alarm_in(int ms) {
    struct itimerval t = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    CHECK(setitimer(ITIMER_REAL, &t, NULL) == 0);
}

int main(void) {
    int p[2], status;
    char c;
    CHECK(pipe(p) == 0);

    on_signal(SIGALRM, hit, 0);
    alarm_in(30);
    FAILS(read(p[0], &c, 1), EINTR);
    alarm_in(30);
    pid_t pid = CHILD(sleep_ms(300));
    FAILS(waitpid(pid, &status, 0), EINTR);
    REAP_OK(pid);
    ok("EINTR without SA_RESTART");

    on_signal(SIGALRM, hit, SA_RESTART);
    hits = 0;
    pid = CHILD({ sleep_ms(150); CHECK(write(p[1], "x", 1) == 1); });
    alarm_in(30);
    CHECK(read(p[0], &c, 1) == 1 && hits == 1);
    REAP_OK(pid);
    pid = CHILD(sleep_ms(150));
    alarm_in(30);
    CHECK(waitpid(pid, &status, 0) == pid && hits == 2);
    int s[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    pid = CHILD({ sleep_ms(150); CHECK(write(s[1], "x", 1) == 1); });
    alarm_in(30);
    CHECK(recv(s[0], &c, 1, 0) == 1 && hits == 3);
    REAP_OK(pid);
    ok("read, wait and recv restart");

    fd_set set;
    struct timeval tv = {2, 0};
    struct timespec ts = {2, 0}, left;
    struct pollfd pf = {p[0], POLLIN, 0};
    FD_ZERO(&set);
    FD_SET(p[0], &set);
    alarm_in(30);
    FAILS(poll(&pf, 1, 2000), EINTR);
    alarm_in(30);
    FAILS(ppoll(&pf, 1, &ts, NULL), EINTR);
    alarm_in(30);
    FAILS(select(p[0] + 1, &set, NULL, NULL, &tv), EINTR);
    CHECK(tv.tv_sec == 1 && tv.tv_usec > 500000);
    int ep = epoll_create1(0);
    struct epoll_event event;
    alarm_in(30);
    FAILS(epoll_wait(ep, &event, 1, 2000), EINTR);
    alarm_in(30);
    FAILS(nanosleep(&ts, &left), EINTR);
    CHECK(left.tv_sec == 1 && left.tv_nsec > 500000000);
    alarm_in(30);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &left) == EINTR && left.tv_sec == 1);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 2;
    alarm_in(30);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR);
    alarm_in(30);
    FAILS(pause(), EINTR);
    struct timeval rt = {2, 0};
    CHECK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &rt, sizeof rt) == 0);
    alarm_in(30);
    FAILS(recv(s[0], &c, 1, 0), EINTR);
    ok("poll, select, epoll, sleeps and timed receives never restart");

    on_signal(SIGALRM, hit, 0);
    int64_t start = now_ns();
    pid = CHILD({ CHECK(raise(SIGSTOP) == 0); });
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    kill(pid, SIGCONT);
    REAP_OK(pid);
    pid = CHILD({ struct timespec t = {0, 200000000}; CHECK(nanosleep(&t, NULL) == 0); });
    sleep_ms(30);
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    kill(pid, SIGCONT);
    REAP_OK(pid);
    CHECK(now_ns() - start >= 200000000);
    // A stop that is still pending does not hold up SIGKILL.
    pid = CHILD({ pause(); });
    sleep_ms(30);
    CHECK(kill(pid, SIGSTOP) == 0 && syscall(SYS_tkill, pid, SIGSTOP) == 0);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ok("stop and continue restart a sleep");

    static char big[200000];
    pid = CHILD({ sleep_ms(200); });
    alarm_in(50);
    ssize_t n = write(p[1], big, sizeof big);
    CHECK(n == 65536);
    REAP_OK(pid);
    ok("an interrupted write reports what it wrote");

    int fd = open("/tmp", O_RDONLY), fd2 = open("/tmp", O_RDONLY);
    CHECK(flock(fd, LOCK_EX) == 0);
    alarm_in(30);
    FAILS(flock(fd2, LOCK_EX), EINTR);
    ok("flock");
    return 0;
}
