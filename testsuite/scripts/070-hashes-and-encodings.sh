#!/bin/sh
# Checksums of fixed and large inputs, verification, base64, base32, uuencode-like.
printf abc >f; for h in md5 sha1 sha224 sha256 sha384 sha512 b2; do ${h}sum f; done; cksum f; sum f; sum -s f
cksum -a crc f 2>/dev/null; sha256sum f >s; sha256sum -c s; echo x >>f; sha256sum -c s 2>/dev/null; echo $?
seq 300000 | md5sum; seq 300000 | sha512sum | cut -c1-32; seq 300000 | b2sum -l 128; seq 300000 | cksum
head -c 1000000 /dev/zero | sha1sum; base64 <f; base64 -d <<E
aGVsbG8gd29ybGQ=
E
echo; seq 30 | base64 -w 40 | tail -1; seq 1000 | base64 | base64 -d | cksum; echo hello | base32
basenc --base16 f; basenc --z85 -d <<E 2>/dev/null
HelloWorld
E
printf '\x86\x4f' | od -An -tx1; echo '!!!' | base64 -d 2>/dev/null; echo $?; md5sum --tag f
sha256sum --zero f | tr '\0' '\n'; perl -e 'use Digest::SHA qw(sha256_hex); print sha256_hex("abc"), "\n"'
printf abc | openssl dgst -sha256 2>/dev/null | sed 's/.*= //'
python3 -c 'import hashlib,zlib,binascii; print(hashlib.sha3_256(b"abc").hexdigest(), zlib.crc32(b"abc"), zlib.adler32(b"abc"), hashlib.blake2s(b"abc").hexdigest()[:16])'
