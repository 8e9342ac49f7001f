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
const { channelsOf, concentration, fullOf, inGrey, overlay, perLevel, strongestPlace } = await import('../../../www/later/gradients.js');

test('a pixel’s slope is that of its three values together, for a grey level', () => {
  const gradient = new Float32Array([255, 0, 0, 0, /* green */ 255, 0, -510, 0, /* blue */ -1020, 51, 0, 0]);
  assert.deepEqual([...perLevel(gradient)].map((value) => Math.round(value * 1e5) / 1e5), [-2, 0.2, -2, 0]);
});

test('channels are cut from the bottleneck in its order, each with its own range', () => {
  const [first, second, ...rest] = channelsOf([2, 1, 3], new Float32Array([1, 5, 3, -2, -2, 0]));
  assert.equal(rest.length, 0);
  assert.deepEqual([first.low, first.high, first.width, first.height], [1, 5, 3, 1]);
  assert.deepEqual([second.low, second.high], [-2, 0]);
  assert.deepEqual([...inGrey(first).data], [0, 0, 0, 255, 255, 255, 255, 255, 128, 128, 128, 255]);
  assert.deepEqual([...inGrey(second).data].filter((_, i) => i % 4 === 0), [0, 0, 255]);
});

test('a list of numbers is one row, and a channel without contrast is grey', () => {
  const [list, ...rest] = channelsOf([4, 1, 1], new Float32Array([0, 1, 2, 4]));
  assert.equal(rest.length, 0);
  assert.deepEqual([list.width, list.height, list.low, list.high], [4, 1, 0, 4]);
  assert.deepEqual([...inGrey(list).data].filter((_, i) => i % 4 === 0), [0, 64, 128, 255]);
  const [flat] = channelsOf([1, 2, 2], new Float32Array(4).fill(3));
  assert.ok([...inGrey(flat).data].every((value, i) => value === (i % 4 === 3 ? 255 : 128)));
});

test('red is up, blue is down, and what is 0 is the picture in grey', () => {
  const picture = new Float32Array(12).fill(0.5);
  const { data } = overlay(picture, new Float32Array([2, -2, 0, 1]), 2);
  const [up, down, none, half] = [0, 4, 8, 12].map((i) => [...data.slice(i, i + 3)]);
  assert.ok(up[0] > 150 && up[2] < 60, String(up));
  assert.ok(down[2] > 150 && down[0] < 60, String(down));
  assert.deepEqual(none, [190, 190, 190]);
  assert.ok(half[1] > up[1] && half[1] < none[1], String(half)); // weaker, and still red
  // Without any slope nothing is coloured.
  assert.deepEqual([...overlay(picture, new Float32Array(4), 0).data.slice(0, 4)], [190, 190, 190, 255]);
});

test('strength is told by its share and its place, whatever its sign', () => {
  const values = new Float32Array(900).fill(0.01);
  for (let row = 20; row < 30; row++) for (let column = 0; column < 9; column++) values[30 * row + column] = column % 2 === 0 ? 1 : -1;
  assert.equal(strongestPlace(values), 'bottom left');
  assert.ok(Math.abs(concentration(values) - 90 / 98.1) < 1e-3);
  assert.equal(fullOf(values), 1);
  assert.equal(concentration(new Float32Array(100)), 0);
  assert.ok(Math.abs(concentration(new Float32Array(100).fill(-2)) - 0.1) < 1e-6);
  const middle = new Float32Array(9);
  middle[4] = -3;
  assert.equal(strongestPlace(middle), 'centre');
});
