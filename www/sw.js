// @ts-check
// Keeps the page for when there is no network. The network comes first, so a new version shows at once; what
// is kept is only the way out, and is renewed by every visit.

const KEPT = 'second-look';

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (self);

worker.addEventListener('install', (event) => {
  const keep = async () => {
    const files = await (await fetch('files.json')).json();
    await (await caches.open(KEPT)).addAll([...files, 'files.json']);
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

/** @param {Request} request */
async function answer(request) {
  const kept = await caches.open(KEPT);
  // The query is the page's own business: the file is the same.
  const options = { ignoreSearch: request.mode === 'navigate' };
  try {
    const response = await fetch(request);
    const old = response.ok && (await kept.match(request, options));
    // Weights that a first visit does not load are kept from when they were first asked for.
    const late = response.ok && !old && request.url.endsWith('.safetensors');
    if (late || (old && !same(old, response))) {
      await kept.put(request.mode === 'navigate' ? './' : request, response.clone());
    }
    return response;
  } catch (error) {
    const found = await kept.match(request.mode === 'navigate' ? './' : request, options);
    if (found) return found;
    throw error;
  }
}

/**
 * Whether the server says that nothing has changed, so that 20 megabytes need not be written again.
 * @param {Response} a @param {Response} b
 */
function same(a, b) {
  const version = (/** @type {Response} */ { headers }) => headers.get('etag') ?? headers.get('last-modified');
  return version(a) !== null && version(a) === version(b);
}
