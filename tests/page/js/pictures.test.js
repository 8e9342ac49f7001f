// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isCutOff } from '../../../www/pictures.js';

const SCAN = [0xff, 0xda, 0, 2, 1, 0xff, 0x00, 0xd9, 0xda, 7]; // bytes after FF 00 are data
const END = [0xff, 0xd9];
const THUMBNAIL = [0xff, 0xe1, 0, 12, 0xff, 0xd8, ...SCAN, ...END];

/** @param {...number[]} parts */
const file = (...parts) => new Blob([new Uint8Array(parts.flat())]);

test('a JPEG that ends within its last scan is cut off', async () => {
  const start = [0xff, 0xd8];
  assert.equal(await isCutOff(file(start, SCAN, END)), false);
  assert.equal(await isCutOff(file(start, SCAN)), true);
  assert.equal(await isCutOff(file(start, SCAN, SCAN, END)), false);
  assert.equal(await isCutOff(file(start, SCAN, END, [1, 2, 3, 0xd9, 0xda])), false); // some cameras add bytes
  assert.equal(await isCutOff(file(start, THUMBNAIL, SCAN)), true);
  assert.equal(await isCutOff(file(start, THUMBNAIL, SCAN, END)), false);
  assert.equal(await isCutOff(file([0x89, 0x50], SCAN)), false); // another format
  assert.equal(await isCutOff(file([])), false);
});
