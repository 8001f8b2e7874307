// flock(2) and fcntl(2) record locks: exclusion, sharing, ranges, owners, waiting, deadlock, locks of open file descriptions.
#include "check.h"
#include <sys/file.h>

static struct flock range(short type, off_t start, off_t len) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
}
static int set(int fd, short type, off_t start, off_t len) {
    struct flock l = range(type, start, len);
    return fcntl(fd, F_SETLK, &l);
}

int main(void) {
    scratch();
    int a = open("f", O_RDWR | O_CREAT, 0600), b = open("f", O_RDWR);
    CHECK(flock(a, LOCK_EX) == 0);
    FAILS(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    FAILS(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    int copy = dup(a);
    CHECK(flock(copy, LOCK_SH) == 0 && flock(b, LOCK_SH | LOCK_NB) == 0);
    FAILS(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK(flock(b, LOCK_UN) == 0 && flock(a, LOCK_EX | LOCK_NB) == 0 && close(copy) == 0);
    FAILS(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    FAILS(flock(a, 0), EINVAL);
    pid_t pid = CHILD({ CHECK(flock(a, LOCK_EX | LOCK_NB) == 0); });
    REAP_OK(pid);
    pid = CHILD({ int c = open("f", O_RDWR); close(b); CHECK(flock(c, LOCK_EX) == 0); });
    sleep_ms(50);
    CHECK(waitpid(pid, NULL, WNOHANG) == 0 && flock(a, LOCK_UN) == 0);
    REAP_OK(pid);
    ok("flock");

    CHECK(set(a, F_WRLCK, 10, 10) == 0 && set(b, F_WRLCK, 10, 10) == 0);
    pid = CHILD({
        FAILS(set(a, F_WRLCK, 15, 1), EAGAIN);
        FAILS(set(a, F_RDLCK, 0, 0), EAGAIN);
        CHECK(set(a, F_WRLCK, 0, 10) == 0 && set(a, F_WRLCK, 20, 5) == 0);
        struct flock l = range(F_WRLCK, 0, 100);
        CHECK(fcntl(a, F_GETLK, &l) == 0 && l.l_type == F_WRLCK && l.l_start == 10);
        CHECK(l.l_len == 10 && l.l_pid == getppid());
        l = range(F_WRLCK, 50, 1);
        CHECK(fcntl(a, F_GETLK, &l) == 0 && l.l_type == F_UNLCK);
    });
    REAP_OK(pid);
    CHECK(set(a, F_UNLCK, 13, 2) == 0);
    pid = CHILD({
        CHECK(set(a, F_WRLCK, 13, 2) == 0);
        FAILS(set(a, F_WRLCK, 12, 1), EAGAIN);
        FAILS(set(a, F_WRLCK, 15, 1), EAGAIN);
    });
    REAP_OK(pid);
    CHECK(set(a, F_RDLCK, 10, 10) == 0);
    pid = CHILD({ CHECK(set(a, F_RDLCK, 0, 0) == 0); FAILS(set(a, F_WRLCK, 11, 1), EAGAIN); });
    REAP_OK(pid);
    CHECK(close(open("f", O_RDONLY)) == 0);
    pid = CHILD({ CHECK(set(a, F_WRLCK, 0, 0) == 0); });
    REAP_OK(pid);
    int ro = open("f", O_RDONLY);
    FAILS(set(ro, F_WRLCK, 0, 1), EBADF);
    FAILS(set(a, 99, 0, 1), EINVAL);
    FAILS(set(a, F_WRLCK, -5, 1), EINVAL);
    ok("record locks; closing any descriptor drops them");

    CHECK(set(a, F_WRLCK, 0, 1) == 0);
    int p[2];
    CHECK(pipe(p) == 0);
    pid = CHILD({
        struct flock l = range(F_WRLCK, 1, 1);
        CHECK(fcntl(a, F_SETLKW, &l) == 0 && write(p[1], "x", 1) == 1);
        l = range(F_WRLCK, 0, 1);
        CHECK(fcntl(a, F_SETLKW, &l) == 0);
    });
    char c;
    CHECK(read(p[0], &c, 1) == 1);
    sleep_ms(50);
    struct flock l = range(F_WRLCK, 1, 1);
    FAILS(fcntl(a, F_SETLKW, &l), EDEADLK);
    CHECK(waitpid(pid, NULL, WNOHANG) == 0 && set(a, F_UNLCK, 0, 0) == 0);
    REAP_OK(pid);
    ok("waiting and deadlock");

    int o1 = open("f", O_RDWR), o2 = open("f", O_RDWR);
    l = range(F_WRLCK, 0, 10);
    CHECK(fcntl(o1, F_OFD_SETLK, &l) == 0);
    FAILS(fcntl(o2, F_OFD_SETLK, &l), EAGAIN);
    CHECK(fcntl(o2, F_OFD_GETLK, &l) == 0 && l.l_pid == -1 && l.l_type == F_WRLCK);
    CHECK(close(open("f", O_RDONLY)) == 0);
    l = range(F_RDLCK, 0, 1);
    FAILS(fcntl(o2, F_OFD_SETLK, &l), EAGAIN);
    CHECK(close(o1) == 0 && fcntl(o2, F_OFD_SETLK, &l) == 0);
    ok("locks of open file descriptions");
    return 0;
}
