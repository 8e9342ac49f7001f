// @ts-check
// A drawing of what three attackers do: a model of two numbers, so that the whole space is seen.

import { part } from '../dom.js';
import { BALL, KINDS, START, THRESHOLD, isFooled, path, score } from './toy.js';

/** Where the model's plane is in the drawing: 100 units of it for 1. */
const [LEFT, RIGHT, LOW, HIGH] = [-0.3, 2.2, -0.15, 1.95];
const x = (/** @type {number} */ value) => ((value - LEFT) * 100).toFixed(1);
const y = (/** @type {number} */ value) => ((HIGH - value) * 100).toFixed(1);

/** @type {Record<import('./toy.js').Kind, {name: string, says: string}>} */
const NAMES = {
  classifier: { name: 'knows the classifier only', says: 'goes straight over the boundary, and on into what the detector notices.' },
  selective: { name: 'selective PGD', says: 'goes over the boundary, then away from the detector; where that leads back, over the boundary again, and so on in turn.' },
  orthogonal: { name: 'orthogonal PGD', says: 'leaves the score alone on its way to the boundary, and the boundary alone once it is over it.' },
};

/** @param {string} text @param {Record<string, string | number>} attributes */
function label(text, attributes) {
  const node = part('text', attributes);
  node.textContent = text;
  return node;
}

/** The line of points at which something becomes true, upwards from below. @param {(at: import('./toy.js').Point) => boolean} is */
function border(is) {
  const points = [];
  for (let across = LEFT; across <= RIGHT + 1e-9; across += 0.05) {
    let [low, high] = [LOW - 1, HIGH + 1];
    while (high - low > 1e-3) {
      const middle = (low + high) / 2;
      if (is([across, middle])) high = middle;
      else low = middle;
    }
    points.push(`${x(across)},${y(low)}`);
  }
  return points;
}

function drawing() {
  const svg = part('svg', { viewBox: `0 0 ${x(RIGHT)} ${y(LOW)}`, role: 'img', class: 'paths' });
  const boundary = border(isFooled);
  const noticed = border((at) => score(at) > THRESHOLD);
  const corners = [`${x(RIGHT)},${y(HIGH)}`, `${x(LEFT)},${y(HIGH)}`];
  svg.append(
    part('polygon', { class: 'paths-noticed', points: [...noticed, ...corners].join(' ') }),
    part('circle', { class: 'paths-ball', cx: x(START[0]), cy: y(START[1]), r: BALL * 100 }),
    part('polyline', { class: 'paths-boundary', points: boundary.join(' ') }),
    part('polyline', { class: 'paths-threshold', points: noticed.join(' ') }),
    ...['noticed by', 'the detector'].map((text, i) => label(text, { x: 4, y: Number(y(1.55)) + 11 * i })),
    ...['fooled,', 'not noticed'].map((text, i) => label(text, { x: x(RIGHT), y: Number(y(1.32)) + 11 * i, 'text-anchor': 'end', dx: -4, class: 'paths-prize' })),
    label('boundary', { x: x(RIGHT), y: y(0.92), 'text-anchor': 'end', dx: -4 }),
  );
  for (const kind of KINDS) {
    const { points, kept } = path(kind);
    svg.append(part('polyline', { class: `paths-way ${kind}`, points: points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ') }));
    const [a, b] = points[kept];
    svg.append(part('circle', { class: `paths-end ${kind}`, cx: x(a), cy: y(b), r: 4.5 }));
  }
  svg.append(part('circle', { class: 'paths-start', cx: x(START[0]), cy: y(START[1]), r: 4 }), label('the picture', { x: Number(x(START[0])) + 8, y: Number(y(START[1])) + 12 }));
  const ends = KINDS.map((kind) => {
    const { points, kept } = path(kind);
    return `The one that ${kind === 'classifier' ? '' : 'follows '}${NAMES[kind].name} ends ${isFooled(points[kept]) ? 'over the boundary' : 'before the boundary'} and is ${score(points[kept]) > THRESHOLD ? '' : 'not '}noticed.`;
  });
  svg.setAttribute('aria-label', `Three ways from one picture across the classifier’s boundary. ${ends.join(' ')}`);
  return svg;
}

/** @param {HTMLElement} root */
export function mount(root) {
  const says = document.createElement('p');
  says.textContent = 'There is a place where the classifier errs and the detector is silent. Who knows the classifier only seldom comes there; who knows both goes there.';
  const figure = document.createElement('figure');
  const list = document.createElement('ul');
  list.className = 'paths-legend';
  for (const kind of KINDS) {
    const item = document.createElement('li');
    const key = part('svg', { viewBox: '0 0 30 8', 'aria-hidden': 'true' });
    key.append(part('line', { class: `paths-way ${kind}`, x1: 1, x2: 29, y1: 4, y2: 4 }));
    const name = document.createElement('strong');
    name.textContent = NAMES[kind].name;
    item.append(/** @type {any} */ (key), name, ` ${NAMES[kind].says}`);
    list.append(item);
  }
  const caption = document.createElement('figcaption');
  caption.textContent = 'A model of two numbers instead of 27,648, with a made-up boundary and a made-up score; the steps follow the same rules as the attacks. Within the circle is eps; a dot is what the attacker keeps.';
  figure.append(/** @type {any} */ (drawing()), list, caption);
  root.append(says, figure);
}

export function render() {}
