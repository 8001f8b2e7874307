#!/bin/sh
# A here-document larger than a pipe holds.
i=0; body=
while [ $i -lt 100 ]
do body="$body 0123456789012345678901234567890123456789012345678901234567890123456789"; i=$((i+1)); done
all="$body$body$body$body$body$body$body$body$body$body$body$body$body$body$body$body"
cat <<EOT | wc -c
$all
EOT
wc -w <<EOT
$all
EOT
cat <<EOT | sha256sum
$all$all
EOT
