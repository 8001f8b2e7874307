#!/bin/bash
# Bytes above 127, NULs, invalid UTF-8 through shells and tools, in file names and variables.
x=$'\xff\xfe\x80'; printf %s "$x" | od -An -tx1; echo "$x" | wc -c
echo ${#x}; touch "$x" 'ä€😀'; ls | od -An -c | head -3; for f in *; do printf %s "$f" | od -An -tx1; done
printf 'a\0b\0' | wc -c; y=$(printf 'a\0b' 2>/dev/null) 2>/dev/null; printf %s "$y" | wc -c
printf '\303\244' | tr '\303' X | od -An -c; printf 'ä\n' | sed 's/./x/g'
printf 'ä' | awk '{print length($0)}'; LC_ALL=C.UTF-8 bash -c 's=äöü; echo ${#s} ${s:1:1} ${s^^}'
LC_ALL=C.UTF-8 awk 'BEGIN{print length("äöü")}' 
LC_ALL=C.UTF-8 sed 's/./x/g' <<<äö; LC_ALL=C.UTF-8 wc -m <<<äöü; python3 -c 'import os; print(sorted(os.listdir(b".")))'; printf '%b' '\0377\0' | od -An -tx1; printf '\xe4' | iconv -f latin1 -t utf8 | od -An -tx1; LC_ALL=C.UTF-8 sort <<<$'z\nä\na'; printf '\r\n' | tr -d '\r' | od -An -c; perl -CS -e 'print chr(228), "\n"' | od -An -tx1; printf '%q\n' $'\x01\x7f'; head -c 256 <(printf "$(printf '\\%03o' {0..255})") | sha256sum; rm -- *; ls | wc -l
