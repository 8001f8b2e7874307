// Eats memory in the way the first argument names, in children of a parent that must live to tell: what they died of, and
// that the machine goes on. Run by memory.rs with little memory.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1 << 20)

// Touches page after page.
static void touch(void) {
    for (;;) {
        char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) _exit(1);
        for (int i = 0; i < MIB; i += 4096) p[i] = 1;
    }
}
// Lets the kernel touch them: the call is neither EFAULT nor cut short before the process is killed.
static void copy(void) {
    int zero = open("/dev/zero", O_RDONLY);
    for (;;) {
        char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct stat st;
        for (int i = 0; i < MIB; i += 4096)
            if (i % 8192 ? read(zero, p + i, 4096) != 4096 : fstat(zero, (void *)(p + i)) != 0) _exit(2);
        (void)st;
    }
}
// Full pipes and sockets in processes that hold them.
static void pipes(void) {
    for (int n = 0; n < 40; n++) {
        if (fork()) continue;
        static char block[65536];
        for (;;) {
            int p[2], s[2];
            if (pipe(p) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0) break;
            fcntl(p[1], F_SETPIPE_SZ, MIB);
            fcntl(p[1], F_SETFL, O_NONBLOCK), fcntl(s[0], F_SETFL, O_NONBLOCK);
            while (write(p[1], block, sizeof block) > 0) {}
            while (write(s[0], block, sizeof block) > 0) {}
        }
        sleep(1);
        _exit(0);
    }
    while (wait(NULL) > 0) {}
    _exit(3);
}
// Names without end.
static void names(void) {
    char name[200];
    for (int i = 0;; i++) {
        snprintf(name, sizeof name, "/tmp/%0150d", i);
        if (mkdir(name, 0700) < 0 && errno != ENOSPC && errno != ENOMEM) _exit(4);
    }
}
// Processes that make processes, each with memory of its own.
static void bomb(void) {
    for (;;) {
        char *p = malloc(MIB / 4);
        if (p) memset(p, 1, MIB / 4);
        if (fork() < 0 && errno != EAGAIN && errno != ENOMEM) _exit(5);
    }
}

static int child(void (*eat)(void), int *status) {
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        eat();
    }
    return waitpid(pid, status, 0) == pid;
}
static void report(const char *name, void (*eat)(void)) {
    int status;
    if (!child(eat, &status)) printf("%s: no child\n", name);
    else if (WIFSIGNALED(status)) printf("%s: signal %d\n", name, WTERMSIG(status));
    else printf("%s: status %d\n", name, WEXITSTATUS(status));
}

// Files fill memory up to ENOSPC, and processes still run.
static void files(void) {
    static char block[65536];
    struct statfs before, after;
    int fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
    statfs("/tmp", &before);
    if (fallocate(fd, 0, 0, 1l << 33) == 0 || errno != ENOSPC) printf("too much is reserved\n");
    if (fallocate(fd, 0, 0, 4 * MIB) < 0) perror("fallocate");
    struct stat st;
    fstat(fd, &st);
    printf("reserved %ld of %ld\n", (long)st.st_blocks / 2048, (long)st.st_size / MIB);
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, MIB, MIB) < 0) perror("punch");
    if (fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 4 * MIB, MIB) < 0) perror("zero");
    fstat(fd, &st);
    printf("reserved %ld of %ld\n", (long)st.st_blocks / 2048, (long)st.st_size / MIB);
    lseek(fd, 0, SEEK_END);
    while (write(fd, block, sizeof block) > 0) {}
    printf("files: %s\n", strerror(errno));
    statfs("/tmp", &after);
    printf("statfs: %d\n", before.f_bavail > 1000 && after.f_bavail < before.f_bavail && after.f_blocks >= before.f_bavail);
    for (int i = 0; i < 20; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) execl("/eat", "eat", "nothing", NULL);
        if (waitpid(pid, &status, 0) != pid || status) printf("a process fails: %x\n", status);
    }
    close(fd), unlink("/tmp/f");
    fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
    printf("again: %d\n", write(fd, block, sizeof block) == sizeof block);
    unlink("/tmp/f");
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "touch")) report(what, touch), report(what, touch);
    if (!strcmp(what, "copy")) report(what, copy);
    if (!strcmp(what, "pipes")) report(what, pipes);
    if (!strcmp(what, "names")) report(what, names);
    if (!strcmp(what, "files")) files();
    if (!strcmp(what, "bomb")) {
        pid_t pid = fork();
        if (pid == 0) setpgid(0, 0), bomb();
        setpgid(pid, pid);
        sleep(2);
        // Some were killed, fork(2) failed for others; all of them can be ended, and then there is room again.
        int killed = 0, tries = 0;
        while (kill(-pid, SIGKILL) == 0 && tries++ < 1000)
            while (waitpid(-1, NULL, WNOHANG) > 0) killed++;
        while (wait(NULL) > 0) killed++;
        printf("bomb: %d\n", killed > 50 && tries < 1000);
        report("touch", touch);
    }
    return 0;
}
