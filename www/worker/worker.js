// @ts-check
// Where all computing happens, so that the page never waits. {id, kind, ...} in, {id, answer} or {id, error} out.
// An attack also sends {id, step}s on its way, and takes {id, pace}. Besides there are {loading} (bytes), {lost} (the
// GPU) and {broken} (a panic: the module is dead).

import init, { Session, constants, decode, png, qr } from '../../pkg/second_look.js';
import { inDecimals } from '../core.js';
import { CLASSIFIER } from '../models.js';

/** @typedef {import('../../pkg/second_look.js').InitOutput} InitOutput */
/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../core.js').AttackConfig} AttackConfig */
/** @typedef {'run' | 'pause' | 'once' | 'cancel'} Pace */

/** @type {Session | undefined} */
let session;

/** How each attack is to go on, by its request's id, and what waits for a change. @type {Map<number, {pace: Pace, wake: () => void}>} */
const attacks = new Map();

// A panic inside a promise or a callback rejects nothing that anybody waits for; it shows only here.
addEventListener('error', (event) => {
  event.preventDefault();
  postMessage({ broken: event.message.replace(/^Uncaught /, '') });
});
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  postMessage({ broken: sentence(event.reason) });
});

/** @param {unknown} error */
const sentence = (error) => (error instanceof Error ? error.message : String(error));

/** The page's folder. */
const HERE = new URL('..', import.meta.url);

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
    response = await fetch(new URL(path, HERE));
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
  const path = '../pkg/second_look_bg.wasm'; // beside the page's folder
  const response = await load(path, came);
  try {
    const exports = /** @type {InitOutput & {__wasm_call_ctors?: () => void}} */ (await init({ module_or_path: response }));
    // Runs the module's static constructors, once and before anything else. A module that does not export them runs
    // them at every call instead, which takes 0.45 ms each time.
    exports.__wasm_call_ctors?.();
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

/** Tells the page when the GPU that computes goes away: whoever waits for its answer then waits for ever. */
function watchDevices() {
  const adapters = /** @type {any} */ (globalThis).GPUAdapter?.prototype;
  if (!adapters) return;
  const request = adapters.requestDevice;
  adapters.requestDevice = async function (/** @type {any[]} */ ...options) {
    const device = await request.apply(this, options);
    device.lost.then(() => onGpu && postMessage({ lost: true }));
    return device;
  };
}

/** Whether the networks are, or are being put, on a GPU. */
let onGpu = false;

/** @param {{backend: string, weights: import('../models.js').Weights}} request */
async function open({ backend, weights }) {
  let bytes = 0;
  const came = (/** @type {number} */ more) => postMessage({ loading: (bytes += more) });
  const [classifier, autoencoder, corrector, chosen] = await Promise.all([
    loadWhole(CLASSIFIER, came),
    loadWhole(weights.autoencoder, came),
    weights.corrector === undefined ? undefined : loadWhole(weights.corrector, came),
    choose(backend),
    loadModule(came),
  ]);
  watchDevices();
  const start = (/** @type {boolean} */ webgpu) => {
    onGpu = webgpu;
    return Session.open(classifier, autoencoder, corrector, webgpu);
  };
  try {
    session = await start(chosen.webgpu);
  } catch (error) {
    if (!chosen.webgpu || error instanceof WebAssembly.RuntimeError) throw error;
    session = await start(false); // fails as well if it was the weights' fault
    chosen.webgpu = false;
    chosen.reason = 'WebGPU did not start';
  }
  return { ...chosen, cards: session.cards(), constants: inDecimals(constants()) };
}

function opened() {
  if (!session) throw new Error('The networks are not loaded yet.');
  return session;
}

/**
 * @param {{id: number, picture: Float32Array, from: Class, config: AttackConfig, rest: number}} request
 *   `rest`: milliseconds that a step takes at least, for eyes to follow
 * @returns {Promise<boolean>} whether it came to its end
 */
async function attack({ id, picture, from, config, rest }) {
  const control = /** @type {{pace: Pace, wake: () => void}} */ (attacks.get(id));
  const run = opened().attack(picture, from, config);
  try {
    for (let due = 0; ; ) {
      // Lets messages in, and waits for as long as the page wants to pause.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      while (control.pace === 'pause') await new Promise((resolve) => (control.wake = () => resolve(undefined)));
      if (control.pace === 'cancel') return false;
      due = performance.now() + rest;
      const made = await run.step();
      if (!made) return true;
      // The first step is the picture itself, so a visitor who asks for one step gets that and the next.
      if (control.pace === 'once' && made.step.t > 0) control.pace = 'pause';
      const { reconstruction, correction } = made.detection;
      const pictures = [made.picture, reconstruction, ...(correction ? [correction] : [])];
      postMessage({ id, step: made }, { transfer: pictures.map((values) => values.buffer) });
    }
  } finally {
    attacks.delete(id);
    run.free();
  }
}

/** What the networks do, one after the other. @type {Record<string, (request: any) => any>} */
const inTurn = {
  open,
  attack,
  detect: ({ picture }) => opened().detect(picture),
};

/** What needs no network, and so need not wait for an attack. @type {Record<string, (request: any) => any>} */
const atOnce = {
  decode: async ({ file }) => decode(new Uint8Array(await file.arrayBuffer())),
  png: ({ picture }) => png(picture),
  qr: ({ text }) => qr(text),
};

/** @param {(request: any) => any} what @param {any} request */
async function answer(what, request) {
  try {
    postMessage({ id: request.id, answer: await what(request) });
  } catch (error) {
    // What Rust calls an error is one sentence; this is a panic.
    if (error instanceof WebAssembly.RuntimeError) postMessage({ broken: sentence(error) });
    else postMessage({ id: request.id, error: sentence(error) });
  }
}

let last = Promise.resolve();

addEventListener('message', ({ data }) => {
  const { id, kind, pace } = data;
  if (!kind) {
    const control = attacks.get(id);
    if (control) {
      control.pace = pace;
      control.wake();
    }
    return;
  }
  if (kind === 'attack') attacks.set(id, { pace, wake() {} }); // now, not when its turn comes: it may be cancelled before that
  if (kind in atOnce) answer(atOnce[kind], data);
  else last = last.then(() => answer(inTurn[kind], data));
});
