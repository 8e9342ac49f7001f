// @ts-check
// Where the state is kept.

/**
 * Holds the state, and tells of every change.
 * @template [State=import('./state.js').State] the page's, or that of a part with its own
 */
export class Store {
  /** @param {State} first */
  constructor(first) {
    this.state = first;
    /** @type {Set<(state: State) => void>} */
    this.listeners = new Set();
    this.telling = false;
  }

  /**
   * @template {any[]} A
   * @param {(from: State, ...what: A) => State} transition
   * @param {A} what
   */
  update(transition, ...what) {
    const next = transition(this.state, ...what);
    if (next === this.state) return;
    this.state = next;
    if (this.telling) return; // a listener's own change: the round below starts anew
    this.telling = true;
    try {
      for (let told; told !== this.state; ) {
        told = this.state;
        for (const listener of this.listeners) listener(this.state);
      }
    } finally {
      this.telling = false;
    }
  }

  /**
   * @param {(state: State) => void} listener called at once, and after every change
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** @param {(state: State) => boolean} is @returns {Promise<void>} resolved as soon as a state is like this */
  when(is) {
    return new Promise((resolve) => {
      const end = this.subscribe((state) => {
        if (!is(state)) return;
        queueMicrotask(() => end());
        resolve();
      });
    });
  }
}
