# gcc and make: preprocess, compile, assemble, link static and shared, run; parallel make.
cat >m.c <<'X'
#include <stdio.h>
#include <pthread.h>
#include <dlfcn.h>
int f(int);
static void *t(void *a) { return a; }
int main(void) { pthread_t h; pthread_create(&h, 0, t, 0); pthread_join(h, 0); printf("%d\n", f(20)); return 0; }
X
echo 'int f(int x) { return x < 2 ? x : f(x - 1) + f(x - 2); }' >f.c
printf 'CFLAGS=-O2 -g\nall: m s\nm: m.o f.o\n\t$(CC) -o $@ $^\ns: m.c f.c\n\t$(CC) -static -O1 -flto -o $@ $^\nclean:\n\trm -f *.o m s\n-include x.d\nV := $(shell uname)\n' >Makefile
make -j2; ./m; ./s; make; touch f.c; make -n; make clean; gcc -fPIC -shared -o libf.so f.c; gcc m.c -L. -lf -o dyn; LD_LIBRARY_PATH=. ./dyn; gcc -E m.c >/dev/null; gcc -S f.c -o -; ar rcs l.a f.c; ldd dyn; objdump -d dyn; nm dyn; strip dyn; readelf -a dyn; echo 'int main(' | gcc -xc - ; size s; strings s
