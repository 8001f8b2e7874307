/* Map 256 KiB, touch every page, protect some, unmap. */
#include "row.h"
#include <sys/mman.h>
int main(int argc, char **argv) {
    enum { SIZE = 1 << 18 };
    uint64_t sum = 0;
    for (long r = rounds(argc, argv, 3500); r > 0; r--) {
        uint8_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        check(p != MAP_FAILED, "mmap");
        for (int at = 0; at < SIZE; at += 4096) p[at] = r + at / 4096;
        check(mprotect(p, SIZE / 4, PROT_READ) == 0, "mprotect");
        sum = fold(sum, p[4096 * 3] + p[4096 * 60]);
        check(munmap(p, SIZE) == 0, "munmap");
    }
    return done("k_mmap", sum);
}
