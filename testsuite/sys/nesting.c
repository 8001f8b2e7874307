// Chains of things that hold each other: descriptors in flight, epoll in epoll, directories. Letting go of the first
// one lets go of all, however long the chain is.
#include "check.h"
#include <sys/epoll.h>
#include <sys/socket.h>

static ssize_t send_fd(int to, int fd) {
    char byte = 'x', control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return sendmsg(to, &msg, MSG_NOSIGNAL);
}

int main(void) {
    scratch();
    // Each pair is on its way through the next one.
    int last[2], next[2], depth = 0;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, last) == 0);
    for (; depth < 20000; depth++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, next) == 0);
        if (send_fd(next[0], last[0]) < 0 || send_fd(next[0], last[1]) < 0) {
            // Kernels with a limit of their own.
            CHECK(errno == ETOOMANYREFS);
            close(next[0]);
            close(next[1]);
            break;
        }
        close(last[0]);
        close(last[1]);
        memcpy(last, next, sizeof last);
    }
    CHECK(depth >= 1);
    close(last[0]);
    close(last[1]);
    ok("sockets within sockets within sockets");

    // A socket on its way through itself holds itself.
    for (int i = 0; i < 500; i++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, last) == 0);
        CHECK(send_fd(last[0], last[1]) == 1 && send_fd(last[1], last[0]) == 1);
        close(last[0]);
        close(last[1]);
    }
    ok("sockets within themselves");

    int inner = epoll_create1(0), first = inner;
    struct epoll_event event = {.events = EPOLLIN};
    for (depth = 0; depth < 100; depth++) {
        int outer = epoll_create1(0);
        CHECK(outer >= 0);
        if (epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) < 0) {
            CHECK(errno == ELOOP || errno == EINVAL);
            close(outer);
            break;
        }
        inner = outer;
    }
    CHECK(depth >= 4 && depth < 10);
    FAILS(epoll_ctl(first, EPOLL_CTL_ADD, inner, &event), ELOOP);
    FAILS(epoll_ctl(first, EPOLL_CTL_ADD, first, &event), EINVAL);
    for (int fd = first; fd <= inner; fd++) close(fd);
    ok("epoll within epoll, to a depth, and never in a circle");

    for (depth = 0; depth < 3000; depth++) {
        CHECK(mkdir("d", 0755) == 0 && chdir("d") == 0);
    }
    // Longer than PATH_MAX by now.
    static char path[4096];
    CHECK(getcwd(path, sizeof path) == NULL && (errno == ENAMETOOLONG || errno == ERANGE));
    while (depth-- > 0) CHECK(chdir("..") == 0 && rmdir("d") == 0);
    ok("directories within directories");
    return 0;
}
