// @ts-check
// Addresses that are nearly right. A few, always the same; SECOND_LOOK_FUZZ_MINUTES=30 goes on for so long with others.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NAMES, autoencodersOf } from '../../../www/models.js';
import { SAMPLES } from '../../../www/samples.js';
import { mostRestarts, read, readAttack, write } from '../../../www/url.js';
import { CONSTANTS } from './fixtures.js';

/** Numbers from 0 to 1 that follow from a seed. @param {number} seed */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const VALID = [
  `?sample=${SAMPLES[3]}&attack=pgd&eps=0.02&eps_step=0.01&max_iter=3&target=car&threshold=0.5&backend=cpu&run=1&present=1&many=1&inside=1`,
  `?sample=${SAMPLES[1]}&attack=pgd&norm=l2&eps=6.5&eps_step=0,25&autoencoder=tutorial&restarts=2&stop=1`,
  '?sample=cat&classifier=vgg16&eps=8/255&eps_step=1/255&backend=webgpu&max_iter=30&threshold=0',
];
const PARTS = [
  ...['', '-', '0', '1', '1e999', '-1', '0x10', 'NaN', 'Infinity', '1/0', '0/0', '1,5', '١', '½', '1_0', '9'.repeat(400), '1e-320'],
  ...['&', '=', '?', '#', '%', '%00', '%ff', '%F0%9F%90%88', '+', '\u0000', '\ud800', '‮', '<b>', '"', "'", '__proto__', 'constructor', 'toString'],
  ...['&eps=', '&run=', '&target=', '&sample=', '&norm=', '&max_iter=', '&restarts=', '&classifier=', '&autoencoder=', '&many=', '&inside='],
];

/** @param {() => number} next */
function mutated(next) {
  const whole = (/** @type {number} */ below) => Math.floor(next() * below);
  const pick = (/** @type {readonly string[]} */ list) => list[whole(list.length)];
  let text = pick(VALID);
  for (let i = 1 + whole(5); i > 0; i--) {
    const [at, to] = [whole(text.length + 1), whole(text.length + 1)].toSorted((a, b) => a - b);
    const way = whole(6);
    if (way === 0) text = text.slice(0, at);
    else if (way === 1) text = text.slice(0, at) + text.slice(to);
    else if (way === 2) text = text.slice(0, at) + pick(PARTS) + text.slice(at);
    else if (way === 3) text = text.slice(0, to) + text.slice(at);
    else if (way === 4) text = text.slice(0, at) + String.fromCharCode(whole(0x10000)) + text.slice(at + 1);
    else text = text.replace(/=[^&]*/g, (value) => (next() < 0.3 ? `=${pick(PARTS)}` : value));
  }
  return text;
}

/** @param {string} query */
function check(query) {
  const { complaints, ...state } = read(query);
  const { attack, complaints: more } = readAttack(query, CONSTANTS);
  for (const complaint of [...complaints, ...more]) assert.match(complaint, / is not .*; using .+\.$/s);
  const { settings, sample, run, present, open } = state;
  assert.ok(SAMPLES.includes(sample) && NAMES.includes(settings.classifier));
  assert.ok(autoencodersOf(settings.classifier).includes(settings.autoencoder) && ['auto', 'webgpu', 'cpu'].includes(settings.backend));
  assert.ok(settings.threshold === null || (settings.threshold >= 0 && settings.threshold <= 100));
  const norm = CONSTANTS.norms.find(({ norm }) => norm === attack.norm);
  assert.ok(norm && attack.eps > 0 && attack.eps <= norm.largest && attack.eps_step > 0 && attack.eps_step <= norm.largest);
  assert.ok(Number.isInteger(attack.max_iter) && attack.max_iter >= 1 && attack.max_iter <= CONSTANTS.max_steps);
  assert.ok(Number.isInteger(attack.restarts) && attack.restarts >= 0 && attack.restarts <= mostRestarts(CONSTANTS, attack.max_iter));
  assert.ok(attack.target === '' || CONSTANTS.classes.includes(attack.target));
  assert.deepEqual(Object.keys(open), ['many', 'inside']);
  for (const flag of [run, present, attack.stop, ...Object.values(open)]) assert.equal(typeof flag, 'boolean');
  // The page writes what it has read, and whoever opens that reads the same.
  const written = write({ ...state, attack }, CONSTANTS);
  const { complaints: none, ...again } = read(written);
  assert.deepEqual([none, again, readAttack(written, CONSTANTS)], [[], state, { attack, complaints: [] }]);
}

test('whatever an address says, what is read of it is in its range and can be written', () => {
  const minutes = process.env.SECOND_LOOK_FUZZ_MINUTES;
  const end = Date.now() + 60_000 * Number(minutes ?? 0);
  const next = random(minutes === undefined ? 1 : Date.now());
  let cases = 0;
  do {
    for (let i = 0; i < 2000; i++, cases++) {
      const query = mutated(next);
      try {
        check(query);
      } catch (error) {
        throw new Error(`${JSON.stringify(query)}: ${error}`, { cause: error });
      }
    }
  } while (Date.now() < end);
  if (minutes !== undefined) console.log(`addresses: ${cases} cases in ${minutes} minutes`);
});
