#!/bin/sh
# Make .cache/tools-root.tar: Debian's minbase with two programs from package registries that bring their own runtimes:
#
#   /usr/local/bin/esbuild   Go, static, with goroutines on threads (npm)
#   /usr/local/bin/ruff      Rust, dynamic glibc, with a thread pool (PyPI)
#   /srv/js, /srv/py         what they work on: lodash-es and preact (npm), requests and click (PyPI)
#
# The unpacked tree stays in .cache/tools-root. Re-runnable. Needs root, npm, pip, unzip, and make-debian.sh to have run.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
[ ! -e "$cache/tools-root.tar" ] || exit 0
log=$cache/make-tools.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-tools: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

for need in npm:npm pip:python3-pip; do
    command -v "${need%%:*}" >/dev/null || missing="${missing:-} ${need##*:}"
done
if [ -n "${missing:-}" ]; then
    quietly apt-get update
    # shellcheck disable=SC2086
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi

build=$cache/tools-build root=$cache/tools-root
rm -rf "$build" "$root"
mkdir -p "$build"
cp -a "$cache/debian-min" "$root"
mkdir -p "$root/srv/js/node_modules" "$root/srv/py"
cd "$build"
for package in @esbuild/linux-x64@0.25.5 lodash-es@4.17.21 preact@10.26.9; do
    quietly npm pack "$package"
done
unpack() { mkdir -p "$2" && tar -xzf "$build"/$1 -C "$2" --strip-components=1 --no-same-owner; }
unpack 'esbuild-linux-x64-*.tgz' "$build/esbuild"
unpack 'lodash-es-*.tgz' "$root/srv/js/node_modules/lodash-es"
unpack 'preact-*.tgz' "$root/srv/js/node_modules/preact"
cp "$build/esbuild/bin/esbuild" "$root/usr/local/bin/esbuild"
quietly pip download --no-deps --only-binary :all: --platform manylinux2014_x86_64 -d "$build" ruff==0.11.13 requests==2.32.4 click==8.2.1
for wheel in ruff requests click; do
    python3 -m zipfile -e "$build"/$wheel-*.whl "$build/$wheel"
done
cp "$build"/ruff/ruff-*.data/scripts/ruff "$root/usr/local/bin/ruff"
cp -r "$build/requests/requests" "$build/click/click" "$root/srv/py"
chmod 755 "$root/usr/local/bin/esbuild" "$root/usr/local/bin/ruff"
chmod -R u=rwX,go=rX "$root/srv"
tar --create --numeric-owner --owner=0 --group=0 --sort=name --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    --directory "$root" --file "$cache/tools-root.tar.part" .
mv "$cache/tools-root.tar.part" "$cache/tools-root.tar"
rm -rf "$build"
