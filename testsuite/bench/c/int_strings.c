/* Records with text: copy, compare, format numbers, small calls. */
#include "row.h"
struct record { int id, kind; char name[40]; };
static struct record table[64];
static __attribute__((noinline)) char *decimal(char *end, unsigned v) {
    *--end = 0;
    do *--end = '0' + v % 10; while (v /= 10);
    return end;
}
static __attribute__((noinline)) int order(const struct record *a, const struct record *b) {
    return a->kind != b->kind ? a->kind - b->kind : strcmp(a->name, b->name);
}
int main(int argc, char **argv) {
    uint64_t sum = 0;
    for (long r = 0, n = rounds(argc, argv, 9000000); r < n; r++) {
        struct record *to = &table[r & 63], *other = &table[r * 7 & 63];
        char digits[16];
        to->id = r;
        to->kind = r % 5;
        strcpy(to->name, "record number ");
        strcpy(to->name + 14, decimal(digits + sizeof digits, (uint32_t)r * 2654435761u));
        *other = *to;
        other->name[3] ^= 1 & r;
        sum += order(to, other) < 0;
        sum = fold(sum, strlen(to->name) + other->kind);
    }
    return done("int_strings", sum);
}
