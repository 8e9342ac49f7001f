// @ts-check
// The page's end of the worker: each request is a promise.

/** @typedef {import('../pkg/second_look.js').Look} Look */
/** @typedef {import('../pkg/second_look.js').Pgd} Pgd */
/** @typedef {import('../pkg/second_look.js').Class} Class */
/** @typedef {import('../pkg/second_look.js').Cards} Cards */
/** @typedef {import('../pkg/second_look.js').WatchedStep} WatchedStep */
/** @typedef {{webgpu: boolean, reason: string, cards: Cards}} Opened */

/** What happened to the worker, not to a request. */
export class Gone extends Error {}

export class Lab {
  /**
   * @param {{loading: (bytes: number) => void, gone: (why: string) => void}} tell
   *   `gone`: the worker or its GPU is of no use any more; make another `Lab`
   */
  constructor(tell) {
    this.worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void, step?: (step: WatchedStep) => void}>} */
    this.waiting = new Map();
    this.count = 0;
    /** @param {string} why */
    const gone = (why) => {
      this.close(why);
      tell.gone(why);
    };
    this.worker.addEventListener('message', ({ data }) => {
      if (data.loading !== undefined) return tell.loading(data.loading);
      if (data.lost) return gone('The GPU was lost.');
      const request = this.waiting.get(data.id);
      if (!request) return;
      if (data.step) return request.step?.(data.step);
      this.waiting.delete(data.id);
      if (data.error === undefined) return request.resolve(data.answer);
      if (data.fatal) {
        request.reject(new Gone(data.error));
        return gone(data.error);
      }
      request.reject(new Error(data.error));
    });
    this.worker.addEventListener('error', (event) => {
      event.preventDefault();
      gone('The program could not be started; check the connection and try again.');
    });
  }

  /** @param {string} why */
  close(why) {
    this.worker.terminate();
    for (const request of this.waiting.values()) request.reject(new Gone(why));
    this.waiting.clear();
  }

  /**
   * @param {string} kind
   * @param {object} what
   * @param {(step: WatchedStep) => void} [step]
   * @returns {Promise<any>}
   */
  ask(kind, what = {}, step) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, step });
      this.worker.postMessage({ id, kind, ...what });
    });
  }

  /**
   * @param {string} backend
   * @param {import('./address.js').Weights} weights
   * @returns {Promise<Opened>}
   */
  open(backend, weights) {
    return this.ask('open', { backend, weights });
  }

  /** @param {Blob} file @returns {Promise<Float32Array>} */
  decode(file) {
    return this.ask('decode', { file });
  }

  /** @param {Float32Array} picture @returns {Promise<Look>} */
  look(picture) {
    return this.ask('look', { picture });
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
   * @param {{picture: Float32Array, from: Class, pgd: Pgd, pace: 'run' | 'once', rest: number}} what
   * @param {(step: WatchedStep) => void} step
   * @returns {Promise<boolean>} false when it was cancelled
   */
  attack(what, step) {
    return this.ask('attack', what, step);
  }

  /** @param {'run' | 'pause' | 'once' | 'cancel'} how */
  pace(how) {
    this.worker.postMessage({ control: how });
  }
}
