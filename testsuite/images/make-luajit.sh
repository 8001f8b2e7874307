#!/bin/sh
# Make .cache/luajit.tar: Debian's minbase with LuaJIT, which writes machine code while it runs. The unpacked tree stays in
# .cache/luajit. Re-runnable. Needs apt of Debian 12, and make-debian.sh to have run.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
[ ! -e "$cache/luajit.tar" ] || exit 0
log=$cache/make-luajit.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-luajit: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

build=$cache/luajit-build root=$cache/luajit
rm -rf "$build" "$root"
mkdir -p "$build"
cp -a "$cache/debian-min" "$root"
cd "$build"
packages="luajit libluajit-5.1-2 libluajit-5.1-common"
# shellcheck disable=SC2086
apt-get download $packages >>"$log" 2>&1 || {
    quietly apt-get update
    # shellcheck disable=SC2086
    quietly apt-get download $packages
}
for package in ./*.deb; do
    quietly dpkg-deb -x "$package" "$root"
done
tar --create --numeric-owner --owner=0 --group=0 --sort=name --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    --directory "$root" --file "$cache/luajit.tar.part" .
mv "$cache/luajit.tar.part" "$cache/luajit.tar"
rm -rf "$build"
