// @ts-check
// Where all computing happens, so that the page never waits. {id, kind, ...} in, {id, answer} or {id, error} out.
// An attack also sends {id, step, time}s on its way, and takes {id, pace}. Besides there are {loading} (bytes of the
// weights), {backend} (another one computes, or why not), {stepTime} (what a step of an attack takes), {lost} (the GPU) and
// {broken} (a panic: the module is dead).

import { attacksOf, inDecimals } from '../core.js';
import { deviceOf, faster, isSoftware, plan } from './backend.js';
import { detection, inside as unpackInside, watchedStep } from './border.js';
import { loadModule, loadWeights, sentence } from './load.js';
import { Queue } from './queue.js';

/** @typedef {import('../../pkg/second_look.js').Session} Session */
/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../core.js').AttackConfig} AttackConfig */
/** @typedef {import('../core.js').Constants} Constants */
/** @typedef {import('./backend.js').Choice} Choice */
/** @typedef {import('./backend.js').Measured} Measured */
/** @typedef {import('./load.js').Files} Files */
/** @typedef {import('./load.js').Module} Module */
/** @typedef {'run' | 'pause' | 'once' | 'cancel'} Pace */

/** The module that was loaded first: it also decodes and encodes. @type {Module | undefined} */
let core;
/** The one whose networks answer. @type {Session | undefined} */
let session;
/** @type {Constants} */
let known;
const queue = new Queue();

/** How each attack is to go on, by its request's id, and what waits for a change. @type {Map<number, {pace: Pace, wake: () => void}>} */
const attacks = new Map();

/**
 * Whether networks are on a GPU, or being tried there. What fails while they are tried ends no more than that.
 * @type {'no' | 'tried' | 'used'}
 */
let gpu = 'no';
/** Ends the trial. @type {(why: unknown) => void} */
let endTrial = () => {};

// A panic inside a promise or a callback rejects nothing that anybody waits for; it shows only here.
addEventListener('error', (event) => {
  event.preventDefault();
  broken(event.error ?? event.message.replace(/^Uncaught /, ''), event.filename);
});
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  broken(event.reason);
});

/** @param {unknown} why @param {string} [file] where it happened */
function broken(why, file = '') {
  // Between two steps of the trial the CPU may be computing, so what counts then is whose error it is.
  const ofGpu = /second_look_gpu/.test(`${file} ${why instanceof Error ? why.stack : ''}`);
  if (gpu === 'tried' || (gpu === 'no' && ofGpu)) endTrial(why);
  else postMessage({ broken: sentence(why) });
}

/** Notices when the GPU that computes goes away: whoever waits for its answer then waits for ever. */
function watchDevices() {
  const adapters = /** @type {any} */ (globalThis).GPUAdapter?.prototype;
  if (!adapters) return;
  const request = adapters.requestDevice;
  adapters.requestDevice = async function (/** @type {any[]} */ ...options) {
    const device = await request.apply(this, options);
    device.lost.then(() => {
      if (gpu === 'used') postMessage({ lost: true });
      else endTrial(new Error('the GPU was lost'));
    });
    return device;
  };
}

/** @returns {Promise<any>} a GPUAdapter, if there is one */
async function requestAdapter() {
  const { gpu: api } = /** @type {any} */ (navigator);
  return api?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
}

// ---- Opening ------------------------------------------------------------------------------------------------------

/** @param {{backend: string, weights: import('../models.js').Weights, measured?: Measured}} request `measured`: by an earlier visit */
async function open({ backend, weights, measured }) {
  let bytes = 0;
  const came = (/** @type {number} */ more) => postMessage({ loading: (bytes += more) });
  const checked = loadWeights(weights, came);
  checked.catch(() => {}); // told below, where it is awaited
  const loaded = checked.then(({ files }) => files);
  loaded.catch(() => {});
  watchDevices();
  const chosen = (backend === 'webgpu' && (await openOnGpu(loaded))) || { webgpu: false, reason: backend === 'cpu' ? 'as asked for' : '' };
  if (!session) {
    const [module, files] = await Promise.all([loadModule('cpu'), loaded]);
    core = module;
    session = await module.Session.open(...files, false);
    afterwards = backend === 'auto' ? () => consider(files, measured) : tellStepTime;
  }
  if (!core) throw new Error('no module was loaded');
  const constants = core.constants();
  known = inDecimals({ ...constants, attacks: attacksOf(core.prepare, constants.norms) });
  return { ...chosen, cards: session.cards(), sums: (await checked).sums, constants: known };
}

/** @param {Promise<Files>} loaded @returns {Promise<Choice>} webgpu: whether `core` and `session` are there now */
async function openOnGpu(loaded) {
  const adapter = await requestAdapter();
  if (!adapter) return { webgpu: false, reason: 'this browser offers no WebGPU here' };
  const coming = loadModule('webgpu');
  coming.catch(() => {}); // told below
  const files = await loaded;
  let module;
  try {
    module = await coming;
  } catch {
    return { webgpu: false, reason: 'its program could not be loaded' };
  }
  gpu = 'used';
  try {
    session = await module.Session.open(...files, true);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    gpu = 'no';
    return { webgpu: false, reason: 'WebGPU did not start' }; // the CPU fails as well if it was the weights' fault
  }
  core = module;
  if (isSoftware(adapter)) return { webgpu: true, reason: 'a software adapter' };
  afterwards = tellStepTime;
  return { webgpu: true, reason: adapter.info?.vendor ?? '' };
}

// ---- In the background --------------------------------------------------------------------------------------------

/** What is to be done after the first prediction. @type {(() => Promise<unknown>) | undefined} */
let afterwards;

/** Steps of an attack whose times are taken at most, and milliseconds after which no further one is. */
const TIMED = 3;
const ENOUGH = 500;
/** Milliseconds that a part of the trial may take: the first one waits for shaders. */
const TRIAL_LIMIT = 30_000;

/**
 * Attacks a picture of no interest. The time of the first step is not taken: shaders are compiled then, and weights
 * arranged for the gradient.
 * @param {Session} networks
 * @param {(what: () => Promise<void>) => Promise<void>} inTurn has each step wait until there is no request
 * @returns {Promise<number>} what the fastest of the timed steps took, in milliseconds
 */
async function warmUp(networks, inTurn) {
  const grey = new Float32Array(3 * known.side * known.side).fill(0.5);
  const setting = known.norms[0].tutorial;
  const run = networks.attack(grey, known.classes[0], { attack: 'pgd', ...setting, max_iter: TIMED + 2 });
  let [fastest, spent] = [Infinity, 0];
  for (let i = 0; i <= TIMED && spent < ENOUGH; i++) {
    await inTurn(async () => {
      const begun = performance.now();
      await run.step();
      if (i === 0) return;
      const time = performance.now() - begun;
      fastest = Math.min(fastest, time);
      spent += time;
    });
  }
  run.free(); // not after a failure: a step may still hold it
  return fastest;
}

/** Measures what a step of an attack takes here, and tells it. What fails then fails again when it is asked for. */
async function tellStepTime() {
  const networks = opened();
  try {
    const time = await warmUp(networks, (what) => queue.whenIdle(what));
    postMessage({ stepTime: time });
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) broken(error);
  }
}

/**
 * Decides between the CPU, which computes already, and WebGPU. Whatever fails, the CPU goes on.
 * @param {Files} files
 * @param {Measured} [measured] by an earlier visit
 */
async function consider(files, measured) {
  /** @param {Choice & {measured?: Measured}} choice */
  const tell = (choice) => postMessage({ backend: choice });
  const adapter = await requestAdapter();
  const device = adapter && deviceOf(adapter, navigator.userAgent);
  const saveData = Boolean(/** @type {any} */ (navigator).connection?.saveData);
  const { webgpu, measure, reason } = plan(adapter, { device, now: Date.now(), saveData, measured });
  if (!webgpu) {
    tell({ webgpu, reason });
    return tellStepTime();
  }
  tell({ webgpu: false, reason: 'WebGPU is being tried' });
  /** @type {Module | undefined} */
  let module;
  try {
    module = await loadModule('webgpu');
    const { Session } = module;
    let over = false;
    const ended = new Promise((_, reject) => {
      endTrial = (why) => {
        over = true;
        reject(why);
      };
    });
    ended.catch(() => {});
    /** @template T @param {() => Promise<T>} what @returns {Promise<T>} */
    const onGpu = (what) =>
      queue.whenIdle(async () => {
        gpu = 'tried';
        // The queue waits for it, and so does everything that a visitor asks for.
        const timer = setTimeout(() => endTrial(new Error('it did not answer in time')), TRIAL_LIMIT);
        try {
          return await /** @type {Promise<T>} */ (over ? ended : Promise.race([what(), ended]));
        } finally {
          clearTimeout(timer);
          if (gpu === 'tried') gpu = 'no';
        }
      });
    const there = await onGpu(() => Session.open(...files, true));
    const onCpu = /** @type {Session} */ (session);
    const times = {
      webgpu: await warmUp(there, onGpu),
      cpu: measure ? await warmUp(onCpu, (what) => queue.whenIdle(what)) : 0,
    };
    const choice = measure ? faster(times) : { webgpu, reason };
    const now = measure ? { device, at: Date.now(), ...times } : undefined;
    if (!choice.webgpu) {
      there.free();
      tell({ ...choice, measured: now });
      return postMessage({ stepTime: times.cpu });
    }
    await onGpu(async () => {
      session = there;
      gpu = 'used';
      onCpu.free();
      tell({ ...choice, measured: now });
      postMessage({ stepTime: times.webgpu });
    });
  } catch (error) {
    // Where its module did not come, it is tried again at the next visit.
    const failed = module && { device, at: Date.now(), failed: sentence(error) };
    tell({ webgpu: false, reason: `WebGPU did not work (${sentence(error)})`, measured: failed });
    await tellStepTime();
  }
}

// ---- Requests -----------------------------------------------------------------------------------------------------

function loaded() {
  if (!core) throw new Error('The networks are not loaded yet.');
  return core;
}

function opened() {
  if (!session) throw new Error('The networks are not loaded yet.');
  return session;
}

/**
 * @param {{id: number, picture: Float32Array, from: Class, config: AttackConfig, rest: number}} request
 *   `rest`: milliseconds that a step takes at least, for eyes to follow
 * @returns {Promise<import('../core.js').WatchedStep | undefined>} its result; undefined when it was cancelled
 */
async function attack({ id, picture, from, config, rest }) {
  const control = /** @type {{pace: Pace, wake: () => void}} */ (attacks.get(id));
  let run;
  try {
    run = opened().attack(picture, from, config);
    for (let due = 0; ; ) {
      // Lets messages in, and waits for as long as the page wants to pause.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      while (control.pace === 'pause') await new Promise((resolve) => (control.wake = () => resolve(undefined)));
      if (control.pace === 'cancel') return undefined;
      const begun = performance.now();
      due = begun + rest;
      const packed = await run.step();
      if (!packed) {
        const best = await run.best();
        return best && watchedStep(best, length());
      }
      const time = performance.now() - begun;
      const made = watchedStep(packed, length());
      // The first step is the picture itself, so a visitor who asks for one step gets that and the next.
      if (control.pace === 'once' && made.step.t > 0) control.pace = 'pause';
      postMessage({ id, step: made, time }, { transfer: [made.picture.buffer] }); // of all its pictures
    }
  } finally {
    attacks.delete(id);
    run?.free();
  }
}

/**
 * An attack whose steps nobody looks at: what it keeps, and what is found in that alone.
 * @param {{picture: Float32Array, from: Class, config: AttackConfig}} request
 * @returns {Promise<import('../core.js').WatchedStep>}
 */
async function outcome({ picture, from, config }) {
  const run = opened().attack(picture, from, config);
  try {
    while (await run.unwatched_step());
    const best = await run.best();
    if (!best) throw new Error('the attack made no step');
    return watchedStep(best, length());
  } finally {
    run.free();
  }
}

/** Values of a picture. */
const length = () => 3 * known.side * known.side;

/** @param {{picture: Float32Array}} request */
async function detect({ picture }) {
  const found = detection(await opened().detect(picture), length());
  const next = afterwards;
  afterwards = undefined;
  if (next) setTimeout(() => next().catch(broken)); // once this is answered
  return found;
}

/** @param {{picture: Float32Array, from: Class}} request */
const inside = async ({ picture, from }) => unpackInside(await opened().inside(picture, from), length());

/** What the networks do, one after the other. @type {Record<string, (request: any) => any>} */
const inTurn = { open, attack, outcome, detect, inside };

/** What needs no network, and so need not wait for an attack. @type {Record<string, (request: any) => any>} */
const atOnce = {
  decode: async ({ file }) => {
    const module = loaded();
    const readable = file.slice(0, module.constants().largest_file + 1); // one byte more, and the core refuses it
    return module.decode(new Uint8Array(await readable.arrayBuffer()));
  },
  png: ({ picture }) => loaded().png(picture),
  qr: ({ text }) => loaded().qr(text),
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

/** What the page sends. @param {any} data */
export function receive(data) {
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
  else queue.request(() => answer(inTurn[kind], data));
}
