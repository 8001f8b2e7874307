#!/bin/bash
# Substring, prefix and suffix removal, replacement, case, length, indirect, quoting operators.
s=hello.world.txt
echo ${s%.*} ${s%%.*} ${s#*.} ${s##*.} ${s/o/0} ${s//o/0} ${s/#hello/bye} ${s/%txt/md} ${#s}
echo ${s:0:5} ${s:6} ${s: -3} ${s:(-9):5} ${s^} ${s^^} ${s^^[lo]}; t=ABC; echo ${t,} ${t,,}; v=s; echo ${!v}
printf '%s\n' "${s@Q}" "${s@U}" "${s@u}"; q=$'a\tb\'c'; echo "${q@Q}" ; printf '%q\n' "$q" 'a b' ''
echo "${nope:-x${s:0:1}y}"
p=/usr/local/lib/file.so.1; echo ${p##*/} ${p%/*} "${p//\//:}"; x='  trim  '; x="${x#"${x%%[![:space:]]*}"}"
echo "[${x%"${x##*[![:space:]]}"}]"
u=äöü; echo ${#u}; echo $'\x41\u0042\103\n\e[0m' | od -An -c; echo ${s//[aeiou]/} "${s//./ }"; a=aaa
echo ${a/a/b} ${a//a/b} ${a/a}
