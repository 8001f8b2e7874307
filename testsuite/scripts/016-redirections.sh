#!/bin/sh
# Every kind of redirection a POSIX shell has.
echo one >f; cat f; echo two >>f; cat f; cat <f | wc -l
echo err >&2 2>e; (echo err >&2) 2>e; cat e
(echo out; echo err >&2) >both 2>&1; cat both
(echo out; echo err >&2) 2>&1 >only | sed 's/^/pipe: /'; cat only
exec 3>three; echo to3 >&3; exec 3>&-; cat three; (echo x >&3) 2>/dev/null || echo closed
exec 4<f; read l <&4; echo "$l"; read l <&4; echo "$l"; read l <&4 || echo eof; exec 4<&-
exec 5<>rw; echo hello >&5; exec 5>&-; cat rw; printf HE 1<>rw; cat rw
set -C; (echo no >f) 2>/dev/null || echo noclobber; echo yes >|f; cat f; set +C
>empty; wc -c <empty; cat <&- 2>/dev/null || echo nostdin
{ echo a; echo b; } >grp; cat grp; if true; then echo c; fi >if
cat if; for i in 1 2; do echo $i; done >loop; cat loop
f() { echo "$1"; } >fun; f q; cat fun; echo to >&1; cat nonexistent 2>/dev/null || echo $?
echo order >o1 >o2; wc -c <o1; cat o2
(exec 6>&1 >/dev/null; echo hidden; echo shown >&6)
