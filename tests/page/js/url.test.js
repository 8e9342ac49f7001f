// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decimal } from '../../../www/core.js';
import { SAMPLES } from '../../../www/samples.js';
import { mostRestarts, read, readAttack, write } from '../../../www/url.js';
import { CONSTANTS } from './fixtures.js';

/** @param {string} query */
function whole(query) {
  const { sample, settings, run, present, complaints } = read(query);
  const { attack, complaints: more } = readAttack(query, CONSTANTS);
  return { state: { sample, settings, attack, run, present }, complaints: [...complaints, ...more] };
}

test('an empty address means the defaults of the core, and is written as such', () => {
  const { state, complaints } = whole('');
  assert.deepEqual(complaints, []);
  assert.equal(state.sample, SAMPLES[0]);
  assert.deepEqual(state.attack, { norm: 'linf', eps: 0.04, eps_step: 0.001, max_iter: 10, target: '', restarts: 0, stop: false });
  assert.equal(write(state, CONSTANTS), `?sample=${SAMPLES[0]}`);
});

test('what is written is read again as it was', () => {
  const queries = [
    `?sample=${SAMPLES[3]}&attack=pgd&eps=0.02&eps_step=0.01&max_iter=3&target=car&threshold=0.5&backend=cpu&run=1`,
    `?sample=${SAMPLES[1]}&attack=pgd&norm=l2&eps=6.5&autoencoder=tutorial`,
    `?sample=${SAMPLES[0]}&threshold=0`,
    `?sample=${SAMPLES[0]}&classifier=vgg16`,
    `?sample=${SAMPLES[2]}&classifier=vgg16&autoencoder=tutorial&backend=cpu`,
    `?sample=${SAMPLES[0]}&attack=pgd&run=1`,
    `?sample=${SAMPLES[0]}&attack=pgd&target=car&restarts=3&stop=1&run=1&present=1`,
  ];
  for (const query of queries) {
    const { state, complaints } = whole(query);
    assert.deepEqual(complaints, []);
    assert.equal(write(state, CONSTANTS), query);
  }
});

test('a norm brings its own defaults and range', () => {
  const { attack, complaints } = readAttack('?norm=l2&eps_step=6.9', CONSTANTS);
  assert.deepEqual(complaints, []);
  assert.deepEqual(attack, { norm: 'l2', eps: 3, eps_step: 6.9, max_iter: 10, target: '', restarts: 0, stop: false });
});

test('what is invalid is told and takes its default', () => {
  const bad = {
    attack: ['fgsm'],
    norm: ['l7'],
    eps: ['0', '-1', '0.6', 'x', '', 'Infinity', 'NaN'],
    eps_step: ['0', '9'],
    max_iter: ['0', '2.5', '31', '1e9'],
    target: ['zebra', 'horse'],
    sample: ['none'],
    threshold: ['-1', '101', 'x'],
    backend: ['abacus'],
    classifier: ['other', 'vgg', ''],
    autoencoder: ['other'],
    run: ['2', 'yes', 'constructor'],
    present: ['2', 'yes', 'toString'],
    stop: ['yes', '__proto__'],
    restarts: ['-1', '1.5', '4', 'x'],
  };
  const usual = whole('').state;
  for (const [name, values] of Object.entries(bad)) {
    for (const text of values) {
      const { state, complaints } = whole(`?${name}=${text}`);
      assert.equal(complaints.length, 1, `${name}=${text}`);
      assert.ok(complaints[0].startsWith(`${name}=${text} is not `), complaints[0]);
      assert.ok(!/using (false|null|undefined|)\./.test(complaints[0]), complaints[0]);
      assert.deepEqual(state, usual);
    }
  }
});

test('numbers are read as people write them, and a class names its first sample', () => {
  const { state, complaints } = whole('?eps=0,02&eps_step=1/250&sample=cat');
  assert.deepEqual(complaints, []);
  assert.deepEqual([state.attack.eps, state.attack.eps_step, state.sample], [0.02, 0.004, 'cat-57']);
  assert.equal(decimal(' 8 / 255 '), 0.03137255);
  for (const text of ['', ' ', '1/2/3', '8/', '0x10', '1,000,5', '1e', 'x/255', '-']) assert.ok(Number.isNaN(decimal(text)), text);
});

test('starts are fewer where each has more steps, since the page keeps them all', () => {
  assert.equal(mostRestarts(CONSTANTS, 10), 3);
  assert.equal(mostRestarts(CONSTANTS, 30), 1);
  assert.equal(mostRestarts(CONSTANTS, 1), 10);
});

test('a picture of the visitor’s own is not in the address', () => {
  assert.equal(write({ ...whole('').state, sample: '' }, CONSTANTS), '?');
});
