#!/bin/bash
# gcc and make: several files, libraries static and shared, optimisation levels, warnings, floats, threads, parallel make.
mkdir src; cat >src/main.c <<'E'
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include "lib.h"
static void *thread(void *a) { *(long *)a = fib(*(long *)a); return NULL; }
static int cmp(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(int argc, char **argv) {
    long n[4] = {10, 15, 20, 25}; pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, thread, &n[i]);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    printf("%ld %ld %ld %ld\n", n[0], n[1], n[2], n[3]);
    int v[10] = {5, 3, 9, 1, 7, 2, 8, 0, 6, 4}; qsort(v, 10, sizeof *v, cmp); for (int i = 0; i < 10; i++) printf("%d", v[i]);
    printf("\n%.15g %.15g %.10Lf %a %e\n", sqrt(2), sin(1) + pow(2, 0.5), (long double)1 / 3, 0.1, 1e300 * 10);
    printf("%d %s %s\n", argc, argc > 1 ? argv[1] : "-", VERSION); printf("%zu %d %u %lld\n", strlen("hello"), -7 / 2, -7u / 2, 1ll << 40);
    return argc > 1 ? atoi(argv[1]) : 0;
}
E
printf 'long fib(long);\n' >src/lib.h
printf '#include "lib.h"\nlong fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\n' >src/lib.c
cat >Makefile <<'E'
CFLAGS = -O$(O) -Wall -Isrc -DVERSION='"1.$(O)"'
O ?= 2
OBJS := $(patsubst src/%.c,obj/%.o,$(wildcard src/*.c))
prog: $(OBJS)
	@$(CC) -o $@ $^ -lm -pthread && echo linked
obj/%.o: src/%.c src/lib.h | obj
	@$(CC) $(CFLAGS) -c -o $@ $< && echo compiled $(notdir $<)
obj:
	@mkdir -p $@
clean:
	@rm -rf obj prog
.PHONY: clean
E
make -j2 | sort; ./prog 3 x; echo $?; make; touch src/lib.c; make; for o in 0 1 3 s
do make -s clean; make -s O=$o >/dev/null; ./prog | tail -2 | head -1; done
gcc -fPIC -shared -o libf.so src/lib.c
gcc -DVERSION='"dyn"' -Isrc -o dyn src/main.c -L. -lf -lm -pthread -Wl,-rpath,"$PWD"; ./dyn | head -1
ldd dyn | grep -c libf; ar rcs libf.a obj/lib.o
gcc -static -DVERSION='"static"' -Isrc -o st src/main.c libf.a -lm -pthread; ./st | tail -2
ldd st 2>&1 | sed 's/^\s*//'
gcc -flto -O2 -DVERSION='"lto"' -Isrc -o lto src/*.c -lm -pthread && ./lto | head -1
echo 'int main(void){return x;}' | gcc -x c - 2>&1 | grep -c error
gcc -Wall -c -x c -o /dev/null - <<<'int f(void){int unused;}' 2>&1 | grep -c warning
echo '#define A(x) x##1
A(b)' | gcc -E -P -; echo 'long f(long a,long b){return a*b+3;}' | gcc -O2 -S -x c -o - - | grep -c imul; nm obj/lib.o | grep ' T '; size obj/lib.o | tail -1 | wc -w; strip prog; ./prog | head -1; objdump -d st | grep -c '<main>:'; readelf -h prog | grep -E 'Class|Type' | sed 's/  */ /g'; gcc --version | head -1 | cut -c1-3; printf 'int main(){return 5;}' >a.c; gcc a.c && ./a.out; echo $?; gcc -c nofile.c 2>/dev/null; echo $?; printf '.globl main\nmain: mov $42,%%eax\nret\n' >m.s; gcc -o m m.s 2>/dev/null; ./m; echo $?; gcc -O2 -mavx2 -x c -c -o /dev/null - <<<'int x;' && echo avx
