// epoll(7): level and edge triggers, one shot, nesting, closed descriptors, errors, many events, threads waiting.
// needs glibc: its headers or extensions
#include "check.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int ep;
static void *waiter(void *arg) {
    struct epoll_event e;
    *(int *)arg = epoll_wait(ep, &e, 1, 2000);
    return NULL;
}
static int add(int epoll, int fd, uint32_t events) {
    struct epoll_event e = {.events = events, .data.u64 = 0x1234567800000000ull | fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

int main(void) {
    int p[2];
    struct epoll_event e[8], mod;
    char c[10];
    ep = epoll_create1(EPOLL_CLOEXEC);
    CHECK(ep >= 0 && fcntl(ep, F_GETFD) == FD_CLOEXEC && pipe2(p, O_NONBLOCK) == 0);
    FAILS(epoll_create(0), EINVAL);
    FAILS(epoll_create1(1), EINVAL);
    CHECK(add(ep, p[0], EPOLLIN) == 0);
    FAILS(add(ep, p[0], EPOLLIN), EEXIST);
    FAILS(add(ep, 999, EPOLLIN), EBADF);
    FAILS(add(ep, ep, EPOLLIN), EINVAL);
    FAILS(add(p[0], p[1], EPOLLIN), EINVAL);
    int file = open("/proc/self/exe", O_RDONLY);
    FAILS(add(ep, file, EPOLLIN), EPERM);
    FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL), ENOENT);
    mod = (struct epoll_event){.events = EPOLLIN};
    FAILS(epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &mod), ENOENT);
    FAILS(epoll_wait(ep, e, 0, 0), EINVAL);
    FAILS(epoll_wait(p[0], e, 1, 0), EINVAL);
    ok("errors");

    CHECK(epoll_wait(ep, e, 8, 0) == 0);
    int64_t start = now_ns();
    CHECK(epoll_wait(ep, e, 8, 30) == 0 && now_ns() - start >= 30000000);
    CHECK(write(p[1], "ab", 2) == 2);
    for (int i = 0; i < 2; i++) {
        CHECK(epoll_wait(ep, e, 8, 0) == 1 && e[0].events == EPOLLIN);
        CHECK(e[0].data.u64 == (0x1234567800000000ull | p[0]));
    }
    CHECK(read(p[0], c, 10) == 2 && epoll_wait(ep, e, 8, 0) == 0);
    ok("level triggered");

    mod = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.fd = p[0]};
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &mod) == 0);
    CHECK(write(p[1], "ab", 2) == 2);
    CHECK(epoll_wait(ep, e, 8, 0) == 1 && epoll_wait(ep, e, 8, 0) == 0);
    CHECK(write(p[1], "c", 1) == 1 && epoll_wait(ep, e, 8, 0) == 1 && epoll_wait(ep, e, 8, 0) == 0);
    CHECK(read(p[0], c, 1) == 1 && epoll_wait(ep, e, 8, 0) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &mod) == 0 && epoll_wait(ep, e, 8, 0) == 1);
    ok("edge triggered");

    mod.events = EPOLLIN | EPOLLONESHOT;
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &mod) == 0);
    CHECK(epoll_wait(ep, e, 8, 0) == 1 && epoll_wait(ep, e, 8, 0) == 0);
    CHECK(write(p[1], "d", 1) == 1 && epoll_wait(ep, e, 8, 0) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &mod) == 0 && epoll_wait(ep, e, 8, 0) == 1);
    mod.events = EPOLLIN;
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &mod) == 0 && read(p[0], c, 10) == 3);
    ok("one shot");

    CHECK(add(ep, p[1], EPOLLOUT) == 0 && epoll_wait(ep, e, 8, 0) == 1 && e[0].events == EPOLLOUT);
    CHECK(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL) == 0);
    CHECK(close(p[1]) == 0 && epoll_wait(ep, e, 8, 0) == 1 && e[0].events == EPOLLHUP);
    int copy = dup(p[0]);
    CHECK(close(p[0]) == 0 && epoll_wait(ep, e, 8, 0) == 1);
    CHECK(close(copy) == 0 && epoll_wait(ep, e, 8, 0) == 0);
    ok("hang-up; a closed file leaves the set with its last descriptor");

    int ev = eventfd(0, 0), inner = epoll_create1(0);
    CHECK(add(inner, ev, EPOLLIN) == 0 && add(ep, inner, EPOLLIN) == 0);
    CHECK(epoll_wait(ep, e, 8, 0) == 0);
    uint64_t one = 1;
    CHECK(write(ev, &one, 8) == 8 && epoll_wait(ep, e, 8, 0) == 1);
    CHECK(e[0].data.u64 == (0x1234567800000000ull | inner));
    FAILS(add(inner, ep, EPOLLIN), ELOOP);
    CHECK(read(ev, &one, 8) == 8);
    close(inner);
    ok("nested");

    int many[40];
    for (int i = 0; i < 40; i++) many[i] = eventfd(1, 0), CHECK(add(ep, many[i], EPOLLIN) == 0);
    struct epoll_event all[64];
    CHECK(epoll_wait(ep, all, 64, 0) == 40);
    int seen[40] = {0};
    for (int round = 0; round < 5; round++) {
        CHECK(epoll_wait(ep, all, 8, 0) == 8);
        for (int i = 0; i < 8; i++)
            for (int k = 0; k < 40; k++) seen[k] |= (int)(uint32_t)all[i].data.u64 == many[k];
    }
    for (int k = 0; k < 40; k++) CHECK(seen[k]), close(many[k]);
    CHECK(epoll_wait(ep, all, 64, 0) == 0);
    ok("fair among many");

    pthread_t thread;
    int got = -1;
    CHECK(add(ep, ev, EPOLLIN | EPOLLET) == 0 && pthread_create(&thread, NULL, waiter, &got) == 0);
    sleep_ms(50);
    CHECK(write(ev, &one, 8) == 8 && pthread_join(thread, NULL) == 0 && got == 1);
    pid_t pid = CHILD({ sleep_ms(50); CHECK(write(ev, &one, 8) == 8); });
    CHECK(epoll_wait(ep, e, 8, 2000) == 1);
    REAP_OK(pid);
    sigset_t none;
    sigemptyset(&none);
    CHECK(epoll_pwait(ep, e, 8, 0, &none) == 0);
    ok("waking threads and processes");
    return 0;
}
