#!/bin/sh
# Make .cache/v86, a folder any file server can show: v86 (npm) booting a busybox to a prompt in a page, which is what
# testsuite/web/prompt.mjs compares brainworm's pages with. Linux and busybox are Debian's for i386, the BIOS SeaBIOS.
#
# Re-runnable. Needs root, npm, cpio, network.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
[ ! -e "$cache/v86" ] || exit 0
log=$cache/make-v86.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-v86: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

work=$cache/v86-build site=$cache/v86.part
rm -rf "$work" "$site"
mkdir -p "$work/lists/partial" "$work/initrd/bin" "$site"
cd "$work"
# Debian's lists for i386, without making this machine one that has it.
apt="-o APT::Architecture=i386 -o APT::Architectures=i386 -o Dir::State::Lists=$work/lists -o APT::Get::List-Cleanup=0"
# shellcheck disable=SC2086 # lists of words
apt-get $apt update >>"$log" 2>&1 || true    # one suite's mirror may be in the middle of a change: the others do
# shellcheck disable=SC2086
quietly apt-get $apt download "$(apt-cache $apt depends linux-image-686 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)" \
    busybox-static seabios
for package in *.deb; do
    dpkg-deb -x "$package" tree
done
cp tree/usr/share/seabios/bios.bin "$site/seabios.bin"
cp tree/usr/share/seabios/vgabios-stdvga.bin "$site/vgabios.bin"
cp tree/boot/vmlinuz-* "$site/vmlinuz"
cp tree/bin/busybox initrd/bin/busybox
ln -s busybox initrd/bin/sh
printf '#!/bin/sh\n/bin/busybox --install -s /bin\nmkdir -p /proc /dev\nmount -t proc none /proc\nmount -t devtmpfs none /dev\nexec setsid cttyhack sh\n' >initrd/init
chmod +x initrd/init
(cd initrd && find . | cpio --quiet -o -H newc | gzip -9) >"$site/initrd.gz"
quietly npm pack v86@0.5.462
tar -xzf v86-*.tgz
cp package/build/libv86.mjs package/build/v86.wasm "$site"
cat >"$site/index.html" <<'E'
<!doctype html>
<title>v86</title>
<pre id="screen"></pre>
<script type="module">
  import { V86 } from "./libv86.mjs";
  const emulator = new V86({
    wasm_path: "v86.wasm", memory_size: 128 << 20, vga_memory_size: 2 << 20, autostart: true,
    bios: { url: "seabios.bin" }, vga_bios: { url: "vgabios.bin" }, bzimage: { url: "vmlinuz" }, initrd: { url: "initrd.gz" },
    cmdline: "console=ttyS0 quiet acpi=off pnpbios=off mce=off tsc=reliable mitigations=off random.trust_cpu=on",
  });
  const screen = document.getElementById("screen");
  emulator.add_listener("serial0-output-byte", (byte) => (screen.textContent += String.fromCharCode(byte)));
</script>
E
cd "$cache"
rm -rf "$work"
mv "$site" "$cache/v86"
