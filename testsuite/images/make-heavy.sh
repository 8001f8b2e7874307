#!/bin/sh
# Make .cache/heavy.tar: Debian with programs that lean on the instruction set and on generated code:
#
#   openssl, ffmpeg with x264, stress-ng, gcc          (Debian)
#   luajit, node, OpenJDK 17                           (Debian: each compiles at run time)
#   /opt/numpy                                         numpy with its test suite (PyPI)
#
# About 1.5 GB; the set `heavy` of the programs is recorded and run in it. The unpacked tree stays in .cache/heavy.
# Re-runnable. Needs root, pip, and make-debian.sh to have run.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
[ ! -e "$cache/heavy.tar" ] || exit 0
packages="openssl ffmpeg stress-ng luajit nodejs openjdk-17-jdk-headless python3 gcc libc6-dev"
log=$cache/make-heavy.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-heavy: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

root=$cache/heavy
rm -rf "$root"
cp -a "$cache/debian-min" "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"     # no service may start while we install
chmod +x "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"                                 # the JDK's installation looks there
trap 'umount "$root/proc" 2>/dev/null || true' EXIT
quietly chroot "$root" apt-get update
# shellcheck disable=SC2086 # a list of words
quietly chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
quietly python3 -m pip install --quiet --no-compile --only-binary :all: --python-version 3.11 --platform manylinux2014_x86_64 \
    --target "$root/opt/numpy" numpy==2.2.6 pytest==8.4.1 hypothesis==6.135.10
quietly chroot "$root" apt-get clean
umount "$root/proc"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/usr/sbin/policy-rc.d "$root"/root/.cache
: >"$root/etc/resolv.conf"
echo brainworm >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$root/etc/hosts"
tar --create --numeric-owner --sort=name --xattrs --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    --directory "$root" --file "$cache/heavy.tar.part" .
mv "$cache/heavy.tar.part" "$cache/heavy.tar"
