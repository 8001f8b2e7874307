// The vector registers in a signal frame: a handler sees all of them, and what it writes there is what the program has
// afterwards. Also: a handler that uses vectors itself leaves the interrupted program's alone, and so does fork.
#define _GNU_SOURCE
#include "check.h"
#include <signal.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static int seen_magic;
static uint64_t seen[4];
static volatile sig_atomic_t handled;

static void handler(int signo, siginfo_t *info, void *context) {
    (void)signo, (void)info;
    unsigned char *fp = (void *)((ucontext_t *)context)->uc_mcontext.fpregs;
    uint32_t magic, size, closing;
    memcpy(&magic, fp + 464, 4), memcpy(&size, fp + 468, 4), memcpy(&closing, fp + size - 4, 4);
    seen_magic = magic == 0x46505853 && closing == 0x46505845;
    memcpy(seen, fp + 160 + 16 * 3, 16), memcpy(seen + 2, fp + 576 + 16 * 3, 16);
    uint64_t upper[2] = {0x1111, 0x2222};
    memcpy(fp + 576 + 16 * 5, upper, 16), memcpy(fp + 160 + 16 * 5, upper, 16);
#ifdef __AVX__
    __asm__ volatile("vpcmpeqd %%xmm0, %%xmm0, %%xmm0; vinsertf128 $1, %%xmm0, %%ymm0, %%ymm7; vzeroupper" ::: "xmm0", "xmm7");
#endif
    handled++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
#ifdef __AVX__
    uint64_t in[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}}, out[3][4];
    pid_t self = getpid();
    long result;
    __asm__ volatile(
        "vmovdqu (%[in]), %%ymm3; vmovdqu 32(%[in]), %%ymm5; vmovdqu 64(%[in]), %%ymm7; syscall;"
        "vmovdqu %%ymm3, (%[out]); vmovdqu %%ymm5, 32(%[out]); vmovdqu %%ymm7, 64(%[out])"
        : "=a"(result) : "a"(62), "D"(self), "S"(SIGUSR1), [in] "r"(in), [out] "r"(out)
        : "rcx", "r11", "memory", "xmm3", "xmm5", "xmm7");
    printf("result %ld handled %d magic %d\n", result, (int)handled, seen_magic);
    say("seen", seen, sizeof seen), say("kept and changed", out, sizeof out);
    printf("%llx %llx\n", (unsigned long long)out[1][1], (unsigned long long)out[1][3]);
    fflush(stdout);
    // A child has its parent's registers.
    long child;
    __asm__ volatile("vmovdqu (%[in]), %%ymm3; syscall; vmovdqu %%ymm3, (%[out])"
                     : "=a"(child) : "a"(57), [in] "r"(in), [out] "r"(out)
                     : "rcx", "r11", "memory", "xmm3");
    if (child == 0) say("child", out[0], 32), fflush(stdout), _exit(0);
    int status;
    waitpid(child, &status, 0);
    say("parent", out[0], 32);
#else
    raise(SIGUSR1);
    printf("handled %d\n", (int)handled);
#endif
    return 0;
}
