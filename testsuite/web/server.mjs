// A plain static file server, as any web host has one: no special headers, nothing generated. It counts what it sends.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".wasm": "application/wasm",
};

/**
 * Serves folders below paths: `{ "/deep/site/": folder }`. With `types: false` everything is application/octet-stream but
 * what browsers insist on. `sent` maps paths to bytes.
 */
export async function serve(folders, { types = true } = {}) {
  const sent = new Map();
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const mount = Object.keys(folders).find((mount) => path.startsWith(mount));
    const name = mount && normalize(path.slice(mount.length) || "index.html");
    const file = name && !name.startsWith("..") ? join(folders[mount], name) : null;
    const info = file && (await stat(file).catch(() => null));
    if (!info?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(file)];
    const tag = `"${info.size}-${info.mtimeMs}"`;
    const head = { etag: tag, "cache-control": "max-age=3600" };
    if (types || type !== "application/wasm") head["content-type"] = type ?? "application/octet-stream";
    if (request.headers["if-none-match"] === tag) {
      response.writeHead(304, head).end();
      return;
    }
    sent.set(path, (sent.get(path) ?? 0) + info.size);
    response.writeHead(200, { ...head, "content-length": info.size });
    createReadStream(file).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { origin: `http://127.0.0.1:${server.address().port}`, sent, close: () => server.close() };
}
