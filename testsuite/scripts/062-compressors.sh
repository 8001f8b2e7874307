#!/bin/sh
# gzip, xz, bzip2, zstd round trips, levels, streams, corrupt input, concatenated members.
seq 50000 >f; for c in gzip xz bzip2 'zstd -q'
do $c -c f >f.c; $c -dc f.c | cmp - f && echo "$c round trip"; $c -1c <f | $c -dc | wc -c; $c -9c <f | $c -d | sha256sum | cut -c1-8; head -c 100 f.c | $c -dc >/dev/null 2>&1; echo $?; $c -t f.c && echo ok; (cat f.c; cat f.c) | $c -dc | wc -l; done
gzip -k f; ls f f.gz; gzip -dc f.gz | tail -1; zcat f.gz | head -1
gzip -l f.gz | tail -1 | awk '{print $2,$4}'; gunzip -f f.gz; ls f*; xz -k f; xz -dc f.xz | wc -l
xzcat f.xz | tail -1; xz -l --robot f.xz | awk '/^file/{print $5}'; bzip2 -k f; bunzip2 -c f.bz2 | wc -l
gzip -n -9 -c f | wc -c; echo x | gzip -n | od -An -tx1; xz -T2 --block-size=50000 -c f | xz -dc | cmp - f
xz --format=lzma -c f | xz -dc | wc -l; zstd -q --rm f; ls f*; zstd -dq f.zst; wc -l <f
: | gzip -n | gzip -dc | wc -c; printf 'not gzip' | gzip -dc 2>/dev/null; echo $?
head -c 300000 /dev/zero | xz -9e | xz -dc | wc -c
