/* malloc, realloc and free over a live set. */
#include "row.h"
enum { LIVE = 5000 };
static uint8_t *piece[LIVE];
static size_t length[LIVE];
int main(int argc, char **argv) {
    uint64_t sum = 0;
    for (long r = rounds(argc, argv, 4500000); r > 0; r--) {
        uint64_t n = random64();
        size_t i = n % LIVE, size = 8 + (n >> 20 & 1023) * (n >> 60 == 0 ? 70 : 1);
        if (n >> 40 & 1 && piece[i]) {
            sum += piece[i][length[i] - 1];
            piece[i] = realloc(piece[i], size);
        } else {
            free(piece[i]);
            piece[i] = malloc(size);
        }
        check(piece[i] != NULL, "malloc");
        piece[i][0] = n >> 8;
        piece[i][size - 1] = n >> 16;
        length[i] = size;
        sum = fold(sum, size);
    }
    return done("mem_alloc", sum);
}
