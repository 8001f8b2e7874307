// Runs a built module under node's own WASI: `node wasi.mjs APP.wasm [ARG...]`. Environment and directories as a user of
// node would give them: NAME=value variables named in WASI_ENV (comma separated), HOST::GUEST pairs in WASI_DIR.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { WASI } from "node:wasi";

// V8 11.3 (node 20) can crash in its own teardown while functions are still being optimised in the background.
setFlagsFromString("--no-wasm-dynamic-tiering");

const [path, ...args] = process.argv.slice(2);
const env = Object.fromEntries((process.env.WASI_ENV ?? "").split(",").filter(Boolean).map((name) => [name, process.env[name]]));
const preopens = Object.fromEntries(
  (process.env.WASI_DIR ?? "").split(",").filter(Boolean).map((pair) => pair.split("::").reverse()),
);
const wasi = new WASI({ version: "preview1", args: [path, ...args], env, preopens, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(path));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
