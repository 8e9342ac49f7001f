// @ts-check
// Panels that no first screen needs: those in later/, each loaded when the element that names it in `data-later` comes into
// sight (what a `details` holds, when it is opened).

import { element } from '../dom.js';

/** @typedef {import('../store.js').Store} Store */
/** @typedef {{mount: (root: HTMLElement, store: Store) => void, render: (state: import('../state.js').State) => void}} Panel */

/** @type {Panel[]} */
const loaded = [];

/** Their styles, which come with the first of them. */
function style() {
  if (document.querySelector('link[href="later/later.css"]')) return;
  document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'later/later.css' }));
}

/** @param {any} root @param {Store} store */
async function load(root, store) {
  style();
  try {
    /** @type {Panel} */
    const panel = await import(`../later/${root.dataset.later}.js`);
    panel.mount(root, store);
    loaded.push(panel);
    panel.render(store.state);
  } catch {
    root.append(element('p', 'fine', 'This part could not be loaded; load the page again.'));
  }
}

/** @param {ParentNode} root @param {Store} store */
export async function mount(root, store) {
  await store.when(({ shown }) => shown !== undefined); // the first prediction goes before
  const arrived = (/** @type {IntersectionObserverEntry[]} */ entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      load(target, store);
    }
  };
  // A little earlier: what is opened at the lower edge of the screen is empty, and below it.
  const seen = new IntersectionObserver(arrived, { rootMargin: '30%' });
  for (const node of root.querySelectorAll('[data-later]')) seen.observe(node);
}

/** @param {import('../state.js').State} state */
export function render(state) {
  for (const panel of loaded) panel.render(state);
}
