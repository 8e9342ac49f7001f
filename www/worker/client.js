// @ts-check
// The page's end of the worker: each request is a promise.

/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../core.js').Cards} Cards */
/** @typedef {import('../core.js').AttackConfig} AttackConfig */
/** @typedef {import('../core.js').Constants} Constants */
/** @typedef {import('../core.js').Detection} Detection */
/** @typedef {import('../core.js').Inside} Inside */
/** @typedef {import('../core.js').WatchedStep} WatchedStep */
/** @typedef {import('./backend.js').Choice} Choice */
/** @typedef {import('./backend.js').Measured} Measured */
/** @typedef {{classifier: string, autoencoder: string}} Sums SHA-256 of the files of weights, in hexadecimal */
/** @typedef {Choice & {cards: Cards, sums: Sums, constants: Constants}} Opened */
/** @typedef {'run' | 'pause' | 'once' | 'cancel'} Pace */
/** @typedef {{best: Promise<WatchedStep | undefined>, pace: (pace: Pace) => void}} Attack `best`: its result; undefined when it was cancelled */
/** @typedef {(step: WatchedStep, time: number) => void} Stepped `time`: that the step took, in milliseconds */

/** The worker died; the request itself may have been all right. */
export class Gone extends Error {}

const NOT_STARTED = 'The program could not be started; check the connection and try again.';

export class Client {
  /**
   * @param {object} tell
   * @param {(bytes: number) => void} tell.loading of the weights
   * @param {(choice: Choice & {measured?: Measured}) => void} tell.backend another backend computes, or why none does;
   *   `measured`: to be kept for `open`
   * @param {(time: number) => void} tell.stepTime what a step of an attack takes, in milliseconds
   * @param {(why: string, gpu: boolean) => void} tell.gone the worker or its GPU is of no use any more; make another `Client`
   */
  constructor(tell) {
    const page = /** @type {{firstWorker?: Worker}} */ (globalThis);
    this.worker = page.firstWorker ?? new Worker(new URL('start.js', import.meta.url), { type: 'module', name: 'later' });
    delete page.firstWorker;
    /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void, step?: Stepped}>} */
    this.waiting = new Map();
    this.count = 0;
    this.closed = false;
    /** @param {string} why @param {boolean} gpu */
    const gone = (why, gpu) => {
      if (this.closed) return;
      this.close(why);
      tell.gone(why, gpu);
    };
    this.worker.addEventListener('message', ({ data }) => {
      if (data.loading !== undefined) return tell.loading(data.loading);
      if (data.backend) return tell.backend(data.backend);
      if (data.stepTime !== undefined) return tell.stepTime(data.stepTime);
      if (data.lost) return gone('The GPU was lost.', true);
      if (data.notStarted) return gone(NOT_STARTED, false);
      if (data.broken !== undefined) return gone(`The computation broke down (${data.broken}).`, false);
      const request = this.waiting.get(data.id);
      if (!request) return;
      if (data.step) return request.step?.(data.step, data.time);
      this.waiting.delete(data.id);
      if (data.error === undefined) request.resolve(data.answer);
      else request.reject(new Error(data.error));
    });
    // Errors inside the worker arrive as messages, so this is one of loading it.
    this.worker.addEventListener('error', (event) => {
      event.preventDefault();
      gone(NOT_STARTED, false);
    });
  }

  /** @param {string} why */
  close(why) {
    this.closed = true;
    this.worker.terminate();
    for (const request of this.waiting.values()) request.reject(new Gone(why));
    this.waiting.clear();
  }

  /**
   * @param {string} kind
   * @param {object} what
   * @param {Stepped} [step]
   * @returns {Promise<any>}
   */
  ask(kind, what, step) {
    if (this.closed) return Promise.reject(new Gone('The worker has ended.'));
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, step });
      this.worker.postMessage({ id, kind, ...what });
    });
  }

  /**
   * @param {string} backend
   * @param {import('../models.js').Weights} weights
   * @param {Measured} [measured] what an earlier visit was told
   * @returns {Promise<Opened>}
   */
  open(backend, weights, measured) {
    return this.ask('open', { backend, weights, measured });
  }

  /** @param {Blob} file @returns {Promise<Float32Array>} */
  decode(file) {
    return this.ask('decode', { file });
  }

  /** @param {Float32Array} picture @returns {Promise<Detection>} */
  detect(picture) {
    return this.ask('detect', { picture });
  }

  /** @param {Float32Array} picture @param {Class} from the class that an attack leads away from, or towards @returns {Promise<Inside>} */
  inside(picture, from) {
    return this.ask('inside', { picture, from });
  }

  /** @param {Float32Array} picture @returns {Promise<Uint8Array<ArrayBuffer>>} */
  png(picture) {
    return this.ask('png', { picture });
  }

  /** @param {string} text @returns {Promise<string>} */
  qr(text) {
    return this.ask('qr', { text });
  }

  /**
   * @param {{picture: Float32Array, from: Class, config: AttackConfig, pace: Pace, rest: number}} what
   *   `rest`: milliseconds that a step takes at least, for eyes to follow
   * @param {Stepped} step
   * @returns {Attack}
   */
  attack(what, step) {
    const best = this.ask('attack', what, step);
    const id = this.count;
    return { best, pace: (pace) => this.worker.postMessage({ id, pace }) };
  }

  /** What comes of an attack, without its steps. @param {{picture: Float32Array, from: Class, config: AttackConfig}} what @returns {Promise<WatchedStep>} */
  outcome(what) {
    return this.ask('outcome', what);
  }
}
