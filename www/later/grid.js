// @ts-check
// The points of the decision map, coarse ones first, and what is known of the plane when some of them have been asked.

/** Classes, by their numbers: what CL sees, and what it sees after AE. @typedef {readonly [first: number, second: number]} Pair */
/** Row by row; undefined where nothing is known yet. @typedef {(Pair | undefined)[]} Cells */

/** Points along a side. */
export const SIDE = 49;
/** The distances of neighbours, round by round: 7, 13, 25 and 49 points along a side. */
export const STEPS = [8, 4, 2, 1];
/** At these distances every point is asked; between closer ones only where those around differ. */
const ALL = 4;

/** What the map's rows and columns reach, in lengths of the attack. */
export const REACH = { along: [-1, 3], across: [-2, 2] };

/** The place of a point in the plane; the lowest row is the last one. @param {number} point @returns {[along: number, across: number]} */
export function placeAt(point) {
  const [row, column] = [Math.floor(point / SIDE), point % SIDE];
  const [left, right] = REACH.along;
  const [low, high] = REACH.across;
  return [left + (column / (SIDE - 1)) * (right - left), high - (row / (SIDE - 1)) * (high - low)];
}

/** The point that is nearest to a place. @param {readonly [along: number, across: number]} place */
export function pointAt([along, across]) {
  const [left, right] = REACH.along;
  const [low, high] = REACH.across;
  const index = (/** @type {number} */ part) => Math.min(SIDE - 1, Math.max(0, Math.round(part * (SIDE - 1))));
  return index((high - across) / (high - low)) * SIDE + index((along - left) / (right - left));
}

/** @returns {Cells} */
export const nothing = () => new Array(SIDE * SIDE).fill(undefined);

/** Points along a side in a round. @param {number} round */
export const sideOf = (round) => (SIDE - 1) / STEPS[round] + 1;

/** The points that a round adds to those before it; those near the original come first. @param {number} round */
export function pointsOf(round) {
  const step = STEPS[round];
  const points = [];
  for (let row = 0; row < SIDE; row += step) {
    for (let column = 0; column < SIDE; column += step) {
      const isEarlier = round > 0 && row % (2 * step) === 0 && column % (2 * step) === 0;
      if (!isEarlier) points.push(row * SIDE + column);
    }
  }
  const start = pointAt([0, 0]);
  const distance = (/** @type {number} */ point) => Math.hypot(Math.floor(point / SIDE) - Math.floor(start / SIDE), (point % SIDE) - (start % SIDE));
  return points.sort((a, b) => distance(a) - distance(b));
}

/** The two classes that all points around have, of the round before; undefined where they differ. @param {Cells} cells @param {number} point @param {number} step */
function agreed(cells, point, step) {
  const [row, column] = [Math.floor(point / SIDE), point % SIDE];
  const sides = (/** @type {number} */ at) => [at - (at % (2 * step)), at + ((2 * step - (at % (2 * step))) % (2 * step))];
  const around = sides(row).flatMap((r) => sides(column).map((c) => cells[r * SIDE + c]));
  const [one] = around;
  return one && around.every((other) => other?.[0] === one[0] && other[1] === one[1]) ? one : undefined;
}

/**
 * Asks for one point after the other, coarse ones first, and fills `cells`. Where all points around agree, nothing is asked.
 * @param {Cells} cells
 * @param {(point: number) => Promise<Pair>} ask
 * @param {(round: number, done: number, of: number) => boolean} told after each answer; false ends it
 * @returns {Promise<boolean>} whether it came to its end
 */
export async function survey(cells, ask, told) {
  for (const [round, step] of STEPS.entries()) {
    const open = [];
    for (const point of pointsOf(round)) {
      const known = step < ALL ? agreed(cells, point, step) : undefined;
      if (known) cells[point] = known;
      else open.push(point);
    }
    for (const [done, point] of open.entries()) {
      cells[point] = await ask(point);
      if (!told(round, done + 1, open.length)) return false;
    }
  }
  return true;
}

const FINE_FIRST = STEPS.toReversed();

/** Every point as what is known nearest to it, among the coarser ones. @param {Cells} cells @returns {Cells} */
export function filled(cells) {
  return cells.map((known, point) => {
    if (known) return known;
    const [row, column] = [Math.floor(point / SIDE), point % SIDE];
    for (const step of FINE_FIRST) {
      const near = (/** @type {number} */ at) => Math.round(at / step) * step;
      const other = cells[near(row) * SIDE + near(column)];
      if (other) return other;
    }
    return undefined;
  });
}
