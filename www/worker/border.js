// @ts-check
// Unpacks what comes from the module: one string and one array for an answer with pictures.

/** @typedef {import('../core.js').Detection} Detection */
/** @typedef {import('../core.js').Examined} Examined */
/** @typedef {import('../core.js').Inside} Inside */
/** @typedef {import('../core.js').StepNumbers} StepNumbers */
/** @typedef {import('../core.js').WatchedStep} WatchedStep */

/**
 * @template T
 * @typedef {import('../core.js').Packed<T>} Packed
 */

/**
 * The pictures are views of one buffer, which goes to the page as a whole.
 * @param {Float32Array} pictures one after the other
 * @param {number} length of a picture
 */
function split(pictures, length) {
  return Array.from({ length: pictures.length / length }, (_, i) => pictures.subarray(i * length, (i + 1) * length));
}

/** @param {Packed<Examined>} packed @param {number} length of a picture @returns {Detection} */
export function detection([json, pictures], length) {
  const [reconstruction, correction] = split(pictures, length);
  /** @type {Examined} */
  const { verdict, familiarity } = JSON.parse(json);
  return { verdict, familiarity: familiarity ?? undefined, reconstruction, correction };
}

/** @param {Packed<StepNumbers>} packed @param {number} length of a picture @returns {WatchedStep} */
export function watchedStep([json, pictures], length) {
  /** @type {StepNumbers} */
  const { step, verdict } = JSON.parse(json);
  const [picture, reconstruction, correction] = split(pictures, length);
  return { step, picture, detection: { verdict, familiarity: undefined, reconstruction, correction } };
}

/** @param {Packed<import('../../pkg/second_look.js').Inside>} packed @param {number} length of a picture @returns {Inside} */
export function inside([json, values], length) {
  const { shape } = JSON.parse(json);
  const end = values.length - 2 * length;
  const [lossGradient, scoreGradient] = split(values.subarray(end), length);
  return { shape, latent: values.subarray(0, end), lossGradient, scoreGradient };
}
