/* Heap sort, a chained hash table and binary search: unpredictable branches. */
#include "row.h"
enum { N = 50000, BUCKETS = 1 << 16 };
static uint32_t keys[N], heads[BUCKETS], links[N + 1];
static void sift(uint32_t *a, long at, long n) {
    uint32_t v = a[at];
    for (long child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && a[child + 1] > a[child]) child++;
        if (a[child] <= v) break;
        a[at] = a[child];
    }
    a[at] = v;
}
int main(int argc, char **argv) {
    uint64_t sum = 0;
    for (long r = rounds(argc, argv, 40); r > 0; r--) {
        memset(heads, 0, sizeof heads);
        for (int i = 0; i < N; i++) {
            keys[i] = random64();
            uint32_t *head = &heads[keys[i] * 0x9e3779b1u >> 16];
            links[i + 1] = *head;
            *head = i + 1;
        }
        for (int i = 0; i < N; i++)
            for (uint32_t at = heads[keys[i] * 0x9e3779b1u >> 16]; at; at = links[at])
                if (keys[at - 1] == keys[i]) { sum += at; break; }
        for (long i = N / 2; i-- > 0;) sift(keys, i, N);
        for (long n = N; n-- > 1;) {
            uint32_t top = keys[0];
            keys[0] = keys[n];
            keys[n] = top;
            sift(keys, 0, n);
        }
        for (int i = 0; i < N; i++) {
            uint32_t want = random64();
            long low = 0, high = N;
            while (low < high) {
                long middle = (low + high) / 2;
                if (keys[middle] < want) low = middle + 1; else high = middle;
            }
            sum = fold(sum, low);
        }
    }
    return done("int_sorthash", sum);
}
