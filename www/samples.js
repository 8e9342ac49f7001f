// @ts-check
// The sample pictures, drawn by `second-look draw`.

/** @typedef {import('../pkg/second_look.js').Class} Class */

/** @type {readonly string[]} CLASS-SEED, as `second-look draw` names its files; the first one is shown at first */
export const SAMPLES = [
  'horse-18',
  'airplane-2',
  'bird-36',
  'car-33',
  'deer-62',
  'dog-17',
  'ship-6',
  'truck-38',
  'airplane-5',
  'bird-9',
  'car-64',
  'deer-35',
  'dog-30',
  'horse-73',
  'ship-13',
  'truck-58',
];

/** @param {string} id */
export const address = (id) => new URL(`samples/${id}.png`, import.meta.url);

/** @param {string} id */
export const title = (id) => `drawn ${id.split('-')[0]}`;
