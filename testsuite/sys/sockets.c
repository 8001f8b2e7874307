// socket(2): UNIX streams, datagrams and sequenced packets, SCM_RIGHTS, SCM_CREDENTIALS, abstract names; loopback TCP and UDP; options.
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static char buffer[300000];
static int name(struct sockaddr_un *a, const char *path, int abstract) {
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    strcpy(a->sun_path + abstract, path);
    return offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path) + !abstract;
}
static int send_fd(int s, int fd) {
    char space[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec v = {"f", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(s, &m, 0);
}
static int recv_fd(int s) {
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec v = {buffer, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    CHECK(recvmsg(s, &m, MSG_CMSG_CLOEXEC) == 1);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (!c || c->cmsg_type != SCM_RIGHTS) return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

int main(void) {
    scratch();
    on_signal(SIGPIPE, SIG_IGN, 0);
    int s[2], n;
    struct sockaddr_un a, b;
    socklen_t len = sizeof b;
    FAILS(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
    FAILS(socket(AF_UNIX, 99, 0), EINVAL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0 && fcntl(s[0], F_GETFD) == FD_CLOEXEC);
    CHECK(send(s[0], "hello", 5, 0) == 5 && recv(s[1], buffer, 2, MSG_PEEK) == 2);
    CHECK(recv(s[1], buffer, 9, 0) == 5);
    FAILS(recv(s[1], buffer, 1, MSG_DONTWAIT), EAGAIN);
    CHECK(write(s[0], "abc", 3) == 3 && ioctl(s[1], FIONREAD, &n) == 0 && n == 3);
    CHECK(recv(s[1], buffer, 3, MSG_WAITALL) == 3);
    CHECK(shutdown(s[0], SHUT_WR) == 0 && read(s[1], buffer, 1) == 0 && write(s[1], "x", 1) == 1);
    CHECK(read(s[0], buffer, 5) == 1);
    FAILS(write(s[0], "x", 1), EPIPE);
    FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(close(s[0]) == 0);
    FAILS(write(s[1], "x", 1), EPIPE);
    FAILS(recv(0, buffer, 1, 0), ENOTSOCK);
    ok("pairs");

    int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
    int alen = name(&a, "sock", 0);
    FAILS(connect(c, (void *)&a, alen), ENOENT);
    CHECK(bind(l, (void *)&a, alen) == 0);
    FAILS(connect(c, (void *)&a, alen), ECONNREFUSED);
    CHECK(listen(l, 5) == 0 && connect(c, (void *)&a, alen) == 0 && write(c, "early", 5) == 5);
    int srv = accept4(l, (void *)&b, &len, SOCK_CLOEXEC);
    CHECK(srv >= 0 && len == 2 && read(srv, buffer, 10) == 5);
    len = sizeof b;
    CHECK(getpeername(c, (void *)&b, &len) == 0 && !strcmp(b.sun_path, "sock") && len == (socklen_t)alen);
    struct ucred cred;
    len = sizeof cred;
    CHECK(getsockopt(srv, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == getpid());
    CHECK(cred.uid == getuid());
    int other = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(bind(other, (void *)&a, alen), EADDRINUSE);
    FAILS(connect(c, (void *)&a, alen), EISCONN);
    FAILS(accept(c, NULL, NULL), EINVAL);
    CHECK(fcntl(l, F_SETFL, O_NONBLOCK) == 0);
    FAILS(accept(l, NULL, NULL), EAGAIN);
    int xl = socket(AF_UNIX, SOCK_STREAM, 0), xc = socket(AF_UNIX, SOCK_STREAM, 0);
    alen = name(&a, "abstract", 1);
    CHECK(bind(xl, (void *)&a, alen) == 0 && listen(xl, 1) == 0 && connect(xc, (void *)&a, alen) == 0);
    close(xl);
    FAILS(connect(other, (void *)&a, alen), ECONNREFUSED);
    CHECK(unlink("sock") == 0);
    ok("named and abstract streams");

    int d1 = socket(AF_UNIX, SOCK_DGRAM, 0), d2 = socket(AF_UNIX, SOCK_DGRAM, 0);
    alen = name(&a, "dgram", 0);
    CHECK(bind(d1, (void *)&a, alen) == 0 && sendto(d2, "one", 3, 0, (void *)&a, alen) == 3);
    CHECK(sendto(d2, "", 0, 0, (void *)&a, alen) == 0);
    CHECK(sendto(d2, "three", 5, 0, (void *)&a, alen) == 5);
    CHECK(recv(d1, buffer, 100, 0) == 3 && recv(d1, buffer, 100, 0) == 0);
    CHECK(recv(d1, buffer, 2, MSG_TRUNC) == 5);
    FAILS(send(d2, "x", 1, 0), ENOTCONN);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) == 0 && send(s[0], "ab", 2, 0) == 2);
    CHECK(send(s[0], "cd", 2, 0) == 2 && recv(s[1], buffer, 10, 0) == 2);
    ok("datagrams and packets");

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    int p[2];
    CHECK(pipe(p) == 0 && send_fd(s[0], p[1]) == 1 && close(p[1]) == 0);
    int got = recv_fd(s[1]);
    CHECK(got >= 0 && fcntl(got, F_GETFD) == FD_CLOEXEC && write(got, "via", 3) == 3);
    CHECK(read(p[0], buffer, 9) == 3 && close(got) == 0 && read(p[0], buffer, 9) == 0);
    pid_t pid = CHILD({ int f = open("made", O_CREAT | O_RDWR, 0600); CHECK(write(f, "from child", 10) == 10 && send_fd(s[0], f) == 1); });
    got = recv_fd(s[1]);
    CHECK(got >= 0 && lseek(got, 0, SEEK_SET) == 0 && read(got, buffer, 99) == 10);
    REAP_OK(pid);
    CHECK(pipe(p) == 0 && send_fd(s[0], p[1]) == 1 && close(p[1]) == 0 && close(s[0]) == 0);
    CHECK(close(s[1]) == 0 && read(p[0], buffer, 1) == 0);
    ok("SCM_RIGHTS");

    l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
    int one = 1;
    CHECK(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    CHECK(bind(l, (void *)&in, sizeof in) == 0 && listen(l, 10) == 0);
    len = sizeof in;
    CHECK(getsockname(l, (void *)&in, &len) == 0 && in.sin_port != 0);
    CHECK(connect(c, (void *)&in, sizeof in) == 0);
    len = sizeof from;
    srv = accept(l, (void *)&from, &len);
    CHECK(srv >= 0 && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    CHECK(setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == 0);
    len = sizeof n;
    CHECK(getsockopt(c, SOL_SOCKET, SO_TYPE, &n, &len) == 0 && n == SOCK_STREAM);
    CHECK(getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &n, &len) == 0 && n == 1);
    CHECK(getsockopt(c, SOL_SOCKET, SO_ERROR, &n, &len) == 0 && n == 0);
    FAILS(setsockopt(c, SOL_SOCKET, 9999, &one, sizeof one), ENOPROTOOPT);
    pid = CHILD({
        for (int i = 0; i < 20; i++) CHECK(send(c, buffer, 100000, 0) == 100000);
        CHECK(shutdown(c, SHUT_WR) == 0 && read(c, buffer, 10) == 4);
    });
    long total = 0;
    ssize_t r;
    while ((r = read(srv, buffer, sizeof buffer)) > 0) total += r;
    CHECK(r == 0 && total == 2000000 && write(srv, "done", 4) == 4);
    REAP_OK(pid);
    close(srv), close(c);
    c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    r = connect(c, (void *)&in, sizeof in);
    CHECK(r == 0 || errno == EINPROGRESS);
    struct pollfd pf = {c, POLLOUT, 0};
    CHECK(poll(&pf, 1, 2000) == 1 && getsockopt(c, SOL_SOCKET, SO_ERROR, &n, &len) == 0 && n == 0);
    close(l);
    int dead = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(connect(dead, (void *)&in, sizeof in), ECONNREFUSED);
    FAILS(listen(socket(AF_INET, SOCK_DGRAM, 0), 1), EOPNOTSUPP);
    ok("loopback TCP");

    int u1 = socket(AF_INET, SOCK_DGRAM, 0), u2 = socket(AF_INET, SOCK_DGRAM, 0);
    in.sin_port = 0;
    CHECK(bind(u1, (void *)&in, sizeof in) == 0);
    len = sizeof in;
    CHECK(getsockname(u1, (void *)&in, &len) == 0 && sendto(u2, "udp", 3, 0, (void *)&in, sizeof in) == 3);
    len = sizeof from;
    CHECK(recvfrom(u1, buffer, 100, 0, (void *)&from, &len) == 3);
    CHECK(connect(u1, (void *)&from, len) == 0 && send(u1, "back", 4, 0) == 4);
    CHECK(recv(u2, buffer, 100, 0) == 4);
    struct timeval tv = {0, 30000};
    CHECK(setsockopt(u2, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0);
    FAILS(recv(u2, buffer, 10, 0), EAGAIN);
    ok("loopback UDP");
    return 0;
}
