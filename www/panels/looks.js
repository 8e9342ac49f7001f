// @ts-check
// The three words below the three large pictures: what is answered, and how sure.

import { get } from '../dom.js';
import { isCovered, isUnfamiliar } from '../state.js';
import { looks } from '../words.js';

/** @type {ParentNode} */
let page;

/** @param {ParentNode} root */
export function mount(root) {
  page = root;
}

const node = (/** @type {string} */ id) => get(page, id, HTMLElement);

/** @param {import('../state.js').State} state */
export function render(state) {
  for (const [name, { lead, word, sure, note, tone }] of Object.entries(looks(state))) {
    const texts = { lead, word, sure, note };
    for (const [part, text] of Object.entries(texts)) {
      const place = node(`${part}-${name}`);
      if (place.textContent !== text) place.textContent = text;
    }
    node(`look-${name}`).dataset.tone = tone;
  }
  node('stage').toggleAttribute('data-waits', !state.run && state.phase !== 'loading');
  node('stage').toggleAttribute('data-unfamiliar', isUnfamiliar(state));
  node('look-second').toggleAttribute('data-covered', isCovered(state));
}
