// @ts-check
// Controls: the same picture after changes that no attacker makes, and what the networks say of it then.

import { judge } from '../core.js';
import { element } from '../dom.js';
import { threshold } from '../state.js';
import { asImage, show as draw } from '../widgets/image.js';
import { levels, nats, percent } from '../words.js';
import { LIGHT, QUALITY } from './changes.js';
import { drive } from './controls-run.js';
import { NAMES, canTry, cancelChanges, isOfEarlier, told, tryChanges } from './controls-state.js';

/** @typedef {import('../core.js').Verdict} Verdict */
/** @typedef {import('../state.js').State} State */
/** @typedef {import('./controls-state.js').Controls} Controls */
/** @typedef {import('./controls-state.js').Name} Name */
/** @typedef {import('./controls-state.js').Row} Row */

/** @type {{go: HTMLButtonElement, says: HTMLElement, table: HTMLTableElement, told: HTMLElement}} */
let nodes;
/** What the table's rows follow from. @type {readonly unknown[]} */
let drawn = [];
/** @type {Controls | undefined} */
let shown;

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  const go = document.createElement('button');
  go.type = 'button';
  go.id = 'try-changes';
  go.addEventListener('click', () => store.update(isUnderWay(store.state) ? cancelChanges : tryChanges));
  const hint = element('p', 'hint', 'The same picture after changes that nobody aimed: does the answer stay, does the attack, and is there a false alarm?');
  const buttons = element('p', 'buttons');
  const says = element('p', 'fine');
  says.setAttribute('role', 'status');
  buttons.append(go);
  const table = document.createElement('table');
  table.className = 'changes';
  table.setAttribute('aria-labelledby', 'controls-title');
  table.hidden = true;
  nodes = { go, says, table, told: element('ul', 'told') };
  root.append(hint, buttons, says, table, nodes.told);
  drive(store);
}

/** @param {State} state */
const isUnderWay = ({ controls }) => controls !== undefined && !controls.ended;

/** @type {Record<Exclude<Name, 'noise'>, [name: string, strength: string]>} */
const CHANGES = {
  same: ['As it is', ''],
  jpeg: ['JPEG', `quality ${QUALITY * 100} of 100`],
  blur: ['Blur', 'σ 1 pixel'],
  bright: ['Brighter', `by ${LIGHT}, ${levels(LIGHT)}`],
  dark: ['Darker', `by ${LIGHT}, ${levels(LIGHT)}`],
  shift: ['Shifted', 'one pixel to the right'],
  flip: ['Flipped', 'left and right exchanged'],
};

/** @param {Name} name @param {Controls} controls @returns {[string, string]} */
const described = (name, { noise: { norm, eps } }) =>
  name === 'noise' ? ['Random noise', norm === 'linf' ? `${levels(eps)} in each value, as the attack` : `${eps} in L2, as the attack`] : CHANGES[name];

/** What the page says of how far it has come. @param {State} state */
function progress(state) {
  const { controls } = state;
  if (!controls) return canTry(state) ? '' : 'When the attack is over, the changes can be tried.';
  const count = `${controls.rows.length} of ${NAMES.length} tried`;
  if (!controls.ended) return `Trying … ${count}.`;
  if (controls.ended === 'failed') return 'That did not work; try again.';
  const earlier = isOfEarlier(state) ? ' This is of the picture before; try again for the one that is shown.' : '';
  return `${controls.ended === 'done' ? `All ${NAMES.length} tried` : `Cancelled: ${count}`}.${earlier}`;
}

/** @param {State} state */
export function render(state) {
  const { controls } = state;
  nodes.go.textContent = isUnderWay(state) ? 'Cancel' : controls ? 'Try again' : 'Try the changes';
  nodes.go.disabled = !isUnderWay(state) && !canTry(state);
  const says = progress(state);
  if (nodes.says.textContent !== says) nodes.says.textContent = says;
  if (!controls) return;
  const own = state.shown?.source.kind === 'own';
  const inputs = [controls.id, threshold(state), own];
  if (inputs.some((part, i) => part !== drawn[i])) nodes.table.replaceChildren(head(controls));
  else if (controls === shown) return;
  [drawn, shown] = [inputs, controls];
  nodes.table.hidden = controls.rows.length === 0;
  // Those that are there stay: pictures are drawn once.
  nodes.table.append(...controls.rows.slice(nodes.table.rows.length - 1).map((row) => line(row, controls, threshold(state), own)));
  nodes.told.replaceChildren(...told(state).map((text) => element('li', '', text)));
}

/** @param {Controls} controls */
function head({ attacked }) {
  const row = document.createElement('tr');
  row.append(...['Change', 'The original', ...(attacked ? ['The attacked picture'] : [])].map((text) => Object.assign(element('th', '', text), { scope: 'col' })));
  return row;
}

/** @param {Row} row @param {Controls} controls @param {number} limit @param {boolean} own */
function line({ name, picture, original, attacked }, controls, limit, own) {
  const row = document.createElement('tr');
  const [title, strength] = described(name, controls);
  const first = document.createElement('th');
  first.scope = 'row';
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  draw(canvas, asImage(picture));
  const words = element('span');
  words.append(element('strong', '', title), element('span', 'line', strength));
  const both = element('div', 'change');
  both.append(canvas, words);
  first.append(both);
  const answer = controls.rows[0].original.answer_if_clean;
  row.append(first, cell(judge(original, limit), answer, own ? 'alarm' : 'false alarm', own));
  if (attacked) row.append(cell(judge(attacked, limit), answer, 'noticed', own));
  return row;
}

/** @param {Verdict} verdict @param {string} answer of the original as it is @param {string} alarm @param {boolean} own */
function cell({ prediction, answer_if_clean: name, score, adversarial }, answer, alarm, own) {
  const node = element('td', name === answer ? '' : 'other');
  node.append(
    element('strong', '', `${own ? 'closest to ' : ''}${name}`),
    ` ${percent(Math.max(...prediction))}`,
    element('span', adversarial ? 'line alarm' : 'line', `score ${nats(score)}: ${adversarial ? alarm : alarm === 'noticed' && name !== answer ? 'not noticed' : 'no alarm'}`),
  );
  return node;
}
