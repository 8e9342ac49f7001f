// @ts-check
// A decision map in SVG: classes as colours, patterns and letters, so that they are told apart without colours, too.

import { part } from '../dom.js';
import { REACH, SIDE } from './grid.js';
import { letters, regions } from './regions.js';

/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('./plane.js').Place} Place */

/** A point of the map is so many units wide. */
const CELL = 2;
const SIZE = SIDE * CELL;
/** Room for the axes' numbers and names. */
const [LEFT, TOP, BOTTOM, RIGHT] = [18, 2, 14, 5];

/** One for each class, in the order of the core: light, so that the letters can be read on each. */
const COLOURS = ['#9fd3ee', '#f6b26b', '#f7dc6f', '#d7a6d9', '#a9d18e', '#c9c9c9', '#7fb3f0', '#e0a98a', '#7fd6c2', '#f29aa8'];
/** Lines within 6 × 6 units. */
const PATTERNS = ['M-1 1l2-2M0 6l6-6M5 7l2-2', '', 'M0 3h6', 'M3 0v6', 'M-1 5l2 2M0 0l6 6M5-1l2 2', 'M2.4 3h1.2', 'M0 1.5h6M0 4.5h6', 'M0 3h6M3 0v6', 'M0 0l6 6M0 6l6-6', 'M1.5 0v6M4.5 0v6'];

/** @param {string} id @param {number} name */
function pattern(id, name) {
  const node = part('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse' });
  node.append(part('rect', { width: 6, height: 6, fill: COLOURS[name % COLOURS.length] }), part('path', { d: PATTERNS[name % PATTERNS.length], class: 'map-hatch' }));
  return node;
}

/** @param {string} words @param {Record<string, string | number>} attributes */
function text(words, attributes) {
  const node = part('text', attributes);
  node.textContent = words;
  return node;
}

/** A class in the legend. @param {readonly Class[]} classes @param {number} name */
export function swatch(classes, name) {
  const svg = part('svg', { viewBox: '0 0 18 12', class: 'map-swatch', 'aria-hidden': 'true' });
  svg.append(pattern(`legend-${name}`, name), part('rect', { width: 18, height: 12, fill: `url(#legend-${name})` }), text(letters(classes)[name], { x: 9, y: 8.4, class: 'map-letter' }));
  return svg;
}

const x = (/** @type {number} */ along) => LEFT + CELL / 2 + ((along - REACH.along[0]) / (REACH.along[1] - REACH.along[0])) * (SIZE - CELL);
const y = (/** @type {number} */ across) => TOP + CELL / 2 + ((REACH.across[1] - across) / (REACH.across[1] - REACH.across[0])) * (SIZE - CELL);

/** All points of a class, as one shape. @param {readonly number[]} cells @param {number} name */
function area(cells, name) {
  let d = '';
  for (let start = 0; start < cells.length; start++) {
    if (cells[start] !== name) continue;
    const first = start;
    while (cells[start + 1] === name && (start + 1) % SIDE !== 0) start++;
    d += `M${LEFT + (first % SIDE) * CELL} ${TOP + Math.floor(first / SIDE) * CELL}h${(start - first + 1) * CELL}v${CELL}H${LEFT + (first % SIDE) * CELL}z`;
  }
  return d;
}

/** The lines between classes. @param {readonly number[]} cells */
function borders(cells) {
  let d = '';
  for (const [point, name] of cells.entries()) {
    const [left, top] = [LEFT + (point % SIDE) * CELL, TOP + Math.floor(point / SIDE) * CELL];
    if ((point + 1) % SIDE !== 0 && cells[point + 1] !== name) d += `M${left + CELL} ${top}v${CELL}`;
    if (point + SIDE < cells.length && cells[point + SIDE] !== name) d += `M${left} ${top + CELL}h${CELL}`;
  }
  return d;
}

/** @param {readonly number[]} reach @returns {number[]} */
const whole = ([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** @param {number} value in grey levels */
const tick = (value) => String(Number(value.toFixed(1))).replace('-', '−');

/** @param {readonly number[]} units the length of the attack along each axis, in grey levels */
function axes([along, across]) {
  const nodes = [];
  for (const value of whole(REACH.along)) {
    nodes.push(part('line', { class: 'map-tick', x1: x(value), x2: x(value), y1: TOP + SIZE, y2: TOP + SIZE + 1.5 }));
    nodes.push(text(tick(value * along), { x: x(value), y: TOP + SIZE + 6, class: 'map-number' }));
  }
  for (const value of whole(REACH.across)) {
    nodes.push(part('line', { class: 'map-tick', x1: LEFT - 1.5, x2: LEFT, y1: y(value), y2: y(value) }));
    nodes.push(text(tick(value * across), { x: LEFT - 2, y: y(value) + 1.6, class: 'map-number map-left' }));
  }
  nodes.push(text('along the attack, n/255', { x: LEFT + SIZE / 2, y: TOP + SIZE + 12, class: 'map-number' }));
  nodes.push(text('a random direction, n/255', { x: 0, y: 0, transform: `translate(4 ${TOP + SIZE / 2}) rotate(-90)`, class: 'map-number' }));
  return nodes;
}

/** @param {Place} place */
const isInside = ([a, b]) => a >= REACH.along[0] && a <= REACH.along[1] && b >= REACH.across[0] && b <= REACH.across[1];

/**
 * @param {SVGElement} svg
 * @param {object} what
 * @param {readonly Class[]} what.classes
 * @param {readonly number[]} what.cells classes, row by row; -1 where nothing is known yet
 * @param {readonly number[]} what.units
 * @param {readonly Place[]} what.path of the attack
 * @param {number} [what.at] the step that is shown
 * @param {string} what.name of this map, which tells its patterns from those of another one
 */
export function chart(svg, { classes, cells, units, path, at, name }) {
  svg.setAttribute('viewBox', `0 0 ${LEFT + SIZE + RIGHT} ${TOP + SIZE + BOTTOM}`);
  const names = [...new Set(cells)].filter((known) => known >= 0).sort((a, b) => a - b);
  const letter = letters(classes);
  const defs = part('defs', {});
  defs.append(...names.map((known) => pattern(`${name}-${known}`, known)));
  const steps = path.filter(isInside);
  const now = at === undefined ? undefined : path[at];
  svg.replaceChildren(
    defs,
    part('rect', { class: 'map-field', x: LEFT, y: TOP, width: SIZE, height: SIZE }),
    ...names.map((known) => part('path', { d: area(cells, known), fill: `url(#${name}-${known})`, 'data-class': classes[known] })),
    part('path', { class: 'map-border', d: borders(cells) }),
    ...regions(cells, SIDE).map(({ name: known, point }) => text(letter[known], { x: LEFT + (point % SIDE) * CELL + 1, y: TOP + Math.floor(point / SIDE) * CELL + 3, class: 'map-letter' })),
    ...['map-halo', 'map-path'].map((style) => part('polyline', { class: style, points: steps.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(' ') })),
    ...steps.map(([a, b]) => part('circle', { class: 'map-step', cx: x(a).toFixed(1), cy: y(b).toFixed(1), r: 0.7 })),
    part('circle', { class: 'map-start', cx: x(0), cy: y(0), r: 2.2 }),
    part('circle', { class: 'map-end', cx: x(1), cy: y(0), r: 2.2 }),
    ...(now && isInside(now) ? [part('circle', { class: 'map-now', cx: x(now[0]), cy: y(now[1]), r: 3.4 })] : []),
    part('path', { class: 'map-cursor' }),
    ...axes(units),
  );
}

/** Marks the point that is read. @param {SVGElement} svg @param {number} point */
export function mark(svg, point) {
  const [across, down] = [LEFT + (point % SIDE) * CELL + CELL / 2, TOP + Math.floor(point / SIDE) * CELL + CELL / 2];
  svg.querySelector('.map-cursor')?.setAttribute('d', `M${across - 6} ${down}h4M${across + 2} ${down}h4M${across} ${down - 6}v4M${across} ${down + 2}v4`);
}
