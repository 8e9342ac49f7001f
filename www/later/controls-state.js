// @ts-check
// The controls in the page's state: what is asked, what has been answered, and what follows from that.

import { judge } from '../core.js';
import { current, threshold } from '../state.js';

/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../core.js').Norm} Norm */
/** @typedef {import('../core.js').Verdict} Verdict */
/** @typedef {import('../state.js').State} State */
/** @typedef {'same' | 'noise' | 'jpeg' | 'blur' | 'bright' | 'dark' | 'shift' | 'flip'} Name */

/** @type {readonly Name[]} */
export const NAMES = ['same', 'noise', 'jpeg', 'blur', 'bright', 'dark', 'shift', 'flip'];

/**
 * @typedef {object} Row a change and what the networks say afterwards
 * @property {Name} name
 * @property {Float32Array} picture that is shown, changed
 * @property {Verdict} original
 * @property {Verdict | undefined} attacked
 */

/**
 * @typedef {object} Controls
 * @property {number} id
 * @property {Float32Array} original
 * @property {Float32Array | undefined} attacked
 * @property {{norm: Norm, eps: number}} noise
 * @property {readonly Row[]} rows
 * @property {'done' | 'cancelled' | 'failed'} [ended]
 */

/** How large the noise is: as large as what the attack changed, or may change. @param {State} from */
function sizeOf({ run, attack, constants }) {
  const norm = attack?.norm ?? 'linf';
  const spent = run?.steps[run.at]?.step.distance ?? 0;
  if (run && spent > 0) return { norm: run.config.norm ?? norm, eps: Number(spent.toPrecision(3)) };
  return { norm, eps: attack?.eps ?? constants?.norms.find((known) => known.norm === norm)?.tutorial.eps ?? 0.03 };
}

/** Whether there is a picture to try changes on. @param {State} from */
export const canTry = ({ phase }) => phase === 'ready' || phase === 'done';

/** @param {State} from @returns {State} */
export function tryChanges(from) {
  if (!canTry(from) || !from.shown) return from;
  const id = from.count + 1;
  const original = from.shown.picture;
  const made = from.run?.steps[from.run.at];
  const attacked = made && made.step.distance > 0 ? made.picture : undefined; // the first step is the original
  return { ...from, count: id, controls: { id, original, attacked, noise: sizeOf(from), rows: [] } };
}

/** @param {State} from @param {number} id @param {Partial<Controls>} changes @returns {State} */
const changed = (from, id, changes) => (from.controls?.id === id && !from.controls.ended ? { ...from, controls: { ...from.controls, ...changes } } : from);

/** @param {State} from @param {number} id @param {Row} row */
export const changeTried = (from, id, row) => changed(from, id, { rows: [...(from.controls?.rows ?? []), row] });

/** @param {State} from @param {number} id @param {'done' | 'cancelled' | 'failed'} ended */
export const changesEnded = (from, id, ended) => changed(from, id, { ended });

/** @param {State} from */
export const cancelChanges = (from) => (from.controls ? changesEnded(from, from.controls.id, 'cancelled') : from);

/** Whether what was tried is of another picture than the one that is shown now. @param {State} from */
export function isOfEarlier(from) {
  const { controls, shown } = from;
  if (!controls) return false;
  if (controls.original !== shown?.picture) return true;
  return controls.attacked !== undefined && controls.attacked !== current(from)?.picture;
}

/**
 * What the changes tell, in sentences. Of a picture of the visitor's own nobody knows what it shows, so nothing is called false.
 * @param {State} from
 * @returns {string[]}
 */
export function told(from) {
  const { controls } = from;
  if (!controls || controls.ended !== 'done') return [];
  const limit = threshold(from);
  const own = from.shown?.source.kind === 'own';
  const [same, ...rest] = controls.rows;
  const answer = same.original.answer_if_clean;
  const names = (/** @type {readonly Row[]} */ rows) => rows.map(({ name }) => CALLED[name]).join(', ');
  const told = [];
  const noise = rest.find(({ name }) => name === 'noise');
  if (noise) {
    const now = `${own ? 'closest to ' : ''}${noise.original.answer_if_clean}`;
    told.push(noise.original.answer_if_clean === answer ? `Noise of the same size does nothing to the original: still ${now}.` : `Even noise of that size changes the original: ${now}.`);
  }
  const alarms = rest.filter(({ original }) => judge(original, limit).adversarial);
  told.push(alarms.length > 0 ? `${own ? 'Called adversarial' : 'False alarms'} on the original after: ${names(alarms)}.` : 'No change of the original raises an alarm.');
  const other = rest.filter(({ name, original }) => name !== 'noise' && original.answer_if_clean !== answer);
  if (other.length > 0) told.push(`The original is seen as something else after: ${names(other)}.`);
  if (same.attacked && same.attacked.answer_if_clean !== answer) {
    const gone = rest.filter(({ attacked }) => attacked?.answer_if_clean === answer);
    if (gone.length === rest.length) told.push('Every one of these changes undoes the attack: it is fragile.');
    else told.push(gone.length > 0 ? `The attack is undone by: ${names(gone)}; it survives the other ${rest.length - gone.length}.` : `The attack survives all ${rest.length} changes.`);
  }
  return told;
}

/** What a change is called in a sentence. @type {Record<Name, string>} */
export const CALLED = { same: 'no change', noise: 'noise', jpeg: 'JPEG', blur: 'blur', bright: 'more light', dark: 'less light', shift: 'a shift', flip: 'a flip' };
