// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { detection, inside, watchedStep } from '../../../www/worker/border.js';
import { detection as found, step as made } from './fixtures.js';

/** Pictures of two values. @param {...number} values */
const pictures = (...values) => Float32Array.from(values);
const verdict = JSON.parse(JSON.stringify(found().verdict)); // as it comes

test('a detection’s pictures are those of the array, in its order', () => {
  const familiarity = { familiar: false, familiarity: 0.02 };
  const json = JSON.stringify({ verdict, familiarity });
  assert.deepEqual(detection([json, pictures(1, 2, 3, 4)], 2), { verdict, familiarity, reconstruction: pictures(1, 2), correction: pictures(3, 4) });
  const untold = JSON.stringify({ verdict, familiarity: null }); // the classifier's file does not tell
  assert.deepEqual(detection([untold, pictures(1, 2)], 2), { verdict, familiarity: undefined, reconstruction: pictures(1, 2), correction: undefined });
});

test('a step’s pictures are those of the array, in one buffer', () => {
  const { step } = made(3);
  const packed = pictures(1, 2, 3, 4, 5, 6);
  const { picture, detection: seen, ...rest } = watchedStep([JSON.stringify({ step, verdict }), packed], 2);
  assert.deepEqual(rest, { step });
  assert.deepEqual(picture, pictures(1, 2));
  assert.deepEqual(seen, { verdict, familiarity: undefined, reconstruction: pictures(3, 4), correction: pictures(5, 6) });
  for (const view of [picture, seen.reconstruction, seen.correction]) assert.equal(view?.buffer, packed.buffer);
  assert.equal(watchedStep([JSON.stringify({ step, verdict }), pictures(1, 2, 3, 4)], 2).detection.correction, undefined);
});

test('what is inside is cut as it was put together: the bottleneck, the gradient of the loss, that of the score', () => {
  const values = Float32Array.from({ length: 10 }, (_, i) => i);
  const { shape, latent, lossGradient, scoreGradient } = inside(['{"shape":[3,1,2]}', values], 2);
  assert.deepEqual(shape, [3, 1, 2]);
  assert.deepEqual([latent, lossGradient, scoreGradient], [pictures(0, 1, 2, 3, 4, 5), pictures(6, 7), pictures(8, 9)]);
});
