/* Gravity among six bodies, scalar doubles. */
#include "row.h"
#include <math.h>
enum { N = 6 };
static double at[N][3], speed[N][3], mass[N];
int main(int argc, char **argv) {
    for (int i = 0; i < N; i++) {
        mass[i] = 1.0 / (i * i + 1);
        for (int k = 0; k < 3; k++) at[i][k] = (double)(random64() % 1000) / 50, speed[i][k] = (double)(random64() % 100) / 500;
    }
    for (long r = rounds(argc, argv, 2500000); r > 0; r--) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < i; j++) {
                double x = at[i][0] - at[j][0], y = at[i][1] - at[j][1], z = at[i][2] - at[j][2];
                double square = x * x + y * y + z * z + 0.01, pull = 0.001 / (square * sqrt(square));
                speed[i][0] -= x * mass[j] * pull; speed[j][0] += x * mass[i] * pull;
                speed[i][1] -= y * mass[j] * pull; speed[j][1] += y * mass[i] * pull;
                speed[i][2] -= z * mass[j] * pull; speed[j][2] += z * mass[i] * pull;
            }
        for (int i = 0; i < N; i++)
            for (int k = 0; k < 3; k++) at[i][k] += 0.001 * speed[i][k];
    }
    uint64_t sum = 0, bits;
    for (int i = 0; i < N; i++) memcpy(&bits, &at[i][0], 8), sum = fold(sum, bits);
    return done("fp_nbody", sum);
}
