#!/bin/sh
# A million lines through several programs.
seq 1000000 | wc -l; seq 1000000 | awk '{s+=$1} END{printf "%d\n", s}'; seq 1000000 | grep -c 7
seq 1000000 | sed -n '500000p'; seq 1000000 | tail -1; seq 1000000 | tr 0-9 a-j | md5sum
seq 1000000 | cat | cat | cat | cksum; seq 1000000 | cut -c1 | sort -u | tr -d '\n'; echo
yes abcdefgh | head -n 1000000 | wc -c
