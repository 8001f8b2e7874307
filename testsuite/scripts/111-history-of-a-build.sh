#!/bin/sh
# Make-like rebuild logic in shell with timestamps, dependencies and parallel work.
rule() { t=$1; shift; for d; do if [ ! -e "$t" ] || [ "$d" -nt "$t" ]; then echo "build $t"; cat "$@" | tr a-z A-Z >"$t"; return; fi; done; echo "fresh $t"; }
echo a >a; echo b >b; touch -d @1000 a b; rule ab a b; touch -d @2000 ab; rule ab a b; touch -d @3000 b
rule ab a b; cat ab; cat >Makefile <<'E'
all: x y z
x y z:
	@sleep 0.1; echo $@ >$@; echo made $@ >>order
sum: all
	@cat x y z | sort | tr '\n' ' '; echo
.PHONY: all sum fail
fail:
	@false
cond:
	@echo $(words a b c) $(patsubst %.c,%.o,x.c y.c) $(shell echo shell) $(origin CC) $(if ,yes,no) $(foreach i,1 2,[$(i)])
E
make -s -j3 sum; sort order; make -s sum; wc -l <order; make -s fail 2>/dev/null; echo $?; make -s cond
make -n x | head -1; touch -d @1 x; rm y; make -s y; cat y; make -q x; echo $?; make nothing 2>/dev/null
echo $?; printf 'a: b\n\t@echo a\nb: ;@echo b\n' | make -sf - a
printf 'V ?= 1\na: ; @echo $V $(MAKELEVEL)\nsub: ; @$(MAKE) -sf m a V=3\n' >m; make -sf m a V=2
make -sf m sub; make -sf m -j4 a sub | sort; printf '%%.up: %%.low\n\t@tr a-z A-Z <$< >$@\n' >p
echo low >f.low; make -sf p f.up; cat f.up; make -sf p -k g.up f.up 2>/dev/null; echo $?
