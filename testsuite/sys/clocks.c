// clock_gettime(2), clock_nanosleep, nanosleep, setitimer, alarm, timer_create, getrandom, times, sched_*.
// needs glibc: its headers or extensions
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

static volatile int alarms, value;
static void alarmed(int sig) {
    (void)sig;
    alarms++;
}
static void timed(int sig, siginfo_t *info, void *context) {
    (void)sig, (void)context;
    if (info->si_code == SI_TIMER) value = info->si_value.sival_int;
    alarms++;
}
static void burn(int ms) {
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    while ((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < ms);
}

int main(void) {
    struct timespec a, b, res;
    int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
                    CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI};
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        CHECK(clock_gettime(clocks[i], &a) == 0 && a.tv_nsec < 1000000000);
        CHECK(clock_getres(clocks[i], &res) == 0);
    }
    FAILS(clock_gettime(77, &a), EINVAL);
    FAILS(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8), EFAULT);
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 1000; i++, a = b) {
        clock_gettime(CLOCK_MONOTONIC, &b);
        CHECK(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    }
    struct timeval tv;
    CHECK(gettimeofday(&tv, NULL) == 0 && labs(tv.tv_sec - time(NULL)) <= 1 && tv.tv_sec > 1600000000);
    ok("clocks");

    int64_t start = now_ns();
    struct timespec t = {0, 20000000}, bad = {0, -1};
    CHECK(nanosleep(&t, NULL) == 0 && now_ns() - start >= 20000000);
    FAILS(nanosleep(&bad, NULL), EINVAL);
    clock_gettime(CLOCK_REALTIME, &a);
    a.tv_nsec += 20000000;
    if (a.tv_nsec >= 1000000000) a.tv_sec++, a.tv_nsec -= 1000000000;
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &a, NULL) == 0);
    CHECK(clock_gettime(CLOCK_REALTIME, &b) == 0);
    CHECK((b.tv_sec > a.tv_sec || b.tv_nsec >= a.tv_nsec));
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){1, 0}, NULL) == 0);
    CHECK(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) == EINVAL);
    ok("sleeping");

    on_signal(SIGALRM, alarmed, 0);
    struct itimerval iv = {{0, 10000}, {0, 10000}}, old;
    CHECK(setitimer(ITIMER_REAL, &iv, NULL) == 0);
    while (alarms < 3) pause();
    CHECK(getitimer(ITIMER_REAL, &old) == 0 && old.it_interval.tv_usec == 10000);
    iv = (struct itimerval){{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &iv, &old) == 0 && alarm(100) == 0 && alarm(0) > 98);
    iv.it_value.tv_usec = 1000000;
    FAILS(setitimer(ITIMER_REAL, &iv, NULL), EINVAL);
    FAILS(setitimer(9, &old, NULL), EINVAL);
    alarms = 0;
    on_signal(SIGVTALRM, alarmed, 0), on_signal(SIGPROF, alarmed, 0);
    iv = (struct itimerval){{0, 0}, {0, 20000}};
    CHECK(setitimer(ITIMER_VIRTUAL, &iv, NULL) == 0);
    for (volatile long i = 0; !alarms; i++) {}
    CHECK(setitimer(ITIMER_PROF, &iv, NULL) == 0);
    while (alarms < 2) {}
    ok("interval timers");

    struct sigaction act = {.sa_sigaction = timed, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGRTMIN, &act, NULL) == 0);
    timer_t id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &id) == 0);
    struct itimerspec spec = {{0, 10000000}, {0, 10000000}}, got;
    alarms = 0;
    CHECK(timer_settime(id, 0, &spec, NULL) == 0 && timer_gettime(id, &got) == 0);
    CHECK(got.it_interval.tv_nsec == 10000000);
    while (alarms < 3) pause();
    CHECK(value == 77);
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sleep_ms(100);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(timer_getoverrun(id) >= 3 && timer_delete(id) == 0);
    FAILS(timer_gettime(id, &got), EINVAL);
    event.sigev_notify = SIGEV_NONE;
    CHECK(timer_create(CLOCK_REALTIME, &event, &id) == 0 && timer_delete(id) == 0);
    FAILS(timer_create(99, &event, &id), EINVAL);
    ok("timer_create");

    burn(30);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    sleep_ms(50);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    CHECK((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec < 40000000);
    struct rusage usage;
    struct tms tms;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    CHECK(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec > 20000);
    CHECK(times(&tms) != -1 && tms.tms_utime + tms.tms_stime > 0 && getrusage(RUSAGE_THREAD, &usage) == 0);
    FAILS(getrusage(9, &usage), EINVAL);
    ok("CPU time");

    unsigned char r1[32], r2[32];
    CHECK(getrandom(r1, 32, 0) == 32 && getrandom(r2, 32, GRND_NONBLOCK) == 32 && memcmp(r1, r2, 32));
    FAILS(getrandom(r1, 32, 0x100), EINVAL);
    FAILS(getrandom((void *)8, 32, 0), EFAULT);
    cpu_set_t cpus;
    CHECK(sched_yield() == 0 && sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    CHECK(CPU_COUNT(&cpus) >= 1 && sched_getcpu() >= 0);
    CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_get_priority_max(SCHED_FIFO) == 99);
    CHECK(sched_get_priority_max(SCHED_OTHER) == 0);
    CHECK(getpriority(PRIO_PROCESS, 0) == 0 && nice(3) == 3 && getpriority(PRIO_PROCESS, 0) == 3);
    ok("getrandom and scheduling");
    return 0;
}
