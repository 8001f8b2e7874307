#!/bin/sh
# date formats and parsing of fixed moments, time zones, arithmetic on dates.
date -d @0
date -d @1700000000 '+%Y-%m-%d %H:%M:%S %j %U %a %b %e %p %I %y %C %D %T %R %s %N %Z %z %u %w %G-%V'
TZ=America/New_York date -d @0 +%H; TZ=EST5EDT date -d '2024-07-01 12:00 UTC' '+%H %Z'
TZ=JST-9 date -d @0 +%H:%M%z; date -d '2024-02-28 +2 days' +%F; date -d '2023-02-28 +1 month' +%F
date -d 'Jan 1 2000 12:34' +%s; date -d '2024-01-01T00:00:00Z' -R; date -d @1 --iso-8601=seconds
date -d '1970-01-01 00:00:59.5' +%s.%N; date -u -d '2038-01-19 03:14:08' +%s; date -d '2024-12-30' +%G-W%V
date -d garbage 2>/dev/null; echo $?; [ "$(date +%s)" -gt 1600000000 ] && echo now; a=$(date +%s%N)
b=$(date +%s%N); [ "$b" -ge "$a" ] && echo monotonic; date -d '12/25/2023' +%A
printf '2000-01-01\n1999-12-31\n' | date -f - +%s; bash -c 'printf "%(%F %T)T\n" 86399'
perl -e 'print scalar(gmtime(0)), "\n"'
