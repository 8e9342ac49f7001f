// @ts-check
// A confusion matrix, as a table and as a drawing.

import { element } from '../../dom.js';

/** @param {string} text @param {string} scope */
function head(text, scope) {
  const node = element('th', '', text);
  node.setAttribute('scope', scope);
  return node;
}

/**
 * @param {HTMLTableElement} table has a head and a body
 * @param {readonly (readonly number[])[]} counts
 * @param {readonly string[]} classes
 */
export function matrix(table, counts, classes) {
  const [top, body] = [/** @type {HTMLTableSectionElement} */ (table.tHead), table.tBodies[0]];
  if (body.rows.length !== classes.length) {
    const line = element('tr');
    line.append(element('td'), ...classes.map((name) => head(name, 'col')));
    top.replaceChildren(line);
    body.replaceChildren(
      ...classes.map((name) => {
        const row = element('tr');
        row.append(head(name, 'row'), ...classes.map(() => element('td')));
        return row;
      }),
    );
  }
  counts.forEach((row, i) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    row.forEach((count, j) => {
      const cell = body.rows[i].cells[j + 1];
      cell.textContent = String(count);
      cell.className = `${i === j ? 'many-right' : ''} ${count === 0 ? 'many-none' : ''}`;
      cell.style.setProperty('--share', String(all > 0 ? count / all : 0));
    });
  });
}

const SVG = 'http://www.w3.org/2000/svg';
/** Room for the names, and a cell's side. */
const [NAMES, CELL] = [72, 40];

/**
 * @param {readonly (readonly number[])[]} counts
 * @param {readonly string[]} classes
 * @param {string} colour
 */
export function matrixDrawing(counts, classes, colour) {
  const side = NAMES + classes.length * CELL;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${side} ${side}`);
  /** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
  const add = (name, attributes, text = '') => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    node.textContent = text;
    svg.append(node);
  };
  const letters = { 'font-family': 'sans-serif', 'font-size': 14 };
  classes.forEach((name, i) => {
    const middle = NAMES + (i + 0.5) * CELL;
    add('text', { ...letters, x: NAMES - 6, y: middle + 5, 'text-anchor': 'end' }, name);
    add('text', { ...letters, transform: `translate(${middle + 5} ${NAMES - 6}) rotate(-90)` }, name);
  });
  counts.forEach((row, i) => {
    const all = Math.max(1, row.reduce((sum, count) => sum + count, 0));
    row.forEach((count, j) => {
      const [x, y] = [NAMES + j * CELL, NAMES + i * CELL];
      add('rect', { x, y, width: CELL, height: CELL, fill: colour, 'fill-opacity': (0.45 * count) / all, stroke: colour, 'stroke-opacity': 0.3 });
      add('text', { ...letters, x: x + CELL / 2, y: y + CELL / 2 + 5, 'text-anchor': 'middle', opacity: count === 0 ? 0.35 : 1 }, String(count));
    });
  });
  return svg;
}
