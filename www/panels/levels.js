// @ts-check
// The levels of the page that are opened: their `details` follow the state, and the state what a visitor opens.

import { get } from '../dom.js';
import { openLevel } from '../state.js';
import { LEVELS } from '../url.js';

/** @type {ParentNode} */
let page;
/** What the state and the page agreed on last. @type {Partial<Record<import('../url.js').Level, boolean>>} */
const agreed = {};

const node = (/** @type {import('../url.js').Level} */ level) => get(page, level, HTMLDetailsElement);

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  page = root;
  for (const level of LEVELS) {
    const follow = () => {
      agreed[level] = node(level).open;
      store.update(openLevel, level, node(level).open);
    };
    if (node(level).open) follow(); // before the page's program was there
    node(level).addEventListener('toggle', follow);
  }
}

/** What a visitor has opened or closed since is not undone by a state of before. @param {import('../state.js').State} state */
export function render({ open }) {
  for (const level of LEVELS) {
    if (open[level] === agreed[level]) continue;
    agreed[level] = open[level];
    node(level).open = open[level];
  }
}
