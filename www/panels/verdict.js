// @ts-check
// The headline.

import { get } from '../dom.js';
import { message } from '../words.js';

/** @type {{box: HTMLElement, headline: HTMLElement, detail: HTMLElement, loading: HTMLProgressElement}} */
let nodes;

/** @param {ParentNode} root */
export function mount(root) {
  nodes = {
    box: get(root, 'verdict', HTMLElement),
    headline: get(root, 'headline', HTMLElement),
    detail: get(root, 'detail', HTMLElement),
    loading: get(root, 'loading', HTMLProgressElement),
  };
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const { kind, headline, detail } = message(state);
  nodes.box.dataset.kind = kind;
  nodes.box.ariaBusy = String(state.phase === 'loading' || state.phase === 'running');
  if (nodes.headline.textContent !== headline) nodes.headline.textContent = headline;
  if (nodes.detail.textContent !== detail) nodes.detail.textContent = detail;
  nodes.loading.hidden = state.phase !== 'loading';
}
