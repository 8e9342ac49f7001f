// What the pages share: the files, and the way back to tfjs.mjs.

const SAMPLE = '/www/samples/horse-18.png';

/** Sends what was found, once. */
export const post = (found) => fetch('/found', { method: 'POST', body: JSON.stringify(found) });

addEventListener('error', ({ message }) => post({ error: message }));
addEventListener('unhandledrejection', ({ reason }) => post({ error: String(reason?.stack ?? reason) }));

const bytes = async (path) => (await fetch(path)).arrayBuffer();

export const loadClassifier = () => bytes('/www/models/classifier.safetensors');

export async function loadWeights() {
  const names = ['classifier', 'autoencoder', 'corrector'];
  const files = await Promise.all(names.map((name) => bytes(`/www/models/${name}.safetensors`)));
  return Object.fromEntries(names.map((name, i) => [name, files[i]]));
}

/** The sample's values in [0, 1]: planes R, G, B. */
export async function loadPicture() {
  const image = await createImageBitmap(await (await fetch(SAMPLE)).blob());
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const plane = width * height;
  return Float32Array.from({ length: 3 * plane }, (_, i) => data[(i % plane) * 4 + Math.floor(i / plane)] / 255);
}
