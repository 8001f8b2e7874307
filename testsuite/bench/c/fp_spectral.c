/* Power iteration on an implicit matrix: conversion from integers and division. */
#include "row.h"
enum { N = 600 };
static double x[N], y[N];
static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
int main(int argc, char **argv) {
    for (int i = 0; i < N; i++) x[i] = 1;
    for (long r = rounds(argc, argv, 900); r > 0; r--) {
        for (int i = 0; i < N; i++) {
            double s = 0;
            for (int j = 0; j < N; j++) s += (r & 1 ? element(i, j) : element(j, i)) * x[j];
            y[i] = s;
        }
        for (int i = 0; i < N; i++) x[i] = y[i] / y[0];
    }
    uint64_t sum = 0, bits;
    for (int i = 0; i < N; i += 37) memcpy(&bits, &x[i], 8), sum = fold(sum, bits);
    return done("fp_spectral", sum);
}
