#!/bin/sh
# Sparse files beyond 4 GiB: sizes, seeking, reading at the far end, truncating.
truncate -s 5G big; stat -c %s big; [ $(stat -c %b big) -lt 100 ] && echo sparse
printf far | dd of=big bs=1 seek=5000000000 conv=notrunc 2>/dev/null
dd if=big bs=1 skip=5000000000 count=3 2>/dev/null; echo; tail -c 3 big | od -An -c
truncate -s 5000000003 big; tail -c 3 big; echo; truncate -s 4294967297 big; stat -c %s big; exec 3<>big
python3 -c 'import os; os.lseek(3, 2**32-1, 0); os.write(3, b"edge"); print(os.lseek(3,0,1)); print(os.pread(3,4,2**32-1), os.fstat(3).st_size)'
exec 3>&-; python3 -c '
import os
f=os.open("holes",os.O_RDWR|os.O_CREAT); os.pwrite(f,b"a"*4096,0); os.pwrite(f,b"b"*4096,1<<20); print(os.lseek(f,0,os.SEEK_END)); os.ftruncate(f,10); print(os.pread(f,20,0)); os.ftruncate(f,20); print(os.pread(f,30,5))
try: os.pwrite(f,b"x",-1)
except OSError as e: print(e.strerror)
try: os.lseek(f,-5,0)
except OSError as e: print(e.strerror)
print(os.pread(f,5,1<<40))'; truncate -s 1T huge && stat -c %s huge; truncate -s 0 huge; cmp -n 100 big /dev/zero && echo zeros; rm big huge; ls
