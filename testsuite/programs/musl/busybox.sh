#!/bin/sh
# The busybox shell and its applets, nothing else in the image.
for i in 1 2 3; do echo $i; done | tac | tr '\n' ' '; echo; x=$(echo sub); echo ${x}
(echo a; sleep 0.1; echo b) & wait; cat <<E
here $((6*7))
E
trap 'echo bye' EXIT; trap 'echo usr' USR1; kill -USR1 $$; sh -c 'kill -TERM $$'; echo $?
seq 10 | awk '{s+=$1} END {print s}'; echo hello | sed 's/l/L/g'; printf 'b\na\n' | sort
find /etc -type f | sort; tar cf t.tar -C /etc . ; tar tf t.tar | sort; gzip t.tar
zcat t.tar.gz | tar xf - ; cat hostname; echo abc | md5sum; echo abc | sha256sum
ls -l /bin/busybox | awk '{print $1}'; mkfifo p; cat p & echo fifo >p; wait
dd if=/dev/zero bs=1k count=4 2>/dev/null | wc -c; id; uname -s; hostname; mount | grep -c proc
busybox nc -l -p 7000 >got & sleep 0.3; echo net | nc -w 1 127.0.0.1 7000; wait; cat got; mkdir www
echo page >www/index.html; httpd -f -p 127.0.0.1:8080 -h www & sleep 0.3; wget -qO- http://127.0.0.1:8080/
kill $!; expr 2 + 3; bc <<E
2^64
E
i=0; while [ $i -lt 50 ]; do (exit $i) & p="$p $!"; i=$((i+1)); done; t=0; for q in $p
do wait $q; t=$((t+$?)); done; echo $t; date -u -d @0 +%Y-%m-%d; timeout 0.1 sleep 5; echo $?
test -e /lib/ld-musl-x86_64.so.1 && echo musl; ls / | tr '\n' ' '; exit 6
