// uname(2), sysinfo, prctl, arch_prctl, sethostname, getpriority, ptrace refusal, /proc/self as programs read it.
// needs glibc: its headers or extensions
#include "check.h"
#include <asm/prctl.h>
#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static volatile int died;
static void on_death(int sig) {
    (void)sig;
    died = 1;
}

int main(void) {
    scratch();
    struct utsname u;
    CHECK(uname(&u) == 0 && !strcmp(u.sysname, "Linux") && !strcmp(u.machine, "x86_64"));
    CHECK(u.release[0] >= '3');
    struct sysinfo si;
    CHECK(sysinfo(&si) == 0 && si.totalram > 0 && si.uptime >= 0 && si.procs > 0 && si.mem_unit > 0);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_CLK_TCK) == 100);
    ok("uname and sysinfo");

    char name[24];
    CHECK(prctl(PR_SET_NAME, "a name longer than 15") == 0 && prctl(PR_GET_NAME, name) == 0);
    CHECK(!strcmp(name, "a name longer t"));
    CHECK(!strcmp(read_file("/proc/self/comm"), "a name longer t\n"));
    int value = 0;
    CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && prctl(PR_GET_PDEATHSIG, &value) == 0 && value == SIGUSR1);
    CHECK(prctl(PR_GET_DUMPABLE) >= 0 && prctl(PR_SET_DUMPABLE, 0) == 0);
    CHECK(prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
    FAILS(prctl(99999), EINVAL);
    int p[2];
    char c;
    CHECK(pipe(p) == 0);
    pid_t pid = CHILD({
        int r[2];
        pipe(r);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            on_signal(SIGUSR2, on_death, 0);
            prctl(PR_SET_PDEATHSIG, SIGUSR2);
            write(r[1], "x", 1);
            while (!died) sleep_ms(2);
            write(p[1], "D", 1);
            _exit(0);
        }
        read(r[0], &c, 1);
    });
    REAP_OK(pid);
    CHECK(read(p[0], &c, 1) == 1 && c == 'D');
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    pid = CHILD({ if (fork() == 0) { sleep_ms(50); _exit(getppid() != 0 ? 9 : 8); } });
    REAP_OK(pid);
    int status;
    do CHECK(wait(&status) > 0); // as process 1 we may get other orphans first
    while (WEXITSTATUS(status) != 9);
    // nice(2) is inherited, anybody can be nicer, and nobody but root less so past RLIMIT_NICE.
    CHECK(setpriority(PRIO_PROCESS, 0, 5) == 0 && getpriority(PRIO_PROCESS, 0) == 5);
    REAP_OK(CHILD({
        struct rlimit nice = {17, 17};
        // Raising the limit takes a capability that root of a container may lack.
        int is_raised = setrlimit(RLIMIT_NICE, &nice) == 0;
        CHECK(getpriority(PRIO_PROCESS, 0) == 5 && setuid(1000) == 0);
        if (is_raised) CHECK(setpriority(PRIO_PROCESS, 0, 3) == 0);
        CHECK(setpriority(PRIO_PROCESS, 0, 30) == 0);
        CHECK(getpriority(PRIO_PROCESS, 0) == 19);
        FAILS(setpriority(PRIO_PROCESS, 0, 2), EACCES);
    }));
    CHECK(setpriority(PRIO_PROCESS, 0, 0) == 0);
    cpu_set_t cpus;
    FAILS(sched_getaffinity(-1, sizeof cpus, &cpus), ESRCH);
    ok("prctl");

    unsigned long fs = 0, gs = 1;
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs) == 0 && fs == *(unsigned long *)fs);
    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x1234000) == 0);
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0 && gs == 0x1234000);
    FAILS(syscall(SYS_arch_prctl, ARCH_SET_FS, 1ul << 63), EPERM);
    FAILS(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
    ok("arch_prctl");

    unsigned long start, end;
    char perms[5];
    const char *maps = read_file("/proc/self/maps");
    int code = 0, stack = 0;
    for (const char *line = maps; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        CHECK(sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3 && start < end);
        CHECK(start % 4096 == 0 && end % 4096 == 0);
        if ((unsigned long)main >= start && (unsigned long)main < end) code = !strcmp(perms, "r-xp");
        if ((unsigned long)&code >= start && (unsigned long)&code < end) stack = !strcmp(perms, "rw-p");
    }
    CHECK(code && stack);
    char *probe = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(probe + 4096, 4096, PROT_NONE) == 0);
    sprintf(name, "%lx-", (unsigned long)(probe + 4096));
    maps = read_file("/proc/self/maps");
    CHECK(strstr(maps, name) && strstr(strstr(maps, name), "---p"));
    const char *text = read_file("/proc/self/status");
    int vm;
    CHECK(strstr(text, "\nState:\tR") && strstr(text, "\nThreads:\t1") && strstr(text, "VmRSS:"));
    CHECK(sscanf(strstr(text, "\nPid:"), "\nPid: %d", &vm) == 1 && vm == getpid());
    char comm[50], state;
    CHECK(sscanf(read_file("/proc/self/stat"), "%d (%15[^)]) %c", &vm, comm, &state) == 3);
    CHECK(vm == getpid() && state == 'R');
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *e;
    int fds = 0;
    while ((e = readdir(dir))) fds += e->d_name[0] != '.';
    CHECK(fds == 6 || fds > 5);
    closedir(dir);
    int mem = open("/proc/self/mem", O_RDWR), secret = 5;
    CHECK(mem >= 0 && pread(mem, &value, 4, (off_t)(uintptr_t)&secret) == 4 && value == 5);
    value = 6;
    CHECK(pwrite(mem, &value, 4, (off_t)(uintptr_t)&secret) == 4 && *(volatile int *)&secret == 6);
    FAILS(pread(mem, &value, 4, 8), EIO);
    FAILS(lseek(mem, 0, SEEK_END), EINVAL);
    FAILS(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, mem, 0), ENODEV);
    // Whatever the mapping allows: the first page may only be read, the second not even that.
    CHECK(lseek(mem, (off_t)(uintptr_t)(probe + 4094), SEEK_SET) > 0 && write(mem, "abcd", 4) == 4);
    CHECK(probe[4094] == 'a' && probe[4095] == 'b' && read_file("/proc/self/maps"));
    FAILS(write(1, probe + 4096, 1), EFAULT);
    CHECK(pread(mem, comm, 2, (off_t)(uintptr_t)(probe + 4096)) == 2 && comm[0] == 'c' && comm[1] == 'd');
    FAILS(write(1, probe + 4096, 1), EFAULT);
    int shared = open("shared", O_RDWR | O_CREAT, 0600);
    CHECK(ftruncate(shared, 4096) == 0);
    char *view = mmap(NULL, 4096, PROT_READ, MAP_SHARED, shared, 0);
    FAILS(pwrite(mem, "x", 1, (off_t)(uintptr_t)view), EIO);
    // Code that was run and is patched.
    unsigned char *code_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code_page, "\xb8\x07\x00\x00\x00\xc3", 6);
    CHECK(mprotect(code_page, 4096, PROT_READ | PROT_EXEC) == 0 && ((int (*)(void))code_page)() == 7);
    CHECK(pwrite(mem, "\x09", 1, (off_t)(uintptr_t)code_page + 1) == 1 && ((int (*)(void))code_page)() == 9);
    // Another process: its memory is seen as long as it is there.
    int hold[2];
    CHECK(pipe(hold) == 0);
    pid_t other = CHILD({ close(hold[1]); read(hold[0], comm, 1); });
    close(hold[0]);
    sprintf(name, "/proc/%d/mem", other);
    int theirs = open(name, O_RDWR);
    value = 77;
    CHECK(theirs >= 0 && pwrite(theirs, &value, 4, (off_t)(uintptr_t)&secret) == 4 && secret == 6);
    CHECK(pread(theirs, &value, 4, (off_t)(uintptr_t)&secret) == 4 && value == 77);
    REAP_OK(CHILD({
        char path[30];
        CHECK(setuid(1000) == 0);
        FAILS(open(name, O_RDONLY), EACCES);
        sprintf(path, "/proc/%d/environ", other);
        FAILS(open(path, O_RDONLY), EACCES);
        FAILS(open("/proc/version", O_WRONLY), EACCES);
    }));
    close(hold[1]);
    REAP_OK(other);
    CHECK(pread(theirs, &value, 4, (off_t)(uintptr_t)&secret) == 0);
    FAILS(open(name, O_RDONLY), ENOENT);
    int version = open("/proc/version", O_WRONLY), own = open("/proc/self/status", O_WRONLY);
    FAILS(write(version, "x", 1), EIO);
    FAILS(write(own, "x", 1), EINVAL);
    ok("/proc/self");
    return 0;
}
