/* libm, long double (x87) and text of doubles. Sums are cut before they count: libm may round otherwise by CPU. */
#include "row.h"
#include <math.h>
int main(int argc, char **argv) {
    volatile double start = 0.21;
    double sum = 0;
    long double slow = 1;
    uint64_t text = 0;
    char line[64];
    for (long i = 1, n = rounds(argc, argv, 5000000); i <= n; i++) {
        double x = start + (i % 997) / 89.0;
        sum += cos(x) * exp(-x / 3) + log1p(x) + pow(x, 0.7) + sqrt(x);
        slow = slow * 0.997L + (long double)x / (slow + 1.5L);
        if (i % 16 == 0) {
            snprintf(line, sizeof line, "%.8g", i / 7.0);
            text = fold(text, (uint64_t)(strtod(line, NULL) * 8));
        }
    }
    snprintf(line, sizeof line, "%.6g %.6Lg", sum, slow);
    for (char *p = line; *p; p++) text = fold(text, *p);
    return done("fp_libm", text);
}
