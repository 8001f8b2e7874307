#!/bin/bash
# Files that live only by their descriptors, through fork and exec.
exec 3<>gone; rm gone; echo data >&3; ls; sh -c 'echo child >&3'; cat /dev/fd/3; (cat <&3) 
bash -c 'cat /proc/self/fd/3'; readlink /proc/self/fd/3 | sed 's|.*/||'; stat -L -c '%h %s' /dev/fd/3
exec 4</dev/fd/3; exec 3>&-; cat <&4; exec 4<&-; { rm f; cat; } <f 2>/dev/null; echo keep >f
{ rm f; cat; } <f; t=$(mktemp); exec 5>"$t" 6<"$t"; rm "$t"; seq 3 >&5; cat <&6; cat <&6; echo 4 >&5
cat <&6; exec 5>&- 6<&-; echo a >x; cat x - <x >y; cat y; sleep 0.2 3<x & rm x; wait; mkfifo p; exec 7<>p
rm p; echo via >&7; read -u 7 l; echo "$l"; exec 7>&-; ls
echo 'echo "script $0 gone"; rm "$0"; ls; echo end' >s; bash s; ls
