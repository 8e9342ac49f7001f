// @ts-check
// The attack's settings and its buttons.

import { shownFor } from '../attack-run.js';
import { normOf, presetsOf } from '../core.js';
import { get, offer } from '../dom.js';
import { attackOrPause, cancel, chooseAttack, chooseNorm, choosePreset, oneStep, presetOf, stale } from '../state.js';
import { attackTime } from '../words.js';

/** @typedef {import('../state.js').State} State */

const NUMBERS = /** @type {const} */ (['eps', 'eps_step', 'max_iter']);
/** How a norm is written; one that is not here goes by its name. @type {Record<string, string>} */
const NORMS = { linf: 'L∞', l2: 'L2' };

/** @type {HTMLElement} */
let form;
/** The settings that the fields show: what is being typed is not overwritten. @type {State['attack']} */
let filled;

const button = (/** @type {string} */ id) => get(form, id, HTMLButtonElement);
const input = (/** @type {string} */ id) => get(form, id, HTMLInputElement);
const select = (/** @type {string} */ id) => get(form, id, HTMLSelectElement);

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  form = root;
  const isValid = () => !(form instanceof HTMLFormElement) || form.reportValidity();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    store.update(attackOrPause);
  });
  button('once').addEventListener('click', () => {
    if (isValid()) store.update(oneStep);
  });
  button('cancel').addEventListener('click', () => store.update(cancel));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') store.update(cancel);
  });
  select('preset').addEventListener('change', () => store.update(choosePreset, select('preset').value));
  select('norm').addEventListener('change', () => store.update(chooseNorm, select('norm').value));
  select('target').addEventListener('change', () => store.update(chooseAttack, { target: /** @type {any} */ (select('target').value) }));
  for (const name of NUMBERS) {
    input(name).addEventListener('change', () => {
      const number = input(name).valueAsNumber;
      // 0 is the least that the field can say, but no distance.
      input(name).setCustomValidity(number === 0 ? 'Choose a value above 0.' : '');
      if (input(name).reportValidity()) store.update(chooseAttack, { [name]: number });
    });
  }
}

/** @param {State} state */
export function render(state) {
  const { phase, attack, constants, run } = state;
  if (constants && attack !== filled) fill(state);
  const underWay = phase === 'running' || phase === 'paused';
  for (const control of form.querySelectorAll('.fields input, .fields select')) {
    /** @type {HTMLInputElement | HTMLSelectElement} */ (control).disabled = underWay || !attack;
  }
  button('go').disabled = phase === 'loading' || phase === 'error';
  button('go').textContent = !underWay ? 'Attack' : phase === 'paused' || run?.pace === 'once' ? 'Go on' : 'Pause';
  // It stays in use while its own step is computed: whoever steps by the keyboard keeps it.
  button('once').disabled = button('go').disabled || (phase === 'running' && run?.pace === 'run');
  button('cancel').disabled = !underWay;
  const time = attackTime(state, shownFor);
  get(form, 'attack-time', HTMLElement).hidden = !time;
  get(form, 'attack-time', HTMLElement).textContent = time;
  const note = get(form, 'stale', HTMLElement);
  note.hidden = !stale(state);
  note.textContent = note.hidden ? '' : 'These settings have not been run yet: what is shown is of those before.';
  // A button that is switched off while it has the keyboard would leave it nowhere.
  const focused = document.activeElement;
  if (focused instanceof HTMLButtonElement && focused.disabled && focused !== button('go') && form.contains(focused)) button('go').focus();
}

/** @param {State} state */
function fill(state) {
  const { attack, constants } = state;
  if (!attack || !constants) return;
  const norm = normOf(constants, attack.norm);
  if (!norm) return;
  filled = attack;
  const { classes, norms, max_steps } = constants;
  offer(select('preset'), [...presetsOf(norm).map(([name]) => name), 'custom'].map((name) => [name, name]));
  offer(select('norm'), norms.map(({ norm: name }) => [name, NORMS[name] ?? name]));
  offer(select('target'), [['', 'anything else'], ...classes.map((name) => /** @type {const} */ ([name, name]))]);
  select('preset').value = presetOf(state);
  select('norm').value = attack.norm;
  select('target').value = attack.target;
  for (const name of NUMBERS) {
    input(name).min = name === 'max_iter' ? '1' : '0';
    input(name).max = String(name === 'max_iter' ? max_steps : norm.largest);
    input(name).value = String(attack[name]);
    input(name).setCustomValidity('');
  }
}
