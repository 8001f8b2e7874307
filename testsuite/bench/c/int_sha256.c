/* SHA-256 (FIPS 180-4) over a buffer: rotates, adds, a message schedule in memory. */
#include "row.h"
static uint32_t k[64];
static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
static void compress(uint32_t s[8], const uint8_t *in) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) {
        uint32_t word;
        memcpy(&word, in + 4 * i, 4);
        w[i] = __builtin_bswap32(word);
    }
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, s, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t t = v[7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
        uint32_t u = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t;
        v[0] = t + u;
    }
    for (int i = 0; i < 8; i++) s[i] += v[i];
}
int main(int argc, char **argv) {
    static uint8_t data[1 << 15];
    uint32_t s[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int i = 0; i < 64; i++) k[i] = random64();
    for (unsigned i = 0; i < sizeof data; i++) data[i] = random64();
    for (long r = rounds(argc, argv, 2500); r > 0; r--)
        for (unsigned at = 0; at < sizeof data; at += 64) compress(s, data + at);
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum = fold(sum, s[i]);
    return done("int_sha256", sum);
}
