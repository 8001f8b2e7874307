/* 64 KiB writes through a pipe. */
#include "row.h"
#include <sys/wait.h>
static uint8_t buffer[1 << 16];
int main(int argc, char **argv) {
    int ends[2], status;
    uint64_t total = 0;
    long n = rounds(argc, argv, 30000), got;
    check(pipe(ends) == 0, "pipe");
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        close(ends[0]);
        for (; n > 0; n--)
            for (size_t at = 0; at < sizeof buffer;) {
                got = write(ends[1], buffer + at, sizeof buffer - at);
                check(got > 0, "write");
                at += got;
            }
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], buffer, sizeof buffer)) > 0) total += got;
    check(waitpid(child, &status, 0) == child, "waitpid");
    return done("k_pipebw", fold(total, status));
}
