// @ts-check
// The ROC curve and the point on it that the threshold chooses, in SVG.

import { part } from '../dom.js';

const [SIDE, PAD] = [100, 4];

/**
 * @param {HTMLElement} figure has an `svg`
 * @param {readonly [number, number][]} points false-positive and detection rates
 * @param {readonly [number, number]} at the one that is chosen
 */
export function curve(figure, points, at) {
  const svg = /** @type {SVGElement} */ (figure.querySelector('svg'));
  const x = (/** @type {number} */ rate) => PAD + rate * (SIDE - 2 * PAD);
  const y = (/** @type {number} */ rate) => SIDE - x(rate);
  svg.setAttribute('viewBox', `0 0 ${SIDE} ${SIDE}`);
  svg.setAttribute('role', 'img');
  const percent = (/** @type {number} */ rate) => `${(100 * rate).toFixed(1)} %`;
  svg.setAttribute('aria-label', `ROC curve; at this threshold ${percent(at[0])} false alarms and ${percent(at[1])} found`);
  svg.replaceChildren(
    part('line', { class: 'axis', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    part('polyline', { class: 'curve', points: points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(' ') }),
    part('circle', { class: 'point', cx: x(at[0]), cy: y(at[1]), r: 4 }),
  );
}
