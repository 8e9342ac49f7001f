// @ts-check
// Small changes of a picture that no attacker makes: what a camera, a screen or a file does. Pictures are planes R, G, B,
// each square, row by row, as everywhere on the page.

/** @typedef {(picture: Float32Array) => Float32Array} Change */

/** What `bright` adds and takes away, in values from 0 to 1. */
export const LIGHT = 0.1;
/** The quality that a JPEG is written with, of 1. */
export const QUALITY = 0.5;

/** A kernel of five values whose standard deviation is one pixel. */
const KERNEL = [1, 4, 6, 4, 1].map((weight) => weight / 16);

/** A picture whose value at each place is `of` the planes there. @param {Float32Array} picture @param {(plane: Float32Array, row: number, column: number, side: number) => number} of */
function each(picture, of) {
  const size = picture.length / 3;
  const side = Math.sqrt(size);
  const changed = new Float32Array(picture.length);
  for (let begin = 0; begin < picture.length; begin += size) {
    const plane = picture.subarray(begin, begin + size);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) changed[begin + row * side + column] = of(plane, row, column, side);
    }
  }
  return changed;
}

const within = (/** @type {number} */ at, /** @type {number} */ side) => Math.min(side - 1, Math.max(0, at));

/** @type {Change} */
export const flipped = (picture) => each(picture, (plane, row, column, side) => plane[row * side + side - 1 - column]);

/** One pixel to the right; the left edge is repeated. @type {Change} */
export const shifted = (picture) => each(picture, (plane, row, column, side) => plane[row * side + within(column - 1, side)]);

/** @type {Change} */
export function blurred(picture) {
  const across = each(picture, (plane, row, column, side) => mean((by) => plane[row * side + within(column + by, side)]));
  return each(across, (plane, row, column, side) => mean((by) => plane[within(row + by, side) * side + column]));
}

/** The weighted mean of five values. @param {(by: number) => number} at the places from -2 to 2 */
function mean(at) {
  let sum = 0;
  for (let i = 0; i < KERNEL.length; i++) sum += KERNEL[i] * at(i - 2);
  return sum;
}

/** @param {number} by @returns {Change} */
export const brighter = (by) => (picture) => picture.map((value) => Math.min(1, Math.max(0, value + by)));

/** A JPEG file of a picture's pixels. @param {ImageData} pixels */
export async function jpeg(pixels) {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
}
