// @ts-check
// How often scores are where on the score's axis, in SVG.

import { part as draw } from '../dom.js';
import * as scale from './scale.js';

const BINS = 48;
const [WIDTH, HEIGHT] = [480, 40];

/**
 * @param {HTMLElement} figure has an `svg`, as wide as the axis
 * @param {readonly number[]} scores
 * @param {number} limit scores above it are marked
 * @returns {number} where the limit is on the axis, 0 to 1
 */
export function histogram(figure, scores, limit) {
  const svg = /** @type {SVGElement} */ (figure.querySelector('svg'));
  const at = scale.place(limit);
  const counts = { below: new Array(BINS).fill(0), above: new Array(BINS).fill(0) };
  for (const score of scores) {
    const bin = Math.min(BINS - 1, Math.floor(scale.place(score) * BINS));
    counts[score > limit ? 'above' : 'below'][bin] += 1;
  }
  // Square roots, so that a few scores are seen beside very many.
  const high = (/** @type {number} */ count) => Math.sqrt(count / scores.length);
  const most = Math.max(...counts.below.map((count, bin) => high(count + counts.above[bin])));
  const width = WIDTH / BINS;
  const path = (/** @type {'below' | 'above'} */ part) => {
    const bars = counts[part].map((count, bin) => {
      const [base, top] = [part === 'above' ? high(counts.below[bin]) : 0, high(count + (part === 'above' ? counts.below[bin] : 0))];
      const y = (/** @type {number} */ value) => (HEIGHT * (1 - value / most)).toFixed(1);
      return count > 0 ? `M${(bin * width + 0.5).toFixed(1)} ${y(base)}V${y(top)}h${(width - 1).toFixed(1)}V${y(base)}z` : '';
    });
    return draw('path', { class: part, d: bars.join('') });
  };
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.replaceChildren(path('below'), path('above'));
  return at;
}
