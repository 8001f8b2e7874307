#!/bin/sh
# Make .cache/musl.tar: a small image without anything of Debian's C library.
#
#   /bin/busybox            Debian's static busybox, with its applets as symbolic links
#   /bin/lua, /bin/lua-dyn  Lua 5.4 from Debian's source package, built with musl-gcc: static, and with musl's own ld.so
#   /bin/echod, echod-dyn   musl/echod.c beside this script: a threaded TCP echo server, built both ways
#
# The unpacked tree stays in .cache/musl. Re-runnable. Needs root on a Debian 12 machine with network.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
mkdir -p "$cache"
[ ! -e "$cache/musl.tar" ] || exit 0
log=$cache/make-musl.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-musl: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

for need in musl-gcc:musl-tools gcc:gcc make:make dpkg-source:dpkg-dev xz:xz-utils; do
    command -v "${need%%:*}" >/dev/null || missing="${missing:-} ${need##*:}"
done
if [ -n "${missing:-}" ]; then
    quietly apt-get update
    # shellcheck disable=SC2086
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi

build=$cache/musl-build
rm -rf "$build"
mkdir -p "$build/lists/partial" "$build/archives/partial"
# The machine's own sources, with source packages switched on, in a place of our own.
for f in /etc/apt/sources.list.d/*.sources; do
    [ ! -e "$f" ] || { grep -q debian-archive-keyring "$f" && sed 's/^Types: deb$/Types: deb deb-src/' "$f"; echo; } >>"$build/all.sources"
done
for f in /etc/apt/sources.list; do
    [ ! -s "$f" ] || sed -n 's/^deb \(.*\)/deb \1\ndeb-src \1/p' "$f" >"$build/all.list"
done
mkdir "$build/parts"
[ ! -s "$build/all.sources" ] || cp "$build/all.sources" "$build/parts/all.sources"
[ ! -s "$build/all.list" ] || cp "$build/all.list" "$build/parts/all.list"
apt="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$build/parts -o Dir::State::Lists=$build/lists -o Dir::Cache::Archives=$build/archives
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
# shellcheck disable=SC2086
(cd "$build" && quietly apt-get $apt update && quietly apt-get $apt source lua5.4 && quietly apt-get $apt download busybox-static)
lua=$(echo "$build"/lua5.4-*/src)
# Debian's build generates this header: where modules would lie.
echo '#define DEB_HOST_MULTIARCH "x86_64-linux-musl"' >"$lua/lua5.4-deb-multiarch.h"

root=$cache/musl
rm -rf "$root"
mkdir -p "$root/bin" "$root/lib" "$root/etc" "$root/dev" "$root/proc" "$root/sys" "$root/root" "$root/usr/bin"
install -d -m 1777 "$root/tmp"
quietly dpkg-deb --fsys-tarfile "$build"/busybox-static_*.deb
dpkg-deb --fsys-tarfile "$build"/busybox-static_*.deb | tar -xf - -C "$build" ./bin/busybox
cp "$build/bin/busybox" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
ln -s ../../bin/env "$root/usr/bin/env"

# Every .c of Lua but the compiler's main; the interpreter with neither readline nor dlopen.
objects=$(cd "$lua" && ls ./*.c | grep -v '/luac\.c$')
build_both() {    # NAME FLAGS -- SOURCES, in the current directory
    name=$1 flags=$2
    shift 3
    # shellcheck disable=SC2086
    quietly musl-gcc -O2 -static $flags -o "$root/bin/$name" "$@" -lm
    # shellcheck disable=SC2086
    quietly musl-gcc -O2 $flags -o "$root/bin/$name-dyn" "$@" -lm
    strip "$root/bin/$name" "$root/bin/$name-dyn"
}
# shellcheck disable=SC2086
(cd "$lua" && build_both lua "-std=gnu99 -DLUA_USE_POSIX" -- $objects)
build_both echod "-Wall -pthread" -- "$here/musl/echod.c"
# The interpreter musl-gcc writes into a dynamic program is musl's libc.so itself.
cp -L /lib/ld-musl-x86_64.so.1 "$root/lib/ld-musl-x86_64.so.1"
ln -s ld-musl-x86_64.so.1 "$root/lib/libc.so"
chmod 755 "$root/lib/ld-musl-x86_64.so.1"

echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo brainworm >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$root/etc/hosts"
tar --create --numeric-owner --owner=0 --group=0 --sort=name --directory "$root" --file "$cache/musl.tar.part" .
mv "$cache/musl.tar.part" "$cache/musl.tar"
rm -rf "$build"
