/* Dependent loads: through 16 MiB, then through one page table's worth. */
#include "row.h"
enum { BIG = 1 << 22, SMALL = 1 << 12 };
static uint32_t hop[BIG];
int main(int argc, char **argv) {
    long n = rounds(argc, argv, 3000000);
    uint32_t at = 0;
    for (uint32_t i = 0; i < BIG; i++) hop[i] = (i * 22695477u + 1) % BIG;
    for (long r = 0; r < n; r++) at = hop[at];
    uint64_t sum = at;
    for (uint32_t i = 0; i < SMALL; i++) hop[i] = (i * 1103515245u + 12345) % SMALL;
    at %= SMALL;
    for (long r = 0; r < 8 * n; r++) at = hop[at];
    return done("mem_chase", fold(sum, at));
}
