// sigaction(2) and friends: masks, queues, siginfo, sigsuspend, sigtimedwait, SA_NODEFER, SA_RESETHAND, real-time order.
#include "check.h"

static volatile int count, depth, deepest, again, order[16], order_len;
static volatile siginfo_t last; // volatile: kill() is declared not to call back

static void counting(int sig) {
    (void)sig;
    count++;
}
static void informed(int sig, siginfo_t *info, void *context) {
    (void)context;
    *(siginfo_t *)&last = *info;
    order[order_len++ & 15] = sig * 1000 + info->si_value.sival_int;
}
static void nesting(int sig) {
    if (++depth > deepest) deepest = depth;
    if (again-- > 0) raise(sig);
    depth--;
}
static void install(int sig, int flags) {
    struct sigaction act = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO | flags};
    sigfillset(&act.sa_mask);
    CHECK(sigaction(sig, &act, NULL) == 0);
}

int main(void) {
    struct sigaction act = {.sa_handler = counting}, old;
    FAILS(sigaction(SIGKILL, &act, NULL), EINVAL);
    FAILS(sigaction(SIGSTOP, &act, NULL), EINVAL);
    FAILS(syscall(SYS_rt_sigaction, 0, NULL, &old, 8), EINVAL);
    FAILS(syscall(SYS_rt_sigaction, 65, NULL, &old, 8), EINVAL);
    FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, 4), EINVAL);
    FAILS(syscall(SYS_rt_sigprocmask, 9, &act.sa_mask, NULL, 8), EINVAL);
    FAILS(kill(getpid(), 65), EINVAL);
    FAILS(kill(99999999, SIGTERM), ESRCH);
    CHECK(kill(getpid(), 0) == 0);
    ok("errors");

    on_signal(SIGUSR1, counting, 0);
    CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == counting);
    raise(SIGUSR1);
    CHECK(count == 1);
    sigset_t block, before, pending;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &block, &before) == 0);
    for (int i = 0; i < 5; i++) raise(SIGUSR1);
    CHECK(count == 1 && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
    CHECK(count == 2);
    ok("blocking merges a standard signal");

    sigset_t all;
    sigfillset(&all);
    CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0 && sigprocmask(SIG_SETMASK, NULL, &pending) == 0);
    CHECK(!sigismember(&pending, SIGKILL) && !sigismember(&pending, SIGSTOP));
    CHECK(sigismember(&pending, SIGTERM));
    ok("KILL and STOP cannot be blocked");

    install(SIGRTMIN, 0), install(SIGRTMIN + 1, 0), install(SIGUSR2, 0);
    union sigval value;
    for (int i = 0; i < 3; i++) value.sival_int = i, sigqueue(getpid(), SIGRTMIN + 1, value), sigqueue(getpid(), SIGRTMIN, value);
    value.sival_int = 9;
    sigqueue(getpid(), SIGUSR2, value);
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
    int want[] = {SIGUSR2 * 1000 + 9, SIGRTMIN * 1000, SIGRTMIN * 1000 + 1, SIGRTMIN * 1000 + 2,
                  (SIGRTMIN + 1) * 1000, (SIGRTMIN + 1) * 1000 + 1, (SIGRTMIN + 1) * 1000 + 2};
    CHECK(order_len == 7);
    for (int i = 0; i < 7; i++) CHECK(order[i] == want[i]);
    CHECK(last.si_code == SI_QUEUE && last.si_pid == getpid() && last.si_uid == getuid());
    ok("real-time signals queue in order and carry values");

    kill(getpid(), SIGUSR2);
    CHECK(last.si_code == SI_USER && last.si_pid == getpid() && last.si_signo == SIGUSR2);
    raise(SIGUSR2);
    CHECK(last.si_code == SI_TKILL);
    install(SIGCHLD, 0);
    pid_t pid = CHILD(_exit(5));
    REAP_OK(CHILD(sleep_ms(1)));
    CHECK(WEXITSTATUS(reap(pid)) == 5);
    CHECK(last.si_signo == SIGCHLD && last.si_code == CLD_EXITED);
    on_signal(SIGCHLD, SIG_DFL, 0);
    ok("si_code");

    on_signal(SIGUSR1, nesting, SA_NODEFER);
    again = 2;
    raise(SIGUSR1);
    CHECK(deepest == 3);
    deepest = depth = 0, again = 2;
    on_signal(SIGUSR1, nesting, 0);
    raise(SIGUSR1);
    CHECK(deepest == 1);
    on_signal(SIGUSR1, counting, SA_RESETHAND);
    raise(SIGUSR1);
    CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
    ok("SA_NODEFER and SA_RESETHAND");

    on_signal(SIGUSR1, counting, 0);
    CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
    count = 0;
    pid = CHILD({ sleep_ms(50); kill(getppid(), SIGUSR1); });
    FAILS(sigsuspend(&before), EINTR);
    CHECK(count == 1 && sigprocmask(SIG_SETMASK, NULL, &pending) == 0 && sigismember(&pending, SIGUSR1));
    REAP_OK(pid);
    ok("sigsuspend");

    siginfo_t info;
    struct timespec none = {0, 0}, bit = {0, 20000000};
    FAILS(sigtimedwait(&block, &info, &none), EAGAIN);
    int64_t start = now_ns();
    FAILS(sigtimedwait(&block, &info, &bit), EAGAIN);
    CHECK(now_ns() - start >= 20000000);
    kill(getpid(), SIGUSR1);
    CHECK(sigtimedwait(&block, &info, &bit) == SIGUSR1 && info.si_pid == getpid() && count == 1);
    pid = CHILD({ sleep_ms(30); kill(getppid(), SIGUSR1); });
    CHECK(sigwaitinfo(&block, &info) == SIGUSR1 && info.si_pid == pid);
    REAP_OK(pid);
    ok("sigtimedwait");

    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
    on_signal(SIGUSR1, SIG_IGN, 0);
    CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
    raise(SIGUSR1);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1)); // it may be handled by the time it is unblocked
    on_signal(SIGUSR1, counting, 0);
    raise(SIGUSR1);
    on_signal(SIGUSR1, SIG_IGN, 0);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1));
    ok("ignoring discards what is pending");

    REAP_OK(CHILD({ raise(SIGCONT); raise(SIGURG); raise(SIGWINCH); raise(SIGCHLD); }));
    for (int sig = 1; sig <= 64; sig++) {
        if (sig == 32 || sig == 33 || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH || sig == SIGCHLD || sig == SIGSTOP ||
            sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU || sig == SIGUSR1) continue;
        pid = CHILD({ struct sigaction d = {.sa_handler = SIG_DFL}; sigaction(sig, &d, NULL); kill(getpid(), sig); });
        int status = reap(pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sig);
    }
    ok("default actions");
    return 0;
}
