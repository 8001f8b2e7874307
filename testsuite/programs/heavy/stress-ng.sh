#!/bin/sh
# stress-ng: every method of its processor stressor with its results checked, and vectors, long doubles and sorting beside.
stress-ng --cpu 1 --cpu-method all --cpu-ops 80 --verify --timeout 3000 >log 2>&1; echo $?; grep -c -i fail log
for kind in matrix vecmath vecfp vecwide vecshuf qsort heapsort mergesort bsearch hsearch tsearch lsearch radixsort hash misaligned \
    crypt str wcs zlib tree stream regs opcode nop goto; do
    stress-ng --$kind 1 --$kind-ops 1 --verify --timeout 300 >log 2>&1; echo "$kind $?"; grep -i 'fail:' log
done
