/* Loops that gcc vectorises: float multiply-add, byte averages, integer shifts. */
#include "row.h"
enum { N = 4096 };
static float x[N], y[N];
static uint8_t p[N], q[N];
static int32_t v[N];
static __attribute__((noinline)) void floats(float a) { for (int i = 0; i < N; i++) y[i] = a * x[i] + 0.25f * y[i]; }
static __attribute__((noinline)) void bytes(void) { for (int i = 0; i < N; i++) p[i] = (p[i] + q[i] + 1) >> 1; }
static __attribute__((noinline)) void integers(int32_t a) { for (int i = 0; i < N; i++) v[i] = (v[i] >> 2) + (v[i] ^ a); }
int main(int argc, char **argv) {
    for (int i = 0; i < N; i++) x[i] = random64() % 512 / 32.0f, p[i] = random64(), q[i] = random64(), v[i] = random64();
    for (long r = rounds(argc, argv, 280000); r > 0; r--) floats(r % 9 * 0.125f), bytes(), integers(r);
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) {
        uint32_t bits;
        memcpy(&bits, &y[i], 4);
        sum = fold(sum, bits + p[i] + (uint32_t)v[i]);
    }
    return done("simd_saxpy", sum);
}
