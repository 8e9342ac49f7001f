// @ts-check
// Ten probabilities as bars.

import { CLASSES } from './address.js';
import { element, percent } from './words.js';

/** Builds the ten rows of `list` once. @param {HTMLElement} list */
export function build(list) {
  list.setAttribute('role', 'img');
  list.replaceChildren(
    ...CLASSES.map((name) => {
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
 * @param {readonly number[] | undefined} probabilities
 * @param {readonly number[]} [before] marked as thin lines, to see what changed
 */
export function update(list, whose, probabilities, before) {
  const top = probabilities ? CLASSES[probabilities.indexOf(Math.max(...probabilities))] : undefined;
  CLASSES.forEach((name, i) => {
    const row = /** @type {HTMLElement} */ (list.children[i]);
    const value = probabilities?.[i] ?? 0;
    row.classList.toggle('bar-top', name === top);
    row.style.setProperty('--value', String(value));
    row.style.setProperty('--before', String(before?.[i] ?? value));
    row.classList.toggle('bar-moved', before !== undefined && Math.abs(before[i] - value) > 0.02);
    /** @type {HTMLElement} */ (row.children[2]).textContent = probabilities ? percent(value) : '';
  });
  const order = CLASSES.map((name, i) => ({ name, value: probabilities?.[i] ?? 0 })).sort((a, b) => b.value - a.value);
  const heard = order.slice(0, 3).map(({ name, value }) => `${name} ${percent(value)}`);
  list.setAttribute('aria-label', probabilities ? `${whose}: ${heard.join(', ')}` : `${whose}: nothing yet`);
}
