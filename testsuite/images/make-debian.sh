#!/bin/sh
# Make the two Debian images the testsuite runs in, from Debian's own packages, without a container engine:
#
#   .cache/debian-min.tar   debootstrap's minbase, nothing added
#   .cache/debian.tar       the same with the programs the testsuite checks (perl, python3, git, gcc, redis ...)
#
# The unpacked trees stay beside them (.cache/debian-min, .cache/debian); `native` runs commands in them.
# Re-runnable: a finished step leaves a stamp and is skipped. Needs root on a Debian 12 machine with network.
#   --min             only the first of them
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
suite=bookworm
# Sorted by subject: shells and their tools, languages, building, services, looking inside.
packages="busybox-static gawk mawk bc xz-utils bzip2 zstd patch file bsdextrautils less attr
    perl python3 sqlite3
    git gcc libc6-dev make
    redis-server redis-tools netcat-openbsd
    strace procps psmisc"

mkdir -p "$cache"
log=$cache/make-debian.log
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-debian: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

if ! command -v debootstrap >/dev/null; then
    quietly apt-get update
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap
fi

# What differs between two runs, or names the machine that built the image, does not belong into it.
scrub() {
    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/var/cache/ldconfig/aux-cache \
        "$1"/var/log/*.log "$1"/var/log/apt "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old "$1"/usr/sbin/policy-rc.d
    : >"$1/etc/resolv.conf"
    : >"$1/etc/machine-id"
    echo brainworm >"$1/etc/hostname"
    printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$1/etc/hosts"
}

# tree TAR: pack a tree; the tar appears by rename.
pack() {
    tar --create --numeric-owner --sort=name --xattrs --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
        --directory "$1" --file "$2.part" .
    mv "$2.part" "$2"
}

if [ ! -e "$cache/debian-min.tar" ]; then
    rm -rf "$cache/debian-min"
    quietly debootstrap --variant=minbase --arch=amd64 "$suite" "$cache/debian-min"
    scrub "$cache/debian-min"
    pack "$cache/debian-min" "$cache/debian-min.tar"
fi

[ "${1:-}" != --min ] || exit 0

if [ ! -e "$cache/debian.tar" ]; then
    root=$cache/debian
    rm -rf "$root"
    cp -a "$cache/debian-min" "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"     # no service may start while we install
    chmod +x "$root/usr/sbin/policy-rc.d"
    quietly chroot "$root" apt-get update
    # shellcheck disable=SC2086
    quietly chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
    quietly chroot "$root" apt-get clean
    scrub "$root"
    pack "$root" "$cache/debian.tar"
fi
