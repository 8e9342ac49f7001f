// @ts-check
// The page's address follows the state, and the browser's Back and Forward buttons lead through what was shown before.
//
// Another picture, attack or level, and presenting are entries of the history of their own. All else (sliders, numbers,
// networks) changes the entry that is there, so that Back leads to what the visitor saw and not through every change.

import { named, query, returned, starting } from './state.js';
import { LEVELS } from './url.js';

/** @typedef {import('./state.js').State} State */

/** How long nothing must move before the address says it, in milliseconds: browsers limit how often it may change. */
const PAUSE = 100;

/** The visitor's own pictures by their keys in the history. Addresses do not hold them, and they are gone with the page. @type {Map<string, Blob>} */
const files = new Map();

/** @param {Blob} file */
function keyOf(file) {
  for (const [key, known] of files) if (known === file) return key;
  const key = `${performance.timeOrigin} ${files.size}`; // the history outlives the page, and its keys with it
  files.set(key, file);
  return key;
}

/** The key of the visitor's own picture that is shown, if one is. @param {State} state */
function ownKey(state) {
  const source = named(state);
  return source?.kind === 'own' ? keyOf(source.file) : undefined;
}

/** What has an entry of its own. @param {State} state */
function placeOf(state) {
  const source = named(state);
  return JSON.stringify([source?.kind === 'sample' ? source.id : ownKey(state), state.attack?.name, state.presenting, LEVELS.map((level) => state.open[level])]);
}

/** @param {import('./store.js').Store} store */
export function drive(store) {
  /** The place of the present entry, once it is known. @type {string | undefined} */
  let place;
  /** Whether the entry was there before the state. */
  let isReturning = false;
  let waiting = 0;

  function write() {
    clearTimeout(waiting);
    const { state } = store;
    if (!state.attack) return; // the address is still to be read
    if (isReturning && (state.opening || starting(state))) return; // the entry's picture is on its way
    const [before, now, own] = [place, placeOf(state), ownKey(state)];
    const isNew = before !== undefined && before !== now && !isReturning;
    place = now;
    isReturning = false;
    const address = new URL(query(state), location.href);
    if (isNew) history.pushState({ own }, '', address);
    else if (address.search !== location.search || own !== history.state?.own) history.replaceState({ own }, '', address);
  }

  store.subscribe((state) => {
    clearTimeout(waiting);
    if (placeOf(state) !== place) write();
    else waiting = setTimeout(write, PAUSE);
  });

  addEventListener('popstate', ({ state }) => {
    isReturning = true;
    store.update(returned, location.search, files.get(state?.own));
    write();
  });
}
