// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

// The browser's, as far as it is used.
Object.assign(globalThis, {
  ImageData: class {
    /** @param {number} width @param {number} height */
    constructor(width, height) {
      Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
    }
  },
});
const { amplification, asDifference, asImage } = await import('../../../www/widgets/image.js');

test('planes of red, green and blue become opaque pixels, rounded and clamped', () => {
  const picture = new Float32Array([1, 0, 0, 0.5, /* green */ 0, 1, 0, 0.2, /* blue */ 0, 0, 2, -1]);
  const { width, height, data } = asImage(picture);
  assert.deepEqual([width, height], [2, 2]);
  assert.deepEqual([...data], [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 128, 51, 0, 255]);
});

/** @param {Partial<import('../../../www/core.js').Pgd>} config @param {{picture: Float32Array, distance: number}[]} steps */
const run = (config, steps) =>
  /** @type {any} */ ({ config: { eps: 1, eps_step: 0.125, ...config }, shape: { steps: config.max_iter ?? 4 }, steps: steps.map(({ picture, distance }) => ({ picture, step: { distance } })) });

test('the noise is grey where nothing changed, and reaches white or black at the distance that the attack may reach', () => {
  const from = new Float32Array(12).fill(0.5);
  const to = Float32Array.from(from);
  to[0] += 0.125;
  to[5] -= 0.0625;
  const attack = run({ max_iter: 1 }, [{ picture: from, distance: 0 }, { picture: to, distance: 0.125 }]);
  const times = amplification(from, attack);
  assert.equal(times, 4);
  const { data } = asDifference(from, to, times);
  assert.deepEqual([...data.slice(0, 8)], [255, 128, 128, 255, 128, 64, 128, 255]);
  assert.equal(amplification(from, undefined), 1);
  assert.equal(amplification(from, run({}, [{ picture: from, distance: 0 }])), 1);
});

test('one scale for all steps: the noise is seen to grow', () => {
  const from = new Float32Array(12).fill(0.5);
  const moved = (/** @type {number} */ by) => Float32Array.from(from, (value, i) => (i === 0 ? value + by : value));
  const steps = [0, 1, 2, 3, 4].map((t) => ({ picture: moved(t / 32), distance: t / 8 }));
  const scales = [2, 3, 4, 5].map((count) => amplification(from, run({}, steps.slice(0, count))));
  assert.deepEqual(scales, [4, 4, 4, 4]);
  // eps bounds it where it is less than all steps together, and alone where an attack starts anywhere within eps.
  assert.equal(amplification(from, run({ eps: 0.25 }, steps.slice(0, 2))), 8);
  assert.equal(amplification(from, run({ num_random_init: 2 }, steps.slice(0, 2))), 2);
  // Without a bound it is the size that there is.
  assert.equal(amplification(from, run(/** @type {any} */ ({ eps: null, eps_step: undefined }), steps)), 4);
});
