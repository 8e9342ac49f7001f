// @ts-check
// Picture files, or a folder of them, that the visitor chooses.

import { decode } from '../../../pictures.js';

/** @typedef {import('./source.js').Class} Class */

/**
 * What a file shows, if its name or its folder's begins with that: cat.jpg, cat-12.png, Cats/12.png, and not catalogue.png.
 * @param {string} path @param {readonly Class[]} classes
 */
export function labelOf(path, classes) {
  const [name = '', folder = ''] = path.split('/').toReversed();
  const begins = (/** @type {string} */ text) => classes.find((label) => new RegExp(`^${label}s?(?![\\p{L}])`, 'iu').test(text));
  return begins(name) ?? begins(folder);
}

/** @param {File} file */
const pathOf = (file) => file.webkitRelativePath || file.name;

/** What of a folder may be a picture; which formats can be read shows when they are. @param {File} file */
export const isPicture = (file) => file.type.startsWith('image/') && !file.name.startsWith('.');

/**
 * @param {readonly File[]} all
 * @param {readonly Class[]} classes
 * @returns {import('./source.js').Source}
 */
export function files(all, classes) {
  const pictures = all.filter(isPicture).toSorted((a, b) => pathOf(a).localeCompare(pathOf(b), 'en', { numeric: true }));
  if (pictures.length === 0) throw new Error(`there is no picture among ${all.length === 1 ? 'it' : `these ${all.length} files`}`);
  return {
    kind: 'files',
    title: pictures.length === 1 ? 'picture of your own' : 'pictures of your own',
    caution: 'Whatever a picture shows, it is called one of the ten things.',
    count: pictures.length,
    nameOf: (index) => pathOf(pictures[index]),
    labelOf: (index) => labelOf(pathOf(pictures[index]), classes),
    read: (index, worker) => decode(worker, pictures[index]),
    open: async (index) => pictures[index],
  };
}
