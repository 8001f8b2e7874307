/* A byte to and fro between two processes. */
#include "row.h"
#include <sys/wait.h>
int main(int argc, char **argv) {
    int there[2], back[2], status;
    uint64_t sum = 0;
    uint8_t byte = 1;
    check(pipe(there) == 0 && pipe(back) == 0, "pipe");
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        close(there[1]), close(back[0]);
        while (read(there[0], &byte, 1) == 1) byte += 3, check(write(back[1], &byte, 1) == 1, "write");
        _exit(5);
    }
    close(there[0]), close(back[1]);
    for (long r = rounds(argc, argv, 90000); r > 0; r--) {
        check(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "pipe");
        sum = fold(sum, byte);
    }
    close(there[1]);
    check(waitpid(child, &status, 0) == child, "waitpid");
    return done("k_pipe", fold(sum, status));
}
