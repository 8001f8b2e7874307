// What check.py traces besides Debian's own programs: processes, signals, memory, descriptors, limits, threads.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void handler(int sig) { (void)sig; }
static void *thread(void *arg) { return write(1, "thread\n", 7), arg; }

static void processes(void) {
    int status, p[2];
    pid_t pid = fork();
    if (pid == 0) _exit(3);
    waitpid(pid, &status, 0);
    waitpid(-1, &status, WNOHANG);
    pipe2(p, O_CLOEXEC);
    pid = fork();
    if (pid == 0) pause();
    usleep(50000);
    kill(pid, SIGTERM);
    waitpid(pid, &status, WUNTRACED | WCONTINUED);
    pid = fork();
    if (pid == 0) *(volatile int *)8 = 1;
    waitpid(pid, &status, 0);
    close(p[0]), close(p[1]);
}
static void signals(void) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_NODEFER};
    sigset_t set;
    sigaddset(&act.sa_mask, SIGUSR1);
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGUSR1, NULL, &act);
    signal(SIGPIPE, SIG_IGN);
    raise(SIGUSR1);
    sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    union sigval value = {.sival_int = 5};
    sigqueue(getpid(), SIGUSR1, value);
    signal(SIGALRM, handler);
    struct itimerval timer = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    pause();
}
static void memory(void) {
    char *p = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p, 4096, PROT_NONE);
    mprotect(p + 4096, 4096, PROT_READ | PROT_EXEC);
    madvise(p + 8192, 4096, MADV_DONTNEED);
    munmap(p, 12288);
    mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 99, 4096);
}
static void files(void) {
    char buffer[300];
    struct stat st;
    memset(buffer, 'x', sizeof buffer);
    umask(027);
    int fd = open("/tmp/f", O_RDWR | O_CREAT | O_TRUNC, 0644);
    write(fd, buffer, sizeof buffer);
    write(fd, "\1\2x\0\0337\"\\\n\t\177\377", 12);
    lseek(fd, -2, SEEK_END), lseek(fd, 0, SEEK_CUR);
    pread(fd, buffer, 20, 295);
    fstat(fd, &st), stat("/tmp/f", &st), lstat("/dev/null", &st), stat("/none", &st);
    access("/tmp/f", R_OK | W_OK), access("/none", F_OK);
    fcntl(fd, F_GETFL), fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), fcntl(fd, F_GETFD), fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_GETFD), fcntl(fd, F_DUPFD, 20), fcntl(fd, F_DUPFD_CLOEXEC, 30);
    dup2(fd, 40), dup3(fd, 41, O_CLOEXEC), close(41), close(99);
    getcwd(buffer, sizeof buffer), getcwd(buffer, 1);
    mkdir("/tmp/d", 0750), rename("/tmp/f", "/tmp/d/g"), unlink("/tmp/d/g"), rmdir("/tmp/d"), rmdir("/tmp/d");
    ftruncate(fd, 10), fsync(fd), posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    symlink("target", "/tmp/l"), readlink("/tmp/l", buffer, 100), unlink("/tmp/l");
    int n = 0;
    ioctl(fd, FIONREAD, &n), ioctl(fd, TIOCGWINSZ, buffer), ioctl(1, TCGETS, buffer);
    close(fd);
}
static void waiting(void) {
    int p[2], s[2];
    struct timespec t = {0, 1000000};
    pipe(p);
    struct pollfd fds[2] = {{.fd = p[0], .events = POLLIN}, {.fd = p[1], .events = POLLOUT | POLLIN}};
    poll(fds, 1, 1), poll(fds, 2, -1);
    nanosleep(&t, NULL), clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s);
    int c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_un addr = {AF_UNIX, "/tmp/none"};
    connect(c, (void *)&addr, sizeof addr);
    close(p[1]);
    read(p[0], s, 4);
    close(p[0]);
}
static void limits(void) {
    struct rlimit l;
    getrlimit(RLIMIT_STACK, &l), getrlimit(RLIMIT_CORE, &l);
    l.rlim_cur = 100, l.rlim_max = 2048;
    setrlimit(RLIMIT_NOFILE, &l);
    pthread_t t;
    pthread_create(&t, NULL, thread, NULL);
    pthread_join(t, NULL);
}

int main(int argc, char **argv) {
    void (*parts[])(void) = {processes, signals, memory, files, waiting, limits};
    if (argc > 1) parts[atoi(argv[1])]();
    return argc;
}
