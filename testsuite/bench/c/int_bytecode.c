/* A register machine's loop: one switch an instruction, so an indirect jump each. */
#include "row.h"
enum { SET, ADD, SUB, MUL, XOR, SHR, LOAD, STORE, LESS, JUMP_IF, HALT };
struct op { uint8_t code, a, b, c; int32_t n; };
static uint32_t memory[1024];
static uint32_t run(const struct op *program, uint32_t limit) {
    uint32_t r[8] = {0, 0, limit, 1};
    for (const struct op *at = program;; at++) switch (at->code) {
        case SET: r[at->a] = at->n; break;
        case ADD: r[at->a] = r[at->b] + r[at->c]; break;
        case SUB: r[at->a] = r[at->b] - r[at->c]; break;
        case MUL: r[at->a] = r[at->b] * r[at->c]; break;
        case XOR: r[at->a] = r[at->b] ^ r[at->c]; break;
        case SHR: r[at->a] = r[at->b] >> at->n; break;
        case LOAD: r[at->a] = memory[r[at->b] & 1023]; break;
        case STORE: memory[r[at->b] & 1023] = r[at->a]; break;
        case LESS: r[at->a] = r[at->b] < r[at->c]; break;
        case JUMP_IF: if (r[at->a]) at = program + at->n - 1; break;
        case HALT: return r[1];
        default: __builtin_unreachable();
        }
}
int main(int argc, char **argv) {
    static const struct op program[] = {
        {SET, 0, 0, 0, 0}, {MUL, 4, 0, 0, 0}, {ADD, 4, 4, 2, 0}, {XOR, 1, 1, 4, 0}, {SHR, 5, 1, 0, 3}, {ADD, 1, 1, 5, 0},
        {STORE, 1, 0, 0, 0}, {LOAD, 5, 1, 0, 0}, {SUB, 1, 1, 5, 0}, {ADD, 0, 0, 3, 0}, {LESS, 6, 0, 2, 0},
        {JUMP_IF, 6, 0, 0, 1}, {HALT, 0, 0, 0, 0}};
    uint64_t sum = 0;
    for (long r = rounds(argc, argv, 3000); r > 0; r--) sum = fold(sum, run(program, 10000 + (r & 7)));
    return done("int_bytecode", sum);
}
