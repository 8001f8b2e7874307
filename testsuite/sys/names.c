// link(2), rename, unlink, symlink, mkdir, rmdir, getdents while deleting, stat, chmod, chown, utimensat, statx, xattrs, statfs.
// needs glibc: its headers or extensions
#include "check.h"
#include <dirent.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

int main(void) {
    scratch();
    umask(0);
    struct stat a, b;
    char buffer[300];
    write_file("a", "one");
    CHECK(link("a", "b") == 0 && stat("a", &a) == 0 && stat("b", &b) == 0 && a.st_ino == b.st_ino);
    CHECK(a.st_nlink == 2);
    FAILS(link("a", "b"), EEXIST);
    CHECK(mkdir("d", 0755) == 0);
    FAILS(link("d", "e"), EPERM);
    CHECK(unlink("a") == 0 && stat("b", &b) == 0 && b.st_nlink == 1);
    FAILS(unlink("a"), ENOENT);
    FAILS(unlink("d"), EISDIR);
    int fd = open("b", O_RDWR);
    CHECK(unlink("b") == 0 && fstat(fd, &b) == 0 && b.st_nlink == 0 && read(fd, buffer, 10) == 3);
    ok("links");

    write_file("x", "x");
    write_file("y", "y");
    int open_y = open("y", O_RDONLY);
    CHECK(rename("x", "y") == 0 && !strcmp(read_file("y"), "x") && read(open_y, buffer, 5) == 1);
    CHECK(buffer[0] == 'y');
    FAILS(rename("x", "z"), ENOENT);
    FAILS(rename("y", "d"), EISDIR);
    FAILS(rename("d", "y"), ENOTDIR);
    FAILS(rename("d", "d/e"), EINVAL);
    CHECK(mkdir("full", 0700) == 0 && mkdir("full/in", 0700) == 0);
    FAILS(rename("d", "full"), ENOTEMPTY);
    CHECK(mkdir("empty", 0700) == 0 && rename("full", "empty") == 0 && access("empty/in", F_OK) == 0);
    CHECK(link("y", "same") == 0 && rename("y", "same") == 0 && access("y", F_OK) == 0);
    write_file("n", "n");
    FAILS(renameat2(AT_FDCWD, "n", AT_FDCWD, "y", RENAME_NOREPLACE), EEXIST);
    CHECK(renameat2(AT_FDCWD, "n", AT_FDCWD, "y", RENAME_EXCHANGE) == 0);
    CHECK(!strcmp(read_file("y"), "n") && !strcmp(read_file("n"), "x"));
    FAILS(rmdir("empty"), ENOTEMPTY);
    FAILS(rmdir("y"), ENOTDIR);
    FAILS(rmdir("empty/."), EINVAL);
    FAILS(mkdir("d", 0700), EEXIST);
    FAILS(mkdir("no/where", 0700), ENOENT);
    ok("rename and directories");

    CHECK(symlink("target/of/link", "s") == 0 && readlink("s", buffer, 200) == 14);
    CHECK(readlink("s", buffer, 5) == 5 && !memcmp(buffer, "targe", 5));
    FAILS(readlink("y", buffer, 200), EINVAL);
    FAILS(readlink("s", buffer, 0), EINVAL);
    CHECK(lstat("s", &a) == 0 && S_ISLNK(a.st_mode) && a.st_size == 14);
    FAILS(stat("s", &a), ENOENT);
    CHECK(symlink("d", "dl") == 0);
    FAILS(unlink("dl/"), ENOTDIR);
    FAILS(rmdir("dl"), ENOTDIR);
    CHECK(stat("dl/", &a) == 0 && S_ISDIR(a.st_mode) && unlink("dl") == 0);
    ok("symbolic links");

    CHECK(mkdir("many", 0700) == 0);
    for (int i = 0; i < 500; i++) sprintf(buffer, "many/file%d", i), close(open(buffer, O_CREAT | O_WRONLY, 0600));
    DIR *dir = opendir("many");
    struct dirent *e;
    int seen[500] = {0}, dots = 0;
    while ((e = readdir(dir))) {
        if (e->d_name[0] == '.') {
            dots++;
            continue;
        }
        CHECK(e->d_type == DT_REG && !seen[atoi(e->d_name + 4)]++);
        sprintf(buffer, "many/%s", e->d_name);
        CHECK(unlink(buffer) == 0);
    }
    for (int i = 0; i < 500; i++) CHECK(seen[i] == 1);
    CHECK(dots == 2);
    rewinddir(dir);
    for (dots = 0; readdir(dir);) dots++;
    CHECK(dots == 2 && rmdir("many") == 0 && (rewinddir(dir), readdir(dir)) == NULL);
    closedir(dir);
    int dfd = open("d", O_RDONLY);
    FAILS(syscall(SYS_getdents64, dfd, buffer, 5), EINVAL);
    FAILS(syscall(SYS_getdents64, fd, buffer, 200), ENOTDIR);
    FAILS(read(dfd, buffer, 10), EISDIR);
    ok("getdents while deleting");

    CHECK(chmod("y", 04751) == 0 && stat("y", &a) == 0 && (a.st_mode & 07777) == 04751);
    CHECK(chown("y", 12, 34) == 0 && stat("y", &a) == 0 && a.st_uid == 12 && a.st_gid == 34);
    CHECK((a.st_mode & 07777) == 0751);
    CHECK(chown("y", -1, 56) == 0 && stat("y", &a) == 0 && a.st_uid == 12 && a.st_gid == 56);
    CHECK(lchown("s", 3, 4) == 0 && lstat("s", &a) == 0 && a.st_uid == 3);
    CHECK(fchmod(fd, 0) == 0 && fchown(fd, 1, 1) == 0 && umask(027) == 0 && mkdir("um", 0777) == 0);
    CHECK(stat("um", &a) == 0 && (a.st_mode & 0777) == 0750 && umask(0) == 027);
    ok("modes and owners");

    struct timespec t[2] = {{100, 5}, {200, 999999999}};
    CHECK(utimensat(AT_FDCWD, "y", t, 0) == 0 && stat("y", &a) == 0 && a.st_atim.tv_sec == 100);
    CHECK(a.st_atim.tv_nsec == 5 && a.st_mtim.tv_nsec == 999999999);
    t[0].tv_nsec = UTIME_OMIT, t[1].tv_sec = 300, t[1].tv_nsec = 0;
    CHECK(utimensat(AT_FDCWD, "y", t, 0) == 0 && stat("y", &a) == 0 && a.st_atim.tv_sec == 100);
    CHECK(a.st_mtim.tv_sec == 300);
    t[0].tv_nsec = UTIME_NOW, t[1].tv_nsec = UTIME_OMIT;
    CHECK(utimensat(AT_FDCWD, "y", t, 0) == 0 && stat("y", &a) == 0);
    CHECK(a.st_atim.tv_sec > 1000000000 && a.st_mtim.tv_sec == 300);
    t[0].tv_nsec = 1000000000;
    FAILS(utimensat(AT_FDCWD, "y", t, 0), EINVAL);
    t[0] = t[1] = (struct timespec){7, 0};
    CHECK(utimensat(AT_FDCWD, "s", t, AT_SYMLINK_NOFOLLOW) == 0 && lstat("s", &a) == 0);
    CHECK(a.st_mtim.tv_sec == 7);
    CHECK(futimens(fd, NULL) == 0);
    ok("utimensat");

    struct statx x;
    CHECK(statx(AT_FDCWD, "y", 0, STATX_BASIC_STATS, &x) == 0 && x.stx_size == 1);
    CHECK(x.stx_uid == 12 && x.stx_mtime.tv_sec == 300);
    CHECK((x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    CHECK(statx(AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x) == 0 && S_ISLNK(x.stx_mode));
    CHECK(statx(fd, "", AT_EMPTY_PATH, 0, &x) == 0);
    FAILS(statx(AT_FDCWD, "y", 0x80, 0, &x), EINVAL);
    FAILS(statx(fd, "", 0, 0, &x), ENOENT);
    struct statfs fs;
    CHECK(statfs(".", &fs) == 0 && fs.f_bsize > 0 && fs.f_namelen == 255);
    CHECK(statfs("/proc", &fs) == 0 && fs.f_type == 0x9fa0);
    CHECK(stat("/dev/null", &a) == 0 && S_ISCHR(a.st_mode) && a.st_rdev == 0x103);
    ok("statx and statfs");

    CHECK(setxattr("y", "user.a", "value", 5, 0) == 0 && getxattr("y", "user.a", NULL, 0) == 5);
    CHECK(getxattr("y", "user.a", buffer, 100) == 5 && !memcmp(buffer, "value", 5));
    FAILS(getxattr("y", "user.a", buffer, 2), ERANGE);
    FAILS(getxattr("y", "user.none", buffer, 100), ENODATA);
    FAILS(setxattr("y", "user.a", "v", 1, XATTR_CREATE), EEXIST);
    FAILS(setxattr("y", "user.b", "v", 1, XATTR_REPLACE), ENODATA);
    FAILS(setxattr("y", "bad", "v", 1, 0), EOPNOTSUPP);
    CHECK(listxattr("y", buffer, 100) == 7 && !strcmp(buffer, "user.a"));
    CHECK(removexattr("y", "user.a") == 0 && listxattr("y", NULL, 0) == 0);
    FAILS(removexattr("y", "user.a"), ENODATA);
    ok("extended attributes");
    return 0;
}
