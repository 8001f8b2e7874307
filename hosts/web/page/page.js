// The page: one terminal and one container behind it. It uses brainworm.js as any other page can.
import { Terminal } from "./xterm/xterm.mjs";
import { FitAddon } from "./xterm/addon-fit.mjs";
import { WebLinksAddon } from "./xterm/addon-web-links.mjs";
import { ClipboardAddon } from "./xterm/addon-clipboard.mjs";
import { boot, title } from "./brainworm.js";
import { Keys } from "./keys.js";
import { theme } from "./theme.js";

const at = (id) => document.getElementById(id);
const isNarrow = matchMedia("(max-width: 600px)");
const isDark = matchMedia("(prefers-color-scheme: dark)");

const terminal = new Terminal({
  allowProposedApi: false,
  fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
  fontSize: isNarrow.matches ? 13 : 15,
  macOptionIsMeta: true,
  minimumContrastRatio: 4.5,
  rightClickSelectsWord: true,
  scrollback: 5000,
  theme: theme(isDark.matches),
});
const fit = new FitAddon();
let machine = null;

/** The clipboard as programs reach it by OSC 52: they may write it, never read it. */
const clipboard = {
  readText: async () => "",
  writeText: async (selection, text) => {
    if (selection === "c" || selection === "") await navigator.clipboard?.writeText(text).catch(() => {});
  },
};

function open() {
  terminal.loadAddon(fit);
  terminal.loadAddon(new WebLinksAddon());
  terminal.loadAddon(new ClipboardAddon(undefined, clipboard));
  terminal.open(at("terminal"));
  drawWithWebGl();
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(at("terminal"));
  // The on-screen keyboard of some systems covers the page instead of making it smaller.
  const room = window.visualViewport;
  room?.addEventListener("resize", () => document.body.style.setProperty("--height", `${room.height}px`));
  isDark.addEventListener("change", () => (terminal.options.theme = theme(isDark.matches)));
  isNarrow.addEventListener("change", () => {
    terminal.options.fontSize = isNarrow.matches ? 13 : 15;
    fit.fit();
  });
  terminal.onResize(({ cols, rows }) => machine?.resize(cols, rows));
  terminal.onTitleChange((text) => (document.title = text || title));
  const keys = new Keys(terminal, at("keys"), (data) => {
    if (machine) machine.write(data);
    else if (data === "\r" && !at("over").hidden) run();
  });
  terminal.attachCustomKeyEventHandler((event) => keys.isForTerminal(event));
  terminal.focus();
}

/** Where there is a real graphics processor; drawing elements is faster than imitating one. */
async function drawWithWebGl() {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  if (!gl || /swiftshader|llvmpipe|software/i.test(renderer)) return;
  const { WebglAddon } = await import("./xterm/addon-webgl.mjs");
  const addon = new WebglAddon();
  addon.onContextLoss(() => addon.dispose());
  try {
    terminal.loadAddon(addon);
  } catch {
    addon.dispose();
  }
}

/** The command in the link's hash: percent-encoded, split as a shell splits words. */
function command() {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash) || undefined;
  } catch {
    return hash;
  }
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

function showProgress({ done, all }) {
  at("cover-bar").value = all ? done / all : 0;
  at("cover-text").textContent =
    done < all ? `${megabytes(done)} of ${megabytes(all)} MB` : `${megabytes(all)} MB, starting…`;
}

async function run() {
  at("over").hidden = true;
  at("cover").hidden = false;
  at("cover").className = "";
  at("cover-title").textContent = `Loading ${title}`;
  at("cover-bar").hidden = false;
  at("cover-retry").hidden = true;
  terminal.reset();
  const { cols, rows } = terminal;
  try {
    machine = await boot({
      command: command(),
      columns: cols,
      rows,
      onProgress: showProgress,
    });
    globalThis.brainworm.machine = machine;
    at("cover").hidden = true;
    terminal.focus();
    // It may have changed while the container was loading.
    if (terminal.cols !== cols || terminal.rows !== rows) machine.resize(terminal.cols, terminal.rows);
    machine.onData((bytes) => new Promise((taken) => terminal.write(bytes, taken)));
    showExit(await machine.exited);
  } catch (error) {
    showFailure(error);
  }
}

function showExit(status) {
  machine = null;
  const why = status > 128 && status < 193 ? ` (killed by signal ${status - 128})` : "";
  at("over-text").textContent = `Exited with status ${status}${why}`;
  at("over").hidden = false;
}

function showFailure(error) {
  machine = null;
  at("cover").hidden = false;
  at("cover").className = "bad";
  at("cover-title").textContent = `${title} does not run`;
  at("cover-text").textContent = error.message;
  at("cover-bar").hidden = true;
  at("cover-retry").hidden = false;
}

document.title = title;
globalThis.brainworm = { terminal, machine: null };
at("over-again").addEventListener("click", run);
at("cover-retry").addEventListener("click", () => location.reload());
addEventListener("hashchange", () => location.reload());
open();
run();
