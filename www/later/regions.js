// @ts-check
// What a map of classes shows: how much each class takes, and where its letters stand.

/**
 * How much of what is known each class takes, the largest first.
 * @param {readonly number[]} classes -1 where nothing is known
 * @returns {Map<number, number>}
 */
export function shares(classes) {
  const known = classes.filter((name) => name >= 0);
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const name of known) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => [name, count / known.length]));
}

/** Regions of fewer points than this have no letter. */
const LETTERED = 12;

/**
 * Connected regions of one class, each with the point of it that is farthest from its edge: there its letter stands.
 * @param {readonly number[]} classes row by row; -1 where nothing is known
 * @param {number} side
 * @returns {{name: number, point: number}[]}
 */
export function regions(classes, side) {
  const depth = depths(classes, side);
  const seen = new Set();
  const found = [];
  for (const [start, name] of classes.entries()) {
    if (seen.has(start) || name < 0) continue;
    seen.add(start);
    const all = [start];
    for (const point of all) {
      for (const next of neighbours(point, side)) {
        if (seen.has(next) || classes[next] !== name) continue;
        seen.add(next);
        all.push(next);
      }
    }
    if (all.length < LETTERED) continue;
    found.push({ name, point: all.reduce((deepest, other) => (depth[other] > depth[deepest] ? other : deepest)) });
  }
  return found;
}

/** @param {number} point @param {number} side */
function neighbours(point, side) {
  const column = point % side;
  const all = [point - side, point + side];
  if (column > 0) all.push(point - 1);
  if (column < side - 1) all.push(point + 1);
  return all.filter((next) => next >= 0 && next < side * side);
}

/** Steps from each point to another class or over the edge. @param {readonly number[]} classes @param {number} side */
function depths(classes, side) {
  const depth = new Array(classes.length).fill(0);
  const reached = [];
  for (const point of classes.keys()) {
    const around = neighbours(point, side);
    if (around.length === 4 && around.every((next) => classes[next] === classes[point])) continue;
    depth[point] = 1;
    reached.push(point);
  }
  for (const point of reached) {
    for (const next of neighbours(point, side)) {
      if (depth[next] > 0) continue;
      depth[next] = depth[point] + 1;
      reached.push(next);
    }
  }
  return depth;
}

/** The shortest beginnings that tell the classes apart. @param {readonly string[]} classes */
export const letters = (classes) =>
  classes.map((name) => {
    const isOwn = (/** @type {string} */ start) => classes.every((other) => other === name || !other.startsWith(start));
    const length = [...name].findIndex((_, i) => isOwn(name.slice(0, i + 1))) + 1;
    return name[0].toUpperCase() + name.slice(1, length || name.length);
  });
