// Runs a container in this page. The whole interface is boot() and what it answers; docs/web.md describes it.
import site from "./site.js";

/** Why a container does not run. `code` is one of: unsupported, missing, corrupt, memory, version, command, option,
 *  stopped, internal. `message` says it in words. */
export class BrainwormError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "BrainwormError";
    this.code = code;
  }
}

/** What this site was built from. */
export const title = site.title;

/**
 * Boots the site's container.
 * @param {object} [options]
 * @param {string | string[]} [options.command] replaces the image's command; a text is split as a shell splits words
 * @param {Record<string, string>} [options.env] variables on top of the image's
 * @param {string} [options.entrypoint] replaces the image's entrypoint
 * @param {string} [options.workdir] where to start
 * @param {string} [options.user] USER[:GROUP]
 * @param {string} [options.hostname]
 * @param {number} [options.memory] limit in bytes
 * @param {"auto" | "interp" | "aot" | "jit"} [options.engine] what executes the container's code: see docs/web.md
 * @param {number} [options.jitThreshold] how often a function is met before it is translated
 * @param {number} [options.jitCode] bytes that such translations may have, in use
 * @param {boolean} [options.tty] true: a terminal; false: byte-exact standard streams
 * @param {number} [options.columns] the terminal's size
 * @param {number} [options.rows]
 * @param {(progress: {done: number, all: number}) => void} [options.onProgress] bytes loaded
 * @returns {Promise<Machine>} running; rejects with a BrainwormError
 */
export async function boot(options = {}) {
  const lack = missingFeature();
  if (lack) throw new BrainwormError("unsupported", lack);
  const { env = {}, tty = true, columns = 80, rows = 24, memory = 0, onProgress, ...others } = options;
  const { engine = "auto", jitThreshold = 128, jitCode = 16 << 20, ...words } = others;
  const known = ["command", "entrypoint", "workdir", "user", "hostname"];
  const strange = Object.keys(words).find((key) => !known.includes(key));
  if (strange) throw new BrainwormError("option", `There is no option '${strange}'.`);
  const file = ({ file, ...rest }) => ({ url: new URL(file, import.meta.url).href, ...rest });
  const wishes = {
    ...site.settings,
    ...words,
    env: [...(site.settings.env ?? []), ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    tty,
    columns,
    rows,
    memory,
    engine: String(engine),
    jit_threshold: Number(jitThreshold),
    jit_code: Number(jitCode),
    image: site.image.bytes,
    index: site.image.code,
    kernel_bytes: site.kernel.size,
    image_bytes: site.image.size,
  };
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: "brainworm" });
  const machine = new Machine(worker, onProgress);
  worker.postMessage({ boot: { kernel: file(site.kernel), image: file(site.image), wishes } });
  await machine.booted;
  return machine;
}

/** A running container. */
export class Machine {
  #worker;
  #listeners = [null, null, null];
  #early = [[], [], []];
  #asked = [];
  #booted;
  #ended;
  /** Resolves with the exit status: 128 + n when it died of signal n. Rejects with a BrainwormError. */
  exited;
  /** @internal */
  booted;

  /** @internal */
  constructor(worker, onProgress) {
    this.#worker = worker;
    this.booted = new Promise((resolve, reject) => (this.#booted = { resolve, reject }));
    this.exited = new Promise((resolve, reject) => (this.#ended = { resolve, reject }));
    // Whoever asks only for one of the two must not hear of the other.
    this.booted.catch(() => {});
    this.exited.catch(() => {});
    worker.onmessage = ({ data }) => {
      if (data.progress) onProgress?.(data.progress);
      if (data.output) this.#output(data.output.stream, data.output.bytes);
      if (data.booted) this.#booted.resolve();
      if (data.figures) this.#asked.shift()?.(data.figures);
      if (data.exit !== undefined) this.#end(data.exit);
      if (data.failure) this.#fail(data.failure.code, data.failure.message);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message ? `The worker failed: ${event.message}` : "The worker (worker.js, host.js) cannot be loaded.";
      this.#fail(event.message ? "internal" : "missing", why);
    };
  }

  /** Keys, or whatever standard input is: a text (sent as UTF-8) or bytes. */
  write(data) {
    this.#send({ input: typeof data === "string" ? new TextEncoder().encode(data) : data });
  }
  /** Standard input ends. On a terminal, write "\x04" (^D) instead. */
  end() {
    this.#send({ end: true });
  }
  /** The terminal has another size. */
  resize(columns, rows) {
    this.#send({ resize: { columns, rows } });
  }
  /** Sends a signal to the first process, by number. */
  signal(number) {
    this.#send({ signal: number });
  }
  /** What the terminal shows, or standard output: called with a Uint8Array. When it returns a promise the container
   *  may run ahead of it by 256 KiB and then waits. */
  onData(listener) {
    this.#listen(1, listener);
  }
  /** Standard error, where there is no terminal. */
  onError(listener) {
    this.#listen(2, listener);
  }
  /** Counts since boot, by the names of `brainworm run --stats`: instructions, jit_instructions, syscalls and more. */
  figures() {
    this.#send({ figures: true });
    return new Promise((resolve) => this.#asked.push(resolve));
  }
  /** Ends it at once, whatever it does; `exited` resolves with 137. */
  terminate() {
    this.#end(137);
  }

  #send(message) {
    this.#worker?.postMessage(message);
  }
  #listen(stream, listener) {
    this.#listeners[stream] = listener;
    for (const bytes of this.#early[stream].splice(0)) this.#output(stream, bytes);
  }
  async #output(stream, bytes) {
    const listener = this.#listeners[stream];
    if (!listener) {
      this.#early[stream].push(bytes);
      return;
    }
    try {
      await listener(bytes);
    } finally {
      this.#send({ taken: bytes.length });
    }
  }
  #end(status) {
    this.#worker?.terminate();
    this.#worker = null;
    // A container that is over before anybody saw it run did run.
    this.#booted.resolve();
    this.#ended.resolve(status);
  }
  #fail(code, message) {
    this.#worker?.terminate();
    this.#worker = null;
    const error = new BrainwormError(code, message);
    this.#booted.reject(error);
    this.#ended.reject(error);
  }
}

/** What this browser lacks, in words; nothing when it has all. */
function missingFeature() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly, or it is switched off.";
  // (module (func (result v128) i32.const 0 i8x16.splat))
  const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
  if (!WebAssembly.validate(new Uint8Array(simd))) {
    return "This browser's WebAssembly has no SIMD: Chrome or Edge 91, Firefox 114, Safari 16.4 and later have.";
  }
  if (typeof DecompressionStream !== "function" || typeof Worker !== "function") {
    return "This browser is too old: it has no DecompressionStream or no workers.";
  }
  return null;
}
