// @ts-check
// Many pictures, put together: a state of their own beside the page's, what acts on it, and what is seen of it.

import { Store } from '../store.js';
import { drive } from './run.js';
import { samples } from './sources/index.js';
import { begin } from './state.js';
import * as view from './view.js';

/** How often moving numbers are drawn anew, in milliseconds; and of thousands of pictures, so rarely that drawing takes a small part of the time. */
const PACE = 250;
const PART = 1 / 20;

/** A style sheet that is there. @param {string} address */
const styled = (address) =>
  new Promise((resolve, reject) => {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'stylesheet', href: address, onload: resolve, onerror: reject });
    document.head.append(link);
  });

/** @param {HTMLElement} room @param {import('../store.js').Store} page */
export async function mount(room, page) {
  await styled(new URL('style.css', import.meta.url).href);
  /** @type {import('./run.js').Store} */
  const store = new Store(begin(samples()));
  view.mount(room, store, page);
  drive(store);

  let timer = 0;
  let drawn = '';
  let pace = PACE;
  const draw = () => {
    clearTimeout(timer);
    timer = 0;
    drawn = phase();
    const begun = performance.now();
    view.render(store.state, page.state);
    pace = Math.max(PACE, (performance.now() - begun) / PART);
  };
  const phase = () => `${store.state.run?.id} ${store.state.run?.phase} ${store.state.run?.rows.length === 0}`;
  // What a visitor does is seen at once; what comes from workers, now and then.
  store.subscribe((state) => {
    if (phase() !== drawn || state.run?.phase !== 'running') draw();
    else timer ||= setTimeout(draw, pace);
  });
  page.subscribe(() => (timer ||= setTimeout(draw, pace)));
}
