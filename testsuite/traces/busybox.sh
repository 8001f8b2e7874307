# busybox: its shell and applets.
busybox sh -c 'for i in 1 2 3; do echo $i; done | busybox sort -r; (sleep 0.01; echo x) & wait; trap "echo t" EXIT; read -t 0.01 a </dev/null; kill -0 $$'
for a in 'ls -la /' 'cp -r /etc/apt a' 'rm -r a' 'tar cf t.tar /etc/apt' 'gzip -c /etc/passwd' 'wc /etc/passwd' 'head -1 /etc/passwd' 'find /etc -name p*' 'grep -r root /etc/passwd' \
    'awk {print$1} /etc/passwd' 'sed s/a/b/ /etc/passwd' 'ps' 'df' 'free' 'uptime' 'date' 'id' 'uname -a' 'mkdir d' 'touch d/f' 'stat d/f' 'mv d/f d/g' 'ln -s g d/h' 'readlink d/h' 'chmod 700 d/g' \
    'chown 1:1 d/g' 'du d' 'md5sum d/g' 'sha256sum d/g' 'xxd /etc/hostname' 'dd if=/dev/zero of=z count=4' 'truncate -s 10 z' 'mktemp' 'seq 3' 'usleep 100' 'timeout 1 true' 'nice true' \
    'env' 'hostname' 'mount' 'sync' 'tty' 'who' 'xargs echo' 'vi -c q' 'ifconfig lo' 'netstat -l' 'top -b -n1' 'kill -l' 'pidof sh' 'flock z true' 'mkfifo ff' 'diff z z' 'cpio -o' 'bzip2 -c z' 'nslookup localhost'; do
    busybox $a </dev/null >/dev/null 2>&1
done
busybox nc -l -p 7000 -s 127.0.0.1 >got & sleep 0.1; echo hi | busybox nc -w 1 127.0.0.1 7000; wait
mkdir www; echo hello >www/index.html; busybox httpd -f -p 127.0.0.1:8000 -h www & h=$!; sleep 0.1; busybox wget -qO- http://127.0.0.1:8000/; kill $h
