// @ts-check
// The pictures of the three cards, and the bars below them.

import { judge } from '../core.js';
import { get } from '../dom.js';
import { title } from '../samples.js';
import { current, threshold } from '../state.js';
import * as bars from '../widgets/bars.js';
import { amplification, asDifference, asImage, show } from '../widgets/image.js';
import { SECOND, secondBars } from '../words.js';

/** @typedef {import('../state.js').State} State */

/** @type {ParentNode} */
let page;
/** What the canvases show. @type {readonly (Float32Array | undefined)[]} */
let drawn = [];

/** @param {ParentNode} root */
export function mount(root) {
  page = root;
}

const canvas = (/** @type {string} */ id) => get(page, id, HTMLCanvasElement);
const node = (/** @type {string} */ id) => get(page, id, HTMLElement);

/** @param {State} state */
export function render(state) {
  renderPictures(state);
  renderBars(state);
}

/** @param {State} state */
function renderPictures(state) {
  const { shown, opening, networks } = state;
  const now = current(state);
  node('corrector-figure').hidden = !networks?.cards.corrector;
  // Other networks are asked about the same picture: it stays in sight meanwhile.
  const original = shown?.picture ?? opening?.picture;
  const pictures = [original, now?.picture, now?.detection.reconstruction, now?.detection.correction];
  if (!original || pictures.every((picture, i) => picture === drawn[i])) return;
  drawn = pictures;
  show(canvas('original'), asImage(original));
  const source = (shown ?? opening)?.source;
  canvas('original').setAttribute('aria-label', `The original: ${source?.kind === 'sample' ? title(source.id) : 'your picture'}`);
  if (!now) return;
  const times = amplification(original, now.picture);
  show(canvas('attacked'), asImage(now.picture));
  show(canvas('noise'), asDifference(original, now.picture, times));
  node('noise-times').textContent = times > 1 ? `, ×${times.toFixed(0)}` : '';
  show(canvas('reconstruction'), asImage(now.detection.reconstruction));
  if (now.detection.correction) show(canvas('corrector'), asImage(now.detection.correction));
}

/** @param {State} state */
function renderBars(state) {
  const { shown, run, constants } = state;
  if (!constants) return;
  const { classes } = constants;
  const clean = shown?.detection.verdict.prediction;
  const verdict = current(state)?.detection.verdict;
  bars.update(node('bars-original'), 'Prediction for the original', classes, clean);
  bars.update(node('bars-attacked'), 'Prediction for the attacked picture', classes, verdict?.prediction, run && clean);
  const second = verdict && secondBars(judge(verdict, threshold(state)), classes);
  const name = second?.title ?? SECOND;
  bars.update(node('bars-second'), name, classes, second?.probabilities, verdict?.prediction);
  node('second-title').textContent = name;
  node('correction').textContent = second?.other ?? '';
}
