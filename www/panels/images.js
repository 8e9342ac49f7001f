// @ts-check
// The pictures. One that is held flickers between original and attacked.

import { judge } from '../core.js';
import { get } from '../dom.js';
import { title } from '../samples.js';
import { current, isCovered, threshold } from '../state.js';
import { hold } from '../widgets/hold.js';
import { amplification, asDifference, asImage, show } from '../widgets/image.js';

/** @typedef {import('../state.js').State} State */

/** @type {ParentNode} */
let page;
/** What the canvases show. @type {readonly unknown[]} */
let drawn = [];
/** The two that are compared, and the canvas that shows the other one at the moment, if any. */
const pair = {
  original: /** @type {Float32Array | undefined} */ (undefined),
  attacked: /** @type {Float32Array | undefined} */ (undefined),
  exchanged: /** @type {'original' | 'attacked' | undefined} */ (undefined),
  held: /** @type {'original' | 'attacked' | undefined} */ (undefined),
};

/** @param {ParentNode} root */
export function mount(root) {
  page = root;
  for (const name of /** @type {const} */ (['original', 'attacked'])) {
    hold(get(root, `hold-${name}`, HTMLElement), (other, held) => {
      pair.exchanged = other ? name : undefined;
      pair.held = held ? name : undefined;
      showPair();
    });
  }
}

const canvas = (/** @type {string} */ id) => get(page, id, HTMLCanvasElement);
const node = (/** @type {string} */ id) => get(page, id, HTMLElement);

function showPair() {
  const { original, attacked, exchanged, held } = pair;
  if (original) show(canvas('original'), asImage((exchanged === 'original' && attacked) || original));
  if (attacked) show(canvas('attacked'), asImage((exchanged === 'attacked' && original) || attacked));
  const other = { original: 'attacked', attacked: 'original' };
  for (const name of /** @type {const} */ (['original', 'attacked'])) {
    node(`says-${name}`).textContent = held !== name ? '' : exchanged ? other[name] : name;
  }
}

/** @param {State} state */
export function render(state) {
  const { shown, opening, networks, run } = state;
  const now = current(state);
  node('corrector-figure').hidden = !networks?.cards.corrector;
  // Other networks are asked about the same picture: it stays in sight meanwhile.
  const original = shown?.picture ?? opening?.picture;
  const verdict = now && judge(now.detection.verdict, threshold(state));
  const answers = verdict?.adversarial ? (now?.detection.correction ?? now?.detection.reconstruction) : now?.detection.reconstruction;
  const all = [original, now?.picture, now?.detection, answers, run?.steps.length, isCovered(state)];
  if (!original || all.every((part, i) => part === drawn[i])) return;
  drawn = all;
  pair.original = original;
  pair.attacked = now?.picture ?? original;
  showPair();
  const source = (shown ?? opening)?.source;
  const name = `The original: ${source?.kind === 'sample' ? title(source.id) : 'your picture'}`;
  canvas('original').setAttribute('aria-label', name);
  node('hold-original').setAttribute('aria-label', `${name}; hold it to compare it with the attacked one`);
  if (!now || !answers) return;
  const times = amplification(original, run);
  show(canvas('noise'), asDifference(original, now.picture, times));
  node('noise-times').textContent = times > 1 ? ` ×${times.toFixed(0)}` : '';
  show(canvas('reconstruction'), asImage(now.detection.reconstruction));
  if (now.detection.correction) show(canvas('corrector'), asImage(now.detection.correction));
  const by = answers === now.detection.correction ? 'by the corrector' : 'the reconstruction';
  show(canvas('second'), asImage(answers));
  canvas('second').setAttribute('aria-label', isCovered(state) ? 'The second look, covered' : `The second look: ${by}`);
}
