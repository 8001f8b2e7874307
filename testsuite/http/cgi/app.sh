#!/bin/sh
# A CGI handler that does what its path says: the good, and everything that handlers do wrong.
text() { printf 'Content-Type: text/plain\r\n\r\n'; }
case $PATH_INFO in
    /hello) text; echo "hello $REQUEST_METHOD $QUERY_STRING" ;;
    /env) text; env | sort ;;
    /echo) printf 'Content-Type: application/octet-stream\nX-Length: %s\n\n' "$CONTENT_LENGTH"; cat ;;
    /sum) text; md5sum ;;
    /count) text; wc -c ;;
    /zeros) printf 'Content-Type: application/octet-stream\n\n'; head -c "$QUERY_STRING" /dev/zero ;;
    /lazy) text; echo early; sleep 1; echo late ;;
    /shell) text; seq 200 | while read -r i; do echo $((i * i)); done | sort -rn | head -3 ;;
    /status) printf 'Status: 418 Short and stout\nX-Made: a\nX-Made: b\n\n'; echo teapot ;;
    /nothing) printf 'Status: 204 No Content\n\n' ;;
    /away) printf 'Location: http://example.org/\n\n' ;;
    /inside) printf 'Location: /hello?from-%s\n\n' "$REQUEST_METHOD" ;;
    /round) printf 'Location: /round\n\n' ;;
    /log) text; echo logged >&2; echo said ;;
    /crash) kill -SEGV $$ ;;
    /short) printf 'Content-Type: text/plain\nContent-Length: 100\n\n'; echo short ;;
    /silent) exit 3 ;;
    /garbage) head -c 3000 /dev/urandom ;;
    /plain) echo 'this is no header' ; echo ;;
    /endless) while :; do printf 'X-A: %s\n' bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb; done ;;
    /hang) sleep 1000 ;;
    /spin) while :; do :; done ;;
    /bomb) bomb() { bomb | bomb & }; bomb; text; wait; sleep 1000 ;;
    /hungry) text; x=x; while :; do x=$x$x; done ;;
    *) printf 'Status: 404 Not Found\nContent-Type: text/plain\n\n'; echo "no $PATH_INFO" ;;
esac
