// @ts-check
// Presenting: the three pictures and words as large as the screen allows, and keys for whoever stands in front of a class.
//
// Who talks to the machine, or touches keys by chance, can switch off those that are characters (WCAG 2.1.4).

import { get } from '../dom.js';
import { recall, remember } from '../memory.js';
import { SAMPLES } from '../samples.js';
import { attackOrPause, chooseSample, chooseShortcuts, chosen, isCovered, present, reveal, stepBack, stepOn } from '../state.js';

/** @type {ParentNode} */
let page;

/** @typedef {import('../store.js').Store} Store */

/** Where it is remembered whether characters are keys. */
const SHORTCUTS = 'second-look-shortcuts';
/** The two switches, for the page and for presenting. @type {HTMLInputElement[]} */
let switches;

const nextSample = (/** @type {Store} */ store) => {
  const source = chosen(store.state);
  const at = source?.kind === 'sample' ? SAMPLES.indexOf(source.id) : -1;
  store.update(chooseSample, SAMPLES[(at + 1) % SAMPLES.length]);
};

/** What a presenter's keys do; those of clickers, too. @type {Record<string, (store: Store) => void>} */
const KEYS = {
  a: (store) => store.update(attackOrPause),
  ' ': (store) => store.update(attackOrPause),
  ArrowRight: (store) => store.update(stepOn),
  PageDown: (store) => store.update(stepOn),
  ArrowLeft: (store) => store.update(stepBack),
  PageUp: (store) => store.update(stepBack),
  r: (store) => store.update(reveal),
  n: nextSample,
};

/** What a control does with a key is its own business. @param {EventTarget | null} target @param {string} key */
function isTaken(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog[open]')) return true;
  if (target.matches('select, textarea, input:not([type=radio], [type=range], [type=checkbox], [type=file])')) return true;
  return key.length > 1 || key === ' ' ? target.matches('button, input, summary, .closer, .hold') : false;
}

/** @param {ParentNode} root @param {Store} store */
export function mount(root, store) {
  page = root;
  /** @param {string} id @param {() => void} what */
  const on = (id, what) => get(root, id, HTMLButtonElement).addEventListener('click', what);
  on('present', () => store.update(present, true));
  on('present-end', () => {
    store.update(present, false);
    get(root, 'present', HTMLButtonElement).focus(); // the button goes
  });
  on('reveal', () => store.update(reveal));
  on('next-sample', () => nextSample(store));
  switches = ['shortcuts', 'shortcuts-presenting'].map((id) => get(root, id, HTMLInputElement));
  for (const box of switches) {
    box.addEventListener('change', () => {
      remember(SHORTCUTS, box.checked ? 'on' : 'off');
      store.update(chooseShortcuts, box.checked);
    });
  }
  if (recall(SHORTCUTS) === 'off') store.update(chooseShortcuts, false);
  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || isTaken(target, key)) return;
    const name = key.length === 1 ? key.toLowerCase() : key;
    const { presenting, phase, shortcuts } = store.state;
    if (name.length === 1 && !shortcuts) return;
    if (name === 'p') store.update(present, !presenting);
    else if (!presenting) return;
    else if (name === 'Escape' && phase !== 'running' && phase !== 'paused') store.update(present, false);
    else if (KEYS[name]) KEYS[name](store);
    else return;
    event.preventDefault();
  });
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const { presenting, revealed, shortcuts } = state;
  document.documentElement.toggleAttribute('data-present', presenting);
  document.documentElement.toggleAttribute('data-no-shortcuts', !shortcuts);
  for (const box of switches) box.checked = shortcuts;
  get(page, 'presenting', HTMLElement).hidden = !presenting;
  const button = get(page, 'reveal', HTMLButtonElement);
  button.textContent = revealed ? 'Cover' : 'Reveal';
  get(page, 'cover', HTMLElement).hidden = !isCovered(state);
}
