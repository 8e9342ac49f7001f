// @ts-check
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { limitOf, populations, roc, shareAbove } from '../../../www/scores.js';
import * as s from '../../../www/state.js';
import { networks } from './fixtures.js';

const WWW = new URL('../../../www/', import.meta.url);
/** @type {import('../../../www/scores.js').Scores} */
const SCORES = JSON.parse(readFileSync(new URL('scores.json', WWW), 'utf8'));

test('shares above a limit, and the limit of a share', () => {
  const scores = [0, 1, 1, 2, 5];
  assert.deepEqual([-1, 0, 1, 1.5, 5].map((limit) => shareAbove(scores, limit)), [1, 0.8, 0.4, 0.4, 0]);
  for (const share of [0, 0.2, 0.4, 0.8]) assert.equal(shareAbove(scores, limitOf(scores, share)), share);
  assert.equal(limitOf(scores, 1), 0);
});

test('the ROC curve goes from none to all, and its area is that of all pairs', () => {
  const [clean, attacked] = [[0.1, 0.2, 0.3, 0.3], [0.2, 0.3, 0.6]];
  const { points, area } = roc({ temperature: 1, clean, attacked });
  assert.deepEqual(points[0], [0, 0]);
  assert.deepEqual(points.at(-1), [1, 1]);
  const pairs = attacked.flatMap((a) => clean.map((c) => (a > c ? 1 : a === c ? 0.5 : 0)));
  assert.ok(Math.abs(area - pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length) < 1e-12);
  assert.equal(roc({ temperature: 1, clean: [1, 2], attacked: [3, 4] }).area, 1);
});

test('the bundled scores are few, sorted, and of the bundled networks', () => {
  assert.ok(readFileSync(new URL('scores.json', WWW)).length <= 40_000);
  const sum = (/** @type {string} */ name) => createHash('sha256').update(readFileSync(new URL(`models/${name}.safetensors`, WWW))).digest('hex');
  const files = [['classifier', 'autoencoder'], ['vgg16', 'vgg16-autoencoder'], ['classifier', 'tutorial'], ['vgg16', 'vgg16-tutorial']];
  const pairs = files.map((names) => String(names.map(sum)));
  for (const { classifier, autoencoder, scores, pictures, attack } of SCORES.sets) {
    assert.ok(pairs.includes(String([classifier, autoencoder])), 'run scripts/scores.py again: a network was replaced');
    assert.ok(pictures && attack);
    for (const { clean, attacked } of scores) {
      for (const values of [clean, attacked]) assert.deepEqual(values, [...values].sort((a, b) => a - b));
    }
  }
});

test('scores are of use only for the networks that they are of', () => {
  const begun = s.scoresLoaded(s.begin(''), /** @type {any} */ ({ sets: [{ classifier: 'c1', autoencoder: 'a1' }, { classifier: 'c1', autoencoder: 'a2' }] }));
  assert.deepEqual(populations(begun), []);
  const opened = s.networksOpened(begun, s.starting(begun)?.id ?? -1, networks());
  assert.deepEqual(populations(opened), [{ classifier: 'c1', autoencoder: 'a1' }]);
});
