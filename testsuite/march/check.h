// What every program here prints: one line for each thing it computed, as a hash of its bytes. The same source is built
// for each level of x86-64, and must say the same on the real processor and in the guest.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
#define COUNT(a) (sizeof(a) / sizeof *(a))

static uint64_t seed = 88172645463325252u;

static inline uint64_t bits(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static uint64_t hash_of(const void *data, size_t len) {
    const unsigned char *p = data;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

__attribute__((unused)) static void say(const char *what, const void *data, size_t len) {
    printf("%s %016llx\n", what, (unsigned long long)hash_of(data, len));
}

__attribute__((unused)) static void fill(void *data, size_t len) {
    unsigned char *p = data;
    for (size_t i = 0; i < len; i++) p[i] = bits() >> 23;
}
