/* The price of a system call. */
#include "row.h"
#include <sys/syscall.h>
int main(int argc, char **argv) {
    long n = rounds(argc, argv, 2500000), wrong = 0, parent = getppid();
    for (long r = 0; r < n; r++) wrong += syscall(SYS_getppid) != parent;
    return done("k_getppid", fold(n, wrong));
}
