// futex(2): wait, wake, bitsets, requeue, wake-op, timeouts, PI, robust lists, sharing between processes.
// needs glibc: its headers or extensions
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>

static long futex(void *at, int op, uint32_t val, const void *timeout, void *second, uint32_t val3) {
    return syscall(SYS_futex, at, op, val, timeout, second, val3);
}
static uint32_t word, other;
static volatile int woken;
static void *waits(void *bits) {
    long r = futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, (uint32_t)(uintptr_t)bits);
    if (r == 0) __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}
static void settle(int n) {
    for (int i = 0; i < 200 && woken < n; i++) sleep_ms(5);
    sleep_ms(20);
    CHECK(woken == n);
}
static pthread_mutex_t robust;
static void *dies(void *arg) {
    (void)arg;
    pthread_mutex_lock(&robust);
    return NULL;
}

int main(void) {
    struct timespec t = {0, 20000000}, bad = {0, 1000000000};
    FAILS(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
    FAILS(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0), EINVAL);
    FAILS(futex((char *)&word + 1, FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
    FAILS(futex((void *)8, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    FAILS(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
    FAILS(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
    int64_t start = now_ns();
    FAILS(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0), ETIMEDOUT);
    CHECK(now_ns() - start >= 20000000);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    FAILS(futex(&word, FUTEX_WAIT_BITSET, 0, &until, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
    clock_gettime(CLOCK_REALTIME, &until);
    FAILS(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &until, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
    CHECK(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0) == 0);
    ok("errors and timeouts");

    pthread_t th[4];
    for (long i = 0; i < 4; i++) pthread_create(&th[i], NULL, waits, (void *)(1l << i));
    sleep_ms(100);
    CHECK(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 4) == 1);
    settle(1);
    CHECK(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0) == 1);
    settle(2);
    FAILS(futex(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, (void *)10l, &other, 5), EAGAIN);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, (void *)10l, &other, 0) == 2);
    settle(3);
    CHECK(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 0) == 0);
    CHECK(futex(&other, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 0) == 1);
    settle(4);
    for (int i = 0; i < 4; i++) pthread_join(th[i], NULL);
    ok("bitsets and requeue");

    woken = 0;
    pthread_create(&th[0], NULL, waits, (void *)-1l);
    sleep_ms(80);
    other = 5;
    CHECK(futex(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)1l, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)) == 1);
    CHECK(other == 8);
    settle(1);
    pthread_join(th[0], NULL);
    ok("wake-op");

    uint32_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = CHILD({ CHECK(futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 || *shared == 1); });
    sleep_ms(80);
    *shared = 1;
    CHECK(futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0) == 1);
    REAP_OK(pid);
    ok("between processes");

    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attr);
    pthread_create(&th[0], NULL, dies, NULL);
    pthread_join(th[0], NULL);
    CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&robust) == 0 && pthread_mutex_unlock(&robust) == 0);
    CHECK(pthread_mutex_lock(&robust) == 0);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_t *m = (void *)(shared + 16);
    pthread_mutex_init(m, &attr);
    pid = CHILD({ pthread_mutex_lock(m); kill(getpid(), SIGKILL); });
    CHECK(WTERMSIG(reap(pid)) == SIGKILL);
    CHECK(pthread_mutex_lock(m) == EOWNERDEAD);
    ok("robust lists, thread and process");

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
    pthread_mutex_t pi;
    pthread_mutex_init(&pi, &attr);
    CHECK(pthread_mutex_lock(&pi) == 0 && pthread_mutex_trylock(&pi) == EBUSY);
    CHECK(pthread_mutex_unlock(&pi) == 0);
    pthread_mutex_init(&robust, &attr);
    pthread_mutex_lock(&robust);
    pthread_create(&th[0], NULL, dies, NULL);
    sleep_ms(50);
    CHECK(pthread_mutex_unlock(&robust) == 0 && pthread_join(th[0], NULL) == 0);
    FAILS(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
    ok("priority inheritance");
    return 0;
}
