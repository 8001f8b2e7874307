#!busybox sh
# The same shell constructs in busybox's ash, with its applets.
echo "$0" | sed 's/.*sh$/sh/'; for i in 1 2 3; do echo $i; done | tac; x=$(echo sub)
echo ${x%b} ${x:0:1} ${#x}; (echo a; echo b) | while read l; do echo "<$l>"; done; cat <<E
here $x $((6*7))
E
trap 'echo exit' EXIT; trap 'echo usr' USR1; kill -USR1 $$; sleep 0.1 & wait $!; echo $?
sh -c 'exit 3' || echo $?; [[ abc == a* ]] && echo bashism; echo hello | tr a-z A-Z | md5sum
seq 5 | awk '{s+=$1} END {print s}'; printf '%s\n' c a b | sort; find /etc -maxdepth 1 -name passwd
echo abc | sed 's/b/X/'; echo a:b | cut -d: -f2; tar cf t.tar -C /etc passwd; tar tf t.tar
gzip -c t.tar | gunzip | cmp - t.tar && echo same; read -t 0.1 y </dev/null; echo $?; yes | head -2
expr 3 + 4; date -u -d @0 +%Y; stat -c %s /etc/hostname; mkfifo p; cat p & echo fifo >p; wait
echo $((0x10)) $((1<<4)); f() { local v=1; return 5; }; f; echo $?; set -o pipefail; false | true; echo $?; ls -1 | sort; vi --help 2>&1 | head -1 | cut -c1-7; test -x /bin/busybox && echo x; dd if=/dev/zero bs=1k count=2 2>/dev/null | wc -c; echo 'print 1' | bc 2>/dev/null; xargs -n1 echo <<E
q
r
E
timeout 0.1 sleep 2; echo $?; od -An -tx1 <<E
z
E
