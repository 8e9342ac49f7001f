// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { STEPS, TICKS, place, value } from '../../../www/widgets/scale.js';

test('the axis rises from 0 to 1 and keeps scores outside of it at its ends', () => {
  const places = TICKS.map(place);
  assert.equal(places[0], 0);
  assert.equal(places.at(-1), 1);
  places.slice(1).forEach((at, i) => assert.ok(at > places[i]));
  assert.equal(place(-3), 0);
  assert.equal(place(1000), 1);
});

test('a place stands for the value that stands there, to three digits', () => {
  for (let i = 0; i <= STEPS; i++) {
    const nats = value(i / STEPS);
    assert.ok(Math.abs(place(nats) - i / STEPS) < 1e-3, `${i}: ${nats}`);
    assert.equal(nats, Number(nats.toPrecision(3)));
  }
});
