#!/bin/sh
# Traps for signals and EXIT, resetting, ignoring, listing.
trap 'echo exit $?' EXIT
trap 'echo usr1' USR1
trap 'echo usr2' USR2
kill -USR1 $$; kill -USR2 $$
trap '' USR1; kill -USR1 $$; echo ignored
trap - USR2
trap 'echo term' TERM; kill $$
trap
(trap 'echo inner' EXIT; exit 3); echo $?
f() { trap 'echo from f' HUP; }; f; kill -HUP $$
sh -c 'kill -USR1 $$; echo still here'
sh -c 'kill -USR2 $$; echo not here'; echo $?
exit 9
