#!/bin/bash
# Descriptors share offsets through fork and dup; separate opens do not; appends interleave whole.
seq 9 >f; exec 3<f; read -u 3 a; (read -u 3 b; echo $b); read -u 3 c; echo $a $c; exec 4<&3; read -u 4 d
read -u 3 e; echo $d $e; exec 5<f; read -u 5 g; echo $g; head -c 0 <&3; exec 3<&- 4<&- 5<&-
{ sed -n 1p; } <f; { read x; sed -n 1p; } <f; (echo 1; echo 2) >o; cat o
{ echo a; sh -c 'echo b'; echo c; } >o; cat o; for i in {1..8}
do (for j in {1..50}; do echo "line $i" >>app; done) & done; wait; sort app | uniq -c; echo 12345 >w
exec 6<>w; read -u 6 -N 2 y; echo -n XX >&6; exec 6>&-; cat w; exec 7>t; echo long line >&7; : >t
echo after >&7; od -An -c t | head -2; exec 7>&-; exec 8>>t; echo app >&8; : >t; echo again >&8; exec 8>&-
cat t; while read l; do echo "$l"; cat >/dev/null; done <f; while read l; do [ "$l" = 3 ] && break; done <f
tail -1 f; exec 9<f; dd bs=2 count=1 <&9 2>/dev/null; dd bs=2 count=1 <&9 2>/dev/null; cat <&9 | head -1
exec 9<&-
