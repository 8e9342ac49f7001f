// @ts-check
// Pictures (numbers in [0, 1]: planes R, G, B, each square, row by row) as pixels and on canvases.

/** @type {WeakMap<Float32Array, ImageData>} */
const made = new WeakMap();

/** @param {Float32Array} picture which is not changed afterwards */
export function asImage(picture) {
  let pixels = made.get(picture);
  if (!pixels) made.set(picture, (pixels = render(picture)));
  return pixels;
}

/** @param {Float32Array} picture */
function render(picture) {
  const plane = picture.length / 3;
  const side = Math.sqrt(plane);
  const pixels = new ImageData(side, side);
  const { data } = pixels; // rounds and clamps
  for (let i = 0; i < plane; i++) {
    data[4 * i] = picture[i] * 255;
    data[4 * i + 1] = picture[plane + i] * 255;
    data[4 * i + 2] = picture[2 * plane + i] * 255;
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
  return render(change);
}

/** @param {HTMLCanvasElement} canvas @param {ImageData} pixels */
export function show(canvas, pixels) {
  const { width, height } = pixels;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
}
