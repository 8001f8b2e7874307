// Floating point: vectors, contractions to fused multiply-add, conversions, rounding, special values.
#include "check.h"
#include <fenv.h>
#include <math.h>

#define N 509

// NaNs of operations come out alike, but which operand's payload survives may depend on the code the compiler chose.
#define CANONICAL(a)                       \
    for (size_t i = 0; i < COUNT(a); i++)  \
        if (a[i] != a[i]) a[i] = NAN

#define KERNELS(T, I, name, sqrt, floor, ceil, rint, trunc, fma)                                    \
    static T a_##name[N], b_##name[N], c_##name[N];                                                 \
    static I i_##name[N];                                                                           \
    static T number_##name(void) {                                                                  \
        switch (bits() % 16) {                                                                      \
        case 0: return 0;                                                                           \
        case 1: return -0.0;                                                                        \
        case 2: return INFINITY;                                                                    \
        case 3: return -INFINITY;                                                                   \
        case 4: return NAN;                                                                         \
        case 5: return (T)(int64_t)bits() * (T)1e-320;                                              \
        case 6: return (T)(int)bits();                                                              \
        default: return (T)((int64_t)bits() >> 20) / (T)(1 << 20);                                  \
        }                                                                                           \
    }                                                                                               \
    NOINLINE static void name(void) {                                                               \
        T *a = a_##name, *b = b_##name, *c = c_##name;                                              \
        for (int i = 0; i < N; i++) a[i] = number_##name(), b[i] = number_##name();                 \
        for (int i = 0; i < N; i++) c[i] = a[i] + b[i];                                             \
        CANONICAL(c_##name);                                                                        \
        say(#name " add", c, sizeof c_##name);                                                      \
        for (int i = 0; i < N; i++) c[i] = a[i] * b[i] - a[i];                                      \
        CANONICAL(c_##name);                                                                        \
        say(#name " contracted", c, sizeof c_##name);                                               \
        for (int i = 0; i < N; i++) c[i] = fma(a[i], b[i], -c[i]);                                  \
        CANONICAL(c_##name);                                                                        \
        say(#name " fma", c, sizeof c_##name);                                                      \
        for (int i = 0; i < N; i++) c[i] = a[i] / b[i];                                             \
        CANONICAL(c_##name);                                                                        \
        say(#name " div", c, sizeof c_##name);                                                      \
        for (int i = 0; i < N; i++) c[i] = sqrt(a[i]);                                              \
        CANONICAL(c_##name);                                                                        \
        say(#name " sqrt", c, sizeof c_##name);                                                     \
        for (int i = 0; i < N; i++) c[i] = a[i] < b[i] ? a[i] : b[i];                               \
        CANONICAL(c_##name);                                                                        \
        say(#name " min", c, sizeof c_##name);                                                      \
        for (int i = 0; i < N; i++) c[i] = floor(a[i]) + ceil(b[i]) * trunc(a[i]);                  \
        CANONICAL(c_##name);                                                                        \
        say(#name " round", c, sizeof c_##name);                                                    \
        static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};           \
        for (int m = 0; m < 4; m++) {                                                               \
            fesetround(modes[m]);                                                                   \
            for (int i = 0; i < N; i++) c[i] = rint(a[i]) + b[i] / 3;                               \
            CANONICAL(c_##name);                                                                    \
            fesetround(FE_TONEAREST);                                                               \
            say(#name " rint", c, sizeof c_##name);                                                 \
        }                                                                                           \
        for (int i = 0; i < N; i++) i_##name[i] = fabs(a[i]) < 1e9 ? (I)a[i] : i;                   \
        say(#name " to int", i_##name, sizeof i_##name);                                            \
        for (int i = 0; i < N; i++) c[i] = i_##name[i];                                             \
        say(#name " from int", c, sizeof c_##name);                                                 \
        int counts[6] = {0};                                                                        \
        for (int i = 0; i < N; i++) {                                                               \
            counts[0] += a[i] < b[i], counts[1] += a[i] <= b[i], counts[2] += a[i] == b[i];         \
            counts[3] += !(a[i] < b[i]), counts[4] += a[i] != b[i], counts[5] += a[i] > b[i];       \
        }                                                                                           \
        say(#name " compare", counts, sizeof counts);                                               \
    }

KERNELS(float, int32_t, f32, sqrtf, floorf, ceilf, rintf, truncf, fmaf)
KERNELS(double, int64_t, f64, sqrt, floor, ceil, rint, trunc, fma)

static double matrix[3][48][48];

NOINLINE static void multiply(void) {
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 48; j++) matrix[0][i][j] = (i * 7 + j * 3) % 11 - 5.25, matrix[1][i][j] = 1.0 / (i + j + 1);
    for (int i = 0; i < 48; i++)
        for (int k = 0; k < 48; k++)
            for (int j = 0; j < 48; j++) matrix[2][i][j] += matrix[0][i][k] * matrix[1][k][j];
    say("matrix", matrix[2], sizeof matrix[2]);
}

NOINLINE static void orbit(void) {
    double p[5][3], v[5][3];
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++) p[i][k] = (double)(bits() % 1000) / 100, v[i][k] = (double)(bits() % 100) / 1000;
    for (int step = 0; step < 500; step++)
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 5; j++) {
                double d[3], square = 0.01;
                for (int k = 0; k < 3; k++) d[k] = p[j][k] - p[i][k], square += d[k] * d[k];
                for (int k = 0; k < 3; k++) v[i][k] += d[k] * 0.001 / (square * sqrt(square));
            }
            for (int k = 0; k < 3; k++) p[i][k] += v[i][k] * 0.01;
        }
    say("orbit", p, sizeof p);
}

NOINLINE static void fractal(void) {
    static uint8_t rows[40][64];
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 64; x++) {
            float cr = x / 24.0f - 2, ci = y / 20.0f - 1, zr = 0, zi = 0;
            int n = 0;
            for (; n < 200 && zr * zr + zi * zi < 4; n++) {
                float next = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci, zr = next;
            }
            rows[y][x] = n;
        }
    say("fractal", rows, sizeof rows);
}

static float singles[1000];
static double doubles[1000];

NOINLINE static void formats(void) {
    for (int i = 0; i < 1000; i++) doubles[i] = (double)(int64_t)bits() / (1ll << (bits() % 60));
    for (int i = 0; i < 1000; i++) singles[i] = doubles[i];
    say("narrow", singles, sizeof singles);
    for (int i = 0; i < 1000; i++) doubles[i] = singles[i] * 1.5f + doubles[999 - i];
    say("widen", doubles, sizeof doubles);
#ifdef __F16C__
    static uint16_t halves[1000];
    for (int i = 0; i < 1000; i++) halves[i] = __builtin_ia32_vcvtps2ph((__attribute__((vector_size(16))) float){singles[i]}, 0)[0];
    say("half", halves, sizeof halves);
#endif
}

NOINLINE static void exceptions(void) {
    volatile float zero = 0, big = 3e38f, tiny = 1e-38f, third = 3;
    int seen[5];
    feclearexcept(FE_ALL_EXCEPT);
    seen[0] = fetestexcept(FE_ALL_EXCEPT);
    volatile float x = 1 / third;
    seen[1] = fetestexcept(FE_ALL_EXCEPT);
    x = big * big;
    seen[2] = fetestexcept(FE_ALL_EXCEPT);
    x = tiny * tiny;
    seen[3] = fetestexcept(FE_ALL_EXCEPT);
    x = zero / zero;
    seen[4] = fetestexcept(FE_ALL_EXCEPT);
    (void)x;
    say("exceptions", seen, sizeof seen);
}

int main(void) {
    f32(), f64(), multiply(), orbit(), fractal(), formats(), exceptions();
    return 0;
}
