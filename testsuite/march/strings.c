// The C library's string functions, which it chooses by CPUID: at every alignment, up to the end of a page.
#define _GNU_SOURCE
#include "check.h"
#include <strings.h>
#include <sys/mman.h>
#include <wchar.h>

#define SIZE 8192

static char *page_end(void) {
    char *at = mmap(0, SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + SIZE, 4096, PROT_NONE)) exit(1);
    return at + SIZE;
}

// Letters, none of them zero.
static void letters(char *p, size_t len) {
    for (size_t i = 0; i < len; i++) p[i] = "abcdeABCDE\x80\xff"[bits() % 12];
}

static int sign(int v) { return (v > 0) - (v < 0); }

static long results[64];
static int count;

static void note(long v) { results[count++] = v; }

int main(void) {
    char *end_a = page_end(), *end_b = page_end();
    uint64_t all[4] = {0};
    for (int len = 0; len < 700; len += 1 + len / 40) {
        for (int gap = 0; gap < 70; gap += 1 + gap / 9) {
            char *a = end_a - len - 1 - gap, *b = end_b - len - 1 - gap / 3;
            letters(a, len), a[len] = 0;
            memcpy(b, a, len + 1);
            count = 0;
            note(strlen(a)), note(strnlen(a, len / 2)), note((char *)rawmemchr(a, 0) - a);
            note(sign(strcmp(a, b))), note(sign(memcmp(a, b, len + 1))), note(sign(strncmp(a, b, len / 2 + 1)));
            if (len > 2) b[len - 2] ^= 1;
            note(sign(strcmp(a, b))), note(sign(memcmp(a, b, len + 1))), note(sign(strcasecmp(a, b)));
            note(sign(strncmp(a, b, len - 1))), note(sign(strncasecmp(a, b, len))), note(bcmp(a, b, len) != 0);
            char *p = strchr(a, 'e');
            note(p ? p - a : -1), p = strrchr(a, 'E'), note(p ? p - a : -1);
            p = strchrnul(a, 'x'), note(p - a), p = memchr(a, 'd', len), note(p ? p - a : -1);
            p = memrchr(a, 'd', len), note(p ? p - a : -1), p = strpbrk(a, "DE"), note(p ? p - a : -1);
            note(strspn(a, "abcde")), note(strcspn(a, "E\xff"));
            if (len > 40) p = strstr(a, b + len - 20), note(p ? p - a : -1), p = memmem(a, len, a + len - 9, 5), note(p ? p - a : -1);
            all[0] ^= hash_of(results, sizeof *results * count) * (2 * len + 1);
            // Copies that overlap, and fills.
            char *c = end_a - len - 200;
            fill(end_a - SIZE, SIZE), memmove(c + gap, c, len), all[1] ^= hash_of(end_a - SIZE, SIZE) * (2 * len + 1);
            memmove(c, c + gap, len), memset(c + gap, len, len / 2), all[1] += hash_of(end_a - SIZE, SIZE) * (2 * gap + 1);
            letters(b, len), b[len] = 0, memset(end_a - SIZE, 1, SIZE);
            c = end_a - 2 * len - 2 - gap;
            p = stpcpy(c, b), strcat(c, b + len / 2), strncpy(end_a - SIZE, b, len + 9), all[2] ^= hash_of(end_a - SIZE, SIZE) + (p - c);
            p = mempcpy(end_a - SIZE + gap, b, len), all[2] += p - end_a;
        }
        wchar_t *w = (wchar_t *)(end_b - 4 * len - 4);
        for (int i = 0; i < len; i++) w[i] = 1 + bits() % 9;
        w[len] = 0;
        wchar_t *q = wcschr(w, 5), *r = wmemchr(w, 0, len + 1);
        all[3] ^= (wcslen(w) + 3 * (q ? q - w : -1) + 5 * (r - w) + 7 * wcsnlen(w, 100)) * (2 * len + 1);
        wmemset(w, 7, len), all[3] += hash_of(w, 4 * len);
    }
    say("compare and search", &all[0], 8), say("move", &all[1], 8), say("copy", &all[2], 8), say("wide", &all[3], 8);
    return 0;
}
