// @ts-check
// What follows from the verdicts on many pictures. Counts only: what a verdict is, is the core's, and the threshold's.

import { judge } from '../../core.js';

/** @typedef {import('../../core.js').Class} Class */
/** @typedef {import('../../core.js').Verdict} Verdict */

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

/**
 * @typedef {object} Judged a picture's two verdicts by a threshold
 * @property {number} limit the threshold
 * @property {Class | undefined} label
 * @property {Class} right the class that counts as right
 * @property {Verdict} clean
 * @property {Verdict} attacked
 * @property {boolean} wasRight whether the classifier was right before the attack
 * @property {boolean} fooled
 */

/** Pictures are judged once for each threshold: there may be thousands, drawn several times a second. @type {WeakMap<Row, Judged>} */
const known = new WeakMap();

/** @param {Row} row @param {number} limit @returns {Judged} */
function judged(row, limit) {
  const before = known.get(row);
  if (before?.limit === limit) return before;
  const [clean, attacked, right] = [judge(row.clean, limit), judge(row.attacked.verdict, limit), rightOf(row)];
  const wasRight = clean.answer_if_clean === right;
  const made = { limit, label: row.label, right, clean, attacked, wasRight, fooled: wasRight && attacked.answer_if_clean !== right };
  known.set(row, made);
  return made;
}

/**
 * @param {readonly Row[]} rows
 * @param {number} limit
 * @returns {Record<Name, Share> & {labelled: number}}
 */
export function figures(rows, limit) {
  const counts = { labelled: 0, named: 0, alarms: 0, right: 0, fooled: 0, detected: 0, corrected: 0, flagged: 0, answer: 0 };
  for (const row of rows) {
    const { label, right, clean, attacked, wasRight, fooled } = judged(row, limit);
    counts.labelled += Number(label !== undefined);
    counts.named += Number(label !== undefined && wasRight);
    counts.alarms += Number(clean.adversarial);
    counts.right += Number(wasRight);
    counts.fooled += Number(fooled);
    counts.detected += Number(fooled && attacked.adversarial);
    counts.corrected += Number(fooled && attacked.adversarial && attacked.answer === right);
    counts.flagged += Number(attacked.adversarial);
    counts.answer += Number(attacked.answer === right);
  }
  const all = rows.length;
  return {
    labelled: counts.labelled,
    accuracy: { count: counts.named, of: counts.labelled },
    alarms: { count: counts.alarms, of: all },
    fooled: { count: counts.fooled, of: counts.right },
    detected: { count: counts.detected, of: counts.fooled },
    corrected: { count: counts.corrected, of: counts.detected },
    flagged: { count: counts.flagged, of: all },
    answer: { count: counts.answer, of: all },
  };
}

/** @typedef {'missed' | 'miscorrected' | 'alarms'} Failure */

/**
 * The pictures on which the defence failed, by how. A picture can be among several.
 * @param {readonly Row[]} rows @param {number} limit
 * @returns {Record<Failure, Row[]>}
 */
export function failures(rows, limit) {
  const where = (/** @type {(one: Judged) => boolean} */ is) => rows.filter((row) => is(judged(row, limit)));
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

/** Points of a curve are at least one of so many parts of the axes apart: thousands would be drawn slowly, and not be seen. */
const FINE = 500;

/**
 * The ROC curve, attacked against clean, its area, and the threshold's place on it; undefined without pictures.
 * @param {readonly Row[]} rows @param {number} limit
 * @returns {{points: [number, number][], area: number, at: [number, number]} | undefined}
 */
export function curveOf(rows, limit) {
  const n = rows.length;
  if (n === 0) return undefined;
  const [clean, attacked] = [new Float64Array(n), new Float64Array(n)];
  rows.forEach((row, i) => {
    clean[i] = row.clean.score;
    attacked[i] = row.attacked.verdict.score;
  });
  clean.sort();
  attacked.sort();
  // Down from the highest score, all equal ones at once; `i` and `j` are still below.
  let [i, j, area] = [n, n, 0];
  /** @type {[number, number][]} */
  const points = [[0, 0]];
  /** @type {[number, number]} */
  let at = [0, 0];
  while (i > 0 || j > 0) {
    const score = Math.max(i > 0 ? clean[i - 1] : -Infinity, j > 0 ? attacked[j - 1] : -Infinity);
    const [before, found] = [n - i, n - j];
    while (i > 0 && clean[i - 1] === score) i--;
    while (j > 0 && attacked[j - 1] === score) j--;
    area += ((n - i - before) * (n - j + found)) / 2 / n / n;
    if (score > limit) at = [(n - i) / n, (n - j) / n];
    const [x, y] = points[points.length - 1];
    const isSeen = ((n - i) / n - x) * FINE >= 1 || ((n - j) / n - y) * FINE >= 1;
    if (isSeen || (i === 0 && j === 0)) points.push([(n - i) / n, (n - j) / n]);
  }
  return { points, area, at };
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
