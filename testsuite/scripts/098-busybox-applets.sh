#!/bin/sh
# A hundred applets of the static busybox compared with a fixed answer.
b='busybox'; cd /tmp/scratch; seq 30 >f; $b wc -l f; $b head -2 f; $b tail -1 f; $b sort -rn f | $b head -1
$b uniq -c f | $b wc -l; $b grep -c 1 f; $b sed -n 3p f; $b awk 'NR==4' f
$b cut -c1 f | $b sort -u | $b tr -d '\n'; echo; $b rev f | $b tail -1; $b od -An -tx1 -N4 f; $b xxd -l 4 f
$b hexdump -n 4 f; $b md5sum f; $b sha1sum f; $b sha256sum f; $b sha512sum f | $b cut -c1-16
$b sha3sum f | $b cut -c1-16; $b crc32 f 2>/dev/null; $b base64 f | $b tail -1; $b uuencode f f | $b head -1
$b gzip -k f; $b zcat f.gz | $b wc -l; $b bzip2 -k f; $b bzcat f.bz2 | $b wc -l; xz -k f
$b xzcat f.xz | $b wc -l; $b tar cf t f; $b tar tf t
echo f | $b cpio -o -H newc 2>/dev/null | $b cpio -t 2>/dev/null; $b cp f g; $b cmp f g && echo same
$b diff f g; $b mv g h; $b ln h i; $b stat -c %h i; $b rm h; $b mkdir -p d/e; $b rmdir d/e
$b touch -d '2000-01-01' d/x; $b date -r d/x +%Y; $b find d; $b ls -l d | $b awk '{print $1,$2,$5}'
$b du -s d >/dev/null; $b chmod 600 i; $b stat -c %a i; $b chown 1:2 i; $b stat -c %u:%g i; $b basename /a/b
$b dirname /a/b; $b readlink -f d/../f; $b realpath d; $b expr 2 \* 3; $b factor 30; $b seq -s, 3
$b printf '%05d\n' 7; $b echo -e 'a\tb'; $b env -i A=1 $b env; $b id -u; $b whoami; $b nproc >/dev/null
$b uname; $b hostname; $b sleep 0; $b usleep 1; $b true; echo $?; $b false; echo $?; $b test 1 -lt 2
echo $?; $b yes | $b head -1; $b tee z <f >/dev/null; $b wc -c z; $b fold -w 1 f | $b wc -l
$b expand f | $b tail -1; $b paste f f | $b head -1; $b nl f | $b tail -1; $b tac f | $b head -1
$b shuf f | $b sort -n | $b head -1; $b dd if=f bs=1 count=3 2>/dev/null; $b truncate -s 5 z
$b stat -c %s z; $b mktemp -u q.XXXXXX | $b cut -c1-2; $b timeout 0.1 $b sleep 3; echo $?
$b cal 1 2000 | $b head -1; $b dc -e '2 3 + p' 2>/dev/null; echo '2+3' | $b bc
$b strings -n 5 /bin/busybox | $b head -0; $b pidof nosuch; echo $?; $b which sh; $b kill -l 15
$b getopt ab: -a -b x; $b tty; $b patch --help 2>&1 | $b grep -c Usage; $b ed --help 2>&1 | $b grep -c Usage
$b unix2dos <f | $b od -c | $b head -1 | $b cut -c1-20; $b xargs echo <f | $b wc -w; $b ash -c 'echo ash'
$b sh -c 'echo $((1+1))'; $b tsort <<E
a b
E
