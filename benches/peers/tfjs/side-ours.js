// Our side of the comparison: the page's own module for the CPU.

import init, { Session } from '/pkg/second_look.js';

/**
 * What is timed. `forward` gives the ten probabilities, `step` makes one step of a long attack, `attack` a whole one and
 * gives the loss at its end; `watched` is a step as a visitor sees it, with detection.
 */
export async function open({ files, picture, name, pgd }) {
  const exports = await init();
  exports.__wasm_call_ctors?.();
  const [classifier, autoencoder, corrector] = Object.values(files).map((file) => new Uint8Array(file));
  const session = await Session.open(classifier, autoencoder, corrector, false);
  const start = (max_iter) => session.attack(picture, name, { ...pgd, max_iter });
  const long = start(10_000);
  return {
    forward: () => session.predict(picture),
    step: () => long.unwatched_step(),
    watched: () => long.step(),
    async attack() {
      const run = start(pgd.max_iter);
      let last;
      for (let made; (made = await run.unwatched_step()); ) [last] = made;
      run.free();
      return JSON.parse(last).loss;
    },
  };
}
