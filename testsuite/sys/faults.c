// Hardware faults as signals: SIGSEGV with si_addr and si_code, SIGBUS past the end of a file, SIGFPE, SIGILL, SIGTRAP.
#include "check.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile siginfo_t info;
static uint64_t rip, error_code;

static void caught(int sig, siginfo_t *i, void *context) {
    (void)sig;
    *(siginfo_t *)&info = *i;
    rip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    error_code = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR];
    siglongjmp(back, 1);
}
#define FAULTS(action) (sigsetjmp(back, 1) == 0 ? ({ action; 0; }) : 1)

static void skip_ud2(int sig, siginfo_t *i, void *context) {
    (void)sig, (void)i;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 77;
}

int main(void) {
    struct sigaction act = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    for (int s = 0; s < 5; s++) CHECK(sigaction((int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}[s], &act, NULL) == 0);
    scratch();

    CHECK(FAULTS(*(volatile int *)16));
    CHECK(info.si_signo == SIGSEGV && info.si_code == SEGV_MAPERR && info.si_addr == (void *)16);
    CHECK((error_code & 7) == 4);
    CHECK(FAULTS(*(volatile int *)0 = 1));
    CHECK(info.si_code == SEGV_MAPERR && info.si_addr == NULL && (error_code & 7) == 6);
    ok("NULL");

    char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED && page[0] == 0);
    CHECK(FAULTS(*(volatile char *)(page + 100) = 1));
    CHECK(info.si_code == SEGV_ACCERR && info.si_addr == page + 100 && (error_code & 7) == 7);
    CHECK(mprotect(page, 4096, PROT_NONE) == 0);
    CHECK(FAULTS(*(volatile char *)(page + 5)));
    CHECK(info.si_code == SEGV_ACCERR && info.si_addr == page + 5);
    CHECK(FAULTS(*(volatile uint64_t *)(page - 3 + 4096)));
    CHECK(info.si_addr == page + 4093);
    CHECK(mprotect(page, 4096, PROT_READ) == 0 && mprotect(page + 4096, 4096, PROT_NONE) == 0);
    CHECK(FAULTS(*(volatile uint64_t *)(page - 3 + 4096)));
    CHECK(info.si_addr == page + 4096);
    CHECK(munmap(page, 8192) == 0);
    CHECK(FAULTS(*(volatile char *)page));
    CHECK(info.si_code == SEGV_MAPERR && info.si_addr == page);
    ok("protections, and accesses across pages");

    char *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data[0] = (char)0xc3;
    CHECK(FAULTS(((void (*)(void))data)()));
    CHECK(info.si_signo == SIGSEGV && info.si_code == SEGV_ACCERR && info.si_addr == data);
    CHECK(rip == (uint64_t)data);
    CHECK(mprotect(data, 4096, PROT_READ | PROT_EXEC) == 0);
    ((void (*)(void))data)();
    CHECK(FAULTS(((void (*)(void))(uintptr_t)0x1234)()));
    CHECK(info.si_addr == (void *)0x1234 && rip == 0x1234);
    CHECK(FAULTS(*(volatile char *)0x8000000000000000));
    CHECK(info.si_signo == SIGSEGV && info.si_code == SI_KERNEL && info.si_addr == NULL);
    ok("execution and non-canonical addresses");

    int fd = open("f", O_RDWR | O_CREAT, 0600);
    CHECK(ftruncate(fd, 5000) == 0);
    char *file = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(file != MAP_FAILED && file[8191] == 0);
    CHECK(FAULTS(*(volatile char *)(file + 8192)));
    CHECK(info.si_signo == SIGBUS && info.si_code == BUS_ADRERR && info.si_addr == file + 8192);
    CHECK(ftruncate(fd, 10) == 0);
    CHECK(FAULTS(*(volatile char *)(file + 4096)));
    CHECK(info.si_signo == SIGBUS);
    CHECK(file[100] == 0);
    ok("SIGBUS past the end of a file");

    volatile int zero = 0, one = 1;
    volatile int result;
    CHECK(FAULTS(result = one / zero));
    CHECK(info.si_signo == SIGFPE && info.si_code == FPE_INTDIV && info.si_addr == (void *)rip);
    volatile int least = INT32_MIN, minus = -1;
    CHECK(FAULTS(result = least / minus));
    CHECK(info.si_signo == SIGFPE);
    (void)result;
    ok("SIGFPE");

    CHECK(FAULTS(__asm__ volatile("ud2")));
    CHECK(info.si_signo == SIGILL && info.si_code == ILL_ILLOPN && info.si_addr == (void *)rip);
    CHECK(*(uint16_t *)rip == 0x0b0f);
    CHECK(FAULTS(__asm__ volatile("int3")));
    CHECK(info.si_signo == SIGTRAP && info.si_code == SI_KERNEL && *(uint8_t *)(rip - 1) == 0xcc);
    CHECK(FAULTS(__asm__ volatile("hlt")));
    CHECK(info.si_signo == SIGSEGV && info.si_code == SI_KERNEL);
    ok("SIGILL, SIGTRAP, privileged instructions");

    struct sigaction skip = {.sa_sigaction = skip_ud2, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGILL, &skip, NULL) == 0);
    uint64_t rax = 5;
    __asm__ volatile("ud2" : "+a"(rax));
    CHECK(rax == 77);
    ok("a handler changes the registers it returns to");

    pid_t pid = CHILD({ signal(SIGSEGV, SIG_IGN); *(volatile int *)8 = 1; });
    int status = reap(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    pid = CHILD({
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        *(volatile int *)8 = 1;
    });
    CHECK(WTERMSIG(reap(pid)) == SIGSEGV);
    ok("ignored or blocked faults kill");
    return 0;
}
