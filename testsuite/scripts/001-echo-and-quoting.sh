#!/bin/sh
# Quotes, escapes, $* against $@, empty words.
set -- 'a b' c '' d
echo "$#" "$*" "$@"
for w in "$@"; do echo "[$w]"; done
for w in "$*"; do echo "[$w]"; done
for w in $@; do echo "[$w]"; done
echo 'single $x `no`' "double \$x \`no\`" plain\ space
x='a   b'; echo $x "$x"
echo "a'b" 'a"b' "a\\b" 'a\b'
IFS=:; set -- 1 2 3; echo "$*"; y=a:b:c; echo $y; unset IFS
echo "${x}y" "${#x}" "$((1+1))"
printf '%s|' "" a ""; echo
