// What every program here uses: each tests one subject of the system call interface, prints `ok NAME` for each part and
// ends with status 1 and file:line at the first thing that is not as Linux does it.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail_at(const char *file, int line, const char *what) {
    dprintf(1, "FAILED %s:%d: %s (errno %d: %s)\n", file, line, what, errno, strerror(errno));
    _exit(1);
}

// The condition holds.
#define CHECK(cond) ((cond) ? (void)0 : fail_at(__FILE__, __LINE__, #cond))
// The call fails with this errno.
#define FAILS(call, code) \
    do { \
        errno = 0; \
        long result_ = (long)(call); \
        if (result_ != -1 || errno != (code)) fail_at(__FILE__, __LINE__, #call " should fail with " #code); \
    } while (0)

static inline void ok(const char *name) { dprintf(1, "ok %s\n", name); }

// A child that runs BODY and ends with 0.
#define CHILD(...) \
    ({ \
        pid_t pid_ = fork(); \
        CHECK(pid_ >= 0); \
        if (pid_ == 0) { \
            __VA_ARGS__; \
            _exit(0); \
        } \
        pid_; \
    })

// Wait for a child; its status word.
static inline int reap(pid_t pid) {
    int status;
    pid_t got;
    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR) {}
    CHECK(got == pid);
    return status;
}

// The child must end with status 0.
#define REAP_OK(pid) \
    do { \
        int status_ = reap(pid); \
        if (!WIFEXITED(status_) || WEXITSTATUS(status_)) { \
            dprintf(1, "child status %#x\n", status_); \
            fail_at(__FILE__, __LINE__, "child fails"); \
        } \
    } while (0)

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static inline void sleep_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
    while (nanosleep(&t, &t) < 0 && errno == EINTR) {}
}

// An own directory to work in, removed with the machine.
static inline void scratch(void) {
    char dir[] = "/tmp/sysXXXXXX";
    CHECK(mkdtemp(dir));
    CHECK(chdir(dir) == 0);
}

static inline void write_file(const char *name, const char *text) {
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CHECK(close(fd) == 0);
}

// The whole file, in a static buffer.
static inline const char *read_file(const char *name) {
    static char text[65536];
    int fd = open(name, O_RDONLY);
    CHECK(fd >= 0);
    ssize_t n, all = 0;
    while ((n = read(fd, text + all, sizeof text - 1 - all)) > 0) all += n;
    CHECK(n == 0);
    close(fd);
    text[all] = 0;
    return text;
}

static inline void on_signal(int sig, void (*handler)(int), int flags) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&act.sa_mask);
    CHECK(sigaction(sig, &act, NULL) == 0);
}
