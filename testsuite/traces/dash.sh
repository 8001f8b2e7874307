# dash: what shell scripts do all day.
cat >s.sh <<'X'
set -e
trap 'echo bye' EXIT
trap 'echo usr1' USR1
umask 027
for i in 1 2 3; do echo "$i" >f$i; done
cat f1 f2 f3 | sort -r | while read -r l; do echo "<$l>"; done
x=$(echo a; echo b); echo "$x"
(cd / && pwd)
cat <<E
here $x
E
exec 3>out; echo hi >&3; exec 3>&-; exec 4<out; read -r y <&4; exec 4<&-
kill -USR1 $$
sleep 0.05 & wait $!
(sleep 5) & p=$!; kill $p; wait $p || echo $?
[ -r f1 ] && [ -d / ] && test f1 -nt f2 || :
echo f* /e*c; ulimit -n; ulimit -c 0; times >/dev/null; cd /tmp
nonexistent 2>/dev/null || echo $?
set -m; sleep 0.05 & fg >/dev/null; jobs
X
dash s.sh
