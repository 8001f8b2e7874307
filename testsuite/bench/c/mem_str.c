/* libc's scanning: strlen, strchr, memchr, strcmp, memcmp, strstr. */
#include "row.h"
static char text[1 << 16], twin[1 << 16];
int main(int argc, char **argv) {
    char *volatile base = text;
    uint64_t sum = 0;
    memset(text, 'x', sizeof text - 1);
    for (unsigned i = 50; i + 1 < sizeof text; i += 40 + random64() % 80) text[i] = 'a' + random64() % 8;
    memcpy(twin, text, sizeof text);
    for (long r = 0, n = rounds(argc, argv, 550000); r < n; r++) {
        char *from = base + r % 29;
        sum += strlen(from) + (strcmp(text + 30000, twin + 30000) == 0) + (memcmp(text, twin, 30000) == 0);
        for (char *p = from; p < text + 16000 && (p = strchr(p, 'c')); p++) sum++;
        char *found = strstr(from + 60000, "xxabx");
        sum = fold(sum, (char *)memchr(from, 0, sizeof text) - from + (found ? found - text : 0));
    }
    return done("mem_str", sum);
}
