#!/bin/bash
# Nested expansions, indirection, special parameters, positional shifts, transformations.
set -- a b c d e f g h i j k
echo ${10} $10 ${#} ${@:3:2} ${*: -1} "${@:10}"; shift 9; echo $1 $#; shift 5 2>/dev/null; echo $? $#
x=y y=z; echo ${!x} ${x:-${y:-q}} ${#x} "${x:+${y}}"; unset q
echo ${q:-$(echo sub)} ${q-'a b'} "${q-"c d"}"; echo "${!B*}" | grep -c BASH; p='a.b.c'
echo ${p%%"."*} ${p//./\/} ${p/b/'$x'}; echo $- | tr -cd 'B' ; echo; echo "$_" | wc -l; (exit 9); echo $?
sleep 0 & [ -n "$!" ] && echo bg; wait; a=(1 2 3); echo ${a[@]/#/-} "${#a[@]}" ${a: -1}; s=$'l1\nl2'
echo "${s%%$'\n'*}"; declare -i num=5; num+=2; echo $num; declare -u up=abc; echo $up; declare -l lo=ABC
echo $lo; readonly ro=1; unset ro 2>/dev/null; echo $? $ro
f() { declare -g glob=set; local -r lr=2; lr=3 2>/dev/null; echo no; }; (f) 2>/dev/null; f 2>/dev/null
echo ${glob-unset}; printf -v v '%03d' 7; echo $v; echo ${v@A}; z=; echo ${z:=filled} $z
echo "${x[0]}" "${#a[*]}"
