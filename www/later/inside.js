// @ts-check
// Inside: what the networks do with the picture that is shown, and the plane around it.

import * as look from './look-inside.js';
import * as map from './map.js';

/** The `details` that holds it all. @type {HTMLDetailsElement | null} */
let level;

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'later/inside.css' }));
  level = root.closest('details');
  look.mount(root, store);
  map.mount(root, store);
  level?.addEventListener('toggle', () => render(store.state));
}

/** Nothing is computed while it is closed, but a map goes on that was begun. @param {import('../state.js').State} state */
export function render(state) {
  if (level?.open) look.render(state);
  map.render(state);
}
