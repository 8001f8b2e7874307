#!/bin/sh
# Make the images that answer HTTP requests in testsuite/http:
#
#   .cache/http-busybox.tar   busybox alone, with the handler testsuite/http/cgi/app.sh and files for its httpd
#   .cache/http-debian.tar    Debian's minbase with nginx-light and python3, and the same files
#
# Re-runnable: a finished image is left as it is. Needs root, and make-debian.sh to have run.
#   BRAINWORM_CACHE   where to put everything   (default: .cache at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${BRAINWORM_CACHE:-$(cd "$here/../.." && pwd)/.cache}
log=$cache/make-http.log
: >"$log"
quietly() { "$@" >>"$log" 2>&1 </dev/null || { echo "make-http: failed: $*; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }; }

# What is served: a page, a file of bytes that are not text, and a large one.
fill() {
    mkdir -p "$1/srv/www" "$1/srv/cgi"
    cp "$here/../http/cgi/app.sh" "$1/srv/cgi/app.sh"
    chmod 755 "$1/srv/cgi/app.sh"
    echo '<!doctype html><title>brainworm</title><p>It works.' >"$1/srv/www/index.html"
    # shellcheck disable=SC2059 # octal escapes are the point
    i=0; while [ $i -lt 256 ]; do printf "\\$(printf %03o $i)"; i=$((i + 1)); done >"$1/srv/www/bytes.bin"
    seq 1 200000 >"$1/srv/www/numbers.txt"
}

pack() {
    tar --create --numeric-owner --owner=0 --group=0 --sort=name --one-file-system --exclude='./dev/*' --exclude='./proc/*' \
        --exclude='./sys/*' --directory "$1" --file "$2.part" .
    mv "$2.part" "$2"
}

if [ ! -e "$cache/http-busybox.tar" ]; then
    root=$cache/http-busybox
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/etc" "$root/tmp"
    cp /bin/busybox "$root/bin/busybox"
    for name in $(/bin/busybox --list); do
        [ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
    done
    echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
    fill "$root"
    pack "$root" "$cache/http-busybox.tar"
fi

if [ ! -e "$cache/http-debian.tar" ]; then
    root=$cache/http-debian
    rm -rf "$root"
    cp -a "$cache/debian-min" "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"     # no service may start while we install
    chmod +x "$root/usr/sbin/policy-rc.d"
    quietly chroot "$root" apt-get update
    quietly chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light python3
    quietly chroot "$root" apt-get clean
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/nginx "$root/usr/sbin/policy-rc.d"
    : >"$root/etc/resolv.conf"
    fill "$root"
    # What the image's author would write: one process tree in the foreground, its logs on the standard streams.
    cat >"$root/etc/nginx/nginx.conf" <<'CONF'
daemon off;
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 64; }
http {
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    client_max_body_size 1m;
    server { listen 8080; root /srv/www; }
}
CONF
    pack "$root" "$cache/http-debian.tar"
fi
