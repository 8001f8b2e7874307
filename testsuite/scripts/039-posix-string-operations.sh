#!/bin/sh
# The four trimming operators and length in dash.
p=/a/b/c.tar.gz; echo ${p%.*} ${p%%.*} ${p#*/} ${p##*/} ${#p}; x=aXbXc; echo ${x%X*} ${x%%X*} ${x#*X} ${x##*X}
y='a*b'; echo "${y%\**}" "${y#a}"; e=; echo "[${e%x}]"; echo "${p%/*}" "$(dirname $p)" "$(basename $p .gz)"
z='"q"'; echo "${z#\"}"
n=007; echo "${n#"${n%%[!0]*}"}"; set -- "$p" b; echo ${#} ${1##*.} "${@%c*}"
