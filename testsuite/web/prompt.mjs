// How long a page takes from navigation to a shell's prompt, and what it fetches: prompt.mjs --cache DIR --repeat N NAME=SITE...
// A site is one of `brainworm web`, or .cache/v86 (testsuite/images/make-v86.sh). The first visit fetches; the others find the
// files in the browser's cache. Times are medians in milliseconds; visits of the sites alternate.
import { launch, options } from "./browser.mjs";
import { serve } from "./server.mjs";

const { cache, repeat, "": named } = options(process.argv.slice(2), ["cache", "repeat"]);
const sites = named.map((word) => {
  const [, name, folder] = word.match(/^([^=]+)=(.+)$/) ?? [];
  if (!name) throw new Error(`${word}: not NAME=SITE`);
  return { name, folder, times: [] };
});
const files = await serve(Object.fromEntries(sites.map(({ name, folder }) => [`/${name}/`, folder])));
const browser = await launch(cache);
const context = await browser.newContext();

/** Milliseconds from navigation until the screen ends in a prompt. */
async function visit({ name }) {
  const page = await context.newPage();
  const start = performance.now();
  await page.goto(`${files.origin}/${name}/`, { waitUntil: "commit" });
  await page.waitForFunction(
    () => {
      const buffer = globalThis.brainworm?.terminal?.buffer.active;
      const text = buffer
        ? Array.from({ length: buffer.cursorY + 1 }, (_, row) => buffer.getLine(buffer.baseY + row).translateToString(true)).join("\n")
        : document.getElementById("screen")?.textContent;
      // busybox asks where the cursor is right behind its prompt.
      return /[#$]\s*$/.test((text ?? "").replace(/\x1b\[[0-9;]*[A-Za-z]/g, ""));
    },
    null,
    { timeout: 120_000, polling: 10 },
  );
  const time = performance.now() - start;
  await page.close();
  return time;
}

for (const site of sites) {
  site.first = await visit(site);
  site.bytes = [...files.sent].filter(([path]) => path.startsWith(`/${site.name}/`)).reduce((sum, [, bytes]) => sum + bytes, 0);
}
for (let n = 0; n < Number(repeat); n++) for (const site of sites) site.times.push(await visit(site));
for (const { name, first, bytes, times } of sites) {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const told = [`first visit ${first.toFixed(0)} ms`, `then ${median.toFixed(0)} ms (${sorted[0].toFixed(0)} to ${sorted.at(-1).toFixed(0)})`];
  console.log(`${name}: ${told.join(", ")}, ${bytes} bytes fetched`);
}
await browser.close();
files.close();
