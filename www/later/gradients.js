// @ts-check
// What is drawn of the inside of the networks: channels in grey, gradients in red and blue over a picture.

/** How far a pixel's three values go up together where it gets one grey level brighter. */
const LEVEL = 1 / 255;
/** At full colour is what only so many pixels exceed. */
const STRONGEST = 0.01;

/** What a number changes by where one pixel gets one grey level brighter. @param {Float32Array} gradient in the values of a picture */
export function perLevel(gradient) {
  const plane = gradient.length / 3;
  return Float32Array.from({ length: plane }, (_, i) => (gradient[i] + gradient[plane + i] + gradient[2 * plane + i]) * LEVEL);
}

/** @param {Float32Array} values */
const strengths = (values) => values.map(Math.abs).sort().reverse();

/** The strength that is drawn in full colour. @param {Float32Array} values */
export const fullOf = (values) => strengths(values)[Math.floor(values.length * STRONGEST)];

/** How much of all strength the strongest tenth of the pixels has. @param {Float32Array} values */
export function concentration(values) {
  const all = strengths(values);
  const sum = (/** @type {Float32Array} */ part) => part.reduce((total, value) => total + value, 0);
  const total = sum(all);
  return total > 0 ? sum(all.subarray(0, Math.round(all.length / 10))) / total : 0;
}

const ROWS = ['top', 'middle', 'bottom'];
const COLUMNS = ['left', 'centre', 'right'];

/** Which ninth of the picture has the most strength, in words. @param {Float32Array} values */
export function strongestPlace(values) {
  const side = Math.sqrt(values.length);
  const sums = new Array(9).fill(0);
  const third = (/** @type {number} */ at) => Math.min(2, Math.floor((3 * at) / side));
  for (const [i, value] of values.entries()) sums[3 * third(Math.floor(i / side)) + third(i % side)] += Math.abs(value);
  const most = sums.indexOf(Math.max(...sums));
  return most === 4 ? 'centre' : `${ROWS[Math.floor(most / 3)]} ${COLUMNS[most % 3]}`;
}

const RED = [214, 24, 24];
const BLUE = [20, 84, 235];

/**
 * Red where a value is above 0, blue where it is below, the fuller the stronger, over a pale grey picture.
 * @param {Float32Array} picture @param {Float32Array} values one for each pixel @param {number} full drawn in full colour
 */
export function overlay(picture, values, full) {
  const plane = values.length;
  const side = Math.sqrt(plane);
  const pixels = new ImageData(side, side);
  const { data } = pixels;
  for (let i = 0; i < plane; i++) {
    const grey = 140 + (100 * (picture[i] + picture[plane + i] + picture[2 * plane + i])) / 3;
    const strength = full > 0 ? Math.min(1, Math.abs(values[i]) / full) : 0;
    const colour = values[i] > 0 ? RED : BLUE;
    for (let k = 0; k < 3; k++) data[4 * i + k] = grey + strength * (colour[k] - grey);
    data[4 * i + 3] = 255;
  }
  return pixels;
}

/** @typedef {{values: Float32Array, width: number, height: number, low: number, high: number}} Channel */

/**
 * The channels of a bottleneck. A list of single numbers is one channel, a row of them.
 * @param {readonly [channels: number, height: number, width: number]} shape @param {Float32Array} latent
 * @returns {Channel[]}
 */
export function channelsOf([channels, height, width], latent) {
  const isList = height === 1 && width === 1;
  const [count, length] = isList ? [1, channels] : [channels, height * width];
  return Array.from({ length: count }, (_, i) => {
    const values = latent.subarray(i * length, (i + 1) * length);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { values, width: isList ? channels : width, height, low, high };
  });
}

/** Black is its least value, white its largest. @param {Channel} channel */
export function inGrey({ values, width, height, low, high }) {
  const pixels = new ImageData(width, height);
  for (const [i, value] of values.entries()) {
    const grey = high > low ? (255 * (value - low)) / (high - low) : 128;
    pixels.data.set([grey, grey, grey, 255], 4 * i);
  }
  return pixels;
}
