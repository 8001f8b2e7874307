// What programs cost in a tab, by what executes them: compute.mjs --cache DIR --site DIR --repeat N --scale F [OPTIONS]...
// OPTIONS: what boot() is given, as JSON; without any, each engine. The site has bash, and programs it lacks give no row. Cells
// are CPU seconds of the whole browser from when a shell is told to go on until it says that the program has ended, and in
// brackets by the clock (medians, the engines alternating); then the share of instructions run translated, and all.
import { launch, options } from "./browser.mjs";
import { serve } from "./server.mjs";

/** By a number of rounds. */
const PROGRAMS = {
  "bash, a loop": (n) => `for ((i = 0; i < ${n(20000)}; i++)); do x=$((x * 7 + i)); done; echo $x`,
  "dash, a loop": (n) => `dash -c 'i=0; while [ $i -lt ${n(40000)} ]; do i=$((i + 1)); done; echo $i'`,
  "awk, words": (n) => `seq ${n(100000)} | awk '{ n[$1 % 97] += length($0 * 3) } END { for (k in n) s += n[k]; print s }'`,
  "perl, arithmetic": (n) =>
    `perl -e '$x = 7; for $i (1..${n(400000)}) { $x = ($x * 1103515245 + 12345) % 2147483648 } print "$x\\n"'`,
  "python, arithmetic": (n) =>
    `python3 -c 'x = 7\nfor i in range(${n(400000)}): x = (x * 1103515245 + 12345) % 2147483648\nprint(x)'`,
  "sort, lines": (n) => `seq ${n(30000)} | sort -r | sort -n | tail -1`,
  "/bin/true, again and again": (n) => `for ((i = 0; i < ${n(100)}; i++)); do /bin/true; done; echo done`,
};

const { cache, site, repeat, scale, "": given } = options(process.argv.slice(2), ["cache", "site", "repeat", "scale"]);
const ways = given.length > 0 ? given.map((text) => JSON.parse(text)) : ["interp", "aot", "jit", "auto"].map((engine) => ({ engine }));
const files = await serve({ "/s/": site });
const browser = await launch(cache);
const session = await browser.newBrowserCDPSession();

async function cpu() {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** In the page: starts a shell that waits for a line and then runs the program. */
async function begin({ program, more }) {
  const { boot } = await import("/s/brainworm.js");
  const command = ["bash", "-c", `read go; ${program}\necho over >&2; read end`];
  const machine = await boot({ command, tty: false, ...more });
  globalThis.run = { machine, out: "", over: new Promise((over) => machine.onError(over)) };
  machine.onData((bytes) => (run.out += new TextDecoder().decode(bytes)));
}

async function go() {
  run.machine.write("\n");
  await run.over;
  return { out: run.out, figures: await run.machine.figures() };
}

async function once(program, more) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${files.origin}/s/licences.txt`);
  await page.evaluate(begin, { program, more });
  // Whatever the browser still does with what it has loaded.
  await page.waitForTimeout(1000);
  const [before, start] = [await cpu(), performance.now()];
  const { out, figures } = await page.evaluate(go);
  const took = { seconds: (performance.now() - start) / 1000, cpu: (await cpu()) - before, out, figures };
  await context.close();
  return took;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(`| program | ${ways.map((way) => JSON.stringify(way)).join(" | ")} |`);
for (const [name, text] of Object.entries(PROGRAMS)) {
  const program = text((count) => Math.ceil(count * Number(scale)));
  const runs = ways.map(() => []);
  for (let n = 0; n < Number(repeat); n++) for (const [i, way] of ways.entries()) runs[i].push(await once(program, way));
  const outputs = new Set(runs.flat().map(({ out }) => out));
  if (outputs.size > 1) throw new Error(`${name}: ${[...outputs].map((out) => JSON.stringify(out))}`);
  if (outputs.has("")) continue;
  const cells = runs.map((all) => {
    const { figures } = all[0];
    const share = (figures.aot_instructions + figures.jit_instructions) / figures.instructions;
    const [used, clock] = [median(all.map(({ cpu }) => cpu)), median(all.map(({ seconds }) => seconds))];
    return `${used.toFixed(1)} (${clock.toFixed(1)}), ${(share * 100).toFixed(0)} % of ${(figures.instructions / 1e6).toFixed(0)} M`;
  });
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
await browser.close();
files.close();
