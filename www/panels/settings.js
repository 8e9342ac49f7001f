// @ts-check
// The attack's settings and its buttons.

import { shownFor } from '../attack-run.js';
import { ATTACKERS, decimal, has, mostSteps, normOf } from '../core.js';
import { get, offer } from '../dom.js';
import { attackOrPause, cancel, chooseAttack, chooseMethod, chooseNorm, choosePreset, offered, oneStep, presetOf, presets, stale, stops } from '../state.js';
import { attackerOf, mostRestarts } from '../url.js';
import { attackTime, does, levels } from '../words.js';

/** @typedef {import('../state.js').State} State */

const NUMBERS = /** @type {const} */ (['eps', 'eps_step', 'max_iter', 'restarts']);
const LENGTHS = /** @type {const} */ (['eps', 'eps_step']);
/** How a norm is written; one that is not here goes by its name. @type {Record<string, string>} */
const NORMS = { linf: 'L∞', l2: 'L2' };
/** What each attacker knows. @type {Record<keyof typeof ATTACKERS, string>} */
const KNOWS = {
  classifier: 'only the classifier',
  selective: 'the detector, too (selective PGD)',
  orthogonal: 'the detector, too (orthogonal PGD)',
  corrector: 'the corrector, too',
  queries: 'only answers (Square)',
};

/** @type {HTMLElement} */
let panel;
/** @type {HTMLFormElement} */
let form;
/** The settings that the fields show: what is being typed is not overwritten. @type {State['attack']} */
let filled;

const button = (/** @type {string} */ id) => get(panel, id, HTMLButtonElement);
const input = (/** @type {string} */ id) => get(panel, id, HTMLInputElement);
const select = (/** @type {string} */ id) => get(panel, id, HTMLSelectElement);

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  panel = root;
  form = get(root, 'attack', HTMLFormElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    store.update(attackOrPause);
  });
  button('once').addEventListener('click', () => {
    if (form.reportValidity()) store.update(oneStep);
  });
  button('cancel').addEventListener('click', () => store.update(cancel));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') store.update(cancel);
  });
  select('preset').addEventListener('change', () => store.update(choosePreset, select('preset').value));
  select('attacker').addEventListener('change', () => {
    const attacker = /** @type {keyof typeof ATTACKERS} */ (select('attacker').value);
    if (ATTACKERS[attacker]) store.update(chooseMethod, ATTACKERS[attacker]);
  });
  select('norm').addEventListener('change', () => store.update(chooseNorm, select('norm').value));
  select('target').addEventListener('change', () => store.update(chooseAttack, { target: /** @type {any} */ (select('target').value) }));
  input('stop').addEventListener('change', () => store.update(chooseAttack, { stop: input('stop').checked }));
  for (const name of NUMBERS) {
    input(name).addEventListener('input', () => sayLevels(store.state));
    input(name).addEventListener('change', () => {
      const isFree = name === 'eps' && input(name).value.trim() === '' && !input(name).required;
      const number = isFree ? null : decimal(input(name).value);
      input(name).setCustomValidity(complaint(store.state, name, number));
      if (input(name).reportValidity()) store.update(chooseAttack, { [name]: number });
    });
  }
}

/** What is wrong with a number, if anything. @param {State} state @param {typeof NUMBERS[number]} name @param {number | null} number null for none */
function complaint({ attack, constants }, name, number) {
  const norm = attack && constants && normOf(constants, attack.norm);
  if (!norm || number === null) return '';
  if (name === 'eps' || name === 'eps_step') return number > 0 && number <= norm.largest ? '' : `Choose a value above 0 and at most ${norm.largest}, like 0.03 or 8/255.`;
  const { restarts } = offered(attack, constants);
  const [least, most] = name === 'max_iter' ? [1, mostSteps(constants, restarts)] : [0, mostRestarts(constants, restarts * attack.max_iter)];
  return Number.isInteger(number) && number >= least && number <= most ? '' : `Choose a whole number from ${least} to ${most}.`;
}

/** @param {string} id */
const field = (id) => /** @type {HTMLElement} */ (get(panel, id, HTMLElement).parentElement);

/** Says lengths in grey levels, where they are changes of single values. @param {State} state */
function sayLevels({ attack }) {
  for (const name of LENGTHS) {
    const length = decimal(input(name).value);
    get(panel, `${name}-levels`, HTMLElement).textContent = attack?.norm === 'linf' && length > 0 ? `= ${levels(length)}` : '';
  }
}

/** @param {State} state */
export function render(state) {
  const { phase, attack, constants, run } = state;
  if (constants && attack !== filled) fill(state);
  const underWay = phase === 'running' || phase === 'paused';
  for (const control of panel.querySelectorAll('#attacker, .fields input, .fields select')) {
    /** @type {HTMLInputElement | HTMLSelectElement} */ (control).disabled = underWay || !attack;
  }
  button('go').disabled = phase === 'loading' || phase === 'error';
  button('go').textContent = !underWay ? (stale(state) ? 'Attack again' : 'Attack') : phase === 'paused' || run?.pace === 'once' ? 'Go on' : 'Pause';
  // It stays in use while its own step is computed: whoever steps by the keyboard keeps it.
  button('once').disabled = button('go').disabled || (phase === 'running' && run?.pace === 'run');
  button('cancel').disabled = !underWay;
  const time = attackTime(state, shownFor);
  get(panel, 'attack-time', HTMLElement).hidden = !time;
  get(panel, 'attack-time', HTMLElement).textContent = time;
  if (attack && stops({ ...attack, stop: false })) input('stop').disabled = true; // of several starts, the first that fools is enough
  const note = get(panel, 'stale', HTMLElement);
  note.hidden = get(panel, 'stale-here', HTMLElement).hidden = !stale(state);
  note.textContent = note.hidden ? '' : 'Settings changed: not run yet. What is shown is of the run before.';
  // A button that is switched off while it has the keyboard would leave it nowhere.
  const focused = document.activeElement;
  if (focused instanceof HTMLButtonElement && focused.disabled && focused !== button('go') && panel.contains(focused)) button('go').focus();
}

/** @param {State} state */
function fill(state) {
  const { attack, constants } = state;
  if (!attack || !constants) return;
  filled = attack;
  const { classes, norms, attacks } = constants;
  const base = offered(attack, constants);
  const attacker = attackerOf(attack.name);
  offer(select('attacker'), Object.entries({ ...KNOWS, ...(!attacker && { [attack.name]: `… (${attack.name})` }) }));
  select('attacker').value = attacker ?? attack.name;
  get(panel, 'attacker-does', HTMLElement).textContent = does(attack.name);
  const named = presets(state).map(([name]) => name);
  offer(select('preset'), [...named, 'custom'].map((name) => [name, name]));
  offer(select('norm'), norms.filter(({ norm }) => attacks[attack.name][norm]).map(({ norm }) => [norm, NORMS[norm] ?? norm]));
  // What the attack lacks, or leaves no choice of, is not offered.
  field('preset').hidden = named.length < 2;
  field('eps_step').hidden = !has(base, 'eps_step');
  field('max_iter').hidden = !has(base, 'max_iter');
  field('restarts').hidden = !has(base, 'num_random_init');
  input('eps').required = /** @type {import('../core.js').AttackConfig} */ (base.config).eps !== null;
  offer(select('target'), [['', 'anything else'], ...classes.map((name) => /** @type {const} */ ([name, name]))]);
  select('preset').value = presetOf(state);
  select('norm').value = attack.norm;
  select('target').value = attack.target;
  for (const name of NUMBERS) {
    input(name).value = String(attack[name] ?? '');
    input(name).setCustomValidity('');
  }
  input('stop').checked = stops(attack);
  sayLevels(state);
}
