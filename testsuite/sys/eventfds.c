// eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2).
#include "check.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int ready(int fd, short events) {
    struct pollfd f = {fd, events, 0};
    CHECK(poll(&f, 1, 0) >= 0);
    return f.revents;
}

int main(void) {
    uint64_t v = 3;
    int e = eventfd(2, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(e >= 0 && ready(e, POLLIN | POLLOUT) == (POLLIN | POLLOUT));
    CHECK(write(e, &v, 8) == 8 && read(e, &v, 8) == 8 && v == 5);
    FAILS(read(e, &v, 8), EAGAIN);
    FAILS(read(e, &v, 4), EINVAL);
    v = UINT64_MAX;
    FAILS(write(e, &v, 8), EINVAL);
    v = UINT64_MAX - 1;
    CHECK(write(e, &v, 8) == 8 && ready(e, POLLIN | POLLOUT) == POLLIN);
    v = 1;
    FAILS(write(e, &v, 8), EAGAIN);
    int s = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK(read(s, &v, 8) == 8 && v == 1 && read(s, &v, 8) == 8 && v == 1);
    FAILS(read(s, &v, 8), EAGAIN);
    FAILS(eventfd(0, 0x10), EINVAL);
    int b = eventfd(0, 0);
    pid_t pid = CHILD({ sleep_ms(40); v = 7; CHECK(write(b, &v, 8) == 8); });
    CHECK(read(b, &v, 8) == 8 && v == 7);
    REAP_OK(pid);
    ok("eventfd");

    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec spec = {{0, 0}, {0, 30000000}}, got;
    CHECK(t >= 0 && timerfd_gettime(t, &got) == 0 && got.it_value.tv_nsec == 0);
    FAILS(read(t, &v, 8), EAGAIN);
    int64_t start = now_ns();
    CHECK(timerfd_settime(t, 0, &spec, NULL) == 0 && timerfd_gettime(t, &got) == 0);
    CHECK(got.it_value.tv_nsec > 0);
    FAILS(read(t, &v, 8), EAGAIN);
    struct pollfd f = {t, POLLIN, 0};
    CHECK(poll(&f, 1, 1000) == 1 && now_ns() - start >= 30000000 && read(t, &v, 8) == 8 && v == 1);
    spec = (struct itimerspec){{0, 10000000}, {0, 10000000}};
    CHECK(timerfd_settime(t, 0, &spec, NULL) == 0);
    sleep_ms(60);
    CHECK(read(t, &v, 8) == 8 && v >= 5);
    clock_gettime(CLOCK_MONOTONIC, &spec.it_value);
    spec.it_interval = (struct timespec){0, 0};
    CHECK(timerfd_settime(t, TFD_TIMER_ABSTIME, &spec, &got) == 0 && got.it_interval.tv_nsec == 10000000);
    CHECK(poll(&f, 1, 1000) == 1 && read(t, &v, 8) == 8 && v == 1);
    spec.it_value = (struct timespec){0, 0};
    CHECK(timerfd_settime(t, 0, &spec, NULL) == 0 && poll(&f, 1, 20) == 0);
    spec.it_value.tv_nsec = 1000000000;
    FAILS(timerfd_settime(t, 0, &spec, NULL), EINVAL);
    FAILS(timerfd_create(99, 0), EINVAL);
    FAILS(timerfd_settime(e, 0, &got, NULL), EINVAL);
    ok("timerfd");

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int sf = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo info[2];
    FAILS(read(sf, info, sizeof info), EAGAIN);
    FAILS(read(sf, info, 10), EINVAL);
    CHECK(kill(getpid(), SIGUSR1) == 0 && ready(sf, POLLIN) == POLLIN);
    CHECK(read(sf, info, sizeof info) == sizeof info[0] && info[0].ssi_signo == SIGUSR1);
    CHECK((pid_t)info[0].ssi_pid == getpid());
    pid = CHILD(_exit(6));
    REAP_OK(CHILD(sleep_ms(30)));
    CHECK(read(sf, info, sizeof info) >= (ssize_t)sizeof info[0] && info[0].ssi_signo == SIGCHLD);
    CHECK(WEXITSTATUS(reap(pid)) == 6);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK(signalfd(sf, &set, 0) == sf && kill(getpid(), SIGUSR2) == 0 && read(sf, info, sizeof info) > 0);
    FAILS(signalfd(0, &set, 0), EINVAL);
    ok("signalfd");

    pid = CHILD(pause());
    int pf = syscall(SYS_pidfd_open, pid, 0);
    CHECK(pf >= 0 && ready(pf, POLLIN) == 0);
    char proc[30];
    sprintf(proc, "/proc/%d", getpid());
    int dir = open(proc, O_RDONLY | O_DIRECTORY);
    CHECK(dir >= 0 && syscall(SYS_pidfd_send_signal, dir, 0, NULL, 0) == 0);
    FAILS(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0), EBADF);
    CHECK(syscall(SYS_pidfd_send_signal, pf, SIGTERM, NULL, 0) == 0);
    f = (struct pollfd){pf, POLLIN, 0};
    CHECK(poll(&f, 1, 2000) == 1);
    siginfo_t si;
    CHECK(waitid(P_PIDFD, pf, &si, WEXITED) == 0 && si.si_pid == pid && si.si_status == SIGTERM);
    FAILS(syscall(SYS_pidfd_send_signal, pf, 0, NULL, 0), ESRCH);
    FAILS(syscall(SYS_pidfd_open, 99999999, 0), ESRCH);
    ok("pidfd");
    return 0;
}
