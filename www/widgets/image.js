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

/** @param {Float32Array} from @param {Float32Array} to */
function largestChange(from, to) {
  let most = 0;
  for (let i = 0; i < from.length; i++) most = Math.max(most, Math.abs(to[i] - from[i]));
  return most;
}

/**
 * How many times an attack's noise is amplified: so often at every step, that its growth is seen, and so that its
 * largest value is full white or black at the distance that the attack may reach. What that value will be there is reckoned
 * from the latest step.
 * @param {Float32Array} original
 * @param {import('../state.js').Run | undefined} run
 */
export function amplification(original, run) {
  const last = run?.steps.findLast(({ step }) => step.distance > 0);
  if (!run || !last) return 1;
  const { eps, eps_step = Infinity, num_random_init = 0 } = run.config;
  const bound = eps ?? Infinity;
  const reach = num_random_init > 0 ? bound : Math.min(bound, eps_step * run.shape.steps);
  const most = largestChange(original, last.picture) * (Number.isFinite(reach) ? reach / last.step.distance : 1);
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
