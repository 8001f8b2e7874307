// sendfile(2), splice, tee, vmsplice, copy_file_range, memfd_create with seals, inotify, close_range.
#include "check.h"
#include <poll.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char buffer[100000];

int main(void) {
    scratch();
    int p[2], q[2], s[2];
    CHECK(pipe(p) == 0 && pipe(q) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    write_file("in", "0123456789");
    int in = open("in", O_RDONLY), out = open("out", O_RDWR | O_CREAT, 0600);
    off_t at = 3;
    CHECK(sendfile(s[0], in, &at, 4) == 4 && at == 7 && lseek(in, 0, SEEK_CUR) == 0);
    CHECK(read(s[1], buffer, 10) == 4 && !memcmp(buffer, "3456", 4));
    CHECK(sendfile(out, in, NULL, 100) == 10 && lseek(in, 0, SEEK_CUR) == 10);
    CHECK(sendfile(out, in, NULL, 100) == 0);
    FAILS(sendfile(out, p[0], NULL, 1), EINVAL);
    FAILS(sendfile(in, out, NULL, 1), EBADF);
    ok("sendfile");

    at = 2;
    CHECK(splice(in, &at, p[1], NULL, 5, 0) == 5 && at == 7);
    CHECK(tee(p[0], q[1], 3, 0) == 3 && read(q[0], buffer, 10) == 3 && !memcmp(buffer, "234", 3));
    CHECK(splice(p[0], NULL, q[1], NULL, 2, 0) == 2 && read(q[0], buffer, 10) == 2);
    CHECK(lseek(out, 0, SEEK_SET) == 0);
    CHECK(splice(p[0], NULL, out, NULL, 100, 0) == 3 && pread(out, buffer, 3, 0) == 3);
    CHECK(!memcmp(buffer, "456", 3));
    FAILS(splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    FAILS(splice(in, NULL, out, NULL, 1, 0), EINVAL);
    FAILS(splice(p[0], &at, q[1], NULL, 1, 0), ESPIPE);
    struct iovec v = {"vm", 2};
    CHECK(vmsplice(p[1], &v, 1, 0) == 2 && read(p[0], buffer, 10) == 2);
    ok("splice, tee, vmsplice");

    off_t from = 1, to = 20;
    CHECK(copy_file_range(in, &from, out, &to, 5, 0) == 5 && from == 6 && to == 25);
    CHECK(pread(out, buffer, 10, 18) == 7 && !memcmp(buffer, "\0\00012345", 7));
    from = 100;
    CHECK(copy_file_range(in, &from, out, &to, 5, 0) == 0);
    FAILS(copy_file_range(in, &from, out, &to, 5, 1), EINVAL);
    FAILS(copy_file_range(out, NULL, in, NULL, 5, 0), EBADF);
    ok("copy_file_range");

    int m = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    char link[50], target[100];
    sprintf(link, "/proc/self/fd/%d", m);
    ssize_t n = readlink(link, target, 99);
    CHECK(m >= 0 && n > 0 && !strncmp(target, "/memfd:name (deleted)", n));
    CHECK(write(m, "data", 4) == 4 && ftruncate(m, 8192) == 0);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
    CHECK(map != MAP_FAILED && !strcmp(map, "data"));
    FAILS(fcntl(m, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    CHECK(munmap(map, 8192) == 0 && fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE) == 0);
    CHECK(fcntl(m, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_WRITE));
    FAILS(write(m, "x", 1), EPERM);
    FAILS(ftruncate(m, 0), EPERM);
    CHECK(ftruncate(m, 10000) == 0);
    FAILS(fcntl(memfd_create("plain", 0), F_ADD_SEALS, F_SEAL_WRITE), EPERM);
    FAILS(memfd_create("x", 0x80), EINVAL);
    ok("memfd_create and seals");

    CHECK(mkdir("w", 0700) == 0);
    int i = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int wd = inotify_add_watch(i, "w", IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB);
    CHECK(i >= 0 && wd == 1);
    FAILS(read(i, buffer, sizeof buffer), EAGAIN);
    write_file("w/a", "x");
    CHECK(rename("w/a", "w/b") == 0 && chmod("w/b", 0600) == 0 && unlink("w/b") == 0);
    struct pollfd pf = {i, POLLIN, 0};
    CHECK(poll(&pf, 1, 0) == 1);
    n = read(i, buffer, sizeof buffer);
    uint32_t want[] = {IN_CREATE, IN_MODIFY, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_ATTRIB, IN_DELETE};
    uint32_t cookie = 0;
    int k = 0;
    for (char *at = buffer; at < buffer + n; k++) {
        struct inotify_event *e = (void *)at;
        CHECK(k < 7 && e->wd == wd && e->mask == want[k] && !strcmp(e->name, k < 4 ? "a" : "b"));
        if (k == 3) cookie = e->cookie;
        if (k == 4) CHECK(cookie && e->cookie == cookie);
        at += sizeof *e + e->len;
    }
    CHECK(k == 7 && inotify_rm_watch(i, wd) == 0);
    CHECK(read(i, buffer, 100) == sizeof(struct inotify_event));
    CHECK(((struct inotify_event *)buffer)->mask == IN_IGNORED);
    FAILS(inotify_rm_watch(i, wd), EINVAL);
    FAILS(inotify_add_watch(i, "none", IN_CREATE), ENOENT);
    ok("inotify");
    return 0;
}
