// @ts-check
// Keeps networks in a worker: starts one when the state asks for it, and says when it ends.

import { recall, remember } from './memory.js';
import { backendChanged, networksFailed, networksOpened, networksProgress, starting, stepMeasured, workerLost } from './state.js';
import { parse } from './worker/backend.js';
import { Client, Gone } from './worker/client.js';
import { weightsOf } from './models.js';

/** @typedef {import('./state.js').Starting} Starting */

/**
 * Where it is kept how long a step of an attack takes on each backend, so that it is measured once.
 * @param {import('./models.js').Classifier} classifier
 */
const measuredOf = (classifier) => `second-look-backends ${classifier}`;

/** The worker that answers, if any. @type {Client | undefined} */
let current;
/** The one that is to take its place. @type {Client | undefined} */
let next;

export const client = () => current;

/** @param {unknown} error */
export const sentence = (error) => (error instanceof Error ? error.message : String(error));

/** @param {import('./store.js').Store} store */
export function drive(store) {
  let begun = 0;
  store.subscribe((state) => {
    const wanted = starting(state);
    if (!wanted && next) {
      next.close(''); // the visitor does not want to wait for it
      next = undefined;
    }
    if (wanted && wanted.id !== begun) {
      begun = wanted.id;
      start(store, wanted);
    }
  });
}

/** @param {import('./store.js').Store} store @param {Starting} wanted */
async function start(store, { id, classifier, autoencoder, backend }) {
  next?.close('');
  const mine = new Client({
    loading: (bytes) => store.update(networksProgress, id, bytes),
    backend({ measured, ...choice }) {
      if (measured) remember(measuredOf(classifier), JSON.stringify(measured));
      if (mine === current) store.update(backendChanged, choice);
    },
    stepTime(time) {
      if (mine === current) store.update(stepMeasured, time);
    },
    gone(why, gpu) {
      if (mine !== current) return; // one that starts says so by its answer
      current = undefined;
      store.update(workerLost, why, gpu);
    },
  });
  next = mine;
  try {
    const answer = await mine.open(backend, weightsOf(classifier, autoencoder), parse(recall(measuredOf(classifier))));
    if (mine !== next) return;
    current?.close('');
    current = mine;
    next = undefined;
    store.update(networksOpened, id, answer);
  } catch (error) {
    if (mine !== next) return;
    mine.close('');
    next = undefined;
    store.update(networksFailed, id, sentence(error), error instanceof Gone);
  }
}
