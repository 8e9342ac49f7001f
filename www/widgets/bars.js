// @ts-check
// The probabilities of the classes as bars.

import { ranked } from '../core.js';
import { element } from '../dom.js';
import { percent } from '../words.js';

/** @typedef {import('../core.js').Class} Class */

/** A class that some prediction thinks as likely as this is worth a bar. */
const MATTERS = 0.05;

/**
 * The classes that matter to any of these predictions: the likeliest one of each, and what comes near.
 * @param {readonly Class[]} classes
 * @param {readonly (readonly number[] | undefined)[]} predictions
 */
export function mattering(classes, predictions) {
  /** @type {Set<Class>} */
  const found = new Set();
  for (const probabilities of predictions) {
    if (!probabilities) continue;
    const most = Math.max(...probabilities);
    classes.forEach((name, i) => probabilities[i] >= Math.min(MATTERS, most) && found.add(name));
  }
  return found;
}

/**
 * Builds a row for each class.
 * @param {HTMLElement} list
 * @param {readonly Class[]} classes
 * @param {((name: Class) => void) | undefined} choose
 */
function build(list, classes, choose) {
  list.setAttribute('role', choose ? 'group' : 'img');
  list.replaceChildren(
    ...classes.map((name) => {
      const row = element(choose ? 'button' : 'div', 'bar');
      if (row instanceof HTMLButtonElement) {
        row.type = 'button';
        row.addEventListener('click', () => choose?.(name));
      }
      row.append(element('span', 'bar-name', name), element('span', 'bar-track'), element('span', 'bar-value'));
      row.children[1].append(element('span', 'bar-fill'));
      return row;
    }),
  );
}

/**
 * @param {HTMLElement} list
 * @param {object} what
 * @param {string} what.whose what is heard before the numbers
 * @param {readonly Class[]} what.classes
 * @param {readonly number[] | undefined} what.probabilities
 * @param {ReadonlySet<Class>} what.rows the classes that have a bar
 * @param {readonly number[]} [what.before] marked as thin lines, to see what changed
 * @param {(name: Class) => void} [what.choose] what a bar does when it is pressed
 * @param {Class} [what.fixed] a class that cannot be chosen; undefined for all of them
 */
export function update(list, { whose, classes, probabilities, rows, before, choose, fixed }) {
  if (list.children.length !== classes.length) build(list, classes, choose);
  const order = probabilities ? ranked(classes, probabilities) : [];
  classes.forEach((name, i) => {
    const row = /** @type {HTMLElement} */ (list.children[i]);
    const value = probabilities?.[i] ?? 0;
    row.hidden = !rows.has(name);
    row.classList.toggle('bar-top', name === order[0]?.name);
    row.style.setProperty('--value', String(value));
    row.style.setProperty('--before', String(before?.[i] ?? value));
    row.classList.toggle('bar-moved', before !== undefined && Math.abs(before[i] - value) > 0.02);
    /** @type {HTMLElement} */ (row.children[2]).textContent = probabilities ? percent(value) : '';
    if (row instanceof HTMLButtonElement) {
      row.disabled = fixed === undefined || name === fixed;
      row.title = row.disabled ? '' : `Attack until it sees: ${name}`;
    }
  });
  const heard = order.slice(0, 3).map(({ name, probability }) => `${name} ${percent(probability)}`);
  list.setAttribute('aria-label', probabilities ? `${whose}: ${heard.join(', ')}` : `${whose}: nothing yet`);
}
