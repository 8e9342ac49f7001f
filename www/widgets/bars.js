// @ts-check
// The probabilities of the classes as bars.

import { ranked } from '../core.js';
import { element } from '../dom.js';
import { percent } from '../words.js';

/** @typedef {import('../core.js').Class} Class */

/** Builds a row for each class. @param {HTMLElement} list @param {readonly Class[]} classes */
function build(list, classes) {
  list.setAttribute('role', 'img');
  list.replaceChildren(
    ...classes.map((name) => {
      const row = element('div', 'bar');
      row.append(element('span', 'bar-name', name), element('span', 'bar-track'), element('span', 'bar-value'));
      row.children[1].append(element('span', 'bar-fill'));
      return row;
    }),
  );
}

/**
 * @param {HTMLElement} list
 * @param {string} whose what is heard before the numbers
 * @param {readonly Class[]} classes
 * @param {readonly number[] | undefined} probabilities
 * @param {readonly number[]} [before] marked as thin lines, to see what changed
 */
export function update(list, whose, classes, probabilities, before) {
  if (list.children.length !== classes.length) build(list, classes);
  const order = probabilities ? ranked(classes, probabilities) : [];
  classes.forEach((name, i) => {
    const row = /** @type {HTMLElement} */ (list.children[i]);
    const value = probabilities?.[i] ?? 0;
    row.classList.toggle('bar-top', name === order[0]?.name);
    row.style.setProperty('--value', String(value));
    row.style.setProperty('--before', String(before?.[i] ?? value));
    row.classList.toggle('bar-moved', before !== undefined && Math.abs(before[i] - value) > 0.02);
    /** @type {HTMLElement} */ (row.children[2]).textContent = probabilities ? percent(value) : '';
  });
  const heard = order.slice(0, 3).map(({ name, probability }) => `${name} ${percent(probability)}`);
  list.setAttribute('aria-label', probabilities ? `${whose}: ${heard.join(', ')}` : `${whose}: nothing yet`);
}
