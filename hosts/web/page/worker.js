// The worker's entry: carries messages between brainworm.js (the page) and host.js (the machine, in Rust).
import init, { Machine } from "./host.js";

/** The machine once it runs; until then what the page sent waits in order. */
let machine = null;
let waiting = [];

/** What the machine calls. */
const page = {
  progress: (done, all) => postMessage({ progress: { done, all } }),
  output: (stream, bytes) => postMessage({ output: { stream, bytes } }, [bytes.buffer]),
  exit: (status) => postMessage({ exit: status }),
  failure: (code, message) => postMessage({ failure: { code, message } }),
};

onmessage = ({ data }) => {
  if (data.boot) boot(data.boot);
  else if (machine) pass(data);
  else waiting.push(data);
};

function pass({ input, end, resize, signal, taken, figures }) {
  if (input) machine.input(input);
  if (end) machine.end();
  if (resize) machine.resize(resize.columns, resize.rows);
  if (signal) machine.signal(signal);
  if (taken) machine.taken(taken);
  if (figures) postMessage({ figures: machine.figures() });
}

async function boot({ kernel, image, wishes }) {
  // All three files are on their way at once. A failed fetch is told where it is awaited.
  const kernelFile = fetch(kernel.url, { integrity: kernel.integrity });
  const imageFile = fetch(image.url);
  for (const file of [kernelFile, imageFile]) file.catch(() => {});
  try {
    await init({ module_or_path: new URL("host_bg.wasm", import.meta.url) });
  } catch (error) {
    page.failure("missing", `The host (host_bg.wasm) cannot be loaded: ${error.message}.`);
    return;
  }
  machine = (await Machine.boot(kernelFile, imageFile, wishes, page)) ?? null;
  if (machine) {
    postMessage({ booted: true });
    for (const data of waiting) pass(data);
  }
  waiting = [];
}
