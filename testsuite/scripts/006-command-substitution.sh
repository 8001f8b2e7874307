#!/bin/sh
# Nesting, trailing newlines, status, large output, backquotes.
echo "[$(printf 'a\n\n\n')]"
echo "$(echo "$(echo "$(echo deep)")")"
x=$(exit 5); echo $?
echo $(false) $?
echo `echo \`echo back\``
y=$(seq 100000); echo ${#y}
echo "$(cat <<EOT
here in sub
EOT
)"
z=$(echo a; echo b >&2; echo c) 2>/dev/null; echo "$z"
v=$(echo no newline | tr -d '\n'); echo "<$v>"
printf '%s\n' "$(printf 'a b\tc')"
