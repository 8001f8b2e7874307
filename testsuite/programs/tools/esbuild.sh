#!/bin/sh
# esbuild (Go): bundling and minifying a library, source maps, TypeScript from standard input, errors, the API of a service.
esbuild --version; cp -r /srv/js js; cd js; printf 'import _ from "lodash-es"; import { h, render } from "preact";
console.log(_.chunk([1, 2, 3], 2), _.debounce, h, render);\n' >e.js
esbuild e.js --bundle --minify --outfile=o.js --log-level=error; echo $?; md5sum <o.js; wc -c <o.js
esbuild e.js --bundle --sourcemap --format=esm --splitting --outdir=out --log-level=error; ls out; md5sum <out/e.js
echo 'let x: number = 1; enum E { A, B = "b" }; export const f = async <T,>(t: T) => x ?? E.A' | esbuild --loader=ts --target=es2018
echo 'let = ;' | esbuild --loader=js 2>&1; echo $?; echo 'import "none"' >bad.js
esbuild bad.js --bundle 2>&1 | grep -v '^$' | head -3; esbuild --analyze --bundle --outfile=a.js e.js --log-level=info 2>&1 | grep -c node_modules
printf '.a { .b & { color: rgb(0 0 255 / 50%%) } }' | esbuild --loader=css --minify --target=chrome80
for i in 1 2 3 4; do esbuild e.js --bundle --minify --log-level=error | md5sum & done; wait
GOMAXPROCS=4 GOGC=5 esbuild e.js --bundle --log-level=error | md5sum; timeout 1 esbuild --serve=127.0.0.1:9001 --servedir=out >/dev/null 2>&1 </dev/zero; echo $?
