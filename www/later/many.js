// @ts-check
// Many pictures, put together: a state of their own beside the page's, what acts on it, and what is seen of it.

import { element } from '../dom.js';
import { Store } from '../store.js';
import { drive } from './many/run.js';
import { offered, samples } from './many/sources/index.js';
import { begin, offersCame } from './many/state.js';
import * as view from './many/view.js';

/** How often moving numbers are drawn anew, in milliseconds; and of thousands of pictures, so rarely that drawing takes a small part of the time. */
const PACE = 250;
const PART = 1 / 20;

/** What is drawn, once it is there. @type {(() => void) | undefined} */
let drawSoon;

/** @param {HTMLElement} root @param {import('../store.js').Store} page */
export function mount(root, page) {
  /** @type {import('./many/run.js').Store} */
  const store = new Store(begin(samples()));
  const room = element('div', 'many');
  root.append(room);
  view.mount(room, store, page);
  drive(store);
  offered().then((offers) => store.update(offersCame, offers));

  let timer = 0;
  let drawn = '';
  let pace = PACE;
  const phase = () => `${store.state.run?.id} ${store.state.run?.phase} ${store.state.run?.rows.length === 0}`;
  const draw = () => {
    clearTimeout(timer);
    timer = 0;
    drawn = phase();
    const begun = performance.now();
    view.render(store.state, page.state);
    pace = Math.max(PACE, (performance.now() - begun) / PART);
  };
  drawSoon = () => (timer ||= setTimeout(draw, pace));
  // What a visitor does is seen at once; what comes from workers, now and then.
  store.subscribe((state) => (phase() !== drawn || state.run?.phase !== 'running' ? draw() : drawSoon?.()));
}

export function render() {
  drawSoon?.();
}
