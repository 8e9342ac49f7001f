// @ts-check
// Where many pictures come from. One kind of source is one file in this folder; pictures are read one at a time, so that
// there may be any number of them.

/** @typedef {import('../../../core.js').Class} Class */
/** @typedef {import('../../../worker/client.js').Client} Client */

/**
 * @typedef {object} Source
 * @property {string} kind
 * @property {string} title what the pictures are, for a sentence
 * @property {string} caution what its figures do not tell; '' if there is nothing to be said
 * @property {boolean} [drawn] whether they are drawings; undefined if that is not known
 * @property {string} [trainedBy] the protocol by which networks are trained on these pictures
 * @property {() => Promise<void>} [ready] what must be there before the first picture
 * @property {number} count of the pictures
 * @property {(index: number) => string} nameOf a picture
 * @property {(index: number) => Class | undefined} labelOf what a picture shows, if that is known
 * @property {(index: number, worker: Client) => Promise<Float32Array>} read a picture as the networks see it
 * @property {(index: number) => Promise<Blob>} open a picture as a file
 */

/** @typedef {'first' | 'spread'} Order which pictures of a source are taken */

/** The first ones, or every `step`-th one. @param {number} count of all @param {number} wanted @param {Order} order */
export const stepOf = (count, wanted, order) => (order === 'spread' ? Math.max(1, Math.floor(count / wanted)) : 1);

/** The places of the pictures that are taken. @param {number} count of all @param {number} wanted @param {Order} order */
export function places(count, wanted, order) {
  const step = stepOf(count, wanted, order);
  return Array.from({ length: Math.min(count, wanted) }, (_, i) => i * step);
}
