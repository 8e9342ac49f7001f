// @ts-check
// The page's own samples.

import { decode, loadSample } from '../../../pictures.js';
import { SAMPLES } from '../../../samples.js';

/** @typedef {import('./source.js').Class} Class */

/** @returns {import('./source.js').Source} */
export function samples() {
  const open = (/** @type {number} */ index) => loadSample({ kind: 'sample', id: SAMPLES[index] });
  return {
    kind: 'samples',
    title: 'samples of this page, drawn by this project',
    caution: 'They were chosen because they show the method at work: photographs fool it more often.',
    drawn: true,
    count: SAMPLES.length,
    nameOf: (index) => SAMPLES[index],
    labelOf: (index) => /** @type {Class} */ (SAMPLES[index].split('-')[0]),
    read: async (index, worker) => decode(worker, await open(index)),
    open,
  };
}
