// @ts-check
// What is kept for use without a network: the page, and a classifier that is not part of every visit when that is asked
// for. The service worker (sw.js) keeps it; without one nothing is kept and nothing is offered.

import { get } from './dom.js';
import { DEFAULT, allMegabytesOf, inMegabytes, nameOf } from './models.js';
import { offlineFailed, offlineKnown } from './state.js';

/** @typedef {import('./models.js').Classifier} Classifier */
/** @typedef {{kept: boolean, why?: 'full' | 'network' | 'other'}} Answer of sw.js; `why`: what was asked for was not done */

/** @param {import('./store.js').Store} store */
export function drive(store) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // browsers allow it only to pages that come safely
  // Not before the first prediction, which all that is kept would only hold up.
  store
    .when(({ shown }) => shown !== undefined)
    .then(() => serviceWorker.register(new URL('sw.js', import.meta.url)))
    .catch(() => {});

  /** What was asked last, and of which state. @type {Map<Classifier, {of: string}>} */
  const asked = new Map();
  serviceWorker.ready.then((registration) => {
    keepAll(store, registration);
    store.subscribe(({ settings: { classifier }, offline }) => {
      if (classifier === DEFAULT) return;
      const keeping = offline[classifier] ?? 'unknown';
      if (asked.get(classifier)?.of === keeping) return;
      const mine = { of: keeping };
      asked.set(classifier, mine);
      if (keeping === 'yes' || keeping === 'no' || !registration.active) return;
      const keep = keeping === 'unknown' ? undefined : keeping === 'saving';
      ask(registration.active, { classifier, keep }).then((answer) => {
        if (asked.get(classifier) === mine) tell(store, classifier, answer, keep); // else something else was asked for meanwhile
      });
    });
  });
}

/**
 * Has what no first screen needs kept, too, once there is nothing better to do; not where the visitor saves data.
 * @param {import('./store.js').Store} store
 * @param {ServiceWorkerRegistration} registration
 */
async function keepAll(store, { active }) {
  const says = get(document, 'offline', HTMLElement);
  says.textContent = 'Saved on this machine: works without a network from now on, its lower parts once they were looked at.';
  await store.when(({ shown }) => shown !== undefined);
  await new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(resolve));
  const { connection } = /** @type {Navigator & {connection?: {saveData: boolean}}} */ (navigator);
  if (!active || connection?.saveData) return;
  const { kept } = await ask(active, { later: true });
  if (kept) says.textContent = 'Saved on this machine: works without a network from now on.';
}

/**
 * @param {ServiceWorker} worker
 * @param {{classifier: Classifier, keep: boolean | undefined} | {later: true}} what `keep`: undefined to hear how it is; `later`: to keep what no first screen needs
 * @returns {Promise<Answer>}
 */
function ask(worker, what) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage(what, [port2]);
  });
}

/** @param {import('./store.js').Store} store @param {Classifier} classifier @param {Answer} answer @param {boolean | undefined} keep */
function tell(store, classifier, { kept, why }, keep) {
  if (!why) return store.update(offlineKnown, classifier, kept ? 'yes' : 'no');
  const name = nameOf(classifier);
  const because = {
    full: `this browser has no room for its ${inMegabytes(allMegabytesOf(classifier))}`,
    network: 'the connection broke; try again',
    other: 'this browser does not keep the page either, or its files are being changed; load the page again and try once more',
  }[why];
  store.update(offlineFailed, classifier, kept ? 'yes' : 'no', `${name} could not be ${keep ? 'kept' : 'removed'}: ${because}.`);
}
