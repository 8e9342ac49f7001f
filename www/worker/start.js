// @ts-check
// The worker's beginning. It imports nothing, so that what the first prediction needs is on its way before the worker's
// program is. Requests wait for that.

/** The page's query. @type {URLSearchParams} */
const query = new URLSearchParams(self.name);

/** Answers on their way, by path; load.js takes each of them once. */
const early = /** @type {{early?: Map<string, Promise<Response>>}} */ (globalThis);
early.early = new Map();

// The paths are those of models.js and load.js, which are not here yet; a test compares them. Another classifier's files
// are so large that their beginning a little later makes no difference.
const SUMS = 'models/sums.json';
const paths = [SUMS];
if (!query.has('classifier')) {
  paths.push('models/classifier.safetensors');
  if (query.get('autoencoder') !== 'tutorial') paths.push('models/autoencoder.safetensors', 'models/corrector.safetensors');
}
if (query.get('backend') !== 'webgpu') paths.unshift('../pkg/second_look_bg.wasm');
if (self.name !== 'later') {
  for (const path of paths) {
    const response = fetch(new URL(path, new URL('..', import.meta.url)), { cache: path === SUMS ? 'no-cache' : 'default' });
    response.catch(() => {}); // told where it is taken
    early.early.set(path, response);
  }
}

const program = import('./worker.js');
program.catch(() => {}); // told to who asks for something
addEventListener('message', ({ data }) =>
  program.then(
    ({ receive }) => receive(data),
    () => postMessage({ notStarted: true }),
  ),
);
