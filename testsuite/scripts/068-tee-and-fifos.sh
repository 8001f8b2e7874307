#!/bin/sh
# tee to many, append, named pipes between processes, both directions, blocking open.
echo x | tee a b c | cat; cat a b c; echo y | tee -a a >/dev/null; cat a; seq 100000 | tee d | wc -l
wc -l <d; mkfifo p q; cat p & echo through >p; wait; (while read l; do echo "reply $l" >q; done <p) &
exec 3>p; echo one >&3; cat q; echo two >&3; cat q; exec 3>&-; wait; (sleep 0.2; echo late >p) & cat p
stat -c %F p; cat p >out & seq 50000 >p; wait; wc -l <out; (exec 4<>p; echo rw >&4; read l <&4; echo "$l")
timeout 0.3 cat p; echo $?; timeout 0.3 sh -c 'echo x >q'; echo $?; dd if=p iflag=nonblock 2>/dev/null
echo $?; echo q | tee /dev/full 2>&1 | sed 's/.*: //'; for i in 1 2 3; do echo w$i >p & done; sleep 0.3
cat p | sort; wait; sort <p & cat <<E >p
b
a
E
wait; rm p q; ls
