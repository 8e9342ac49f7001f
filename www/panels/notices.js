// @ts-check
// What went wrong, and a way on.

import { element, get } from '../dom.js';
import { closeNotices, retried } from '../state.js';

/** @type {HTMLElement} */
let box;
/** @type {HTMLButtonElement} */
let retry;
/** @type {readonly import('../state.js').Notice[]} */
let shown = [];

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  box = get(root, 'notice', HTMLElement);
  retry = get(root, 'notice-retry', HTMLButtonElement);
  retry.addEventListener('click', () => {
    const last = lastRetry(store.state.notices);
    if (last) store.update(retried, last);
  });
  get(root, 'notice-close', HTMLButtonElement).addEventListener('click', () => store.update(closeNotices));
}

/** @param {readonly import('../state.js').Notice[]} notices */
const lastRetry = (notices) => notices.findLast((notice) => notice.retry)?.retry;

/** @param {import('../state.js').State} state */
export function render({ notices }) {
  if (notices === shown) return;
  shown = notices;
  get(box, 'notice-text', HTMLElement).replaceChildren(...notices.map(({ text }) => element('p', '', text)));
  retry.hidden = !lastRetry(notices);
  box.hidden = notices.length === 0;
}
