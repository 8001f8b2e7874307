/* The Mandelbrot set row by row: compare and branch on scalar doubles. */
#include "row.h"
int main(int argc, char **argv) {
    uint64_t sum = 0;
    for (long row = 0, n = rounds(argc, argv, 900); row < n; row++)
        for (int column = 0; column < 900; column++) {
            double re = column / 300.0 - 2.1, im = (row % 900) / 360.0 - 1.25, x = re, y = im;
            int steps = 0;
            for (; steps < 500; steps++) {
                double xx = x * x, yy = y * y;
                if (xx + yy > 4) break;
                y = 2 * x * y + im;
                x = xx - yy + re;
            }
            sum = fold(sum, steps);
        }
    return done("fp_mandel", sum);
}
