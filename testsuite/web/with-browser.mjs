// Runs a command that starts guests in a browser: with-browser.mjs --cache DIR --site DIR --boot JSON COMMAND...
// guest.mjs, run below it, finds this process by BRAINWORM_BROWSER. JSON: more options for every guest's boot().
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { launch, options } from "./browser.mjs";
import { serve } from "./server.mjs";

const { cache, site, boot, "": command } = options(process.argv.slice(2), ["cache", "site", "boot"]);
const files = await serve({ "/a/site/": site });
const browser = await launch(cache);
const context = await browser.newContext();

/** Pages nobody uses now; each shows a file of the site, so that its modules can be imported. */
const idle = [];
async function page() {
  if (idle.length > 0) return idle.pop();
  const page = await context.newPage();
  await page.goto(`${files.origin}/a/site/licences.txt`);
  return page;
}

/** In the page: runs a container with standard streams to its end. */
async function guest({ command, more }) {
  const { boot } = await import("/a/site/brainworm.js");
  const machine = await boot({ command, tty: false, ...more });
  const text = (parts) => parts.map((part) => String.fromCharCode(...part)).join("");
  const [out, err] = [[], []];
  const collect = (list) => (bytes) => {
    // Apply's arguments are limited.
    for (let at = 0; at < bytes.length; at += 8192) list.push(bytes.subarray(at, at + 8192));
  };
  machine.onData(collect(out));
  machine.onError(collect(err));
  machine.end();
  const status = await machine.exited;
  return { status, out: btoa(text(out)), err: btoa(text(err)) };
}

const control = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const place = await page();
  const gone = new Promise((_, reject) => request.socket.on("close", () => reject(new Error("nobody waits for it"))));
  try {
    const answer = await Promise.race([place.evaluate(guest, { command: JSON.parse(body), more: JSON.parse(boot) }), gone]);
    response.end(JSON.stringify(answer));
    idle.push(place);
  } catch (error) {
    response.writeHead(500).end(error.message);
    await place.close().catch(() => {});
  }
});
await new Promise((done) => control.listen(0, "127.0.0.1", done));

const env = { ...process.env, BRAINWORM_BROWSER: String(control.address().port) };
const child = spawn(command[0], command.slice(1), { stdio: "inherit", env });
const status = await new Promise((done) => child.on("close", (status) => done(status ?? 1)));
await browser.close();
control.closeAllConnections();
control.close();
files.close();
process.exitCode = status;
