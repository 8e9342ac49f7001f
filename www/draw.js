// @ts-check
// Pictures (27,648 numbers in [0, 1]: planes R, G, B, row by row) on canvases.

export const SIDE = 96;
const PLANE = SIDE * SIDE;

/** @param {Float32Array} picture */
export function asImage(picture) {
  const pixels = new ImageData(SIDE, SIDE);
  const { data } = pixels; // rounds and clamps
  for (let i = 0; i < PLANE; i++) {
    data[4 * i] = picture[i] * 255;
    data[4 * i + 1] = picture[PLANE + i] * 255;
    data[4 * i + 2] = picture[2 * PLANE + i] * 255;
    data[4 * i + 3] = 255;
  }
  return pixels;
}

/**
 * How many times a difference can be amplified until its largest value is full white or black.
 * @param {Float32Array} from @param {Float32Array} to
 */
export function amplification(from, to) {
  let most = 0;
  for (let i = 0; i < from.length; i++) most = Math.max(most, Math.abs(to[i] - from[i]));
  return most > 0 ? 0.5 / most : 1;
}

/**
 * What changed, grey where nothing did.
 * @param {Float32Array} from @param {Float32Array} to @param {number} times
 */
export function asDifference(from, to, times) {
  const change = new Float32Array(from.length);
  for (let i = 0; i < from.length; i++) change[i] = 0.5 + (to[i] - from[i]) * times;
  return asImage(change);
}

/** @param {HTMLCanvasElement} canvas @param {ImageData} pixels */
export function show(canvas, pixels) {
  if (canvas.width !== SIDE || canvas.height !== SIDE) canvas.width = canvas.height = SIDE;
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
}
