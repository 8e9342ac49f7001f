// @ts-check
// The models' cards, as lists of what they say.

import { divergenceOf } from '../core.js';
import { element, get } from '../dom.js';
import { nats } from '../words.js';

/** @typedef {import('../core.js').Card} Card */

/** @type {HTMLElement} */
let list;
/** @type {import('../core.js').Cards | undefined} */
let shown;

/** @param {ParentNode} root */
export function mount(root) {
  list = get(root, 'cards', HTMLElement);
}

/** @param {import('../state.js').State} state */
export function render({ networks }) {
  if (!networks || networks.cards === shown) return;
  shown = networks.cards;
  const { classifier, autoencoder, corrector } = networks.cards;
  list.replaceChildren(
    ...describe('Classifier', classifier),
    ...describe('Autoencoder', autoencoder),
    ...(corrector ? describe('Corrector', { ...corrector, detector: null }) : []),
  );
}

/** @param {string} title @param {Card} card */
function describe(title, { training, figures, detector, architecture, origin, licence }) {
  const { model, ...network } = /** @type {Record<string, unknown>} */ (architecture);
  const lines = [Object.entries(network).map(([key, value]) => (key === 'name' ? value : `${key} ${value}`)).join(', ')];
  if (training) {
    const { data, protocol, pictures, epochs } = training;
    lines.push(`trained on ${pictures.toLocaleString('en')} pictures (${data}, protocol ${protocol}); last run: ${epochs} epoch${epochs === 1 ? '' : 's'}`);
  }
  for (const [name, value] of Object.entries(figures ?? {})) lines.push(`${name.replaceAll('_', ' ')}: ${value < 10 ? value.toFixed(3) : value}`);
  if (detector) lines.push(`threshold: ${nats(detector.threshold)} nats (${score(detector)})`);
  if (origin) lines.push(`origin: ${origin}`);
  lines.push(`licence: ${licence}`);
  const text = element('dd');
  text.append(...lines.map((line) => element('span', 'line', String(line))));
  return [element('dt', '', title), text];
}

/** @param {NonNullable<Card['detector']>} detector */
function score(detector) {
  const { direction, temperature } = divergenceOf(detector);
  const layers = 'hidden' in detector ? `, and ${detector.hidden.weights.length} hidden layers` : '';
  return `${direction} KL, temperature ${temperature}${layers}`;
}
