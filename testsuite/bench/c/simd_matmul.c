/* Single-precision matrix product, vectorised over the columns. */
#include "row.h"
enum { N = 240 };
static float a[N][N], b[N][N], c[N][N];
int main(int argc, char **argv) {
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) a[i][j] = random64() % 256 / 128.0f, b[i][j] = random64() % 256 / 512.0f;
    for (long r = rounds(argc, argv, 450); r > 0; r--) {
        memset(c, 0, sizeof c);
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++) c[i][j] += a[i][k] * b[k][j];
        for (int j = 0; j < N; j++) a[r % N][j] = c[j][r % N] / 256;
    }
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) {
        uint32_t bits;
        memcpy(&bits, &c[i][j], 4);
        sum = fold(sum, bits);
    }
    return done("simd_matmul", sum);
}
