// @ts-check
// The scores of many pictures above the threshold's slider, and what the threshold does to them: how many clean ones it takes
// for attacked, how many attacked ones it finds.

import { divergenceOf } from '../core.js';
import { get, offer } from '../dom.js';
import { populations, limitOf, roc, shareAbove } from '../scores.js';
import { threshold } from '../state.js';
import { histogram } from '../widgets/histogram.js';
import { curve } from '../widgets/roc.js';

/** @typedef {import('../scores.js').Population} Population */
/** @typedef {import('../scores.js').ScoresAt} ScoresAt */

/** What an attacker is called; one that is not here goes by its name. @type {Record<string, string>} */
const ATTACKERS = { queries: 'only answers', transfer: 'another classifier', classifier: 'the classifier only', defence: 'the whole defence' };

/** @type {HTMLElement} */
let panel;
/** What was chosen, as long as it is offered. */
const choice = { attacker: '', temperature: '' };
/** @type {readonly unknown[]} */
let drawn = [];
/** @type {WeakMap<ScoresAt, ReturnType<typeof roc>>} */
const rocs = new WeakMap();

const node = (/** @type {string} */ id) => get(panel, id, HTMLElement);
const select = (/** @type {string} */ id) => get(panel, id, HTMLSelectElement);

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  panel = root;
  for (const name of /** @type {const} */ (['attacker', 'temperature'])) {
    select(`population-${name}`).addEventListener('change', () => {
      choice[name] = select(`population-${name}`).value;
      render(store.state);
    });
  }
}

/** @param {ScoresAt} scores */
function rocOf(scores) {
  let known = rocs.get(scores);
  if (!known) rocs.set(scores, (known = roc(scores)));
  return known;
}

const share = (/** @type {number} */ value) => `${(100 * value).toFixed(value > 0 && value < 0.095 ? 1 : 0)}\u00a0%`;

/** @param {import('../state.js').State} state */
export function render(state) {
  const all = populations(state);
  const detector = state.networks?.cards.autoencoder.detector;
  const own = detector && divergenceOf(detector).temperature;
  const limit = threshold(state);
  const inputs = [state.scores, state.networks?.sums, own, limit, choice.attacker, choice.temperature];
  if (inputs.every((part, i) => part === drawn[i]) && drawn.length > 0) return;
  drawn = inputs;
  const chosen = all.find(({ attacker }) => attacker === choice.attacker) ?? all[0];
  const detectors = chosen?.scores.find(({ temperature }) => temperature === own);
  node('population').hidden = node('population-more').hidden = !detectors;
  if (!detectors || !chosen) return;
  const scores = chosen.scores.find(({ temperature }) => String(temperature) === choice.temperature) ?? detectors;
  offer(select('population-attacker'), all.map(({ attacker }) => [attacker, ATTACKERS[attacker] ?? attacker]));
  offer(select('population-temperature'), chosen.scores.map(({ temperature }) => [String(temperature), `${temperature}${temperature === own ? ' (the detector’s)' : ''}`]));
  select('population-attacker').value = chosen.attacker;
  select('population-temperature').value = String(scores.temperature);
  // The slider is for the detector's own score. At another temperature as many false alarms mean another threshold.
  const at = scores === detectors ? limit : limitOf(scores.clean, shareAbove(detectors.clean, limit));
  const [falseAlarms, found] = [shareAbove(scores.clean, at), shareAbove(scores.attacked, at)];
  node('population').style.setProperty('--threshold', String(histogram(node('population-clean'), scores.clean, at)));
  histogram(node('population-attacked'), scores.attacked, at);
  node('false-alarms').textContent = share(falseAlarms);
  node('found').textContent = share(found);
  const { points, area } = rocOf(scores);
  curve(node('roc'), points, [falseAlarms, found]);
  node('roc-area').textContent = area.toFixed(3);
  const elsewhere = scores === detectors ? '' : ` At temperature ${scores.temperature} the score is another one; shown is the threshold with as many false alarms.`;
  node('population-says').textContent = `${chosen.pictures}, clean and after ${chosen.attack}. The attacker knows ${ATTACKERS[chosen.attacker] ?? chosen.attacker}. Heights are square roots of counts, so that few are seen, too.${elsewhere}`;
}
