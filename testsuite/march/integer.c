// Loops over integers of every width, which the compiler turns into vectors.
#include "check.h"

#define N 1021

#define KERNELS(T, U, W, name)                                                                       \
    static T a_##name[N], b_##name[N], c_##name[N];                                                  \
    static W w_##name[N];                                                                            \
    NOINLINE static void name(void) {                                                                \
        T *a = a_##name, *b = b_##name, *c = c_##name;                                               \
        W *w = w_##name;                                                                             \
        fill(a, sizeof a_##name), fill(b, sizeof b_##name);                                          \
        for (int i = 0; i < N; i++) c[i] = (U)a[i] + (U)b[i];                                        \
        say(#name " add", c, sizeof c_##name);                                                       \
        for (int i = 0; i < N; i++) c[i] = (U)a[i] * (U)b[i] - (U)c[i];                              \
        say(#name " mul", c, sizeof c_##name);                                                       \
        for (int i = 0; i < N; i++) c[i] = a[i] < b[i] ? a[i] : b[i];                                \
        say(#name " min", c, sizeof c_##name);                                                       \
        for (int i = 0; i < N; i++) c[i] = a[i] > b[i] ? a[i] : (T)(c[i] ^ b[i]);                    \
        say(#name " max", c, sizeof c_##name);                                                       \
        for (int i = 0; i < N; i++) c[i] = (U)a[i] >> (b[i] & (8 * sizeof(T) - 1));                  \
        say(#name " shr each", c, sizeof c_##name);                                                  \
        for (int i = 0; i < N; i++) c[i] = (U)a[i] << (b[i] & (8 * sizeof(T) - 1));                  \
        say(#name " shl each", c, sizeof c_##name);                                                  \
        for (int i = 0; i < N; i++) c[i] = (T)(a[i] >> 3) + (T)((U)b[i] << 2);                       \
        say(#name " shift", c, sizeof c_##name);                                                     \
        for (int i = 0; i < N; i++) w[i] = (W)a[i] * b[i];                                           \
        say(#name " widening", w, sizeof w_##name);                                                  \
        for (int i = 0; i < N; i++) c[i] = w[i] >> (4 * sizeof(T));                                  \
        say(#name " narrowing", c, sizeof c_##name);                                                 \
        for (int i = 0; i < N; i++) c[i] = ((W)a[i] + b[i] + 1) >> 1;                                \
        say(#name " average", c, sizeof c_##name);                                                   \
        for (int i = 0; i < N; i++) c[i] = a[i] == b[i] ? 1 : a[i] < 0 ? (T)-(U)a[i] : b[N - 1 - i]; \
        say(#name " select", c, sizeof c_##name);                                                    \
        U sum = 0, all = -1, any = 0, odd = 0;                                                       \
        for (int i = 0; i < N; i++) sum += a[i], all &= a[i], any |= b[i], odd ^= c[i];              \
        U sums[] = {sum, all, any, odd};                                                             \
        say(#name " reduce", sums, sizeof sums);                                                     \
        for (int i = 0; i < N; i++) c[i] = __builtin_popcountll((uint64_t)(U)a[i]);                  \
        say(#name " popcount", c, sizeof c_##name);                                                  \
        for (int i = 0; i < N; i++) c[i] = a[(unsigned)b[i] % N];                                    \
        say(#name " gather", c, sizeof c_##name);                                                    \
        for (int i = 0; i < N; i++)                                                                  \
            if (a[i] & 1) c[i] = b[i];                                                               \
        say(#name " masked", c, sizeof c_##name);                                                    \
        for (int i = 0; i + 3 < N; i += 4) c[i] = a[i + 3], c[i + 1] = a[i], c[i + 2] = b[i], c[i + 3] = a[i + 1]; \
        say(#name " permute", c, sizeof c_##name);                                                   \
    }

KERNELS(int8_t, uint8_t, int16_t, s8)
KERNELS(uint8_t, uint8_t, uint16_t, u8)
KERNELS(int16_t, uint16_t, int32_t, s16)
KERNELS(uint16_t, uint16_t, uint32_t, u16)
KERNELS(int32_t, uint32_t, int64_t, s32)
KERNELS(uint32_t, uint32_t, uint64_t, u32)
KERNELS(int64_t, uint64_t, int64_t, s64)
KERNELS(uint64_t, uint64_t, uint64_t, u64)

static int by_value(const void *x, const void *y) {
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

int main(void) {
    s8(), u8(), s16(), u16(), s32(), u32(), s64(), u64();
    static uint32_t words[5000];
    fill(words, sizeof words);
    qsort(words, COUNT(words), sizeof *words, by_value);
    say("sort", words, sizeof words);
    static uint8_t image[64][64], small[32][32];
    fill(image, sizeof image);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            small[y][x] = (image[2 * y][2 * x] + image[2 * y][2 * x + 1] + image[2 * y + 1][2 * x] + image[2 * y + 1][2 * x + 1] + 2) / 4;
    say("scale", small, sizeof small);
    unsigned sad = 0;
    for (int i = 0; i < 32; i++)
        for (int k = 0; k < 32; k++) sad += abs(image[i][k] - small[k][i]);
    say("distance", &sad, sizeof sad);
    return 0;
}
