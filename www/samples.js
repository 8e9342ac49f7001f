// @ts-check
// The sample pictures, drawn by `second-look draw`.

/** @typedef {import('../pkg/second_look.js').Class} Class */

/** @type {readonly string[]} CLASS-SEED, as `second-look draw` names its files; the first one is shown at first */
export const SAMPLES = [
  'truck-1',
  'airplane-0',
  'airplane-1',
  'bird-0',
  'bird-1',
  'car-0',
  'car-1',
  'cat-0',
  'cat-1',
  'deer-0',
  'deer-1',
  'dog-0',
  'dog-1',
  'horse-0',
  'horse-1',
  'monkey-0',
  'monkey-1',
  'ship-0',
  'ship-1',
  'truck-0',
];

/** @param {string} id */
export const address = (id) => new URL(`samples/${id}.png`, import.meta.url);

/** @param {string} id */
export const title = (id) => `drawn ${id.split('-')[0]}`;
