// execve(2), vfork(2), posix_spawn(3): what survives, scripts, auxiliary vector, errors, /proc/self/exe.
#include "check.h"
#include <elf.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/prctl.h>

extern char **environ;
static const char *self;

static void handler(int sig) { (void)sig; }

// What a fresh program finds.
static int inner(int argc, char **argv) {
    struct sigaction act;
    sigset_t set;
    stack_t stack;
    if (!strcmp(argv[1], "state")) {
        CHECK(sigaction(SIGUSR1, NULL, &act) == 0 && act.sa_handler == SIG_DFL);
        CHECK(sigaction(SIGUSR2, NULL, &act) == 0 && act.sa_handler == SIG_IGN);
        CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGHUP));
        CHECK(sigpending(&set) == 0 && sigismember(&set, SIGHUP));
        CHECK(sigaltstack(NULL, &stack) == 0 && stack.ss_flags == SS_DISABLE);
        CHECK(fcntl(50, F_GETFD) == 0);
        FAILS(fcntl(51, F_GETFD), EBADF);
        char name[16], cwd[100];
        CHECK(prctl(PR_GET_NAME, name) == 0 && getcwd(cwd, 100) && !strncmp(cwd, "/tmp/sys", 8));
        CHECK(umask(0) == 031);
        CHECK(getpid() == atoi(argv[2]) && alarm(0) > 50 && argc == 4 && !strcmp(argv[3], ""));
        CHECK(!strcmp(getenv("A"), "b=c") && environ[1] == NULL);
        return 40;
    }
    if (!strcmp(argv[1], "aux")) {
        CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) && getauxval(AT_PHDR));
        CHECK(getauxval(AT_PHNUM) && getauxval(AT_CLKTCK) == 100);
        CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
        CHECK(getauxval(AT_SECURE) == 0 && !strcmp((char *)getauxval(AT_PLATFORM), "x86_64"));
        CHECK((uintptr_t)__builtin_frame_address(0) % 16 == 0);
        CHECK(!strcmp((char *)getauxval(AT_EXECFN), argv[0]));
        char path[200];
        ssize_t n = readlink("/proc/self/exe", path, 199);
        CHECK(n > 0 && (path[n] = 0, 1) && (!strcmp(strrchr(path, '/'), strrchr(argv[0], '/'))));
        return 41;
    }
    if (!strcmp(argv[1], "hold")) return read(0, argv[0], 1), 44;
    if (!strcmp(argv[1], "environ")) {
        CHECK(read(3, argv[0], 1) == 0 && !strcmp(read_file("/proc/self/environ"), "NEW=1"));
        return 0;
    }
    if (!strcmp(argv[1], "count")) return argc == atoi(argv[2]) + 3 && strlen(argv[argc - 1]) == 100 ? 42 : 1;
    return 43;
}

int main(int argc, char **argv) {
    char exe[200];
    if (argc > 1) return inner(argc, argv);
    ssize_t len = readlink("/proc/self/exe", exe, 199);
    CHECK(len > 0);
    exe[len] = 0;
    self = exe;
    scratch();
    // A program that runs cannot be changed. (Not with O_TRUNC: an overlay of Linux empties its copy before it refuses.)
    FAILS(open(exe, O_WRONLY), ETXTBSY);
    unsigned char head[4096];
    int own = open(exe, O_RDONLY);
    CHECK(own >= 0 && read(own, head, sizeof head) == sizeof head && close(own) == 0);
    FAILS(execl("none", "none", NULL), ENOENT);
    FAILS(execl("/tmp", "tmp", NULL), EACCES);
    write_file("text", "not a program");
    FAILS(execl("text", "text", NULL), EACCES);
    // Headers that no program has: nothing of the caller is lost.
    static const struct { int at, size; uint64_t value; } absurd[] = {
        {0, 1, 0}, {16, 2, 9}, {18, 2, 183}, {54, 2, 3}, {56, 2, 0xffff}, {56, 2, 0}, {32, 8, UINT64_MAX - 7}, {32, 8, 1ull << 62},
    };
    for (unsigned i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        unsigned char copy[sizeof head];
        memcpy(copy, head, sizeof head);
        memcpy(copy + absurd[i].at, &absurd[i].value, absurd[i].size);
        int fd = open("absurd", O_WRONLY | O_CREAT | O_TRUNC, 0755);
        CHECK(fd >= 0 && write(fd, copy, sizeof copy) == sizeof copy && close(fd) == 0);
        FAILS(execl("absurd", "absurd", NULL), ENOEXEC);
    }
    CHECK(chmod("text", 0755) == 0);
    FAILS(execl("text", "text", NULL), ENOEXEC);
    FAILS(execl("text/x", "x", NULL), ENOTDIR);
    write_file("empty", "");
    CHECK(chmod("empty", 0755) == 0);
    FAILS(execl("empty", "empty", NULL), ENOEXEC);
    FAILS(syscall(SYS_execve, 8, NULL, NULL), EFAULT);
    FAILS(syscall(SYS_execve, exe, 8, NULL), EFAULT);
    char *huge = malloc(200000);
    memset(huge, 'x', 199999), huge[199999] = 0;
    FAILS(execl(exe, "x", huge, NULL), E2BIG);
    Elf64_Ehdr bad = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                      .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phentsize = 7, .e_phnum = 1};
    int fd = open("badelf", O_CREAT | O_WRONLY, 0755);
    CHECK(write(fd, &bad, sizeof bad) == sizeof bad && close(fd) == 0);
    FAILS(execl("badelf", "x", NULL), ENOEXEC);
    write_file("badint", "#!/nonexistent/interpreter\n");
    CHECK(chmod("badint", 0755) == 0);
    FAILS(execl("badint", "x", NULL), ENOENT);
    ok("errors leave the caller whole");

    char pid_text[20];
    pid_t pid = CHILD({
        on_signal(SIGUSR1, handler, 0), on_signal(SIGUSR2, SIG_IGN, 0);
        sigset_t set;
        sigemptyset(&set), sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL), raise(SIGHUP);
        static char area[20000];
        sigaltstack(&(stack_t){.ss_sp = area, .ss_size = sizeof area}, NULL);
        dup2(0, 50), dup3(0, 51, O_CLOEXEC), umask(031), alarm(100);
        sprintf(pid_text, "%d", getpid());
        char *env[] = {"A=b=c", NULL};
        execle(exe, "name", "state", pid_text, "", NULL, env);
    });
    CHECK(WEXITSTATUS(reap(pid)) == 40);
    pid = CHILD(execl(exe, exe, "aux", NULL));
    CHECK(WEXITSTATUS(reap(pid)) == 41);
    ok("what survives, auxiliary vector");

    char *many[5004] = {"x", "count", "5000"};
    huge[100] = 0;
    for (int i = 0; i < 5000; i++) many[3 + i] = huge;
    pid = CHILD(execv(exe, many));
    CHECK(WEXITSTATUS(reap(pid)) == 42);
    // A program that runs is not written to, one that is written to is not run.
    int busy[2], from = open(exe, O_RDONLY), to = open("copy", O_CREAT | O_WRONLY, 0755);
    CHECK(pipe(busy) == 0 && sendfile(to, from, NULL, 1 << 30) > 0 && close(from) == 0);
    FAILS(open(exe, O_WRONLY), ETXTBSY);
    FAILS(execl("copy", "x", "other", NULL), ETXTBSY);
    CHECK(close(to) == 0);
    CHECK(realpath("copy", exe));
    pid = CHILD({ dup2(busy[0], 0); close(busy[1]); execl(exe, "x", "hold", NULL); });
    close(busy[0]);
    char proc[40], link[300];
    sprintf(proc, "/proc/%d/exe", pid);
    while (readlink(proc, link, sizeof link) < 0 || strncmp(link, exe, strlen(exe))) usleep(1000);
    char name[40], text[100] = "";
    sprintf(name, "/proc/%d/cmdline", pid);
    while (!text[0]) read(fd = open(name, O_RDONLY), text, 100), close(fd);
    CHECK(!strcmp(text, "x") && !strcmp(text + 2, "hold"));
    FAILS(open(exe, O_WRONLY), ETXTBSY);
    FAILS(open(exe, O_RDONLY | O_TRUNC), ETXTBSY);
    FAILS(truncate(exe, 10), ETXTBSY);
    close(busy[1]);
    CHECK(WEXITSTATUS(reap(pid)) == 44);
    CHECK((fd = open(exe, O_WRONLY)) >= 0 && close(fd) == 0);
    // What was opened before execve(2) is the old program's.
    setenv("MARK", "old", 1);
    pid = CHILD({
        int environ_fd = open("/proc/self/environ", O_RDONLY);
        CHECK(environ_fd == 3 && read(environ_fd, text, 10) == 10);
        char *args[] = {"x", "environ", NULL}, *env[] = {"NEW=1", NULL};
        execve(exe, args, env);
    });
    REAP_OK(pid);
    fd = open(exe, O_RDONLY | O_CLOEXEC);
    pid = CHILD({ char *args[] = {"x", "other", NULL}; fexecve(fd, args, environ); });
    CHECK(WEXITSTATUS(reap(pid)) == 43);
    char script[300];
    sprintf(script, "#! %s  other arg \nignored\n", exe);
    write_file("script", script);
    CHECK(chmod("script", 0755) == 0);
    pid = CHILD(execl("script", "script", "z", NULL));
    CHECK(WEXITSTATUS(reap(pid)) == 43);
    ok("many arguments, fexecve, scripts");

    static volatile int shared = 1;
    pid = vfork();
    if (pid == 0) {
        shared = 2;
        execl(exe, "x", "other", NULL);
        _exit(99);
    }
    CHECK(shared == 2 && WEXITSTATUS(reap(pid)) == 43);
    pid = vfork();
    if (pid == 0) _exit(7);
    CHECK(WEXITSTATUS(reap(pid)) == 7);
    int p[2];
    CHECK(pipe2(p, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions), posix_spawnattr_init(&attr);
    posix_spawn_file_actions_adddup2(&actions, p[1], 60);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    char *args[] = {"x", "other", NULL};
    CHECK(posix_spawn(&pid, exe, &actions, &attr, args, environ) == 0 && WEXITSTATUS(reap(pid)) == 43);
    CHECK(posix_spawn(&pid, "/none", NULL, NULL, args, environ) == ENOENT);
    ok("vfork and posix_spawn");
    return 0;
}
