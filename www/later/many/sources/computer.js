// @ts-check
// STL-10's files on this computer, where `second-look serve --data` offers them (src/cli/serve/data.rs).

import { stl10 } from './stl10.js';

/** @typedef {{name: string, size: number}} There a file there */
/** @typedef {{pictures: There, labels: There | null, protocol: string | null}} Offer `protocol`: by which networks are trained on it */

/** The server's root; the page is a folder in it. */
const ROOT = new URL('../../../../', import.meta.url);
/** It offers them to this computer alone, so no other host is asked. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @returns {Promise<Offer[]>} */
export async function offered() {
  if (!LOOPBACK.test(ROOT.hostname)) return [];
  try {
    const response = await fetch(new URL('data.json', ROOT));
    return response.ok ? await response.json() : [];
  } catch {
    return []; // another server, or none any more
  }
}

/** @param {string} name @param {number} from @param {number} to */
async function part(name, from, to) {
  const options = { headers: { range: `bytes=${from}-${to - 1}` }, cache: /** @type {const} */ ('no-store') };
  const response = await fetch(new URL(`data/${name}`, ROOT), options).catch(() => {
    throw new Error('the server of this page does not answer');
  });
  if (response.status !== 206) throw new Error(`the server of this page said ${response.status} to a request for a part of ${name}`);
  return response.arrayBuffer();
}

/** @param {There} file @returns {import('./stl10.js').Binary} */
const binary = ({ name, size }) => ({
  name,
  size,
  slice: (from, to) => ({ arrayBuffer: () => part(name, from, to) }),
  arrayBuffer: () => part(name, 0, size),
});

/**
 * @param {Offer} offer
 * @param {{classes: readonly import('./source.js').Class[], side: number}} constants
 * @returns {Promise<import('./source.js').Source>}
 */
export async function computer({ pictures, labels, protocol }, { classes, side }) {
  const source = await stl10([pictures, ...(labels ? [labels] : [])].map(binary), classes, side);
  return { ...source, kind: 'computer', title: `${source.title} on this computer`, ...(protocol && { trainedBy: protocol }) };
}
