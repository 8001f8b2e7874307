#!/bin/sh
# Make .cache/http-go.tar: the files of http-busybox.tar and the server testsuite/http/go, linked statically by Debian's Go. Recorded
# runs of testsuite/http/figures.py alone need it.
#
# Re-runnable. Needs root, network, and make-http.sh to have run.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
[ ! -e "$cache/http-go.tar" ] || exit 0
log=$cache/make-go.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-go: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

if ! command -v go >/dev/null; then
    quietly apt-get update
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends golang-go
fi
root=$cache/http-go
rm -rf "$root"
mkdir -p "$root"
tar -xf "$cache/http-busybox.tar" -C "$root"
quietly env CGO_ENABLED=0 GO111MODULE=off GOARCH=amd64 GOCACHE="$cache/go-build" \
    go build -trimpath -o "$root/bin/server" "$here/../http/go/main.go"
tar --create --numeric-owner --owner=0 --group=0 --sort=name --directory "$root" --file "$cache/http-go.tar.part" .
mv "$cache/http-go.tar.part" "$cache/http-go.tar"
