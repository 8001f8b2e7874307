#!/bin/sh
# Make the directory the benchmark runs in, and its image, from the Debian tree of testsuite/images:
#
#   .cache/bench       /bench/bin (c/*.c), /bench/apps, /bench/data, /opt/esbuild and /opt/ruff from npm and PyPI
#   .cache/bench.tar   the same as an image
#
# Re-runnable: what is there stays; the rows' programs are built anew each time. Needs root.
#   BRAINWORM_CACHE     where to put it        (default: .cache at the top of the repository)
#   BRAINWORM_COREMARK  a checkout of Coremark; without it that row is left out
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
root=$cache/bench
[ -d "$cache/debian" ] || "$here/../images/make-debian.sh"
if [ ! -d "$root" ]; then
    cp -a "$cache/debian" "$root.part"
    mv "$root.part" "$root"
fi
mkdir -p "$root/bench/bin" "$root/bench/apps" "$root/opt"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -x "$root/opt/esbuild" ]; then
    (cd "$work" && npm install --silent --no-audit --no-fund --force @esbuild/linux-x64 react react-dom lodash-es three >/dev/null 2>&1)
    mkdir -p "$root/bench/data/js/node_modules"
    for package in react react-dom lodash-es three scheduler; do
        cp -r "$work/node_modules/$package" "$root/bench/data/js/node_modules/"
    done
    cp "$work/node_modules/@esbuild/linux-x64/bin/esbuild" "$root/opt/esbuild"
fi
if [ ! -x "$root/opt/ruff" ]; then
    python3 -m pip install --quiet --disable-pip-version-check --target "$work/ruff" ruff
    cp "$work/ruff/bin/ruff" "$root/opt/ruff"
fi
# The rows as distributions build programs; true_static is what its name says.
for source in "$here"/c/*.c; do
    name=$(basename "$source" .c)
    static=
    [ "$name" != true_static ] || static=-static
    gcc -O2 -ftree-vectorize -Wall -pthread $static -o "$root/bench/bin/$name" "$source" -lm
done
if [ -n "${BRAINWORM_COREMARK:-}" ]; then
    (cd "$BRAINWORM_COREMARK" && gcc -O2 -DPERFORMANCE_RUN=1 -DFLAGS_STR='"-O2"' -DITERATIONS=0 -Iposix -I. \
        core_*.c posix/core_portme.c -o "$root/bench/bin/coremark" -lrt)
fi
cp "$here"/apps/* "$root/bench/apps/"
[ -e "$root/bench/data/large.c" ] || python3 "$here/make-data.py" "$root/bench/data"
tar --create --numeric-owner --sort=name --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    --directory "$root" --file "$cache/bench.tar.part" .
mv "$cache/bench.tar.part" "$cache/bench.tar"
