#!/bin/sh
# dd: block sizes, seek and skip, conv, count in bytes, sparse output, status.
printf 'abcdefghijklmnopqrstuvwxyz' >f; dd if=f bs=1 skip=3 count=4 2>/dev/null; echo
dd if=f bs=5 count=2 2>&1 >/dev/null | head -2; dd if=f of=g bs=4 seek=2 2>/dev/null; od -An -c g | head -1
dd if=f conv=ucase 2>/dev/null; echo; printf XY | dd of=f bs=1 seek=4 conv=notrunc 2>/dev/null; cat f; echo
dd if=/dev/zero of=z bs=1M count=3 2>/dev/null; stat -c %s z; dd if=z of=s bs=64k conv=sparse 2>/dev/null
cmp z s && [ $(stat -c %b s) -lt 1000 ] && echo sparse; dd if=f bs=3 count=1 skip=8 status=none; echo
dd if=f ibs=4 obs=8 2>&1 >/dev/null | head -2
dd if=f iflag=count_bytes,skip_bytes skip=2 count=5 2>/dev/null; echo
printf 'a\nbb\n' | dd conv=block cbs=4 2>/dev/null | od -An -c; dd if=f conv=swab 2>/dev/null; echo
dd if=none 2>/dev/null; echo $?; yes | dd bs=1000 count=5 iflag=fullblock 2>/dev/null | wc -c
(echo a; sleep 0.2; echo b) | dd bs=10 2>&1 | tail -3 | head -2
dd if=/dev/zero of=f oflag=append conv=notrunc bs=1 count=2 2>/dev/null; stat -c %s f
dd if=/dev/full of=/dev/full count=1 2>&1 | head -1 | sed 's/.*: //'
dd if=f of=/dev/null bs=1k conv=sync 2>&1 | head -1
