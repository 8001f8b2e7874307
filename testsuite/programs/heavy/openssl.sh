#!/bin/sh
# openssl: digests and ciphers of 14 MB by its assembly (AES-NI, PCLMULQDQ, SHA, SSSE3), signatures, and TLS over loopback.
seq 1 2000000 >big; openssl version | cut -d' ' -f1,2
for digest in md5 sha1 sha224 sha256 sha384 sha512 sha512-256 sha3-256 shake128 blake2b512 blake2s256 ripemd160 sm3; do
    openssl dgst -$digest big
done
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc aes-128-ctr aes-256-ctr aes-128-cfb aes-256-ofb aes-128-ecb \
    camellia-256-cbc aria-128-ctr chacha20 sm4-cbc; do
    size=$(echo $cipher | tr -dc 0-9 | cut -c1-3); case $cipher in chacha20) size=256;; sm4*) size=128;; esac
    k=$(echo $key | cut -c1-$((size / 4))); v=$iv; [ $cipher != aes-128-ecb ] || v=
    openssl enc -$cipher -K $k ${v:+-iv $v} -in big -out coded; openssl dgst -sha256 coded
    openssl enc -d -$cipher -K $k ${v:+-iv $v} -in coded | cmp - big && echo $cipher round
done
mac() { openssl mac -in big "$@"; }
mac -macopt hexkey:$key -digest sha256 HMAC; mac -macopt hexkey:$key -cipher aes-256-cbc CMAC; mac -macopt hexkey:$key POLY1305
mac -macopt hexkey:$key -macopt hexiv:$iv -cipher aes-256-gcm GMAC; mac -macopt hexkey:00112233445566778899aabbccddeeff SIPHASH
openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:secret -kdfopt hexsalt:0102 -kdfopt iter:20000 PBKDF2
openssl kdf -keylen 32 -kdfopt pass:secret -kdfopt salt:NaCl -kdfopt n:1024 -kdfopt r:8 -kdfopt p:2 SCRYPT
openssl prime 170141183460469231731687303715884105727; openssl prime -hex FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD1
for kind in "RSA -pkeyopt rsa_keygen_bits:2048" "EC -pkeyopt ec_paramgen_curve:P-256" "EC -pkeyopt ec_paramgen_curve:secp384r1" ED25519 ED448; do
    openssl genpkey -quiet -algorithm $kind -out key.pem 2>/dev/null || openssl genpkey -algorithm $kind -out key.pem 2>/dev/null
    openssl pkey -in key.pem -pubout -out public.pem; raw=; case $kind in ED*) raw=-rawin;; esac
    head -c 32 big >small; openssl pkeyutl -sign -inkey key.pem $raw -in small -out signature
    openssl pkeyutl -verify -pubin -inkey public.pem $raw -in small -sigfile signature; echo x >>small
    openssl pkeyutl -verify -pubin -inkey public.pem $raw -in small -sigfile signature >/dev/null 2>&1; echo $?
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days 2 -subj /CN=localhost 2>/dev/null
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    openssl s_server -accept 127.0.0.1:4433 -key server.key -cert server.crt -WWW -ciphersuites $suite -naccept 1 >/dev/null 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9; do sleep 0.3; grep -q ':1151 ' /proc/net/tcp && break; done
    (printf 'GET /big HTTP/1.0\r\n\r\n'; wait) | openssl s_client -connect 127.0.0.1:4433 -CAfile server.crt -quiet 2>/dev/null |
        sed '1,/^\r$/d' | openssl dgst -sha256; wait
done
