// A page with a terminal, as a person uses it: types keys and reads the screen.
import assert from "node:assert/strict";

export class Screen {
  constructor(page) {
    this.page = page;
  }

  /** Opens the site and waits until the container runs. */
  static async open(page, url, { prompt = /[#$] $/m } = {}) {
    const screen = new Screen(page);
    await page.goto(url);
    await page.waitForFunction(() => globalThis.brainworm?.machine, null, { timeout: 60_000 });
    if (prompt) await screen.wait(prompt);
    return screen;
  }

  /** The lines on the screen, the cursor's place marked by its line ending there. */
  async text() {
    return this.page.evaluate(() => {
      const { active } = brainworm.terminal.buffer;
      const lines = [];
      for (let row = 0; row < brainworm.terminal.rows; row++) {
        const text = active.getLine(active.baseY + row)?.translateToString(true) ?? "";
        lines.push(row === active.cursorY ? text.trimEnd().padEnd(active.cursorX) : text.trimEnd());
      }
      return lines.join("\n").trimEnd() + (active.cursorX > 0 && lines[active.cursorY].endsWith(" ") ? " " : "");
    });
  }

  /** Waits until the screen matches; fails with what is on it. */
  async wait(pattern, seconds = 30) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const text = await this.text();
      const match = text.match(pattern);
      if (match) return match;
      if (Date.now() > end) assert.fail(`no ${pattern} in ${seconds} s on:\n${text}`);
      await new Promise((done) => setTimeout(done, 30));
    }
  }

  /** Types text, key by key, and Enter unless told otherwise. */
  async type(text, { enter = true } = {}) {
    await this.page.keyboard.type(text);
    if (enter) await this.page.keyboard.press("Enter");
  }

  /** Runs a command at the shell's prompt and answers what it printed. */
  async run(command, seconds = 30) {
    await this.clear();
    await this.type(command);
    // The command's echo, its output, the next prompt.
    const [, output] = await this.wait(/^[^\n]*[#$] [^\n]*\n((?:[^]*\n)?)[^\n]*[#$] $/, seconds);
    return output;
  }

  async clear() {
    await this.page.keyboard.press("Control+l");
    await this.wait(/^[^\n]*[#$] $/);
  }

  press(...keys) {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  size() {
    return this.page.evaluate(() => ({ columns: brainworm.terminal.cols, rows: brainworm.terminal.rows }));
  }
}
