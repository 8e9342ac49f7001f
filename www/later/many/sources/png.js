// @ts-check
// Pictures that came as numbers, as files.

import { asImage } from '../../../widgets/image.js';

/** @param {Float32Array} picture @param {string} name without its ending */
export async function asFile(picture, name) {
  const pixels = asImage(picture);
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  const png = await canvas.convertToBlob({ type: 'image/png' });
  return new File([png], `${name}.png`, { type: 'image/png' });
}
