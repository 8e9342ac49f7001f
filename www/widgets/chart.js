// @ts-check
// A curve over the attack's steps, in SVG.

import { part } from '../dom.js';
import { nats } from '../words.js';

const [WIDTH, HEIGHT, PAD] = [240, 64, 6];

/**
 * @param {HTMLElement} figure has an `svg` and an `output`
 * @param {string} name what is heard
 * @param {object} curve
 * @param {readonly number[]} curve.values
 * @param {number} curve.steps how many there will be
 * @param {number} curve.at the one looked at
 * @param {number} [curve.kept] the one that is the result
 * @param {number} [curve.line] a threshold: above it is the detector's side
 * @param {(value: number) => number} [curve.height] of a value on the axis, in any unit
 */
export function update(figure, name, { values, steps, at, kept, line, height = (value) => value }) {
  const svg = /** @type {SVGElement} */ (figure.querySelector('svg'));
  const output = /** @type {HTMLElement} */ (figure.querySelector('output'));
  const heights = values.map(height);
  const least = Math.min(0, ...heights);
  const most = Math.max(1e-3, ...heights, height((line ?? 0) * 2));
  const x = (/** @type {number} */ t) => PAD + (t / Math.max(1, steps)) * (WIDTH - 2 * PAD);
  const y = (/** @type {number} */ value) => HEIGHT - PAD - ((height(value) - least) / (most - least)) * (HEIGHT - 2 * PAD);
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  const parts = [part('line', { class: 'axis', x1: PAD, x2: WIDTH - PAD, y1: y(0), y2: y(0) })];
  if (line !== undefined) parts.push(part('rect', { class: 'noticed', x: PAD, y: PAD, width: WIDTH - 2 * PAD, height: y(line) - PAD }), part('line', { class: 'threshold', x1: PAD, x2: WIDTH - PAD, y1: y(line), y2: y(line) }));
  if (values.length > 0) {
    const points = values.map((value, t) => `${x(t).toFixed(1)},${y(value).toFixed(1)}`);
    parts.push(part('polyline', { class: 'curve', points: points.join(' ') }));
    parts.push(part('line', { class: 'cursor', x1: x(at), x2: x(at), y1: PAD, y2: HEIGHT - PAD }));
    // A line without length, so that its round ends are round however the drawing is stretched.
    if (kept !== undefined) parts.push(part('line', { class: 'kept', x1: x(kept), x2: x(kept), y1: y(values[kept]), y2: y(values[kept]) }));
  }
  svg.replaceChildren(...parts);
  output.textContent = values.length > 0 ? nats(values[at]) : '–';
  const side = line === undefined ? '' : `, ${values[at] > line ? 'above' : 'within'} the threshold`;
  const heard = values.length > 0 ? `${nats(values[0])} at first, ${nats(Math.max(...values))} at most, ${nats(values[at])} at step ${at}${side}` : 'nothing yet';
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${name}: ${heard}`);
}
