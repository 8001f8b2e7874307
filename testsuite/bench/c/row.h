/* What every row has: a scale as the only argument (1 by default), its name and a checksum on stdout. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline long rounds(int argc, char **argv, long full) {
    double scaled = full * (argc > 1 ? strtod(argv[1], NULL) : 1.0);
    return scaled < 1 ? 1 : (long)scaled;
}

static inline uint64_t fold(uint64_t sum, uint64_t value) {
    return (sum << 7 | sum >> 57) * 0x9ddfea08eb382d69u ^ value;
}

/* splitmix64: the same numbers everywhere. */
static uint64_t random_state = 2026;
static inline uint64_t random64(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline int done(const char *row, uint64_t sum) {
    printf("%s %016lx\n", row, (unsigned long)sum);
    return 0;
}

static inline void check(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}
