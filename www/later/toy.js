// @ts-check
// A model of two numbers in place of a picture: a classifier with one boundary, a detector's score, and three attackers
// whose steps follow the rules of the attacks in src/attack/: PGD, selective PGD, orthogonal PGD (all in L2).

/** @typedef {[number, number]} Point */
/** @typedef {'classifier' | 'selective' | 'orthogonal'} Kind */

/** @type {readonly Kind[]} */
export const KINDS = ['classifier', 'selective', 'orthogonal'];

/** @type {Point} */
export const START = [0.1, 0.2];
/** eps: the largest distance from the start. */
export const BALL = 1.7;
export const THRESHOLD = 0.5;
const [STEP, STEPS] = [0.11, 40];
/** By how much the classifier must err before an attacker turns to the detector. */
const FOOLED_BY = 0.02;

/** By how much the classifier errs: the boundary is a gentle wave. @param {Point} at */
export const margin = ([x, y]) => y - 1 + 0.08 * Math.sin(2.2 * x);

/** @param {Point} at */
export const isFooled = (at) => margin(at) > 0;

/** The detector's score: the higher the noise leads, the sooner it is noticed, but less so on the right. @param {Point} at */
export const score = ([x, y]) => Math.log1p(Math.exp(3 * (y - 0.45 - 0.7 * x)));

/** @param {(at: Point) => number} of @param {Point} at @returns {Point} */
function gradient(of, [x, y]) {
  const small = 1e-4;
  return [(of([x + small, y]) - of([x - small, y])) / (2 * small), (of([x, y + small]) - of([x, y - small])) / (2 * small)];
}

/** @param {Point} a @param {Point} b */
const dot = ([a, b], [c, d]) => a * c + b * d;

/** @param {Point} of @returns {Point} */
function unit(of) {
  const length = Math.hypot(...of);
  return length > 0 ? [of[0] / length, of[1] / length] : [0, 0];
}

/** `a` without its part along `b`. @param {Point} a @param {Point} b @returns {Point} */
export function without(a, b) {
  const [u, v] = [unit(a), unit(b)];
  const along = dot(u, v);
  return [u[0] - along * v[0], u[1] - along * v[1]];
}

/** @param {Point} of @returns {Point} */
const back = ([a, b]) => [-a, -b];

/** Where a step goes. @type {Record<Kind, (at: Point) => Point>} */
const WAYS = {
  classifier: (at) => gradient(margin, at),
  selective: (at) => (margin(at) > FOOLED_BY ? back(gradient(score, at)) : gradient(margin, at)),
  orthogonal(at) {
    const [up, seen] = [gradient(margin, at), gradient(score, at)];
    return margin(at) > FOOLED_BY ? back(without(seen, up)) : without(up, seen);
  },
};

/** @param {Point} at @returns {Point} the nearest one within eps */
function project([x, y]) {
  const [a, b] = [x - START[0], y - START[1]];
  const scale = Math.min(1, BALL / Math.hypot(a, b));
  return [START[0] + a * scale, START[1] + b * scale];
}

/**
 * An attacker's way, and which of its points is kept: the last one, or for who knows the detector the one that fools with the lowest score.
 * @param {Kind} kind
 */
export function path(kind) {
  /** @type {Point[]} */
  const points = [START];
  for (let t = 0; t < STEPS; t++) {
    const at = points[t];
    const [a, b] = unit(WAYS[kind](at));
    points.push(project([at[0] + STEP * a, at[1] + STEP * b]));
  }
  let kept = points.length - 1;
  if (kind !== 'classifier') {
    const fooling = points.map((at, t) => ({ t, fools: margin(at) > FOOLED_BY, seen: score(at) })).filter(({ fools }) => fools);
    if (fooling.length > 0) kept = fooling.reduce((best, next) => (next.seen < best.seen ? next : best)).t;
  }
  return { points, kept };
}
