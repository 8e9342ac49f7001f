// @ts-check
// How often the classifier and the defence are right, by eps, in SVG.

import { wilson } from './intervals.js';

/** @typedef {import('./figures.js').Share} Share */

const SVG = 'http://www.w3.org/2000/svg';
const [SIDE, LEFT, BOTTOM, PAD] = [240, 42, 26, 10];

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function part(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text) node.textContent = text;
  return node;
}

/**
 * @param {HTMLElement} figure has an `svg`
 * @param {readonly {eps: number, classifier: Share, answer: Share}[]} all in ascending order
 */
export function points(figure, all) {
  const svg = /** @type {SVGElement} */ (figure.querySelector('svg'));
  const most = Math.max(...all.map(({ eps }) => eps));
  const x = (/** @type {number} */ eps) => LEFT + (eps / most) * (SIDE - LEFT - PAD - 6);
  const y = (/** @type {number} */ share) => SIDE - BOTTOM - share * (SIDE - BOTTOM - PAD);
  const share = (/** @type {Share} */ { count, of }) => (of > 0 ? count / of : 0);
  const parts = [0, 0.5, 1].flatMap((at) => [
    part('line', { class: 'axis', x1: LEFT, x2: SIDE - PAD, y1: y(at), y2: y(at) }),
    part('text', { class: 'many-tick', x: LEFT - 4, y: y(at) + 4, 'text-anchor': 'end' }, `${100 * at} %`),
  ]);
  for (const { eps } of all) parts.push(part('text', { class: 'many-tick', x: x(eps), y: SIDE - BOTTOM + 15, 'text-anchor': 'middle' }, String(eps)));
  for (const which of /** @type {const} */ (['classifier', 'answer'])) {
    const drawn = all.filter((point) => point[which].of > 0);
    // Beside each other, so that neither interval hides the other.
    const aside = which === 'classifier' ? -1.5 : 1.5;
    parts.push(part('polyline', { class: `many-line many-${which}`, points: drawn.map((point) => `${x(point.eps).toFixed(1)},${y(share(point[which])).toFixed(1)}`).join(' ') }));
    for (const point of drawn) {
      const [low, high] = wilson(point[which].count, point[which].of);
      parts.push(part('line', { class: `many-line many-interval many-${which}`, x1: x(point.eps) + aside, x2: x(point.eps) + aside, y1: y(low), y2: y(high) }));
    }
  }
  svg.setAttribute('viewBox', `0 0 ${SIDE} ${SIDE}`);
  svg.setAttribute('role', 'img');
  const percent = (/** @type {Share} */ of) => `${(100 * share(of)).toFixed(1)} %`;
  svg.setAttribute('aria-label', all.map(({ eps, classifier, answer }) => `eps ${eps}: classifier ${percent(classifier)}, defence ${percent(answer)}`).join('; '));
  svg.replaceChildren(...parts);
}
