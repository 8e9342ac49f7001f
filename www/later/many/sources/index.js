// @ts-check
// The kinds of sources.

import { files } from './files.js';
import { isBinary, stl10 } from './stl10.js';

export { computer, offered } from './computer.js';
export { drawn } from './drawn.js';
export { samples } from './samples.js';

/**
 * What the visitor chose: STL-10's files, or pictures.
 * @param {readonly File[]} chosen
 * @param {{classes: readonly import('./source.js').Class[], side: number}} constants
 */
export const ownOf = async (chosen, { classes, side }) => (chosen.some(isBinary) ? stl10(chosen, classes, side) : files(chosen, classes));
