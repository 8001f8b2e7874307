// open(2), read, write, pread, pwritev, O_APPEND, O_EXCL, O_TMPFILE, O_PATH, truncation, holes, linkat of a descriptor, *at calls.
// needs glibc: its headers or extensions
#include "check.h"
#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

int main(void) {
    scratch();
    struct stat st;
    char buffer[100];
    int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0777);
    umask(022);
    CHECK(fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0 && st.st_nlink == 1);
    FAILS(open("f", O_CREAT | O_EXCL, 0600), EEXIST);
    FAILS(open("none", O_RDONLY), ENOENT);
    FAILS(open("f/x", O_RDONLY), ENOTDIR);
    FAILS(open(".", O_WRONLY), EISDIR);
    FAILS(open("f", O_DIRECTORY), ENOTDIR);
    FAILS(open("", O_RDONLY), ENOENT);
    FAILS(open("new/", O_CREAT | O_WRONLY, 0600), EISDIR);
    CHECK(symlink("f", "l") == 0 && symlink("loop", "loop") == 0);
    FAILS(open("l", O_NOFOLLOW), ELOOP);
    FAILS(open("loop", O_RDONLY), ELOOP);
    char longname[300];
    memset(longname, 'x', 299), longname[299] = 0;
    FAILS(open(longname, O_RDONLY), ENAMETOOLONG);
    ok("open");

    CHECK(write(fd, "0123456789", 10) == 10 && lseek(fd, 3, SEEK_SET) == 3);
    CHECK(read(fd, buffer, 3) == 3 && !memcmp(buffer, "345", 3));
    CHECK(lseek(fd, -2, SEEK_END) == 8 && lseek(fd, 1, SEEK_CUR) == 9 && read(fd, buffer, 10) == 1);
    CHECK(read(fd, buffer, 10) == 0);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    FAILS(lseek(fd, 0, 99), EINVAL);
    CHECK(pread(fd, buffer, 3, 2) == 3 && !memcmp(buffer, "234", 3) && lseek(fd, 0, SEEK_CUR) == 10);
    FAILS(pread(fd, buffer, 1, -1), EINVAL);
    CHECK(pwrite(fd, "end", 3, 20) == 3 && fstat(fd, &st) == 0 && st.st_size == 23);
    CHECK(pread(fd, buffer, 10, 10) == 10 && buffer[0] == 0 && buffer[9] == 0);
    struct iovec v[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && writev(fd, v, 3) == 5 && pwritev(fd, v, 1, 5) == 2);
    struct iovec in[2] = {{buffer, 2}, {buffer + 50, 40}};
    CHECK(preadv(fd, in, 2, 0) == 23 && !memcmp(buffer, "ab", 2) && !memcmp(buffer + 50, "cdeab", 5));
    FAILS(writev(fd, v, -1), EINVAL);
    FAILS(writev(fd, v, 1025), EINVAL);
    FAILS(read(fd, (void *)8, 1), EFAULT);
    ok("reading and writing");

    int ap = open("f", O_WRONLY | O_APPEND);
    CHECK(lseek(ap, 0, SEEK_SET) == 0 && write(ap, "APP", 3) == 3 && lseek(ap, 0, SEEK_CUR) == 26);
    CHECK(fcntl(ap, F_SETFL, 0) == 0 && (fcntl(ap, F_GETFL) & O_APPEND) == 0);
    CHECK(lseek(ap, 0, SEEK_SET) == 0 && write(ap, "X", 1) == 1);
    CHECK(pread(fd, buffer, 1, 0) == 1 && buffer[0] == 'X');
    for (int i = 0; i < 4; i++)
        CHILD({
            int mine = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
            for (int k = 0; k < 100; k++) CHECK(write(mine, "line\n", 5) == 5);
        });
    while (wait(NULL) > 0) {}
    CHECK(stat("log", &st) == 0 && st.st_size == 2000);
    ok("O_APPEND");

    CHECK(ftruncate(fd, 4) == 0 && fstat(fd, &st) == 0 && st.st_size == 4 && ftruncate(fd, 8) == 0);
    CHECK(pread(fd, buffer, 10, 0) == 8 && !memcmp(buffer + 4, "\0\0\0\0", 4));
    FAILS(truncate("f", -1), EINVAL);
    FAILS(truncate(".", 0), EISDIR);
    int ro = open("f", O_RDONLY);
    FAILS(ftruncate(ro, 0), EINVAL);
    FAILS(write(ro, "x", 1), EBADF);
    CHECK(close(open("f", O_WRONLY | O_TRUNC)) == 0 && fstat(fd, &st) == 0 && st.st_size == 0);
    CHECK(lseek(fd, (off_t)5 << 30, SEEK_SET) == (off_t)5 << 30 && write(fd, "x", 1) == 1);
    CHECK(fstat(fd, &st) == 0 && st.st_size == ((off_t)5 << 30) + 1);
    CHECK(st.st_blocks < 1000 && ftruncate(fd, 0) == 0);
    CHECK(fallocate(fd, 0, 0, 5000) == 0 && fstat(fd, &st) == 0 && st.st_size == 5000);
    CHECK(st.st_blocks == 16);
    CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9000) == 0 && fstat(fd, &st) == 0 && st.st_size == 5000);
    CHECK(st.st_blocks == 24);
    CHECK(pwrite(fd, "data", 4, 4096) == 4);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4) == 0);
    CHECK(pread(fd, buffer, 4, 4096) == 4 && buffer[0] == 0);
    int left = 5;
    CHECK(lseek(fd, 7000, SEEK_SET) == 7000 && ioctl(fd, FIONREAD, &left) == 0 && left == 5000 - 7000);
    FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4), EOPNOTSUPP);
    FAILS(fallocate(fd, 0, 0, 0), EINVAL);
    FAILS(fallocate(fd, 0, -1, 4), EINVAL);
    FAILS(fallocate(fd, 0, 1, INT64_MAX), EFBIG);
    ok("truncation, holes, fallocate");

    int t = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(t >= 0 && write(t, "tmp", 3) == 3 && fstat(t, &st) == 0 && st.st_nlink == 0);
    char path[40];
    sprintf(path, "/proc/self/fd/%d", t);
    CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
    CHECK(!strcmp(read_file("named"), "tmp"));
    CHECK(fstat(t, &st) == 0 && st.st_nlink == 1);
    int x = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
    sprintf(path, "/proc/self/fd/%d", x);
    FAILS(linkat(AT_FDCWD, path, AT_FDCWD, "never", AT_SYMLINK_FOLLOW), ENOENT);
    int p = open("named", O_PATH);
    FAILS(read(p, buffer, 1), EBADF);
    CHECK(fstat(p, &st) == 0 && st.st_size == 3 && fcntl(p, F_GETFL) == O_PATH);
    sprintf(path, "/proc/self/fd/%d", p);
    CHECK(!strcmp(read_file(path), "tmp"));
    ok("O_TMPFILE and O_PATH");

    CHECK(mkdir("d", 0700) == 0);
    int d = open("d", O_RDONLY | O_DIRECTORY);
    int in_d = openat(d, "x", O_CREAT | O_WRONLY, 0600);
    CHECK(in_d >= 0 && mkdirat(d, "sub", 0711) == 0 && fstatat(d, "sub", &st, 0) == 0);
    CHECK((st.st_mode & 0777) == 0711);
    CHECK(symlinkat("x", d, "s") == 0 && readlinkat(d, "s", buffer, 100) == 1);
    CHECK(fstatat(d, "s", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
    CHECK(renameat(d, "x", AT_FDCWD, "moved") == 0 && faccessat(d, "x", F_OK, 0) < 0);
    CHECK(access("moved", F_OK) == 0);
    FAILS(unlinkat(d, "sub", 0), EISDIR);
    CHECK(unlinkat(d, "sub", AT_REMOVEDIR) == 0 && fstatat(d, "", &st, AT_EMPTY_PATH) == 0);
    CHECK(S_ISDIR(st.st_mode));
    FAILS(openat(fd, "x", O_RDONLY), ENOTDIR);
    FAILS(openat(999, "x", O_RDONLY), EBADF);
    CHECK(fchdir(d) == 0 && getcwd(buffer, 100) && !strcmp(buffer + strlen(buffer) - 2, "/d"));
    CHECK(chdir("..") == 0);
    FAILS(syscall(SYS_getcwd, buffer, 2), ERANGE);
    ok("*at calls");

    fd = open("f", O_RDONLY);
    CHECK(dup2(fd, 77) == 77 && dup2(77, 77) == 77 && fcntl(77, F_GETFD) == 0);
    FAILS(dup2(999, 5), EBADF);
    FAILS(dup3(fd, fd, 0), EINVAL);
    CHECK(dup3(fd, 78, O_CLOEXEC) == 78 && fcntl(78, F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 80) == 80 && fcntl(fd, F_DUPFD, 80) == 81);
    FAILS(fcntl(fd, F_DUPFD, 1 << 28), EINVAL);
    CHECK(close(77) == 0);
    FAILS(close(77), EBADF);
    CHECK(close_range(78, 81, CLOSE_RANGE_CLOEXEC) == 0 && fcntl(81, F_GETFD) == FD_CLOEXEC);
    CHECK(close_range(78, 81, 0) == 0);
    FAILS(fcntl(81, F_GETFD), EBADF);
    FAILS(close_range(5, 4, 0), EINVAL);
    int lowest = dup(fd);
    close(fd);
    CHECK(dup(lowest) == fd);
    ok("descriptors");
    return 0;
}
