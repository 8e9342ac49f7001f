// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ATTACKERS, decimal } from '../../../www/core.js';
import { SAMPLES } from '../../../www/samples.js';
import { mostRestarts, read, readAttack, write } from '../../../www/url.js';
import { CONSTANTS } from './fixtures.js';

/** @param {string} query */
function whole(query) {
  const { sample, settings, run, present, open, complaints } = read(query);
  const { attack, complaints: more } = readAttack(query, CONSTANTS);
  return { state: { sample, settings, attack, run, present, open }, complaints: [...complaints, ...more] };
}

test('an empty address means the defaults of the core, and is written as such', () => {
  const { state, complaints } = whole('');
  assert.deepEqual(complaints, []);
  assert.equal(state.sample, SAMPLES[0]);
  assert.deepEqual(state.attack, { name: 'pgd', norm: 'linf', eps: 0.04, eps_step: 0.001, max_iter: 10, target: '', restarts: 0, stop: false });
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
    `?sample=${SAMPLES[0]}&attacker=selective`,
    `?sample=${SAMPLES[0]}&attacker=corrector&eps=0.02&max_iter=3&target=car&restarts=2&run=1`,
    `?sample=${SAMPLES[0]}&attacker=queries&norm=l2&run=1`,
    `?sample=${SAMPLES[0]}&attack=mi-fgsm&eps_step=0.002`,
    `?sample=${SAMPLES[0]}&attack=cw&max_iter=2`,
    `?sample=${SAMPLES[0]}&attack=cw&eps=2&run=1`,
    `?sample=${SAMPLES[0]}&attack=pgd&target=car&restarts=3&stop=1&run=1&present=1`,
    `?sample=${SAMPLES[0]}&many=1`,
    `?sample=${SAMPLES[0]}&attack=pgd&run=1&present=1&many=1&inside=1`,
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
  assert.deepEqual(attack, { name: 'pgd', norm: 'l2', eps: 3, eps_step: 6.9, max_iter: 10, target: '', restarts: 0, stop: false });
});

test('what is invalid is told and takes its default', () => {
  const bad = {
    attack: ['zzz', ''],
    attacker: ['everything', ''],
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
    many: ['2', '', '1.0', 'open'],
    inside: ['yes', '-1', 'true'],
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

test('an attacker stands for an attack, and an attack of another attacker is no answer to it', () => {
  const named = (/** @type {string} */ query) => whole(query).state.attack.name;
  for (const [attacker, name] of Object.entries(ATTACKERS)) assert.equal(named(`?attacker=${attacker}`), name);
  // Links from before there were attackers say attack=pgd whenever they say anything.
  assert.equal(named('?attack=pgd&eps=0.02&attacker=selective'), 'selective-pgd');
  assert.equal(named('?attack=selective-pgd'), 'selective-pgd');
  const { state, complaints } = whole('?attack=fgsm&attacker=corrector');
  assert.equal(state.attack.name, 'corrector');
  assert.deepEqual(complaints, ['attack=fgsm is not an attack of the attacker corrector; using corrector.']);
});

test('an attack is read by what it has: its norms, its steps within what the page keeps, no bound where it needs none', () => {
  assert.deepEqual(whole('?attack=cw').state.attack, { name: 'cw', norm: 'l2', eps: null, eps_step: 0.2, max_iter: 5, target: '', restarts: 0, stop: false });
  assert.equal(whole('?attacker=queries').state.attack.max_iter, 30); // the page's most, of the core's 1000
  for (const query of ['?attack=cw&norm=linf', '?attack=cw&max_iter=6', '?attack=cw&eps=8', '?attack=cw&restarts=1', '?attacker=queries&max_iter=31']) {
    assert.equal(whole(query).complaints.length, 1, query);
  }
  // A parameter that it lacks means nothing, and nothing is said of it.
  assert.deepEqual(whole('?attack=fgsm&eps_step=7&max_iter=99').complaints, []);
});

test('numbers are read as people write them, and a class names its first sample', () => {
  const { state, complaints } = whole('?eps=0,02&eps_step=1/250&sample=cat');
  assert.deepEqual(complaints, []);
  assert.deepEqual([state.attack.eps, state.attack.eps_step, state.sample], [0.02, 0.004, 'cat-52']);
  assert.equal(decimal(' 8 / 255 '), 0.03137255);
  for (const text of ['', ' ', '1/2/3', '8/', '0x10', '1,000,5', '1e', 'x/255', '-']) assert.ok(Number.isNaN(decimal(text)), text);
});

test('starts are fewer where each has more steps, since the page keeps them all', () => {
  assert.equal(mostRestarts(CONSTANTS, 10), 3);
  assert.equal(mostRestarts(CONSTANTS, 30), 1);
  assert.equal(mostRestarts(CONSTANTS, 1), 10);
});

test('the levels that are open are in the address, each by its own name', () => {
  assert.deepEqual(whole('?inside=1').state.open, { many: false, inside: true });
  assert.deepEqual(whole('?many=1&inside=0').state.open, { many: true, inside: false });
  assert.equal(write(whole('?many=0&inside=1').state, CONSTANTS), `?sample=${SAMPLES[0]}&inside=1`);
});

test('a picture of the visitor’s own is not in the address', () => {
  assert.equal(write({ ...whole('').state, sample: '' }, CONSTANTS), '?');
});
