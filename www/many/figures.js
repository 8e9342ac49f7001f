// @ts-check
// What follows from the verdicts on many pictures. Counts only: what a verdict is, is the core's, and the threshold's.

import { judge } from '../core.js';
import { roc, shareAbove } from '../scores.js';

/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../core.js').Verdict} Verdict */

/** @typedef {{verdict: Verdict, distance: number, queries: number | null}} Outcome of an attack on a picture */

/**
 * @typedef {object} Row a picture before and after the attack
 * @property {number} index its place in its source
 * @property {string} name
 * @property {Class | undefined} label what it shows, if that is known
 * @property {Verdict} clean
 * @property {boolean | undefined} familiar whether it is like anything that the classifier learned from
 * @property {Outcome} attacked
 * @property {readonly (Outcome & {eps: number})[]} sweep the same attack with other eps
 */

/** @typedef {{count: number, of: number}} Share */
/** @typedef {'accuracy' | 'alarms' | 'fooled' | 'detected' | 'corrected' | 'flagged' | 'answer'} Name */

/** The class that counts as right: the label, or where it is not known what the classifier named before the attack. @param {Row} row */
export const rightOf = ({ label, clean }) => label ?? clean.answer_if_clean;

/** A picture's two verdicts by a threshold. @param {Row} row @param {number} limit */
function judged(row, limit) {
  const [clean, attacked] = [judge(row.clean, limit), judge(row.attacked.verdict, limit)];
  const right = rightOf(row);
  const wasRight = clean.answer_if_clean === right;
  return { clean, attacked, right, wasRight, fooled: wasRight && attacked.answer_if_clean !== right };
}

/**
 * @param {readonly Row[]} rows
 * @param {number} limit
 * @returns {Record<Name, Share> & {labelled: number}}
 */
export function figures(rows, limit) {
  const all = rows.map((row) => ({ ...judged(row, limit), label: row.label }));
  /** @template T @param {readonly T[]} among @param {(one: T) => boolean} is @returns {Share} */
  const share = (among, is) => ({ count: among.filter(is).length, of: among.length });
  const labelled = all.filter(({ label }) => label !== undefined);
  const fooled = all.filter((one) => one.fooled);
  const found = fooled.filter(({ attacked }) => attacked.adversarial);
  return {
    labelled: labelled.length,
    accuracy: share(labelled, ({ wasRight }) => wasRight),
    alarms: share(all, ({ clean }) => clean.adversarial),
    fooled: share(all.filter(({ wasRight }) => wasRight), (one) => one.fooled),
    detected: share(fooled, ({ attacked }) => attacked.adversarial),
    corrected: share(found, ({ attacked, right }) => attacked.answer === right),
    flagged: share(all, ({ attacked }) => attacked.adversarial),
    answer: share(all, ({ attacked, right }) => attacked.answer === right),
  };
}

/** @typedef {'missed' | 'miscorrected' | 'alarms'} Failure */

/**
 * The pictures on which the defence failed, by how. A picture can be among several.
 * @param {readonly Row[]} rows @param {number} limit
 * @returns {Record<Failure, Row[]>}
 */
export function failures(rows, limit) {
  const where = (/** @type {(one: ReturnType<typeof judged>) => boolean} */ is) => rows.filter((row) => is(judged(row, limit)));
  return {
    missed: where(({ fooled, attacked }) => fooled && !attacked.adversarial),
    miscorrected: where(({ wasRight, attacked, right }) => wasRight && attacked.adversarial && attacked.answer !== right),
    alarms: where(({ clean }) => clean.adversarial),
  };
}

/** @typedef {'before' | 'after' | 'answer'} Matrix by the classifier before or after the attack, or the defence's answer after it */

/**
 * How often a class (row) was given this name (column).
 * @param {readonly Row[]} rows @param {number} limit @param {Matrix} which @param {readonly Class[]} classes
 */
export function confusion(rows, limit, which, classes) {
  const counts = classes.map(() => classes.map(() => 0));
  for (const row of rows) {
    const { clean, attacked, right } = judged(row, limit);
    const named = which === 'before' ? clean.answer_if_clean : which === 'after' ? attacked.answer_if_clean : attacked.answer;
    counts[classes.indexOf(right)][classes.indexOf(named)] += 1;
  }
  return counts;
}

/**
 * The ROC curve, attacked against clean, its area, and the threshold's place on it; undefined without pictures.
 * @param {readonly Row[]} rows @param {number} limit
 */
export function curveOf(rows, limit) {
  if (rows.length === 0) return undefined;
  const sorted = (/** @type {number[]} */ scores) => scores.toSorted((a, b) => a - b);
  const clean = sorted(rows.map((row) => row.clean.score));
  const attacked = sorted(rows.map((row) => row.attacked.verdict.score));
  /** @type {[number, number]} */
  const at = [shareAbove(clean, limit), shareAbove(attacked, limit)];
  return { ...roc({ temperature: NaN, clean, attacked }), at };
}

/**
 * How often the classifier and the defence's answer are right, for each eps, 0 among them.
 * @param {readonly Row[]} rows @param {number} limit @param {number} own the attack's own eps
 * @returns {{eps: number, classifier: Share, answer: Share}[]}
 */
export function sweepOf(rows, limit, own) {
  /** @param {number} eps @param {(row: Row) => Verdict | undefined} of */
  const point = (eps, of) => {
    const all = rows.flatMap((row) => {
      const found = of(row);
      return found ? [{ ...judge(found, limit), right: rightOf(row) }] : [];
    });
    const share = (/** @type {(one: typeof all[number]) => boolean} */ is) => ({ count: all.filter(is).length, of: all.length });
    return { eps, classifier: share((one) => one.answer_if_clean === one.right), answer: share((one) => one.answer === one.right) };
  };
  const others = (rows[0]?.sweep ?? []).map(({ eps }) => point(eps, (row) => row.sweep.find((one) => one.eps === eps)?.verdict));
  const points = [point(0, ({ clean }) => clean), point(own, ({ attacked }) => attacked.verdict), ...others];
  return points.toSorted((a, b) => a.eps - b.eps);
}
