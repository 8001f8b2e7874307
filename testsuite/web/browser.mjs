// Debian's Chromium, driven by playwright-core out of the cache.
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const top = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A headless browser; `cache` is where testsuite/setup.sh put the packages. */
export function launch(cache, args = []) {
  const { chromium } = createRequire(resolve(cache, "web-tests/package.json"))("playwright-core");
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", ...args] });
}

/** The values of `--name value` options; the rest of the words under "". */
export function options(words, names) {
  const found = { "": [] };
  while (words.length > 0) {
    const name = words[0].replace(/^--/, "");
    if (!words[0].startsWith("--") || !names.includes(name)) {
      found[""] = words;
      break;
    }
    found[name] = words[1];
    words = words.slice(2);
  }
  for (const name of names) if (found[name] === undefined) throw new Error(`--${name} is missing`);
  return found;
}
