// @ts-check
// Pictures that are drawn on the spot, by the module that draws (src/web_draw.rs): any number of them, of all classes or of one.

import { asFile } from './png.js';

/** @typedef {import('./source.js').Class} Class */
/** @typedef {typeof import('../../../../pkg/second_look_draw.js')} Module */
/** @typedef {{label: Class | '', seed: number}} Drawing which pictures; '': all classes in turn */

/** Seeds are whole numbers up to this one. */
export const LARGEST_SEED = 2 ** 32 - 1;

/** The module, from when it is first wanted. @type {Promise<Module> | undefined} */
let module;

/** @returns {Promise<Module>} */
function load() {
  module ??= begin().catch(() => {
    module = undefined;
    throw new Error('the part that draws could not be loaded; check the connection, and load the page again');
  });
  return module;
}

async function begin() {
  const drawing = await import('../../../../pkg/second_look_draw.js');
  const exports = await drawing.default();
  exports.__wasm_call_ctors?.(); // as in worker/load.js
  return drawing;
}

/**
 * @param {Drawing} what
 * @param {number} count of the pictures
 * @param {readonly Class[]} classes
 * @returns {import('./source.js').Source}
 */
export function drawn({ label, seed }, count, classes) {
  let first = 0n;
  const labelOf = (/** @type {number} */ index) => label || classes[index % classes.length];
  const nameOf = (/** @type {number} */ index) => `${labelOf(index)}-${first + BigInt(index)}`;
  const read = async (/** @type {number} */ index) => (await load()).draw(labelOf(index), first + BigInt(index));
  return {
    kind: 'drawn',
    title: `pictures drawn on the spot by this project (${label || 'all classes'}, seed ${seed})`,
    caution: 'They are drawings, and no network learned from them: figures of photographs are others.',
    drawn: true,
    count,
    nameOf,
    labelOf,
    async ready() {
      first = (await load()).first_seed(seed);
    },
    read,
    open: async (index) => asFile(await read(index), nameOf(index)),
  };
}
