// credentials(7): set*id, saved ids, groups, setuid programs, access checks, umask, sticky directories, chown rules, kill permission.
#include "check.h"
#include <grp.h>
#include <sys/prctl.h>

static void become(uid_t uid) { CHECK(setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0); }

int main(int argc, char **argv) {
    uid_t r, e, s;
    if (argc > 1) return getresuid(&r, &e, &s) == 0 && r == 1000 && e == 0 && s == 0 ? 21 : 22;
    CHECK(geteuid() == 0);
    CHECK(chdir("/tmp") == 0);
    scratch();
    CHECK(chmod(".", 0777) == 0);
    REAP_OK(CHILD({
        CHECK(setresuid(1, 2, 3) == 0 && getresuid(&r, &e, &s) == 0 && r == 1 && e == 2 && s == 3);
        CHECK(seteuid(3) == 0 && geteuid() == 3 && seteuid(1) == 0 && setuid(2) < 0 && errno == EPERM);
        CHECK(setreuid(-1, 3) == 0 && geteuid() == 3);
        FAILS(seteuid(0), EPERM);
        FAILS(setgroups(0, NULL), EPERM);
        FAILS(setgid(5), EPERM);
    }));
    REAP_OK(CHILD({ CHECK(setuid(7) == 0 && getresuid(&r, &e, &s) == 0 && r == 7 && e == 7 && s == 7); FAILS(setuid(0), EPERM); }));
    gid_t groups[] = {5, 9, 3}, got[10];
    REAP_OK(CHILD({
        CHECK(setgroups(3, groups) == 0 && getgroups(0, NULL) == 3 && getgroups(10, got) == 3);
        FAILS(getgroups(1, got), EINVAL);
        CHECK(setregid(4, 5) == 0 && getgid() == 4 && getegid() == 5);
    }));
    ok("changing ids");

    write_file("secret", "s");
    CHECK(chmod("secret", 0600) == 0);
    write_file("group", "g");
    CHECK(chmod("group", 0640) == 0 && chown("group", 0, 9) == 0);
    write_file("odd", "o");
    CHECK(chmod("odd", 0077) == 0 && chown("odd", 1000, 1000) == 0);
    CHECK(mkdir("closed", 0700) == 0 && mkdir("search", 0711) == 0 && mkdir("listed", 0744) == 0);
    write_file("closed/f", "f"), write_file("search/f", "f"), write_file("listed/f", "f");
    CHECK(mkdir("sticky", 0777) == 0 && chmod("sticky", 01777) == 0);
    write_file("sticky/root", "r");
    REAP_OK(CHILD({
        become(1000);
        FAILS(open("secret", O_RDONLY), EACCES);
        FAILS(open("group", O_RDONLY), EACCES);
        FAILS(open("odd", O_RDONLY), EACCES);
        FAILS(open("closed/f", O_RDONLY), EACCES);
        FAILS(chdir("closed"), EACCES);
        CHECK(open("search/f", O_RDONLY) >= 0 && open("listed", O_RDONLY) >= 0);
        FAILS(open("search", O_RDONLY), EACCES);
        FAILS(open("listed/f", O_RDONLY), EACCES);
        FAILS(open("search/new", O_CREAT | O_WRONLY, 0600), EACCES);
        FAILS(mkdir("search/d", 0700), EACCES);
        FAILS(unlink("search/f"), EACCES);
        FAILS(rename("search/f", "x"), EACCES);
        FAILS(unlink("sticky/root"), EPERM);
        FAILS(rename("sticky/root", "sticky/x"), EPERM);
        write_file("sticky/own", "o");
        CHECK(unlink("sticky/own") == 0);
        FAILS(chmod("secret", 0777), EPERM);
        FAILS(chown("odd", 0, -1), EPERM);
        FAILS(chown("odd", -1, 5), EPERM);
        CHECK(chmod("odd", 0600) == 0 && chown("odd", -1, 1000) == 0);
        struct timespec t[2] = {{1, 0}, {1, 0}};
        FAILS(utimensat(AT_FDCWD, "listed", t, 0), EPERM);
        FAILS(utimensat(AT_FDCWD, "secret", NULL, 0), EACCES);
        FAILS(mknod("dev", S_IFCHR | 0600, 0x103), EPERM);
        FAILS(chroot("."), EPERM);
        FAILS(kill(1 == getppid() ? 1 : getppid(), 0), EPERM);
        FAILS(sethostname("x", 1), EPERM);
        CHECK(access("secret", R_OK) < 0 && errno == EACCES && access("secret", F_OK) == 0);
        FAILS(open("/etc/passwd", O_WRONLY), EACCES);
        FAILS(access("/etc/passwd", W_OK), EACCES);
    }));
    REAP_OK(CHILD({
        CHECK(setgroups(1, groups + 1) == 0 && setuid(1000) == 0 && open("group", O_RDONLY) >= 0);
        FAILS(open("group", O_WRONLY), EACCES);
    }));
    CHECK(chmod("secret", 0) == 0 && open("secret", O_RDWR) >= 0 && access("secret", X_OK) < 0);
    CHECK(errno == EACCES);
    ok("access checks");

    REAP_OK(CHILD({
        CHECK(seteuid(1000) == 0 && access("closed/f", R_OK) == 0);
        FAILS(faccessat(AT_FDCWD, "closed/f", R_OK, AT_EACCESS), EACCES);
        FAILS(open("closed/f", O_RDONLY), EACCES);
        CHECK(seteuid(0) == 0 && open("closed/f", O_RDONLY) >= 0);
    }));
    ok("access() asks for the real user");

    char *text = malloc(8 << 20);
    int self = open("/proc/self/exe", O_RDONLY), copy = open("suid", O_WRONLY | O_CREAT, 0755);
    ssize_t n = read(self, text, 8 << 20);
    CHECK(n > 0 && write(copy, text, n) == n && close(copy) == 0 && chmod("suid", 04755) == 0);
    pid_t pid = CHILD({ become(1000); execl("suid", argv[0], "inner", NULL); });
    CHECK(WEXITSTATUS(reap(pid)) == 21);
    CHECK(chmod("suid", 0644) == 0);
    FAILS(execl("suid", "suid", NULL), EACCES);
    pid = CHILD({
        become(1000);
        int fd = open("mine", O_CREAT | O_WRONLY, 06755);
        struct stat st;
        CHECK(fchmod(fd, 06755) == 0 && write(fd, "x", 1) == 1);
        CHECK(fstat(fd, &st) == 0 && (st.st_mode & 06000) == 0);
    });
    REAP_OK(pid);
    CHECK(mkdir("sg", 0777) == 0 && chown("sg", 0, 77) == 0 && chmod("sg", 02777) == 0);
    pid = CHILD({ become(1000); write_file("sg/f", "x"); mkdir("sg/d", 0700); });
    REAP_OK(pid);
    struct stat st;
    CHECK(stat("sg/f", &st) == 0 && st.st_gid == 77 && st.st_uid == 1000 && stat("sg/d", &st) == 0);
    CHECK(st.st_gid == 77 && (st.st_mode & 02000));
    ok("setuid programs and setgid directories");

    REAP_OK(CHILD({
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
        FAILS(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL); }));
    ok("no_new_privs");
    return 0;
}
