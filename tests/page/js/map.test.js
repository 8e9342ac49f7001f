// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { REACH, SIDE, STEPS, filled, nothing, placeAt, pointAt, pointsOf, sideOf, survey } from '../../../www/later/grid.js';
import { largest, pictureAt, placeOf, planeThrough } from '../../../www/later/plane.js';
import { letters, regions, shares } from '../../../www/later/regions.js';

/** @typedef {import('../../../www/later/grid.js').Pair} Pair */

/** @param {Float32Array} a @param {Float32Array} b */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

const origin = Float32Array.from({ length: 300 }, (_, i) => 0.5 + 0.3 * Math.sin(i));
const end = origin.map((value, i) => value + (i % 3 === 0 ? 0.03 : -0.01));

/** @param {number} seed */
function plane(seed) {
  const made = planeThrough(origin, end, seed);
  assert.ok(made);
  return made;
}

test('the random direction is as long as the attack’s, at right angles to it, and the same for the same seed', () => {
  const { along, across } = plane(1);
  assert.ok(Math.abs(dot(along, across)) < 1e-6 * dot(along, along));
  assert.ok(Math.abs(dot(across, across) / dot(along, along) - 1) < 1e-5);
  assert.deepEqual(plane(1).across, across);
  assert.notDeepEqual(plane(2).across, across);
  const positive = across.filter((value) => value > 0).length;
  assert.ok(positive > 100 && positive < 200, `${positive} of 300 signs are positive`);
});

test('an attack that changed nothing spans no plane', () => {
  assert.equal(planeThrough(origin, origin.slice(), 1), undefined);
});

test('the attack begins and ends in the plane, and every place of it is found again', () => {
  const all = plane(1);
  for (const [i, value] of pictureAt(all, [0, 0]).entries()) assert.equal(value, origin[i]);
  for (const [i, value] of pictureAt(all, [1, 0]).entries()) assert.ok(Math.abs(value - end[i]) < 1e-6);
  for (const place of /** @type {const} */ ([[0, 0], [1, 0], [-0.5, 1.5], [2, -1]])) {
    const [a, b] = placeOf(all, pictureAt(all, [...place]));
    assert.ok(Math.abs(a - place[0]) < 1e-4 && Math.abs(b - place[1]) < 1e-4, `${place}: ${a}, ${b}`);
  }
  // What leads out of the plane is left out.
  const beside = pictureAt(all, [0.5, 0.5]);
  const aside = planeThrough(origin, end, 7)?.across ?? assert.fail();
  const away = dot(aside, all.across) / dot(all.across, all.across);
  const [a, b] = placeOf(all, beside.map((value, i) => value + aside[i]));
  assert.ok(Math.abs(a - 0.5) < 1e-4 && Math.abs(b - 0.5 - away) < 1e-4);
});

test('a picture of the plane has values that pictures can have', () => {
  const bright = new Float32Array(6).fill(0.9);
  const all = planeThrough(bright, bright.map((value, i) => value + (i % 2 === 0 ? 0.05 : -0.05)), 1) ?? assert.fail();
  const far = pictureAt(all, [3, 0]);
  assert.ok(far[0] === 1 && Math.abs(far[1] - 0.75) < 1e-6, String(far));
  assert.equal(pictureAt(all, [-30, 0])[0], 0);
  assert.ok(Math.abs(largest(all.along) - 0.05) < 1e-6);
});

test('the rounds ask for every point once, for coarse grids before fine ones', () => {
  const rounds = STEPS.map((_, round) => pointsOf(round));
  const all = rounds.flat();
  assert.equal(new Set(all).size, all.length);
  assert.equal(all.length, SIDE * SIDE);
  for (const round of STEPS.keys()) assert.equal(rounds.slice(0, round + 1).flat().length, sideOf(round) ** 2);
  assert.deepEqual(STEPS.map((_, round) => sideOf(round)), [7, 13, 25, 49]);
  const far = rounds[3].map((point) => Math.hypot(...placeAt(point)));
  assert.ok(far[0] < 0.2 && far[far.length - 1] > 3, 'it begins near the original');
});

test('places and points lead to each other; upwards is positive, and the picture is a point itself', () => {
  assert.deepEqual(placeAt(0), [REACH.along[0], REACH.across[1]]);
  assert.deepEqual(placeAt(SIDE * SIDE - 1), [REACH.along[1], REACH.across[0]]);
  for (const point of [0, 5, SIDE - 1, 700, SIDE * SIDE - 1]) assert.equal(pointAt(placeAt(point)), point);
  for (const place of /** @type {const} */ ([[0, 0], [1, 0]])) assert.deepEqual(placeAt(pointAt(place)), [...place]);
  assert.equal(pointAt([99, 0]) % SIDE, SIDE - 1);
  assert.ok(pointAt([0, 99]) < SIDE);
});

/** Two straight boundaries; the second one is farther. @param {number} point @returns {Pair} */
function classesAt(point) {
  const [along, across] = placeAt(point);
  return [along + 0.2 * across > 0.4 ? 3 : 6, along - 0.3 * across > 1.7 ? 4 : 6];
}

test('a survey finds two boundaries with a part of the questions', async () => {
  const cells = nothing();
  /** @type {number[]} */
  const asked = [];
  const ask = async (/** @type {number} */ point) => {
    asked.push(point);
    return classesAt(point);
  };
  assert.equal(await survey(cells, ask, () => true), true);
  assert.deepEqual(cells, cells.map((_, point) => classesAt(point)));
  assert.ok(asked.length < 0.35 * cells.length, `${asked.length} of ${cells.length}`);
  for (const point of [...pointsOf(0), ...pointsOf(1)]) assert.ok(asked.includes(point));
});

test('a survey asks between points that differ in one of the two classes only', async () => {
  const cells = nothing();
  const asked = new Set();
  const ask = async (/** @type {number} */ point) => {
    asked.add(point);
    return /** @type {Pair} */ ([6, placeAt(point)[0] > 1.7 ? 4 : 6]);
  };
  await survey(cells, ask, () => true);
  assert.ok([...pointsOf(3)].some((point) => asked.has(point)));
  assert.equal(cells[pointAt([1.75, 1.1])]?.[1], 4);
});

test('a survey that is not wanted any more asks nothing more, and what fails ends it', async () => {
  let asked = 0;
  const ask = async (/** @type {number} */ point) => {
    asked += 1;
    return classesAt(point);
  };
  assert.equal(await survey(nothing(), ask, (_, done) => done < 5), false);
  assert.equal(asked, 5);
  await assert.rejects(survey(nothing(), () => Promise.reject(new Error('gone')), () => true), /gone/);
});

test('what is not known yet is as the nearest coarse point', () => {
  const cells = nothing();
  assert.ok(filled(cells).every((cell) => cell === undefined));
  for (const point of pointsOf(0)) cells[point] = classesAt(point);
  const all = filled(cells);
  assert.ok(all.every((cell) => cell !== undefined));
  assert.deepEqual(all[3 * SIDE + 3], classesAt(0));
  assert.deepEqual(all[5 * SIDE + 5], classesAt(8 * SIDE + 8));
  // A finer point goes before a coarser one.
  cells[4 * SIDE + 4] = [9, 9];
  assert.deepEqual(filled(cells)[5 * SIDE + 5], [9, 9]);
});

test('shares are of what is known, the largest first', () => {
  assert.deepEqual([...shares([2, 1, 2, -1, 2])], [[2, 0.75], [1, 0.25]]);
  assert.equal(shares([-1, -1]).size, 0);
});

test('each region has its letter where it is widest', () => {
  const side = 9;
  // A band of three columns at the left, and the rest, with a spot in it that is too small for a letter.
  const classes = Array.from({ length: side * side }, (_, i) => (i % side < 3 ? 0 : 1));
  classes[4 * side + 8] = 0;
  const found = regions(classes, side);
  assert.deepEqual(found.map(({ name }) => name), [0, 1]);
  const [left, right] = found.map(({ point }) => [Math.floor(point / side), point % side]);
  assert.equal(left[1], 1);
  assert.ok(left[0] > 0 && left[0] < side - 1);
  assert.ok(right[1] === 5 || right[1] === 6, String(right));
  // Two regions of one class have a letter each; what separates them is too small for one.
  assert.deepEqual(regions(classes.map((_, i) => (i % side === 4 ? 1 : 0)), side).map(({ name }) => name), [0, 0]);
});

test('letters tell the classes apart', () => {
  assert.deepEqual(letters(['airplane', 'bird', 'car', 'cat', 'deer', 'dog']), ['A', 'B', 'Car', 'Cat', 'De', 'Do']);
  assert.deepEqual(letters(['car', 'cargo']), ['Car', 'Carg']);
});
