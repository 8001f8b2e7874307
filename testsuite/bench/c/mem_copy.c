/* memcpy, memset and memmove of libc, from 64 bytes to 8 MiB. */
#include "row.h"
enum { SIZE = 8 << 20 };
static uint8_t from[SIZE + 64], to[SIZE + 64];
int main(int argc, char **argv) {
    uint64_t sum = 0;
    for (int i = 0; i < SIZE; i++) from[i] = i * 31 >> 4;
    for (long r = 0, n = rounds(argc, argv, 850); r < n; r++) {
        memcpy(to, from, SIZE);
        memmove(to + 21, to, SIZE / 2);
        memset(from + r % 61, r, SIZE / 2);
        for (int size = 64; size <= 1 << 16; size *= 4)
            for (int at = 0; at < 1 << 20; at += size) memcpy(from + at, to + SIZE / 4 + at, size);
        sum = fold(sum, to[r * 6151 % SIZE] * 256 + from[r * 12289 % SIZE]);
    }
    return done("mem_copy", sum);
}
