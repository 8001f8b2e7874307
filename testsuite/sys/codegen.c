// Code that programs write themselves, as run-time compilers do: changed while it is hot, on its own page, on another
// one, through another mapping, by another process, by the kernel; moved, protected, unmapped; entered in the middle of
// an instruction; interrupted by signals and faults.
#include "check.h"
#include <pthread.h>
#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

#define PAGE 4096
enum { HOT = 300000, WARM = 2000 };

typedef uint64_t (*code)(uint64_t, uint64_t);

static uint8_t *map(size_t len, int prot) {
    uint8_t *at = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED);
    return at;
}

// eax = value + the number of times the loop was run: hot, so that it is worth translating.
static void put_adder(uint8_t *at, uint32_t value) {
    static const uint8_t text[] = {
        0xb8, 0, 0, 0, 0, // mov eax, value
        0xff, 0xc0,       // inc eax
        0xff, 0xcf,       // dec edi
        0x75, 0xfa,       // jnz inc
        0xc3,             // ret
    };
    memcpy(at, text, sizeof text);
    memcpy(at + 1, &value, 4);
}

static sigjmp_buf back;
static siginfo_t info;
static greg_t registers[NGREG];
static void caught(int sig, siginfo_t *i, void *context) {
    (void)sig;
    info = *i;
    memcpy(registers, ((ucontext_t *)context)->uc_mcontext.gregs, sizeof registers);
    siglongjmp(back, 1);
}
#define FAULTS(action) (sigsetjmp(back, 1) == 0 ? ({ action; 0; }) : 1)

static volatile uint8_t is_over;
static void over(int sig) { (void)sig, is_over = 1; }

static void *deep(void *at) {
    CHECK(((code)at)(1000000, 0) == 1000000);
    return NULL;
}

int main(void) {
    struct sigaction act = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &act, NULL) == 0);
    scratch();

    uint8_t *page = map(2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    put_adder(page, 5);
    CHECK(((code)page)(HOT, 0) == 5 + HOT);
    for (uint32_t i = 0; i < WARM; i++) {
        memcpy(page + 1, &i, 4);
        CHECK(((code)page)(100, 0) == i + 100);
    }
    ok("an immediate is written again and again");

    // It counts its own immediate up: the code writes to the page it runs on.
    static const uint8_t self[] = {
        0x31, 0xd2,             // xor edx, edx
        0xff, 0x05, 3, 0, 0, 0, // inc dword [the immediate]
        0xeb, 0,                // jmp next
        0xb8, 0, 0, 0, 0,       // mov eax, 0
        0x01, 0xc2,             // add edx, eax
        0xff, 0xcf,             // dec edi
        0x75, 0xed,             // jnz inc
        0x89, 0xd0,             // mov eax, edx
        0xc3,                   // ret
    };
    memcpy(page, self, sizeof self);
    CHECK(((code)page)(WARM, 0) == (uint32_t)WARM * (WARM + 1) / 2);
    ok("code that writes itself");

    // The loop's body crosses into the second page, and only that one changes.
    memset(page, 0x90, 2 * PAGE);
    uint8_t *late = page + PAGE - 8;
    put_adder(late, 0x01020304);
    CHECK(((code)late)(HOT, 0) == 0x01020304 + HOT);
    page[PAGE - 8 + 6] = 0xc8; // dec eax, written as the page before the last byte of `inc eax`
    CHECK(((code)late)(HOT, 0) == 0x01020304 - HOT);
    for (int i = 0; i < WARM; i++) {
        page[PAGE + 2] = i & 1 ? 0xfa : 0xf8; // the jump's distance: to the loop, or to `mov`, which begins anew
        if (i & 1) CHECK(((code)late)(50, 0) == 0x01020304 - 50);
    }
    ok("a function on two pages");

    // Forwards over a page that is not there, by a jump.
    uint8_t *far = map(32 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    int32_t distance = 20 * PAGE - 5;
    far[0] = 0xe9;
    memcpy(far + 1, &distance, 4);
    put_adder(far + 20 * PAGE, 7);
    CHECK(munmap(far + 8 * PAGE, 4 * PAGE) == 0);
    CHECK(((code)far)(HOT, 0) == 7 + HOT);
    far[20 * PAGE + 1] = 9;
    CHECK(((code)far)(HOT, 0) == 9 + HOT);
    ok("a jump to another page");

    put_adder(page, 11);
    CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
    CHECK(((code)page)(HOT, 0) == 11 + HOT);
    CHECK(FAULTS(page[1] = 12));
    CHECK(info.si_code == SEGV_ACCERR && info.si_addr == page + 1);
    CHECK(((code)page)(HOT, 0) == 11 + HOT);
    CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
    CHECK(FAULTS(((code)page)(1, 0)) && info.si_addr == page);
    page[1] = 13;
    CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
    CHECK(((code)page)(HOT, 0) == 13 + HOT);
    CHECK(mprotect(page, PAGE, PROT_NONE) == 0);
    CHECK(FAULTS(((code)page)(1, 0)) && info.si_addr == page && registers[REG_RIP] == (greg_t)page);
    CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
    CHECK(((code)page)(HOT, 0) == 13 + HOT);
    ok("mprotect");

    for (volatile uint32_t i = 0; i < 20; i++) {
        CHECK(munmap(page, PAGE) == 0);
        CHECK(FAULTS(((code)page)(1, 0)) && info.si_code == SEGV_MAPERR);
        CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
        put_adder(page, i);
        CHECK(((code)page)(HOT / 10, 0) == i + HOT / 10);
    }
    ok("munmap, and other code in its place");

    // lea rax, [rip - 7]; dec edi; jnz dec; ret: it knows where it is.
    static const uint8_t where[] = {0x48, 0x8d, 0x05, 0xf9, 0xff, 0xff, 0xff, 0xff, 0xcf, 0x75, 0xfc, 0xc3};
    memcpy(page, where, sizeof where);
    CHECK(((code)page)(HOT, 0) == (uint64_t)page);
    uint8_t *room = map(4 * PAGE, PROT_NONE);
    CHECK(mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE) == room + PAGE);
    CHECK(FAULTS(((code)page)(1, 0)) && info.si_addr == page);
    CHECK(((code)(room + PAGE))(HOT, 0) == (uint64_t)(room + PAGE));
    ok("mremap");

    int fd = memfd_create("code", 0);
    CHECK(fd >= 0 && ftruncate(fd, PAGE) == 0);
    uint8_t *views[3];
    for (int i = 0; i < 3; i++) {
        int prot = i == 0 ? PROT_READ | PROT_WRITE : PROT_READ | PROT_EXEC;
        views[i] = mmap(NULL, PAGE, prot, MAP_SHARED, fd, 0);
        CHECK(views[i] != MAP_FAILED);
    }
    memcpy(views[0], where, sizeof where);
    CHECK(((code)views[1])(HOT, 0) == (uint64_t)views[1] && ((code)views[2])(HOT, 0) == (uint64_t)views[2]);
    for (uint32_t i = 0; i < 50; i++) {
        put_adder(views[0], i);
        CHECK(((code)views[1])(1000, 0) == i + 1000 && ((code)views[2])(HOT / 20, 0) == i + HOT / 20);
    }
    // By a file's own calls, and by another process.
    uint32_t value = 77;
    CHECK(pwrite(fd, &value, 4, 1) == 4);
    CHECK(((code)views[1])(HOT, 0) == 77 + HOT);
    REAP_OK(CHILD(views[0][1] = 78; CHECK(((code)views[2])(HOT, 0) == 78 + HOT)));
    CHECK(((code)views[1])(HOT, 0) == 78 + HOT);
    ok("two mappings of one page");

    uint8_t *own = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    put_adder(own, 1);
    CHECK(((code)own)(HOT, 0) == 1 + HOT);
    pid_t child = CHILD(own[1] = 2; CHECK(((code)own)(HOT, 0) == 2 + HOT); own[1] = 3; CHECK(((code)own)(HOT, 0) == 3 + HOT));
    CHECK(((code)own)(HOT, 0) == 1 + HOT);
    REAP_OK(child);
    CHECK(((code)own)(HOT, 0) == 1 + HOT);
    int ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], "\x09", 1) == 1 && read(ends[0], own + 1, 1) == 1);
    CHECK(((code)own)(HOT, 0) == 9 + HOT);
    ok("fork, and read(2) into code");

    // mov eax, 0xc0ffc031; ret. From its second byte on: xor eax, eax; inc eax; ret.
    static const uint8_t overlapping[] = {0xb8, 0x31, 0xc0, 0xff, 0xc0, 0xc3};
    memcpy(own, overlapping, sizeof overlapping);
    for (int i = 0; i < HOT / 10; i++) CHECK(((code)own)(0, 0) == 0xc0ffc031 && ((code)(own + 1))(0, 0) == 1);
    ok("overlapping instructions");

    // A chain of jumps that leads through every 16 bytes of 15 pages, and back.
    uint8_t *chain = map(16 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (int i = 0; i < 15 * PAGE / 16; i++) {
        distance = i + 1 < 15 * PAGE / 16 ? 11 : 4096;
        chain[i * 16] = 0xe9;
        memcpy(chain + i * 16 + 1, &distance, 4);
    }
    static const uint8_t round[] = {0xff, 0xcf, 0x74, 5, 0xe9, 0, 0, 0, 0, 0xc3}; // dec edi; jz ret; jmp; ret
    uint8_t *end = chain + 15 * PAGE - 16 + 5 + 4096;
    CHECK(end + sizeof round < chain + 16 * PAGE + 1);
    memcpy(end, round, sizeof round);
    distance = (int32_t)(chain - (end + 9));
    memcpy(end + 5, &distance, 4);
    ((code)chain)(300, 0);
    ok("a chain of jumps");

    // inc rax; cmp byte [rdi], 0; je inc; ret
    static const uint8_t spin[] = {0x31, 0xc0, 0x48, 0xff, 0xc0, 0x80, 0x3f, 0, 0x74, 0xf8, 0xc3};
    memcpy(own, spin, sizeof spin);
    on_signal(SIGALRM, over, 0);
    for (int i = 0; i < 5; i++) {
        is_over = 0;
        struct itimerval soon = {.it_value.tv_usec = 20000};
        CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
        CHECK(((code)own)((uint64_t)&is_over, 0) > 0);
    }
    ok("a signal ends a loop");

    // mov [rdi], rsi; add rdi, 8; inc rsi; jmp mov: until there is no memory any more.
    static const uint8_t runaway[] = {0x48, 0x89, 0x37, 0x48, 0x83, 0xc7, 8, 0x48, 0xff, 0xc6, 0xeb, 0xf4};
    memcpy(own, runaway, sizeof runaway);
    uint64_t *words = (uint64_t *)map(65 * PAGE, PROT_READ | PROT_WRITE);
    CHECK(mprotect(words + 64 * PAGE / 8, PAGE, PROT_NONE) == 0);
    for (volatile int i = 0; i < 10; i++) {
        CHECK(FAULTS(((code)own)((uint64_t)words, 1000)));
        CHECK(info.si_addr == words + 64 * PAGE / 8 && registers[REG_RIP] == (greg_t)own);
        CHECK(registers[REG_RDI] == (greg_t)info.si_addr && registers[REG_RSI] == 1000 + 64 * PAGE / 8);
        CHECK(words[64 * PAGE / 8 - 1] == 1000 + 64 * PAGE / 8 - 1);
    }
    ok("a fault in a loop leaves exact registers");

    // test edi, edi; jz zero; dec edi; call self; inc eax; ret; zero: xor eax, eax; ret
    static const uint8_t recursion[] = {0x85, 0xff, 0x74, 10, 0xff, 0xcf, 0xe8, 0xf5, 0xff, 0xff, 0xff, 0xff, 0xc0, 0xc3, 0x31, 0xc0, 0xc3};
    memcpy(own, recursion, sizeof recursion);
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 16 << 20) == 0);
    CHECK(pthread_create(&thread, &attributes, deep, own) == 0 && pthread_join(thread, NULL) == 0);
    ok("a recursion a million deep");

    // Every round another function in the same place: all of them are worth translating.
    for (uint32_t i = 0; i < 60; i++) {
        for (int k = 0; k < 8; k++) put_adder(chain + k * 512, i * 8 + k);
        for (int k = 0; k < 8; k++) CHECK(((code)(chain + k * 512))(HOT / 100, 0) == i * 8 + k + HOT / 100);
    }
    ok("code that is replaced for ever");
    return 0;
}
