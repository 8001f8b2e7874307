// clone(2) threads: TLS, mutexes, conditions, barriers, per-thread signals and masks, exit of the leader, fork and exec in threads.
#include "check.h"
#include <pthread.h>
#include <sched.h>

static __thread int local = 7;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, phase;
static volatile pid_t handled_in;
static __thread volatile int ticks;

static void *adds(void *arg) {
    CHECK(local == 7);
    local = (int)(long)arg;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
    }
    CHECK(local == (int)(long)arg);
    return (void *)((long)arg * 2);
}
static void *ponger(void *arg) {
    (void)arg;
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&lock);
        while (phase % 2 == 0) pthread_cond_wait(&cond, &lock);
        phase++;
        pthread_cond_broadcast(&cond);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}
static void *meets(void *arg) {
    for (int i = 0; i < 50; i++) {
        __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
        pthread_barrier_wait(&barrier);
        CHECK(__atomic_load_n(&counter, __ATOMIC_SEQ_CST) == (i + 1) * 4);
        pthread_barrier_wait(&barrier);
    }
    return arg;
}
static void note(int sig) {
    (void)sig;
    handled_in = syscall(SYS_gettid);
    ticks++;
}
static volatile pid_t tids[2];
static void *pausing(void *arg) {
    tids[(long)arg] = syscall(SYS_gettid);
    pause();
    return (void *)(long)ticks;
}
static void *forks(void *arg) {
    REAP_OK(CHILD({ CHECK(syscall(SYS_gettid) == getpid()); }));
    return arg;
}
static void *exits_group(void *arg) {
    (void)arg;
    sleep_ms(30);
    exit(9);
}
static void *execs(void *arg) {
    char *argv[] = {arg, "child", NULL};
    execv("/proc/self/exe", argv);
    return NULL;
}
static void *outlives(void *arg) {
    sleep_ms(80);
    _exit((int)(long)arg);
}

static void *says_pid(void *arg) {
    (void)arg;
    return (void *)(long)getpid();
}

int main(int argc, char **argv) {
    if (argc > 1) return getpid() == syscall(SYS_gettid) ? 11 : 12;
    pthread_t t[8];
    void *result;
    for (long i = 0; i < 8; i++) CHECK(pthread_create(&t[i], NULL, adds, (void *)i) == 0);
    for (long i = 0; i < 8; i++) CHECK(pthread_join(t[i], &result) == 0 && result == (void *)(i * 2));
    CHECK(counter == 160000 && local == 7);
    ok("mutex and thread-local storage");

    pthread_create(&t[0], NULL, ponger, NULL);
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&lock);
        phase++;
        pthread_cond_broadcast(&cond);
        while (phase % 2) pthread_cond_wait(&cond, &lock);
        pthread_mutex_unlock(&lock);
    }
    pthread_join(t[0], NULL);
    CHECK(phase == 400);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&lock);
    CHECK(pthread_cond_timedwait(&cond, &lock, &until) == ETIMEDOUT);
    pthread_mutex_unlock(&lock);
    counter = 0;
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, meets, NULL);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    ok("conditions and barriers");

    on_signal(SIGUSR1, note, 0);
    for (long i = 0; i < 2; i++) pthread_create(&t[i], NULL, pausing, (void *)i);
    while (!tids[0] || !tids[1]) sched_yield();
    sleep_ms(50);
    CHECK(syscall(SYS_tgkill, getpid(), tids[1], SIGUSR1) == 0);
    pthread_join(t[1], &result);
    CHECK(result == (void *)1 && handled_in == tids[1]);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    pthread_join(t[0], &result);
    CHECK(result == (void *)1 && handled_in == tids[0] && ticks == 0);
    /* pthread_join waits for the thread's word, which is cleared a moment before its number is free. */
    for (int i = 0; i < 200 && syscall(SYS_tgkill, getpid(), tids[0], 0) == 0; i++) sleep_ms(10);
    FAILS(syscall(SYS_tgkill, getpid(), tids[0], 0), ESRCH);
    FAILS(syscall(SYS_tgkill, 1 + getpid(), getpid(), 0), ESRCH);
    ok("signals to a thread and to the process");

    pthread_create(&t[0], NULL, forks, NULL);
    pthread_join(t[0], NULL);
    pid_t pid = CHILD({ pthread_create(&t[0], NULL, exits_group, NULL); for (;;) pause(); });
    CHECK(WEXITSTATUS(reap(pid)) == 9);
    pid = CHILD({ pthread_create(&t[0], NULL, execs, argv[0]); for (;;) pause(); });
    CHECK(WEXITSTATUS(reap(pid)) == 11);
    pid = CHILD({ pthread_create(&t[0], NULL, outlives, (void *)13); syscall(SYS_exit, 1); });
    CHECK(WEXITSTATUS(reap(pid)) == 13);
    pid = CHILD({ pthread_create(&t[0], NULL, pausing, NULL); sleep_ms(30); kill(getpid(), SIGKILL); });
    CHECK(WTERMSIG(reap(pid)) == SIGKILL);
    ok("fork, exit, exec and death with threads");

    for (int i = 0; i < 300; i++) {
        pthread_attr_t small;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 32768);
        CHECK(pthread_create(&t[0], &small, says_pid, NULL) == 0);
        CHECK(pthread_join(t[0], &result) == 0 && result == (void *)(long)getpid());
    }
    ok("three hundred short lives");
    return 0;
}
