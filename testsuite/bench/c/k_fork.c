/* fork, one touched page, exit, wait. */
#include "row.h"
#include <sys/wait.h>
static uint8_t heap[1 << 20];
int main(int argc, char **argv) {
    uint64_t sum = 0;
    memset(heap, 7, sizeof heap);
    for (long r = rounds(argc, argv, 2000); r > 0; r--) {
        pid_t child = fork();
        int status;
        check(child >= 0, "fork");
        if (child == 0) heap[r * 4096 % sizeof heap] = r, _exit(r % 50);
        check(waitpid(child, &status, 0) == child, "waitpid");
        sum = fold(sum, WEXITSTATUS(status) + heap[r * 4096 % sizeof heap]);
    }
    return done("k_fork", sum);
}
