// fork(2): copied memory, shared descriptors and offsets, identity, many children.
#include "check.h"

static int global = 1;

int main(void) {
    scratch();
    int *heap = malloc(sizeof *heap), stack = 3;
    *heap = 2;
    REAP_OK(CHILD({
        CHECK(global == 1 && *heap == 2 && stack == 3);
        global = 10, *heap = 20, stack = 30;
    }));
    CHECK(global == 1 && *heap == 2 && stack == 3);
    ok("memory is copied");

    int fd = open("f", O_RDWR | O_CREAT, 0600);
    CHECK(write(fd, "abcdef", 6) == 6);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    char c;
    REAP_OK(CHILD({ CHECK(read(fd, &c, 1) == 1 && c == 'a'); CHECK(close(fd) == 0); }));
    CHECK(read(fd, &c, 1) == 1 && c == 'b');
    ok("descriptors share the offset, not their being open");

    pid_t parent = getpid(), group = getpgrp(), session = getsid(0);
    REAP_OK(CHILD({ CHECK(getppid() == parent && getpgrp() == group && getsid(0) == session && getpid() != parent); }));
    ok("identity");

    on_signal(SIGUSR1, SIG_IGN, 0);
    sigset_t set, got;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    raise(SIGUSR2);
    REAP_OK(CHILD({
        CHECK(sigpending(&got) == 0 && !sigismember(&got, SIGUSR2));
        CHECK(sigprocmask(SIG_BLOCK, NULL, &got) == 0 && sigismember(&got, SIGUSR2));
        CHECK(kill(getpid(), SIGUSR1) == 0);
    }));
    CHECK(sigpending(&got) == 0 && sigismember(&got, SIGUSR2));
    ok("masks and dispositions are inherited, pending signals are not");

    pid_t many[100];
    for (int i = 0; i < 100; i++) many[i] = CHILD(_exit(i));
    for (int i = 0; i < 100; i++) CHECK(WEXITSTATUS(reap(many[i])) == i);
    ok("a hundred children");

    int status, depth = 0;
    pid_t pid;
    while ((pid = fork()) == 0 && ++depth < 20) {}
    if (depth == 20) _exit(1);
    if (depth) {
        CHECK(waitpid(pid, &status, 0) == pid);
        _exit(WEXITSTATUS(status) + 1);
    }
    CHECK(WEXITSTATUS(reap(pid)) == 20);
    ok("twenty generations");
    return 0;
}
