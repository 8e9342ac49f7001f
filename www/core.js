// @ts-check
// What the page takes from the Rust core: types, constants, and the judgement by a threshold.

/** What the page offers: PGD. @typedef {Extract<import('../pkg/second_look.js').AttackConfig, {attack: 'pgd'}>} AttackConfig */
/** @typedef {import('../pkg/second_look.js').AttackStep} AttackStep */
/** @typedef {import('../pkg/second_look.js').Card} Card */
/** @typedef {import('../pkg/second_look.js').Cards} Cards */
/** @typedef {import('../pkg/second_look.js').Class} Class */
/** @typedef {import('../pkg/second_look.js').Constants} Constants */
/** @typedef {import('../pkg/second_look.js').Norm} Norm */
/** @typedef {import('../pkg/second_look.js').NormConstants} NormConstants */
/** @typedef {import('../pkg/second_look.js').Pgd} Pgd */
/** @typedef {import('../pkg/second_look.js').StepNumbers} StepNumbers */
/** @typedef {import('../pkg/second_look.js').Verdict} Verdict */

/**
 * @template T
 * @typedef {import('../pkg/second_look.js').Packed<T>} Packed
 */

/** @typedef {{verdict: Verdict, reconstruction: Float32Array, correction: Float32Array | undefined}} Detection what the defence finds in a picture */
/** @typedef {{step: AttackStep, picture: Float32Array, detection: Detection}} WatchedStep a step of an attack, and what is found in its picture */

/** The page keeps the pictures of every step, some 0.4 MB each, so it makes fewer steps than the core would. */
const KEPT_STEPS = 200;

/**
 * Constants as they are shown and compared: the core computes in 32 bits, where 0.03 is 0.0299999993.
 * @param {Constants} constants
 * @returns {Constants}
 */
export function inDecimals(constants) {
  const tidy = JSON.parse(JSON.stringify(constants), (_, value) => (typeof value === 'number' ? Number(value.toPrecision(7)) : value));
  return { ...tidy, max_steps: Math.min(tidy.max_steps, KEPT_STEPS) };
}

/**
 * A number as people write it: with a point or a comma, or as a fraction (8/255, as grey levels are counted). NaN for anything
 * else.
 * @param {string} text
 */
export function decimal(text) {
  const parts = text.split('/').map((part) => part.trim().replace(',', '.'));
  if (parts.length > 2 || !parts.every((part) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part))) return NaN;
  const [top, bottom] = parts.map(Number);
  return bottom === undefined ? top : Number((top / bottom).toPrecision(7));
}

/** @param {Constants} constants @param {string} name */
export const normOf = ({ norms }, name) => norms.find(({ norm }) => norm === name);

/** The named settings of a norm. @param {NormConstants} norm @returns {[name: string, setting: Pgd][]} */
export const presetsOf = ({ norm, largest, ...presets }) => Object.entries(presets);

/**
 * The verdict by another threshold than the detector's own.
 * @param {Verdict} verdict
 * @param {number} threshold
 * @returns {Verdict}
 */
export function judge(verdict, threshold) {
  const adversarial = verdict.score > threshold;
  return { ...verdict, threshold, adversarial, answer: adversarial ? verdict.answer_if_adversarial : verdict.answer_if_clean };
}

/**
 * The classes with their probabilities, the likeliest first.
 * @param {readonly Class[]} classes
 * @param {readonly number[]} probabilities
 */
export const ranked = (classes, probabilities) =>
  classes.map((name, i) => ({ name, probability: probabilities[i] })).sort((a, b) => b.probability - a.probability);

/**
 * The divergence of the predictions that a detector's score is, or begins with.
 * @param {NonNullable<Card['detector']>} detector
 */
export const divergenceOf = (detector) => ('hidden' in detector ? detector.hidden : detector.divergence);
