// @ts-check
// What is done one after the other: requests in their order, and in between, when there has been none for a while,
// what can wait.

/** How long nothing must have happened before something that can wait is begun, in milliseconds. */
const QUIET = 150;

export class Queue {
  /** @param {number} [quiet] */
  constructor(quiet = QUIET) {
    this.quiet = quiet;
    /** @type {(() => Promise<void>)[]} */
    this.requests = [];
    /** @type {(() => Promise<void>)[]} */
    this.rest = [];
    this.busy = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * @template T
   * @param {() => T | Promise<T>} what
   * @returns {Promise<T>} what comes of it
   */
  request(what) {
    return this.#add(this.requests, what);
  }

  /**
   * @template T
   * @param {() => T | Promise<T>} what short, because requests that come meanwhile wait for its end
   * @returns {Promise<T>} what comes of it
   */
  whenIdle(what) {
    return this.#add(this.rest, what);
  }

  /**
   * @template T
   * @param {(() => Promise<void>)[]} line
   * @param {() => T | Promise<T>} what
   * @returns {Promise<T>}
   */
  #add(line, what) {
    return new Promise((resolve, reject) => {
      line.push(async () => {
        try {
          resolve(await what());
        } catch (error) {
          reject(error);
        }
      });
      this.#next();
    });
  }

  #next() {
    if (this.busy) return;
    clearTimeout(this.timer);
    const request = this.requests.shift();
    if (request) this.#run(request);
    else if (this.rest.length > 0) this.timer = setTimeout(() => this.#run(/** @type {() => Promise<void>} */ (this.rest.shift())), this.quiet);
  }

  /** @param {() => Promise<void>} what never rejected */
  async #run(what) {
    this.busy = true;
    await what();
    this.busy = false;
    this.#next();
  }
}
