// Keys on their way to the container: the row of keys for touch screens, sticky Ctrl and Alt, copy and paste.

/** What a key of the row sends; arrows and the like depend on the mode a program has asked for. */
function sequence(key, isApplication) {
  const cursor = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D", Home: "H", End: "F" }[key];
  if (cursor) return (isApplication ? "\x1bO" : "\x1b[") + cursor;
  return { Escape: "\x1b", Tab: "\t", PageUp: "\x1b[5~", PageDown: "\x1b[6~" }[key] ?? key;
}

/** The control character of a key: ^A for a, ^[ for [. */
function control(key) {
  const code = key.toUpperCase().charCodeAt(0);
  if (key === " " || key === "2") return "\0";
  if (key === "?") return "\x7f";
  return code >= 0x40 && code < 0x60 ? String.fromCharCode(code & 0x1f) : key;
}

export class Keys {
  #terminal;
  #send;
  #sticky = { ctrl: null, alt: null };

  /** Sends what `terminal` and the row in `bar` say to `send`. */
  constructor(terminal, bar, send) {
    this.#terminal = terminal;
    this.#send = send;
    terminal.onData((data) => this.#type(data));
    terminal.onBinary((data) => send(Uint8Array.from(data, (c) => c.charCodeAt(0))));
    // A press must not take the focus, or the on-screen keyboard goes away.
    bar.addEventListener("pointerdown", (event) => event.preventDefault());
    bar.addEventListener("click", ({ target }) => this.#press(target.closest("button")));
    for (const button of bar.querySelectorAll("[data-sticky]")) this.#sticky[button.dataset.sticky] = button;
  }

  /** False for the keys that copy and paste: they are the page's. */
  isForTerminal(event) {
    if (event.type !== "keydown") return true;
    const key = event.key.toLowerCase();
    const isCopy = (event.ctrlKey && event.shiftKey && key === "c") || (event.ctrlKey && key === "insert");
    if (isCopy) {
      event.preventDefault();
      this.copy();
      return false;
    }
    // The browser pastes on these by itself.
    return !((event.ctrlKey && event.shiftKey && key === "v") || (event.shiftKey && key === "insert"));
  }

  /** Copies what is selected, or the screen. */
  async copy() {
    const text = this.#terminal.getSelection() || this.#screen();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages that did not come by https have no clipboard of their own.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    this.#terminal.focus();
  }

  async #paste() {
    try {
      this.#terminal.paste(await navigator.clipboard.readText());
    } catch {
      // Not allowed, or not there: the system's own way to paste works everywhere.
    }
    this.#terminal.focus();
  }

  #screen() {
    const buffer = this.#terminal.buffer.active;
    const lines = Array.from({ length: this.#terminal.rows }, (_, row) => {
      return buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? "";
    });
    return lines.join("\n").trimEnd() + "\n";
  }

  #press(button) {
    if (!button) return;
    const { key, sticky } = button.dataset;
    if (sticky) this.#stick(button, button.getAttribute("aria-pressed") !== "true");
    else if (key) this.#type(sequence(key, this.#terminal.modes.applicationCursorKeysMode));
    else if (button.dataset.do === "copy") return this.copy();
    else if (button.dataset.do === "paste") return this.#paste();
    this.#terminal.focus();
  }

  #stick(button, isOn) {
    button.setAttribute("aria-pressed", String(isOn));
  }

  #isStuck(name) {
    const button = this.#sticky[name];
    const isOn = button?.getAttribute("aria-pressed") === "true";
    if (isOn) this.#stick(button, false);
    return isOn;
  }

  /** Ctrl and Alt of the row hold for one key. */
  #type(data) {
    if (data.length === 1 && this.#isStuck("ctrl")) data = control(data);
    if (this.#isStuck("alt")) data = "\x1b" + data;
    this.#send(data);
  }
}
