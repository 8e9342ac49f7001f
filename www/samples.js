// @ts-check
// The sample pictures, drawn by `second-look draw`.

/** @typedef {import('../pkg/second_look.js').Class} Class */

/** @type {readonly string[]} CLASS-SEED, as `second-look draw` names its files; the first one is shown at first */
export const SAMPLES = [
  'horse-18',
  'airplane-2',
  'bird-36',
  'car-33',
  'cat-52',
  'deer-11',
  'dog-27',
  'monkey-39',
  'ship-11',
  'truck-35',
  'airplane-16',
  'bird-19',
  'car-16',
  'cat-15',
  'deer-7',
  'dog-1',
  'horse-21',
  'monkey-8',
  'ship-2',
  'truck-28',
];

/** @param {string} id */
export const address = (id) => new URL(`samples/${id}.png`, import.meta.url);

/** @param {string} id */
export const title = (id) => `drawn ${id.split('-')[0]}`;
