// mmap(2), munmap, mprotect, mremap, madvise, msync, mincore: anonymous, private and shared file mappings, fixed places, splits.
// needs glibc: its headers or extensions
#include "check.h"

#define PAGE 4096
static char *map(size_t len, int prot, int flags, int fd, off_t at) {
    char *p = mmap(NULL, len, prot, flags, fd, at);
    CHECK(p != MAP_FAILED);
    return p;
}
static int zero(const char *p, size_t n) {
    while (n--)
        if (*p++) return 0;
    return 1;
}

int main(void) {
    scratch();
    const int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS;
    FAILS(mmap(NULL, 0, rw, anon, -1, 0), EINVAL);
    FAILS(mmap(NULL, PAGE, rw, MAP_ANONYMOUS, -1, 0), EINVAL);
    FAILS(mmap(NULL, PAGE, rw, MAP_PRIVATE, 99, 0), EBADF);
    FAILS(mmap(NULL, 0, rw, MAP_PRIVATE, 99, 0), EBADF);
    FAILS(mmap(NULL, PAGE, rw, MAP_PRIVATE, 0, 5), EINVAL);
    FAILS(mmap(NULL, (size_t)1 << 47, rw, anon, -1, 0), ENOMEM);
    FAILS(munmap((void *)1, PAGE), EINVAL);
    FAILS(mprotect((void *)PAGE, PAGE, PROT_READ), ENOMEM);
    CHECK(munmap((void *)(uintptr_t)0x10000, PAGE) == 0);
    ok("errors");

    char *a = map(5 * PAGE, rw, anon, -1, 0);
    CHECK(zero(a, 5 * PAGE));
    memset(a, 1, 5 * PAGE);
    CHECK(munmap(a + PAGE, PAGE) == 0 && mprotect(a + 3 * PAGE, PAGE, PROT_READ) == 0);
    CHECK(a[0] == 1 && a[2 * PAGE] == 1 && a[3 * PAGE] == 1 && a[5 * PAGE - 1] == 1);
    CHECK(mmap(a + PAGE, PAGE, rw, anon | MAP_FIXED, -1, 0) == a + PAGE && zero(a + PAGE, PAGE));
    FAILS(mmap(a, PAGE, rw, anon | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    CHECK(mmap(a, 5 * PAGE, rw, anon | MAP_FIXED, -1, 0) == a && zero(a, 5 * PAGE));
    CHECK(munmap(a, 5 * PAGE) == 0);
    char *hint = mmap(a, PAGE, rw, anon, -1, 0);
    CHECK(hint == a);
    ok("fixed places and splits");

    memset(a, 7, PAGE);
    CHECK(madvise(a, PAGE, MADV_DONTNEED) == 0 && zero(a, PAGE));
    FAILS(madvise(a + 1, PAGE, MADV_DONTNEED), EINVAL);
    FAILS(madvise(a, PAGE, 9999), EINVAL);
    FAILS(madvise((void *)PAGE, PAGE, MADV_DONTNEED), ENOMEM);
    CHECK(madvise(a, PAGE, MADV_WILLNEED) == 0 && madvise(a, PAGE, MADV_NORMAL) == 0);
    unsigned char in[1];
    a[0] = 1;
    CHECK(mincore(a, PAGE, in) == 0 && (in[0] & 1));
    ok("madvise");

    char *r = map(2 * PAGE, rw, anon, -1, 0);
    r[0] = 5, r[PAGE] = 6;
    char *grown = mremap(r, 2 * PAGE, 50 * PAGE, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && grown[0] == 5 && grown[PAGE] == 6 && zero(grown + 2 * PAGE, 48 * PAGE));
    CHECK(mremap(grown, 50 * PAGE, PAGE, 0) == grown && grown[0] == 5);
    char *target = map(4 * PAGE, PROT_NONE, anon, -1, 0);
    CHECK(mremap(grown, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    CHECK(target[0] == 5 && target[PAGE] == 0);
    FAILS(mremap(grown, PAGE, PAGE, 0), EFAULT);
    FAILS(mremap(target, PAGE, 0, 0), EINVAL);
    CHECK(munmap(target, 4 * PAGE) == 0);
    ok("mremap");

    char *far = mmap(NULL, (size_t)64 << 30, PROT_NONE, anon | MAP_NORESERVE, -1, 0);
    CHECK(far != MAP_FAILED && mprotect(far + ((size_t)32 << 30), PAGE, rw) == 0);
    far[(size_t)32 << 30] = 9;
    CHECK(far[(size_t)32 << 30] == 9 && munmap(far, (size_t)64 << 30) == 0);
    char *high = mmap((void *)0x700000000000, PAGE, rw, anon | MAP_FIXED, -1, 0);
    CHECK(high == (void *)0x700000000000);
    high[1] = 1;
    CHECK(munmap(high, PAGE) == 0);
    ok("large reservations and high addresses");

    int fd = open("f", O_RDWR | O_CREAT, 0600);
    CHECK(write(fd, "hello file", 10) == 10);
    char *shared = map(PAGE, rw, MAP_SHARED, fd, 0), *private = map(PAGE, rw, MAP_PRIVATE, fd, 0);
    char *view = map(PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(!memcmp(shared, "hello file", 10) && zero(shared + 10, PAGE - 10));
    shared[0] = 'J';
    CHECK(view[0] == 'J' && private[0] == 'J');
    char c;
    CHECK(pread(fd, &c, 1, 0) == 1 && c == 'J');
    private[1] = 'E';
    CHECK(shared[1] == 'e' && pwrite(fd, "XYZ", 3, 1) == 3 && shared[1] == 'X' && view[2] == 'Y');
    CHECK(private[1] == 'E');
    CHECK(close(fd) == 0 && msync(shared, PAGE, MS_SYNC) == 0);
    CHECK(unlink("f") == 0 && view[3] == 'Z');
    pid_t pid = CHILD({ shared[5] = '!'; private[6] = '?'; });
    REAP_OK(pid);
    CHECK(view[5] == '!' && private[6] != '?');
    ok("shared and private file mappings");

    fd = open("g", O_RDWR | O_CREAT, 0600);
    CHECK(ftruncate(fd, 3 * PAGE) == 0 && pwrite(fd, "third", 5, 2 * PAGE) == 5);
    char *third = map(PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);
    CHECK(!strcmp(third, "third"));
    int ro = open("g", O_RDONLY), wo = open("g", O_WRONLY);
    FAILS(mmap(NULL, PAGE, rw, MAP_SHARED, ro, 0), EACCES);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
    CHECK(mmap(NULL, PAGE, rw, MAP_PRIVATE, ro, 0) != MAP_FAILED);
    char *roshared = map(PAGE, PROT_READ, MAP_SHARED, ro, 0);
    FAILS(mprotect(roshared, PAGE, rw), EACCES);
    int dir = open(".", O_RDONLY);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0), ENODEV);
    char *dropped = map(PAGE, rw, MAP_PRIVATE, fd, 2 * PAGE);
    dropped[0] = 'T';
    CHECK(madvise(dropped, PAGE, MADV_DONTNEED) == 0 && dropped[0] == 't');
    ok("offsets and permissions");

    char *both = map(PAGE, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *own = map(PAGE, rw, anon, -1, 0);
    own[0] = 1;
    REAP_OK(CHILD({ both[0] = 42; own[0] = 2; REAP_OK(CHILD(both[1] = 43)); }));
    CHECK(both[0] == 42 && both[1] == 43 && own[0] == 1);
    ok("anonymous sharing, copy on write");

    char *heap = sbrk(0);
    CHECK(sbrk(3 * PAGE) == heap && zero(heap, 3 * PAGE));
    heap[0] = 1;
    CHECK(brk(heap) == 0 && sbrk(0) == heap && sbrk(PAGE) == heap && heap[0] == 0);
    FAILS(brk((void *)((uintptr_t)1 << 46)), ENOMEM);
    CHECK(syscall(SYS_brk, 0) == (long)sbrk(0));
    ok("brk");
    return 0;
}
