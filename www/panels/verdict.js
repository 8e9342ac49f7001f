// @ts-check
// The headline.

import { get } from '../dom.js';
import { DEFAULT, nameOf } from '../models.js';
import { cancelLoading, canCancelLoading } from '../state.js';
import { loaded, message } from '../words.js';

/** @type {{box: HTMLElement, headline: HTMLElement, detail: HTMLElement, numbers: HTMLElement, more: HTMLElement, wait: HTMLElement, loading: HTMLProgressElement, cancel: HTMLButtonElement}} */
let nodes;

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  nodes = {
    box: get(root, 'verdict', HTMLElement),
    headline: get(root, 'headline', HTMLElement),
    detail: get(root, 'detail', HTMLElement),
    numbers: get(root, 'numbers', HTMLElement),
    more: get(root, 'in-numbers', HTMLElement),
    wait: get(root, 'wait', HTMLElement),
    loading: get(root, 'loading', HTMLProgressElement),
    cancel: get(root, 'loading-cancel', HTMLButtonElement),
  };
  nodes.cancel.addEventListener('click', () => {
    store.update(cancelLoading);
    get(document, 'stage', HTMLElement).focus({ preventScroll: true }); // the button goes
  });
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const { kind, headline, detail, numbers } = message(state);
  nodes.box.dataset.kind = kind;
  nodes.box.ariaBusy = String(state.phase === 'loading' || state.phase === 'running');
  if (nodes.headline.textContent !== headline) nodes.headline.textContent = headline;
  if (nodes.detail.textContent !== detail) nodes.detail.textContent = detail;
  if (nodes.numbers.textContent !== numbers) nodes.numbers.textContent = numbers;
  nodes.more.hidden = !numbers;
  nodes.wait.hidden = state.phase !== 'loading';
  const share = loaded(state);
  // Without a value, the bar says that something goes on, and not how much of it is done.
  if (share === undefined || share === 0 || share === 1) nodes.loading.removeAttribute('value');
  else nodes.loading.value = share;
  nodes.cancel.hidden = !canCancelLoading(state);
  nodes.cancel.textContent = state.networks ? 'Cancel' : `Load the classifier ${nameOf(DEFAULT)} instead`;
}
