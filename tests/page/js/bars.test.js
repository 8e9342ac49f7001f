// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mattering } from '../../../www/widgets/bars.js';
import { CONSTANTS } from './fixtures.js';

test('a class matters when a prediction thinks it likely, and the likeliest one always', () => {
  const { classes } = CONSTANTS;
  const rows = (/** @type {(number[] | undefined)[]} */ ...predictions) => [...mattering(classes, predictions)];
  assert.deepEqual(rows(), []);
  assert.deepEqual(rows([0.99, 0.01, 0]), ['airplane']);
  assert.deepEqual(rows([0.9, 0.06, 0.04], undefined), ['airplane', 'bird']);
  assert.deepEqual(rows([0.99, 0.01, 0], [0.01, 0, 0.99]), ['airplane', 'car']);
  assert.deepEqual(rows([0.01, 0.02, 0.03]), ['car']); // however unsure it is
});
