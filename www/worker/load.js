// @ts-check
// Files of the page and the two modules that compute, for the worker.

import { chosenFor, nameOf } from '../models.js';

/** @typedef {typeof import('../../pkg/second_look.js')} Module both modules have the same functions */
/** @typedef {import('../../pkg/second_look.js').InitOutput} InitOutput */
/** @typedef {(bytes: number) => void} Came told of every part that has come */
/** @typedef {[classifier: Uint8Array, autoencoder: Uint8Array, corrector: Uint8Array | undefined]} Files of the weights */

/** The page's folder. */
const HERE = new URL('..', import.meta.url);

/** Each module's JavaScript and its WebAssembly, beside the page's folder. */
export const MODULES = {
  cpu: { load: () => import('../../pkg/second_look.js'), wasm: '../pkg/second_look_bg.wasm' },
  webgpu: {
    load: () => /** @type {Promise<Module>} */ (import('../../pkg/second_look_gpu.js')),
    wasm: '../pkg/second_look_gpu_bg.wasm',
  },
};

/** @param {unknown} error */
export const sentence = (error) => (error instanceof Error ? error.message : String(error));

/** @param {string} path */
const fileOf = (path) => path.slice(path.lastIndexOf('/') + 1);

/**
 * A file from beside the page, telling on the way how much of it has come.
 * @param {string} path
 * @param {Came} came
 * @param {RequestCache} [cache]
 * @returns {Promise<Response>} its contents are still on the way
 */
async function load(path, came, cache = 'default') {
  let response;
  try {
    const early = /** @type {{early?: Map<string, Promise<Response>>}} */ (globalThis).early;
    const begun = early?.get(path); // by start.js
    early?.delete(path);
    response = await (begun ?? fetch(new URL(path, HERE), { cache }));
  } catch {
    const chosen = chosenFor(path);
    throw new Error(
      chosen
        ? `${nameOf(chosen)} is not kept on this machine and could not be loaded; connect to the network and try again.`
        : `${fileOf(path)} could not be loaded; check the connection and try again.`,
    );
  }
  if (!response.ok || !response.body) {
    throw new Error(`${fileOf(path)} could not be loaded (the server said ${response.status}).`);
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
 * @param {Came} came
 * @param {RequestCache} [cache]
 */
async function loadWhole(path, came, cache) {
  const response = await load(path, came, cache);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new Error(`The connection broke while ${fileOf(path)} was loading; try again.`);
  }
}

/** The SHA-256 of each file of weights, by its name. @returns {Promise<Record<string, string>>} */
async function loadSums() {
  const bytes = await loadWhole('models/sums.json', () => {}, 'no-cache');
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Whether the bytes have this SHA-256. Browsers compute none for a page from another machine without https. @param {Uint8Array<ArrayBuffer>} bytes @param {string} sum */
async function isIntact(bytes, sum) {
  if (!crypto.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === sum;
}

/**
 * Files of weights, which are those that the page was published with.
 * @param {import('../models.js').Weights} weights
 * @param {Came} came
 * @returns {Promise<{files: Files, sums: import('./client.js').Sums}>}
 */
export async function loadWeights({ classifier, autoencoder, corrector }, came) {
  const listed = loadSums();
  listed.catch(() => {}); // told with each file
  const sumOf = async (/** @type {string} */ path) => (await listed)[fileOf(path)];
  const file = async (/** @type {string} */ path) => {
    const [bytes, sum] = await Promise.all([loadWhole(path, came), sumOf(path)]);
    if (await isIntact(bytes, sum)) return bytes;
    // It may have been kept from an earlier version, somewhere on its way.
    const again = await loadWhole(path, () => {}, 'reload');
    if (await isIntact(again, sum)) return again;
    throw new Error(`${fileOf(path)} is damaged, or belongs to another version of this page; try again.`);
  };
  const files = await Promise.all([file(classifier), file(autoencoder), corrector === undefined ? undefined : file(corrector)]);
  return { files, sums: { classifier: await sumOf(classifier), autoencoder: await sumOf(autoencoder) } };
}

/**
 * A module; it is compiled while it comes.
 * @param {'cpu' | 'webgpu'} backend
 * @returns {Promise<Module>}
 */
export async function loadModule(backend) {
  const { load: loadScript, wasm } = MODULES[backend];
  const [module, response] = await Promise.all([loadScript(), load(wasm, () => {})]);
  try {
    const exports = /** @type {InitOutput & {__wasm_call_ctors?: () => void}} */ (await module.default({ module_or_path: response }));
    // Runs the module's static constructors, once and before anything else. A module that has some and does not export
    // this runs them at every call instead, which takes 0.45 ms each time.
    exports.__wasm_call_ctors?.();
    return module;
  } catch (error) {
    const what = error instanceof WebAssembly.CompileError ? 'is damaged' : 'did not come whole';
    throw new Error(`${fileOf(wasm)} ${what} (${sentence(error)}); try again.`);
  }
}
