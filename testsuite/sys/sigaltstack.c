// sigaltstack(2): SA_ONSTACK, SS_ONSTACK, SS_AUTODISARM, stack overflow handled on the other stack, errors.
#include "check.h"
#include <setjmp.h>
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static char area[65536] __attribute__((aligned(16)));
static volatile int on_area, flags_inside, refused, replace = 1;
static sigjmp_buf back;

static void where(int sig) {
    (void)sig;
    char here;
    on_area = &here >= area && &here < area + sizeof area;
    stack_t now, other = {.ss_sp = area, .ss_size = sizeof area};
    sigaltstack(NULL, &now);
    flags_inside = now.ss_flags;
    refused = replace && sigaltstack(&other, NULL) < 0 && errno == EPERM;
}
static void overflowed(int sig) {
    char here;
    (void)sig;
    on_area = &here >= area && &here < area + sizeof area;
    siglongjmp(back, 1);
}
static int recurse(int n) {
    volatile char frame[4096];
    frame[0] = n;
    return n == INT32_MAX ? 0 : recurse(n + 1) + frame[0];
}

int main(void) {
    stack_t stack = {.ss_sp = area, .ss_size = sizeof area}, old;
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    stack.ss_size = 100;
    FAILS(sigaltstack(&stack, NULL), ENOMEM);
    stack.ss_size = sizeof area;
    stack.ss_flags = 0x40;
    FAILS(sigaltstack(&stack, NULL), EINVAL);
    stack.ss_flags = 0;
    CHECK(sigaltstack(&stack, NULL) == 0);
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == area && old.ss_flags == 0);
    CHECK(old.ss_size == sizeof area);
    ok("set and ask");

    on_signal(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(on_area && flags_inside == SS_ONSTACK && refused);
    on_signal(SIGUSR1, where, 0);
    raise(SIGUSR1);
    CHECK(!on_area && flags_inside == 0);
    CHECK(sigaltstack(&stack, NULL) == 0);
    ok("SA_ONSTACK");

    stack.ss_flags = SS_AUTODISARM;
    replace = 0;
    CHECK(sigaltstack(&stack, NULL) == 0);
    on_signal(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(on_area && flags_inside == SS_DISABLE && !refused);
    CHECK(sigaltstack(NULL, &old) == 0 && (unsigned)old.ss_flags == SS_AUTODISARM);
    ok("SS_AUTODISARM");

    stack.ss_flags = 0;
    CHECK(sigaltstack(&stack, NULL) == 0);
    on_signal(SIGSEGV, overflowed, SA_ONSTACK);
    on_area = 0;
    if (sigsetjmp(back, 1) == 0) recurse(0);
    CHECK(on_area);
    ok("stack overflow is caught");

    REAP_OK(CHILD({ CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == area); }));
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0 && sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    ok("inherited by fork, disabled");
    return 0;
}
