#!/bin/sh
# Expanded, quoted, tab-stripped and nested here-documents, several on one line.
name=world
cat <<EOT
hello $name $(echo sub) $((6*7)) \$escaped
EOT
cat <<'EOT'
hello $name $(echo sub)
EOT
cat <<-EOT
	tabs
		gone
	EOT
cat <<A; cat <<B
first
A
second
B
(cat <<EOT
in a subshell
EOT
)
while read -r l; do echo "<$l>"; done <<EOT
one
  two
three\
EOT
f() { cat; }
f <<EOT | tr a-z A-Z
to a function
EOT
cat 3<<EOT <&3
on fd 3
EOT
