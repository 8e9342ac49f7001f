// @ts-check
// STL-10's binary files, as src/data/stl10.rs reads them: bytes, picture after picture, planes R, G, B, each plane column by
// column; and a byte for each picture's label, 1 to 10. Only the pictures that are wanted are read: the files are large.

import { asFile } from './png.js';

/** @typedef {import('./source.js').Class} Class */
/** @typedef {{arrayBuffer: () => Promise<ArrayBuffer>}} Bytes */
/** @typedef {Bytes & {name: string, size: number, slice: (from: number, to: number) => Bytes}} Binary a file, the visitor's or the server's */

export const isBinary = (/** @type {{name: string}} */ file) => file.name.toLowerCase().endsWith('.bin');

/**
 * The picture in these bytes: values in [0, 1], planes R, G, B, each row by row.
 * @param {Uint8Array} bytes @param {number} side
 */
export function fromColumns(bytes, side) {
  const plane = side * side;
  const picture = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) picture[c * plane + y * side + x] = bytes[c * plane + x * side + y] / 255;
    }
  }
  return picture;
}

/**
 * The file of pictures and that of their labels, told apart by their sizes.
 * @param {readonly Binary[]} files @param {number} size of a picture, in bytes
 */
function apart(files, size) {
  const [first, second] = files.toSorted((a, b) => b.size - a.size);
  if (files.length > 2) throw new Error('choose one STL-10 file, and that of its labels');
  if (first.size === 0 || first.size % size !== 0) {
    throw new Error(`${first.name} is no file of STL-10’s pictures: expected a whole number of pictures of ${size.toLocaleString('en')} bytes, found ${(first.size % size).toLocaleString('en')} bytes too many`);
  }
  return { pictures: first, labels: second };
}

/** @param {Binary} file @param {number} count of the pictures @param {readonly Class[]} classes */
async function readLabels(file, count, classes) {
  if (file.size !== count) throw new Error(`${file.name} does not belong to them: expected ${count} labels, found ${file.size}`);
  return Array.from(new Uint8Array(await file.arrayBuffer()), (byte, at) => {
    const label = classes[byte - 1];
    if (label === undefined) throw new Error(`${file.name} holds no labels of STL-10: expected 1 to ${classes.length}, found ${byte} at index ${at}`);
    return label;
  });
}

/**
 * @param {readonly Binary[]} chosen
 * @param {readonly Class[]} classes
 * @param {number} side of a picture
 * @returns {Promise<import('./source.js').Source>}
 */
export async function stl10(chosen, classes, side) {
  const size = 3 * side * side;
  const { pictures, labels: file } = apart(chosen.filter(isBinary), size);
  const count = pictures.size / size;
  const labels = file && (await readLabels(file, count, classes));
  const read = async (/** @type {number} */ index) => {
    const bytes = await pictures.slice(index * size, (index + 1) * size).arrayBuffer();
    return fromColumns(new Uint8Array(bytes), side);
  };
  return {
    kind: 'stl10',
    title: `photographs of ${pictures.name}`,
    caution: '',
    drawn: false,
    count,
    nameOf: (index) => `${pictures.name} ${index}`,
    labelOf: (index) => labels?.[index],
    read,
    open: async (index) => asFile(await read(index), `${pictures.name}-${index}`),
  };
}
