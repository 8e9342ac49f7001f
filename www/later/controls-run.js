// @ts-check
// Has the networks look at changed pictures, one after the other, as long as the state wants it.

import { client } from '../session.js';
import { asImage } from '../widgets/image.js';
import { Gone } from '../worker/client.js';
import { LIGHT, blurred, brighter, flipped, jpeg, shifted } from './changes.js';
import { NAMES, changeTried, changesEnded } from './controls-state.js';

/** @typedef {import('../worker/client.js').Client} Client */
/** @typedef {import('./controls-state.js').Controls} Controls */
/** @typedef {import('./controls-state.js').Name} Name */
/** @typedef {{picture: Float32Array, verdict: import('../core.js').Verdict}} Seen */

/** @param {import('../store.js').Store} store */
export function drive(store) {
  let begun = 0;
  store.subscribe(({ controls }) => {
    if (!controls || controls.ended || controls.id === begun) return;
    begun = controls.id;
    tryAll(store, controls);
  });
}

/** @param {import('../store.js').Store} store @param {Controls} controls */
async function tryAll(store, controls) {
  const { id, original, attacked } = controls;
  const worker = client();
  try {
    for (const name of NAMES) {
      const isWanted = () => store.state.controls?.id === id && !store.state.controls.ended && store.state.shown?.picture === original;
      if (!worker || !isWanted()) return store.update(changesEnded, id, 'cancelled');
      const first = await see(worker, name, original, controls);
      if (!isWanted()) continue;
      const second = attacked && (await see(worker, name, attacked, controls));
      store.update(changeTried, id, { name, picture: (second ?? first).picture, original: first.verdict, attacked: second?.verdict });
    }
    store.update(changesEnded, id, 'done');
  } catch (error) {
    store.update(changesEnded, id, error instanceof Gone ? 'cancelled' : 'failed');
  }
}

/** @type {Partial<Record<Name, import('./changes.js').Change>>} */
const CHANGES = { same: (picture) => picture, blur: blurred, bright: brighter(LIGHT), dark: brighter(-LIGHT), shift: shifted, flip: flipped };

/** @param {Client} worker @param {Name} name @param {Float32Array} picture @param {Controls} controls @returns {Promise<Seen>} */
async function see(worker, name, picture, { noise: { norm, eps } }) {
  if (name === 'noise') {
    // The class plays no part in one draw of noise.
    const run = worker.attack({ picture, from: 'airplane', config: { attack: 'noise', norm, eps }, pace: 'run', rest: 0 }, () => {});
    const noisy = await run.best;
    if (!noisy) throw new Gone('');
    return { picture: noisy.picture, verdict: noisy.detection.verdict };
  }
  const changed = CHANGES[name]?.(picture) ?? (await worker.decode(await jpeg(asImage(picture))));
  return { picture: changed, verdict: (await worker.detect(changed)).verdict };
}
