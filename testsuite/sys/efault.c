// Bad pointers give EFAULT from every common call, never a signal; sizes that wrap are refused; nothing is half done.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#define B ((void *)8)
#define CALL(...) FAILS(syscall(__VA_ARGS__), EFAULT)

int main(void) {
    scratch();
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(page + 4096, 4096, PROT_NONE) == 0);
    char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int p[2], zero = open("/dev/zero", O_RDWR), f = open("f", O_RDWR | O_CREAT, 0600), ep = epoll_create1(0);
    CHECK(pipe(p) == 0 && write(p[1], "abc", 3) == 3);
    CALL(SYS_read, p[0], B, 1);
    CALL(SYS_write, p[1], B, 1);
    CALL(SYS_open, B, 0, 0);
    CALL(SYS_openat, AT_FDCWD, B, 0, 0);
    CALL(SYS_stat, B, page);
    CALL(SYS_stat, "/", B);
    CALL(SYS_fstat, 0, B);
    CALL(SYS_newfstatat, AT_FDCWD, "/", ro, 0);
    CALL(SYS_statx, AT_FDCWD, "/", 0, 0, B);
    CALL(SYS_access, B, 0);
    CALL(SYS_pipe, B);
    CALL(SYS_pipe2, ro, 0);
    CALL(SYS_poll, B, 1, 0);
    CALL(SYS_select, 1, B, NULL, NULL, NULL);
    CALL(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, p[0], B);
    CALL(SYS_mkdir, B, 0);
    CALL(SYS_unlink, B);
    CALL(SYS_rename, "f", B);
    CALL(SYS_link, B, "x");
    CALL(SYS_symlink, "x", B);
    CALL(SYS_readlink, "/proc/self/exe", B, 10);
    CALL(SYS_chdir, B);
    CALL(SYS_getcwd, B, 100);
    CALL(SYS_getdents64, open("/", O_RDONLY), B, 1000);
    CALL(SYS_uname, B);
    CALL(SYS_sysinfo, B);
    CALL(SYS_getrusage, 0, B);
    CALL(SYS_times, B);
    CALL(SYS_gettimeofday, B, NULL);
    CALL(SYS_clock_gettime, 1, B);
    CALL(SYS_clock_getres, 1, B);
    CALL(SYS_nanosleep, B, NULL);
    CALL(SYS_setitimer, 0, B, NULL);
    CALL(SYS_getitimer, 0, B);
    CALL(SYS_timer_create, 1, NULL, B);
    CALL(SYS_rt_sigaction, SIGUSR1, B, NULL, 8);
    CALL(SYS_rt_sigprocmask, 0, B, NULL, 8);
    CALL(SYS_rt_sigpending, B, 8);
    CALL(SYS_rt_sigsuspend, B, 8);
    CALL(SYS_rt_sigtimedwait, B, NULL, NULL, 8);
    CALL(SYS_sigaltstack, B, NULL);
    CALL(SYS_futex, B, 0, 0, NULL, NULL, 0);
    CALL(SYS_getrlimit, 0, B);
    CALL(SYS_prlimit64, 0, 7, B, NULL);
    CALL(SYS_prlimit64, 0, 7, NULL, ro);
    CALL(SYS_getresuid, B, page, page);
    CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, B);
    CALL(SYS_execve, B, NULL, NULL);
    CALL(SYS_execve, "/proc/self/exe", B, NULL);
    CALL(SYS_readv, p[0], B, 1);
    CALL(SYS_writev, p[1], &(struct iovec){B, 4}, 1);
    CALL(SYS_pread64, zero, B, 1, 0);
    CALL(SYS_pwrite64, f, B, 1, 0);
    CALL(SYS_ioctl, p[0], 0x541b, B);
    CALL(SYS_fcntl, f, F_GETLK, B);
    CALL(SYS_utimensat, AT_FDCWD, "f", B, 0);
    CALL(SYS_statfs, "/", B);
    CALL(SYS_mincore, page, 4096, B);
    CALL(SYS_sched_getaffinity, 0, 128, B);
    CALL(SYS_getrandom, B, 8, 0);
    CALL(SYS_prctl, 16, B, 0, 0, 0);
    CALL(SYS_setxattr, "f", B, "v", 1, 0);
    CALL(SYS_memfd_create, B, 0);
    CALL(SYS_sendfile, p[1], f, B, 1);
    CALL(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), B, 10);
    CALL(SYS_sendmsg, socket(AF_UNIX, SOCK_DGRAM, 0), B, 0);
    CALL(SYS_read, p[0], 0xffff800000000000, 1);
    CALL(SYS_write, p[1], 0x7ffffffff000, 1);
    char abc[4];
    CHECK(read(p[0], abc, 4) == 3);
    ok("EFAULT");

    pid_t pid = CHILD(_exit(3));
    siginfo_t info;
    CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
    CALL(SYS_wait4, pid, B, 0, NULL);
    memset(page, 'x', 4096);
    CHECK(write(f, page + 4000, 96) == 96);
    errno = 0;
    ssize_t n = write(f, page + 4000, 200);
    CHECK(n == 96 || (n < 0 && errno == EFAULT));
    FAILS(open(page + 4000, O_RDONLY), EFAULT);
    page[4095] = 0;
    FAILS(open(page + 4000, O_RDONLY), ENOENT);
    CHECK(read(zero, page, 8192) == 4096 || errno == EFAULT);
    struct iovec v[2] = {{page, 10}, {B, 10}};
    CHECK(lseek(f, 0, SEEK_SET) == 0 && readv(f, v, 2) == 10);
    ok("partial transfers at the end of memory");
    struct iovec huge = {page, (size_t)1 << 63};
    FAILS(writev(p[1], &huge, 1), EINVAL);
    FAILS(syscall(SYS_write, p[1], page, (size_t)-1), EFAULT);
    FAILS(syscall(SYS_mmap, 0, (size_t)-1, 3, 0x22, -1, 0), ENOMEM);
    FAILS(syscall(SYS_munmap, page, (size_t)-4096), EINVAL);
    FAILS(syscall(999), ENOSYS);
    FAILS(syscall(-5), ENOSYS);
    ok("sizes and numbers that make no sense");
    return 0;
}
