/* A signal to oneself, with a handler. */
#include "row.h"
#include <signal.h>
static volatile uint32_t caught;
static void handler(int signal) { caught += signal; }
int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = handler};
    pid_t self = getpid();
    long n = rounds(argc, argv, 220000);
    check(sigaction(SIGUSR2, &action, NULL) == 0, "sigaction");
    for (long r = 0; r < n; r++) check(kill(self, SIGUSR2) == 0, "kill");
    return done("k_signal", fold(n, caught));
}
