#!/bin/sh
# node: its compilers at work on numbers, strings, typed arrays, closures, exceptions and wasm, then with the interpreter alone.
cat >t.js <<'E'
const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2); console.log(fib(25));
const a = new Float64Array(100000); for (let r = 0; r < 10; r++) for (let i = 0; i < a.length; i++) a[i] = a[i] * 0.5 + Math.sin(i) + r;
console.log(a.reduce((x, y) => x + y, 0).toFixed(6));
let h = 0; for (let i = 0; i < 2e6; i++) h = (Math.imul(h, 31) + i) | 0; console.log(h);
const m = new Map(); for (let i = 0; i < 100000; i++) m.set("k" + (i % 997), (m.get("k" + (i % 997)) || 0) + i); console.log(m.size, m.get("k5"));
class P { constructor(x) { this.x = x } get d() { return this.x * 2 } } class Q extends P { get d() { return super.d + 1 } }
let s = 0; for (let i = 0; i < 300000; i++) s += (i % 3 ? new P(i) : new Q(i)).d; console.log(s);
console.log(JSON.stringify(JSON.parse('{"a":[1,2.5e3,"\\u00e9"],"b":{"c":null}}')), [3, 1, 2].sort().join(), /(\w+)@(\w+)/.exec("me@home")[2]);
let big = 1n; for (let i = 1n; i < 200n; i++) big *= i; console.log(String(big).length, big % 1000003n);
let caught = 0; for (let i = 0; i < 20000; i++) try { if (i % 7 == 0) throw new Error(i) } catch (e) { caught += Number(e.message) } console.log(caught);
function* g() { for (let i = 0; i < 50000; i++) yield i } let t = 0; for (const x of g()) t += x; console.log(t);
const bytes = Uint8Array.from([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]);
WebAssembly.instantiate(bytes).then(({ instance }) => { let w = 0; for (let i = 0; i < 100000; i++) w = instance.exports.add(w, i); console.log(w);
  const c = require("crypto"), z = require("zlib"); const data = Buffer.alloc(1 << 20, "brainworm");
  console.log(c.createHash("sha256").update(data).digest("hex"), z.gunzipSync(z.gzipSync(data)).equals(data));
  setTimeout(() => { console.log("later"); work() }, 20); Promise.resolve().then(() => console.log("soon"));
  const work = () => { const { Worker } = require("worker_threads"); new Worker('require("worker_threads").parentPort.postMessage([1, 2, 3].map(x => x * x))', { eval: true }).on("message", v => console.log(v.join())) } });
E
node t.js >a; cat a; node --no-opt t.js | cmp - a && echo same; node --jitless t.js 2>/dev/null | head -3
