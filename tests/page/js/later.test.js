// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { blurred, brighter, flipped, shifted } from '../../../www/later/changes.js';
import { NAMES, cancelChanges, changeTried, changesEnded, isOfEarlier, told, tryChanges } from '../../../www/later/controls-state.js';
import { KINDS, START, BALL, THRESHOLD, isFooled, path, score, without } from '../../../www/later/toy.js';
import * as s from '../../../www/state.js';
import { detection, networks, step, verdict } from './fixtures.js';

/** @typedef {import('../../../www/state.js').State} State */

/** Three planes of 3 x 3, unlike each other. */
const PICTURE = Float32Array.from({ length: 27 }, (_, i) => (i % 9) / 20 + Math.floor(i / 9) / 10);
const close = (/** @type {Float32Array} */ a, /** @type {readonly number[]} */ b) => b.forEach((value, i) => assert.ok(Math.abs(a[i] - value) < 1e-6, `${i}: ${a[i]} is not ${value}`));

test('changes keep to their plane, their rows and the range of values', () => {
  close(flipped(PICTURE), [0.1, 0.05, 0, 0.25, 0.2, 0.15]);
  assert.deepEqual(flipped(flipped(PICTURE)), PICTURE);
  close(shifted(PICTURE).subarray(9), [0.1, 0.1, 0.15, 0.25, 0.25, 0.3]); // the second plane's; the left edge twice
  close(brighter(0.7)(PICTURE), [0.7, 0.75, 0.8]);
  assert.equal(Math.max(...brighter(0.7)(PICTURE)), 1);
  assert.equal(Math.min(...brighter(-0.2)(PICTURE)), 0);
});

test('a blur spreads a point by a standard deviation of one pixel, and keeps its sum and what is even', () => {
  const side = 9;
  const point = new Float32Array(3 * side * side);
  point[4 * side + 4] = 1;
  const plane = blurred(point).subarray(0, side * side);
  const spread = (/** @type {(row: number, column: number) => number} */ of) => plane.reduce((sum, value, i) => sum + value * of(Math.floor(i / side) - 4, (i % side) - 4), 0);
  assert.ok(Math.abs(spread(() => 1) - 1) < 1e-6);
  assert.ok(Math.abs(spread((row) => row * row) - 1) < 1e-6);
  assert.ok(Math.abs(spread((_, column) => column * column) - 1) < 1e-6);
  close(blurred(new Float32Array(27).fill(0.3)), new Array(27).fill(0.3)); // edges, too
});

const [AIRPLANE, BIRD] = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]];

function ready() {
  let state = s.begin('');
  state = s.networksOpened(state, s.starting(state)?.id ?? -1, networks());
  const id = state.opening?.id ?? -1;
  return s.pictureShown(s.pictureDecoded(s.pictureHanded(state, id), id, PICTURE), id, detection());
}

/** @param {State} state @param {number} distance */
function attacked(state, distance) {
  const started = s.attackOrPause(state);
  const id = started.run?.id ?? -1;
  const last = { ...step(1, verdict(BIRD, BIRD)), picture: brighter(0.1)(PICTURE) };
  last.step = { ...last.step, distance };
  return s.runFinished(s.stepArrived(s.stepArrived(started, id, step(0), 7), id, last, 7), id, last);
}

/** All changes are answered: those of these names otherwise. @param {State} state @param {Partial<Record<import('../../../www/later/controls-state.js').Name, import('../../../www/core.js').Verdict>>} original @param {typeof original} [of] */
function tried(state, original, of) {
  let now = tryChanges(state);
  const id = now.controls?.id ?? -1;
  const usual = verdict(AIRPLANE, AIRPLANE);
  for (const name of NAMES) {
    const seen = { name, picture: PICTURE, original: original[name] ?? usual, attacked: of && (of[name] ?? usual) };
    now = changeTried(now, id, seen);
  }
  return changesEnded(now, id, 'done');
}

test('the noise is as large as what the attack changed, or may change', () => {
  assert.deepEqual(tryChanges(ready()).controls?.noise, { norm: 'linf', eps: 0.04 });
  assert.deepEqual(tryChanges(s.chooseAttack(ready(), { eps: 0.02 })).controls?.noise, { norm: 'linf', eps: 0.02 });
  assert.deepEqual(tryChanges(attacked(ready(), 0.0123456)).controls?.noise, { norm: 'linf', eps: 0.0123 });
  assert.deepEqual(tryChanges(s.chooseMethod(ready(), 'cw')).controls?.noise, { norm: 'l2', eps: 3 }); // it has no bound
});

test('changes are tried on the original and on the attacked picture, and are of them only', () => {
  const done = attacked(ready(), 0.01);
  const state = tryChanges(done);
  assert.equal(state.controls?.original, PICTURE);
  assert.equal(state.controls?.attacked, done.run?.steps[1].picture);
  assert.equal(isOfEarlier(state), false);
  assert.equal(isOfEarlier(s.showStep(state, 0)), true);
  for (const from of [ready(), s.showStep(done, 0)]) assert.equal(tryChanges(from).controls?.attacked, undefined);
  // Not while an attack has the worker.
  const running = s.attackOrPause(ready());
  assert.equal(tryChanges(running), running);
});

test('what comes after a cancel, or for an earlier picture, changes nothing', () => {
  const first = tryChanges(ready());
  const id = first.controls?.id ?? -1;
  const row = { name: /** @type {const} */ ('same'), picture: PICTURE, original: verdict(AIRPLANE, AIRPLANE), attacked: undefined };
  const cancelled = cancelChanges(changeTried(first, id, row));
  assert.deepEqual([cancelled.controls?.ended, cancelled.controls?.rows.length], ['cancelled', 1]);
  assert.equal(changeTried(cancelled, id, row), cancelled);
  assert.equal(changesEnded(cancelled, id, 'done'), cancelled);
  const again = tryChanges(cancelled);
  assert.equal(changeTried(again, id, row), again);
  assert.deepEqual(told(cancelled), []);
});

test('the sentences below tell what noise does, what raises alarms, and what undoes the attack', () => {
  const [other, alarm] = [verdict(BIRD, BIRD), verdict(AIRPLANE, BIRD, AIRPLANE, 0.5)];
  assert.deepEqual(told(tried(ready(), {})), ['Noise of the same size does nothing to the original: still airplane.', 'No change of the original raises an alarm.']);
  const clean = told(tried(ready(), { noise: other, blur: alarm, flip: alarm, shift: other }));
  assert.deepEqual(clean, ['Even noise of that size changes the original: bird.', 'False alarms on the original after: blur, a flip.', 'The original is seen as something else after: a shift.']);
  const done = attacked(ready(), 0.01);
  assert.equal(told(tried(done, {}, { same: other, noise: other, jpeg: other })).at(-1), 'The attack is undone by: blur, more light, less light, a shift, a flip; it survives the other 2.');
  assert.match(told(tried(done, {}, { same: other })).at(-1) ?? '', /^Every one of these changes undoes the attack/);
  assert.match(told(tried(done, {}, Object.fromEntries(NAMES.map((name) => [name, other])))).at(-1) ?? '', /survives all 7/);
  // An attack that did not fool has nothing to survive.
  assert.equal(told(tried(done, {}, {})).length, 2);
  // Nobody knows what a picture of the visitor's own shows.
  const own = tried({ ...ready(), shown: { .../** @type {any} */ (ready().shown), source: { kind: 'own' } } }, { blur: alarm });
  assert.deepEqual(told(own), ['Noise of the same size does nothing to the original: still closest to airplane.', 'Called adversarial on the original after: blur.']);
  // The threshold in force says what an alarm is.
  assert.match(told(s.chooseThreshold(tried(ready(), { blur: alarm }), 1))[1], /^No change/);
});

test('the drawing shows what it says: one attacker is noticed, two are not, and each follows its rule', () => {
  for (const kind of KINDS) {
    const { points, kept } = path(kind);
    assert.ok(isFooled(points[kept]), kind);
    assert.equal(score(points[kept]) > THRESHOLD, kind === 'classifier', kind);
    for (const [x, y] of points) assert.ok(Math.hypot(x - START[0], y - START[1]) < BALL + 1e-9, kind);
  }
  // Selective PGD goes through the region where it is noticed, and comes back over the boundary more than once.
  const crossings = (/** @type {import('../../../www/later/toy.js').Kind} */ kind) => path(kind).points.filter((at, t, all) => t > 0 && isFooled(at) !== isFooled(all[t - 1])).length;
  assert.equal(crossings('classifier'), 1);
  assert.ok(crossings('selective') > 5);
  assert.ok(path('selective').points.some((at) => score(at) > THRESHOLD));
  // Orthogonal PGD leaves the score alone as long as the classifier is right.
  const way = path('orthogonal').points;
  for (const at of way.slice(0, way.findIndex(isFooled))) assert.ok(Math.abs(score(at) - score(START)) < 0.01, String(at));
  assert.deepEqual(without([3, 4], [0, 2]).map((value) => value.toFixed(6)), ['0.600000', '0.000000']);
});
