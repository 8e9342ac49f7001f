// @ts-check
// Where all computing happens, so that the page never waits. Answers one request after another:
// {id, kind, ...} in, {id, answer} or {id, error, fatal} out. An attack also sends {id, step}s on its way,
// and anything may send {loading} or {lost}.

import init, { Session, decode, png, qr } from '../pkg/second_look.js';

/** @typedef {import('../pkg/second_look.js').Pgd} Pgd */
/** @typedef {import('../pkg/second_look.js').Class} Class */

/** @type {Session | undefined} */
let session;

/** How an attack under way is to go on: 'run', 'pause', 'once' (one step, then pause), 'cancel'. */
let pace = 'run';
/** Called when `pace` changes, if something waits for that. */
let wake = () => {};

/** @param {string} path */
const nameOf = (path) => path.split('/').pop();

/**
 * A file from beside the page, telling on the way how much of it has come.
 * @param {string} path
 * @param {(bytes: number) => void} came
 * @returns {Promise<Response>} its contents are still on the way
 */
async function load(path, came) {
  let response;
  try {
    response = await fetch(new URL(path, import.meta.url));
  } catch {
    throw new Error(`${nameOf(path)} could not be loaded; check the connection and try again.`);
  }
  if (!response.ok || !response.body) {
    throw new Error(`${nameOf(path)} could not be loaded (the server said ${response.status}).`);
  }
  /** @type {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} */
  const counter = new TransformStream({
    transform(part, way) {
      came(part.length);
      way.enqueue(part);
    },
  });
  const type = response.headers.get('content-type') ?? '';
  return new Response(response.body.pipeThrough(counter), { headers: { 'content-type': type } });
}

/**
 * A file's bytes.
 * @param {string} path
 * @param {(bytes: number) => void} came
 */
async function loadWhole(path, came) {
  const response = await load(path, came);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new Error(`The connection broke while ${nameOf(path)} was loading; try again.`);
  }
}

/**
 * The module; it is compiled while it comes.
 * @param {(bytes: number) => void} came
 */
async function loadModule(came) {
  const path = '../pkg/second_look_bg.wasm';
  const response = await load(path, came);
  try {
    await init({ module_or_path: response });
  } catch (error) {
    const what = error instanceof WebAssembly.CompileError ? 'is damaged' : 'did not come whole';
    throw new Error(`${nameOf(path)} ${what} (${/** @type {Error} */ (error).message}); try again.`);
  }
}

/**
 * Whether to compute on the GPU, and why not if not.
 * @param {string} wanted
 * @returns {Promise<{webgpu: boolean, reason: string}>}
 */
async function choose(wanted) {
  if (wanted === 'cpu') return { webgpu: false, reason: 'as asked for' };
  const gpu = /** @type {any} */ (navigator).gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return { webgpu: false, reason: 'this browser offers no WebGPU here' };
  const software = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter;
  if (software && wanted === 'auto') {
    return { webgpu: false, reason: 'its WebGPU is software, slower than the CPU itself' };
  }
  return { webgpu: true, reason: software ? 'a software adapter' : (adapter.info?.vendor ?? '') };
}

/** Tells the page when a GPU goes away: whoever waits for its answer then waits for ever. */
function watchDevices() {
  const adapters = /** @type {any} */ (globalThis).GPUAdapter?.prototype;
  if (!adapters) return;
  const request = adapters.requestDevice;
  adapters.requestDevice = async function (/** @type {any[]} */ ...options) {
    const device = await request.apply(this, options);
    device.lost.then(() => postMessage({ lost: true }));
    return device;
  };
}

/** @param {{backend: string, weights: import('./address.js').Weights}} request */
async function open({ backend, weights }) {
  let bytes = 0;
  const came = (/** @type {number} */ more) => postMessage({ loading: (bytes += more) });
  const [classifier, autoencoder, corrector, chosen] = await Promise.all([
    loadWhole('models/classifier.safetensors', came),
    loadWhole(weights.autoencoder, came),
    weights.corrector === undefined ? undefined : loadWhole(weights.corrector, came),
    choose(backend),
    loadModule(came),
  ]);
  watchDevices();
  try {
    session = await Session.open(classifier, autoencoder, corrector, chosen.webgpu);
  } catch (error) {
    if (!chosen.webgpu || error instanceof WebAssembly.RuntimeError) throw error;
    session = await Session.open(classifier, autoencoder, corrector, false); // fails as well if it was the weights' fault
    chosen.webgpu = false;
    chosen.reason = 'WebGPU did not start';
  }
  return { ...chosen, cards: session.cards() };
}

function opened() {
  if (!session) throw new Error('The networks are not loaded yet.');
  return session;
}

/**
 * Lets messages in, and waits for as long as the page wants to pause.
 * @param {number} milliseconds
 */
async function turn(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  while (pace === 'pause') await new Promise((resolve) => (wake = () => resolve(undefined)));
}

/**
 * @param {{id: number, picture: Float32Array, from: Class, pgd: Pgd, pace: string, rest: number}} request
 *   `rest`: milliseconds that a step takes at least, for eyes to follow
 * @returns {Promise<boolean>} whether it came to its end
 */
async function attack({ id, picture, from, pgd, rest }) {
  const run = opened().attack(picture, from, pgd);
  try {
    for (let due = 0; ; ) {
      await turn(Math.max(0, due - performance.now()));
      if (pace === 'cancel') return false;
      due = performance.now() + rest;
      const step = await run.step();
      if (!step) return true;
      // The first "step" is the picture itself, so a visitor who asks for one step gets that and the next.
      if (pace === 'once' && step.progress.t > 0) pace = 'pause';
      const { reconstruction, correction } = step.look;
      const pictures = [step.picture, reconstruction, ...(correction ? [correction] : [])];
      postMessage({ id, step }, { transfer: pictures.map((values) => values.buffer) });
    }
  } finally {
    run.free();
  }
}

/** @type {Record<string, (request: any) => any>} */
const kinds = {
  open,
  attack,
  decode: async ({ file }) => decode(new Uint8Array(await file.arrayBuffer())),
  look: ({ picture }) => opened().look(picture),
  png: ({ picture }) => png(picture),
  qr: ({ text }) => qr(text),
};

/** Requests wait for each other: the networks do one thing at a time. */
let last = Promise.resolve();

addEventListener('message', ({ data }) => {
  if (data.control) {
    pace = data.control;
    wake();
    return;
  }
  if (data.kind === 'attack') pace = data.pace; // now, not when its turn comes: it may be cancelled before that
  last = last.then(async () => {
    try {
      postMessage({ id: data.id, answer: await kinds[data.kind](data) });
    } catch (error) {
      // What Rust calls an error is one sentence; anything else is a panic, and the module is dead.
      const fatal = error instanceof WebAssembly.RuntimeError;
      const text = error instanceof Error ? error.message : String(error);
      postMessage({ id: data.id, fatal, error: fatal ? `The computation broke down (${text}).` : text });
    }
  });
});
