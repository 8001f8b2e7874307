/* An echo server on epoll and loopback TCP, a client with 16 connections. */
#include "row.h"
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
enum { CLIENTS = 16, SIZE = 64 };
static void serve(int listener) {
    int poll = epoll_create1(0), open = 0, started = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[CLIENTS + 1];
    check(epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event) == 0, "epoll_ctl");
    while (open > 0 || !started) {
        int n = epoll_wait(poll, ready, CLIENTS + 1, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            char bytes[SIZE];
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                check(epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event) == 0, "epoll_ctl");
                open++, started = 1;
                continue;
            }
            ssize_t got = read(fd, bytes, sizeof bytes);
            if (got <= 0) close(fd), open--;
            else check(write(fd, bytes, got) == got, "write");
        }
    }
    _exit(0);
}
int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd[CLIENTS], status;
    uint64_t sum = 0;
    check(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, CLIENTS) == 0, "listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) serve(listener);
    close(listener);
    for (int i = 0; i < CLIENTS; i++) {
        fd[i] = socket(AF_INET, SOCK_STREAM, 0);
        check(connect(fd[i], (struct sockaddr *)&address, length) == 0, "connect");
    }
    for (long r = rounds(argc, argv, 2500); r > 0; r--) {
        uint8_t bytes[SIZE];
        for (int i = 0; i < CLIENTS; i++) memset(bytes, r + i, SIZE), check(write(fd[i], bytes, SIZE) == SIZE, "write");
        for (int i = 0; i < CLIENTS; i++) {
            for (ssize_t at = 0, got; at < SIZE; at += got) check((got = read(fd[i], bytes + at, SIZE - at)) > 0, "read");
            sum = fold(sum, bytes[0] * 256 + bytes[SIZE - 1]);
        }
    }
    for (int i = 0; i < CLIENTS; i++) close(fd[i]);
    check(waitpid(child, &status, 0) == child, "waitpid");
    return done("k_epoll", fold(sum, status));
}
