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

test('a difference is grey where nothing changed, and its largest value reaches white or black', () => {
  const from = new Float32Array(12).fill(0.5);
  const to = Float32Array.from(from);
  to[0] += 0.125;
  to[5] -= 0.0625;
  const times = amplification(from, to);
  assert.equal(times, 4);
  const { data } = asDifference(from, to, times);
  assert.deepEqual([...data.slice(0, 8)], [255, 128, 128, 255, 128, 64, 128, 255]);
  assert.equal(amplification(from, from), 1);
});
