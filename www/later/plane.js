// @ts-check
// The plane through a picture that an attack's direction and a random one span.

/** Along the attack's direction, and along the random one: 1 is as far as the attack went. @typedef {[along: number, across: number]} Place */

/**
 * @typedef {object} Plane
 * @property {Float32Array} origin the picture
 * @property {Float32Array} along from the picture to where the attack ended
 * @property {Float32Array} across as long as `along` and at right angles to it
 * @property {number} square of the length of each
 */

/** Signs that are the same for the same seed: mulberry32. @param {number} seed */
function signs(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) & 1 ? 1 : -1;
  };
}

/** @param {Float32Array} a @param {Float32Array} b */
function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * A vector, value by value. A loop, because these are many and long.
 * @param {number} length @param {(i: number) => number} value
 */
function vector(length, value) {
  const made = new Float32Array(length);
  for (let i = 0; i < length; i++) made[i] = value(i);
  return made;
}

/**
 * @param {Float32Array} origin
 * @param {Float32Array} end where an attack ended
 * @param {number} seed of the random direction
 * @returns {Plane | undefined} undefined when the attack changed nothing
 */
export function planeThrough(origin, end, seed) {
  const { length } = origin;
  const along = vector(length, (i) => end[i] - origin[i]);
  const square = dot(along, along);
  if (square === 0) return undefined;
  const sign = signs(seed);
  const random = vector(length, sign);
  const shared = dot(random, along) / square;
  const across = vector(length, (i) => random[i] - shared * along[i]);
  const scale = Math.sqrt(square / dot(across, across));
  return { origin, along, across: vector(length, (i) => across[i] * scale), square };
}

/** The picture at a place: what a picture cannot hold is cut off. @param {Plane} plane @param {Place} place */
export const pictureAt = ({ origin, along, across }, [a, b]) =>
  vector(origin.length, (i) => Math.min(1, Math.max(0, origin[i] + a * along[i] + b * across[i])));

/** The place of the plane that is nearest to a picture. @param {Plane} plane @param {Float32Array} picture @returns {Place} */
export function placeOf({ origin, along, across, square }, picture) {
  let [a, b] = [0, 0];
  for (let i = 0; i < origin.length; i++) {
    const change = picture[i] - origin[i];
    a += change * along[i];
    b += change * across[i];
  }
  return [a / square, b / square];
}

/** The largest change of any value. @param {Float32Array} direction */
export const largest = (direction) => direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
