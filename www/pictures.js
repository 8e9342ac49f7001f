// @ts-check
// Opens pictures: loads or takes the file, has it decoded, and has the networks look at it.

import * as samples from './samples.js';
import { client, sentence } from './session.js';
import { pictureDecoded, pictureFailed, pictureHanded, pictureShown, starting } from './state.js';
import { Gone } from './worker/client.js';
import { pictureWarning } from './words.js';

/** @typedef {import('./state.js').Opening} Opening */

/** What the core's decoder reads by itself; what it refuses of these is broken or has too many pixels. */
const OWN_FORMATS = /^image\/(jpeg|png)$/;
/** The core refuses pictures of more pixels; the browser scales them down for it, */
const LARGE = 25e6;
/** but none of more than these, which would take too much of its own memory. */
const LARGEST = 64e6;
/** The shorter side that a picture in another format is given, in pixels. */
const ENOUGH = 768;

/** @param {import('./store.js').Store} store */
export function drive(store) {
  let begun = 0;
  store.subscribe(({ opening }) => {
    if (opening && opening.id !== begun) {
      begun = opening.id;
      open(store, opening);
    }
  });
}

/** @param {import('./store.js').Store} store @param {Opening} opening */
async function open(store, { id, source, picture }) {
  const isWanted = () => store.state.opening?.id === id;
  try {
    const blob = picture ? undefined : source.kind === 'own' ? source.file : await loadSample(source); // while the networks are loaded
    await store.when((state) => state.opening?.id !== id || (state.networks !== undefined && !starting(state)));
    const worker = client();
    if (!isWanted() || !worker) return;
    store.update(pictureHanded, id);
    let values = picture;
    if (blob) {
      const decoded = await decode(worker, blob);
      store.update(pictureDecoded, id, decoded, source.kind === 'own' ? await warningOf(source.file, store.state.constants?.side) : undefined);
      values = decoded;
    }
    if (!isWanted() || !values) return;
    store.update(pictureShown, id, await worker.detect(values));
  } catch (error) {
    if (error instanceof Gone) return; // the state says what became of that
    if (source.kind === 'own') store.update(pictureFailed, id, `That did not work: ${sentence(error)}.`);
    else store.update(pictureFailed, id, `The sample ${source.id} could not be opened: ${sentence(error)}.`, source);
  }
}

/** @param {{kind: 'sample', id: string}} source @returns {Promise<Blob>} */
export async function loadSample(source) {
  let response;
  try {
    response = await fetch(samples.address(source.id));
  } catch {
    throw new Error('check the connection');
  }
  if (!response.ok) throw new Error(`the server said ${response.status}`);
  return response.blob();
}

/** @param {import('./worker/client.js').Client} worker @param {Blob} file */
export async function decode(worker, file) {
  try {
    return await worker.decode(file);
  } catch (refused) {
    if (refused instanceof Gone) throw refused;
    // WebP, AVIF, SVG, HEIC …, and photographs of 50 megapixels: what the core cannot read, the browser may.
    const png = await throughBrowser(file, OWN_FORMATS.test(file.type) ? LARGE : 0).catch(() => undefined);
    if (!png) throw refused;
    return worker.decode(png);
  }
}

/**
 * A picture that the browser can read, as a PNG of moderate size.
 * @param {Blob} file
 * @param {number} least how many pixels it must have, or more
 */
async function throughBrowser(file, least) {
  const size = await element(file, 'load');
  const pixels = size.naturalWidth * size.naturalHeight;
  if (pixels < least || pixels > LARGEST) throw new Error('too small or too large');
  const image = await createImageBitmap(file).catch(() => element(file, 'decode')); // SVG is read by elements only
  const [width, height] = image instanceof ImageBitmap ? [image.width, image.height] : [image.naturalWidth, image.naturalHeight];
  const scale = Math.min(1, ENOUGH / Math.min(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  if (image instanceof ImageBitmap) image.close();
  return canvas.convertToBlob({ type: 'image/png' });
}

/** @param {Blob} file @param {'load' | 'decode'} until */
async function element(file, until) {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    const loaded = new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject }));
    image.src = address;
    await (until === 'load' ? loaded : Promise.all([loaded, image.decode()]));
    return image;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {Blob} file @param {number | undefined} side */
async function warningOf(file, side) {
  // Elements know a picture's size before they decode it.
  const size = await element(file, 'load').catch(() => undefined);
  return pictureWarning({ cutOff: await isCutOff(file), width: size?.naturalWidth, height: size?.naturalHeight, side });
}

/**
 * Whether a JPEG ends in the middle, which decoders forgive. In its compressed data neither the mark of a scan's
 * beginning (FF DA) nor that of the end (FF D9) can occur by chance.
 * @param {Blob} file
 */
export async function isCutOff(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  const last = (/** @type {number} */ mark) => {
    let at = bytes.length;
    do at = bytes.lastIndexOf(mark, at - 1);
    while (at > 0 && bytes[at - 1] !== 0xff);
    return at;
  };
  return last(0xd9) < last(0xda);
}
