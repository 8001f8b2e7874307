#!/bin/sh
# Make .cache/web.oci, an OCI image of Debian's minbase with what a person uses at a terminal (vim, less, top, busybox), without what only fills
# a page's download: manuals, translations, the package manager's lists.
#
# The unpacked tree stays in .cache/web. Re-runnable. Needs root and make-debian.sh to have run.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
[ ! -e "$cache/web.oci" ] || exit 0
log=$cache/make-web.log
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-web: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

root=$cache/web
rm -rf "$root"
cp -a "$cache/debian-min" "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
quietly chroot "$root" apt-get update
quietly chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    vim-tiny less procps busybox-static bsdextrautils
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/cache/debconf/* "$root"/var/log/* \
    "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/* "$root"/var/lib/dpkg/*-old
: >"$root/etc/resolv.conf"

oci=$cache/web.oci.part
rm -rf "$oci"
mkdir -p "$oci/blobs/sha256"
# blob FILE: put a file among the blobs and print what names it in JSON.
blob() {
    digest=$(sha256sum "$1" | cut -d ' ' -f 1)
    printf '"digest": "sha256:%s", "size": %s' "$digest" "$(stat -c %s "$1")"
    mv "$1" "$oci/blobs/sha256/$digest"
}
tar --create --numeric-owner --sort=name --xattrs --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    --directory "$root" --file "$oci/layer" .
diff_id=$(sha256sum "$oci/layer" | cut -d ' ' -f 1)
layer=$(blob "$oci/layer")
printf '{"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/bash"], "WorkingDir": "/root", "Env": ["LANG=C.UTF-8"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}' "$diff_id" >"$oci/config"
config=$(blob "$oci/config")
kind=application/vnd.oci.image
printf '{"schemaVersion": 2, "mediaType": "%s.manifest.v1+json", "config": {"mediaType": "%s.config.v1+json", %s},
    "layers": [{"mediaType": "%s.layer.v1.tar", %s}]}' $kind $kind "$config" $kind "$layer" >"$oci/manifest"
manifest=$(blob "$oci/manifest")
printf '{"schemaVersion": 2, "manifests": [{"mediaType": "%s.manifest.v1+json", %s}]}' $kind "$manifest" >"$oci/index.json"
printf '{"imageLayoutVersion": "1.0.0"}' >"$oci/oci-layout"
mv "$oci" "$cache/web.oci"
