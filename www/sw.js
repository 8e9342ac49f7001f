// @ts-check
// Keeps the page for use without a network, in whole versions.
//
// files.json lists every file of the page with its SHA-256, and the list's own SHA-256 is the version. A new version is
// fetched in the background into a cache of its own, each file checked against the list, and becomes the current version
// when all of it is there. A page gets all its files, its workers' and those that it loads later included, from the
// version that was current when it was opened. So files of two versions never meet, with several tabs open as well.
//
// What no first screen needs is kept when the page has nothing better to do and asks for it, what few visitors ask for from
// when it is first loaded, or, where it is large, only when the page asks for that (`message` below). A new version keeps
// it, too.
//
// A page that was opened before any version was kept comes from the network. So does one opened after two updates in
// a row could not be kept (the disk is full, or the host changes files on their way): better new than offline.

/** @typedef {Map<string, string>} Sums the SHA-256 by address, in hexadecimal */

/**
 * @typedef {object} List
 * @property {Sums} files of every visit
 * @property {Sums} onDemand kept from when they are loaded
 * @property {Map<string, Sums>} onRequest kept only when that is asked for, by the name that they are asked for with
 */

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (self);

/** The page's address. Another copy of the page on the same host has another one, and shares no caches with this one. */
const PAGE = new URL('./', location.href).href;
const LIST = new URL('files.json', PAGE).href;
/** STL-10's files on this computer, listed by `second-look serve --data`. */
const OFFERED = new URL('../data.json', PAGE).href;
/** Where what no first screen needs is, and the name that it is kept by. */
const LATER = new URL('later/', PAGE).href;
const LATER_NAME = 'later';
/** A version's cache is called this and the version. */
const VERSIONS = `second-look ${PAGE} `;
/** The cache of what is remembered between two starts of this worker: `current`, `attempt/N`, `client/ID`, `keep/NAME`. */
const STATE = `second-look-state ${PAGE}`;
/** Removed when an update fails, because to remove something works on a full disk too. Renewed when one succeeds. */
const ATTEMPTS = ['attempt/1', 'attempt/2'];
/** The version of a page that comes from the network. */
const NETWORK = '';

/** An update that failed, but not for want of a network. */
class Refused extends Error {}

// ---- Events -----------------------------------------------------------------------------------------------------

worker.addEventListener('install', (event) => {
  const install = async () => {
    try {
      await navigator.locks.request(VERSIONS, update);
    } catch (error) {
      if (!(await recall('current'))) throw error;
    }
    await worker.skipWaiting();
  };
  event.waitUntil(install());
});

worker.addEventListener('activate', (event) => {
  const activate = async () => {
    await caches.delete('second-look'); // what earlier releases kept: files without a version
    await worker.clients.claim();
    // The pages that are there already had their files from the network a moment ago.
    for (const { id } of await worker.clients.matchAll({ type: 'all' })) await versionOf(id);
  };
  event.waitUntil(activate());
});

worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  if (method !== 'GET' || new URL(url).origin !== location.origin) return;
  event.respondWith(answer(event));
  if (mode === 'navigate') event.waitUntil(renew());
});

// {later} and a port that is answered with {kept}; or {classifier, keep} and a port that is answered with {kept, why}, where
// `keep` is undefined to hear how it is.
worker.addEventListener('message', (event) => {
  const { later, classifier, keep } = event.data;
  const [port] = event.ports;
  if (later) {
    const all = keepLater().then(() => true, () => false); // the next visit tries again
    event.waitUntil(all.then((kept) => port.postMessage({ kept })));
    return;
  }
  /** @type {Promise<unknown>} */
  const done = keep === undefined ? Promise.resolve() : keep ? keepFiles(classifier) : dropFiles(classifier);
  const answer = async () => {
    const why = await done.then(() => undefined, reasonOf);
    const kept = await isKept(classifier).catch(() => false);
    port.postMessage({ kept, why });
  };
  event.waitUntil(answer());
});

/** Updates unless that is being done already. Failing is no matter here: the next page tries again. */
async function renew() {
  await navigator.locks
    .request(VERSIONS, { ifAvailable: true }, async (lock) => lock && (await update()))
    .catch(() => {});
}

// ---- Answers ----------------------------------------------------------------------------------------------------

/** @param {FetchEvent} event */
async function answer(event) {
  const { request } = event;
  // What the server of this computer offers; without it, nothing.
  if (request.url === OFFERED) return fetch(request).catch(() => Response.json([]));
  const opens = request.mode === 'navigate';
  try {
    const found = await find(event, opens ? await current() : await versionOf(event.clientId));
    if (found) return found;
  } catch (error) {
    if (error instanceof TypeError) throw error; // the network's
    // The browser's storage does not work; the network may.
  }
  // Not a file that the browser takes for fresh enough: it may be of an earlier version.
  const fetched = fetch(request, { cache: 'no-cache' });
  if (!opens) return fetched;
  const response = await fetched.catch((error) => /** @type {Error} */ (error));
  if (response instanceof Response && response.ok) return response;
  const kept = await find(event, (await recall('current')) ?? NETWORK).catch(() => undefined);
  if (kept) return kept;
  if (response instanceof Response) return response;
  throw response;
}

/**
 * A version's answer, if it has one. The page or worker that the request opens then belongs to that version.
 * @param {FetchEvent} event
 * @param {string} version
 */
async function find(event, version) {
  const { request, resultingClientId } = event;
  if (resultingClientId) event.waitUntil(assign(resultingClientId, version));
  const list = version !== NETWORK && (await listOf(version));
  if (!list) return undefined;
  const address = addressOf(request);
  const sum = sumOf(list, address);
  if (sum === undefined) return undefined;
  const cache = await caches.open(VERSIONS + version);
  const isKeptWhenUsed = list.files.has(address) || list.onDemand.has(address);
  return (await cache.match(address)) ?? load(event, isKeptWhenUsed ? cache : undefined, sum);
}

/** @param {List} list @param {string} address */
function sumOf({ files, onDemand, onRequest }, address) {
  return [files, onDemand, ...onRequest.values()].find((sums) => sums.has(address))?.get(address);
}

/**
 * A file of a version that is not kept yet: the page gets it as it comes, and an error at its end if it turns out to
 * be another version's.
 * @param {FetchEvent} event
 * @param {Cache | undefined} cache to keep it in
 * @param {string} sum
 */
async function load(event, cache, sum) {
  const response = await fetch(event.request, { cache: 'no-cache' });
  if (!response.ok || !response.body) return response;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  /** @type {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} */
  const check = new TransformStream({
    transform(part, way) {
      parts.push(part.slice());
      way.enqueue(part);
    },
    async flush() {
      if ((await sha256(await new Blob(parts).arrayBuffer())) !== sum) throw new Refused('of another version');
    },
  });
  const keep = async () => {
    try {
      await response.body?.pipeTo(check.writable);
    } catch (error) {
      if (error instanceof Refused) await renew();
      return;
    }
    // Without it, the file is fetched again the next time.
    await cache?.put(addressOf(event.request), copyOf(response, new Blob(parts))).catch(() => {});
  };
  event.waitUntil(keep());
  return copyOf(response, check.readable);
}

/** @param {Request} request */
function addressOf(request) {
  if (request.mode !== 'navigate') return request.url;
  // The query is the page's own business.
  const url = new URL(request.url);
  url.search = url.hash = '';
  return url.href === `${PAGE}index.html` ? PAGE : url.href;
}

/**
 * @param {Response} response
 * @param {BodyInit} body decoded, and in one piece
 */
function copyOf(response, body) {
  const headers = new Headers(response.headers);
  for (const name of ['content-encoding', 'content-length', 'vary', 'age', 'expires']) headers.delete(name);
  // Browsers also keep a page's files in memory and would use them for the next page, which may be another version's.
  headers.set('cache-control', 'no-cache');
  return new Response(body, { headers });
}

// ---- Versions ---------------------------------------------------------------------------------------------------

/** Fetches the host's version if it is not the current one. What an update that broke off had fetched is not fetched again. */
async function update() {
  const response = await fetch(LIST, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${LIST}: the server said ${response.status}`);
  const bytes = await response.arrayBuffer();
  const version = await sha256(bytes);
  const list = parse(new TextDecoder().decode(bytes));
  const before = (await recall('current')) ?? NETWORK;
  try {
    await tidy(new Set([version, before]));
    if (version !== before) {
      await fetchVersion(list, version, before);
      await put(await caches.open(VERSIONS + version), LIST, new Response(bytes));
    }
    for (const attempt of ATTEMPTS) if ((await recall(attempt)) === undefined) await remember(attempt, '');
    if (version !== before) await remember('current', version);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const state = await caches.open(STATE);
    for (const attempt of ATTEMPTS) if (await state.delete(new URL(attempt, PAGE).href)) break;
    throw error;
  }
}

/**
 * @param {List} list
 * @param {string} version
 * @param {string} before
 */
async function fetchVersion(list, version, before) {
  const cache = await caches.open(VERSIONS + version);
  const old = before !== NETWORK && (await caches.open(VERSIONS + before));
  const oldList = before !== NETWORK && (await listOf(before));
  /** @param {string} address @param {string} sum */
  const fetchFile = async (address, sum) => {
    if (await cache.match(address)) return;
    const sumBefore = oldList && sumOf(oldList, address);
    const same = old && sumBefore === sum ? await old.match(address) : undefined;
    await put(cache, address, same ?? (await fetchChecked(address, sum)));
  };
  const files = [...list.files];
  // What the visitor had asked for before stays there without a network.
  const isLaterKept = await isKept(LATER_NAME);
  for (const [address, sum] of list.onDemand) {
    if ((isLaterKept && address.startsWith(LATER)) || (old && (await old.match(address)))) files.push([address, sum]);
  }
  for (const [name, sums] of list.onRequest) if (await isKept(name)) files.push(...sums);
  const fetched = await Promise.allSettled(files.map(([address, sum]) => fetchFile(address, sum)));
  for (const file of fetched) {
    if (file.status === 'fulfilled') continue;
    if (file.reason instanceof Full) await caches.delete(VERSIONS + version);
    throw file.reason;
  }
}

/** @param {string} address @param {string} sum @param {AbortSignal} [signal] */
async function fetchChecked(address, sum, signal) {
  // A change within one second may look like none to the browser's own cache.
  for (const cache of /** @type {RequestCache[]} */ (['no-cache', 'reload'])) {
    const response = await fetch(address, { cache, signal });
    if (!response.ok) throw new Refused(`${address}: the server said ${response.status}`);
    const bytes = await response.arrayBuffer();
    if ((await sha256(bytes)) === sum) return copyOf(response, bytes);
  }
  throw new Refused(`${address} is not the file that files.json lists`);
}

/** There is no room for a file. */
class Full extends Refused {}

/** @param {Cache} cache @param {string} address @param {Response} response */
async function put(cache, address, response) {
  try {
    await cache.put(address, response);
  } catch (error) {
    throw new Full(`${address} could not be kept: ${error}`);
  }
}

/** @param {string} text @returns {List} */
function parse(text) {
  const { files, on_demand, on_request } = JSON.parse(text);
  /** @param {Record<string, string>} sums */
  const absolute = (sums) => new Map(Object.entries(sums).map(([path, sum]) => [new URL(path, PAGE).href, sum]));
  const onRequest = Object.entries(on_request ?? {}).map(([name, sums]) => /** @type {const} */ ([name, absolute(sums)]));
  return { files: absolute(files), onDemand: absolute(on_demand), onRequest: new Map(onRequest) };
}

/** @type {Map<string, List>} */
const lists = new Map();

/** @param {string} version @returns {Promise<List | undefined>} nothing if that version is not kept whole */
async function listOf(version) {
  const known = lists.get(version);
  if (known) return known;
  const text = await (await (await caches.open(VERSIONS + version)).match(LIST))?.text();
  if (text === undefined) return undefined;
  lists.set(version, parse(text));
  return lists.get(version);
}

/** The version that a page opened now gets. */
async function current() {
  for (const attempt of ATTEMPTS) if ((await recall(attempt)) !== undefined) return (await recall('current')) ?? NETWORK;
  return NETWORK;
}

/** @type {Map<string, string>} the version by client */
const clients = new Map();

/** @param {string} client */
async function versionOf(client) {
  const known = clients.get(client) ?? (await recall(`client/${client}`));
  if (known !== undefined) return known;
  const version = await current();
  await assign(client, version);
  return version;
}

/** @param {string} client @param {string} version */
async function assign(client, version) {
  clients.set(client, version);
  await remember(`client/${client}`, version).catch(() => {});
}

/**
 * Removes the versions that no page uses, and what is remembered of pages that are gone.
 * @param {Set<string>} used versions to keep in any case
 */
async function tidy(used) {
  const state = await caches.open(STATE);
  const there = new Set((await worker.clients.matchAll({ type: 'all', includeUncontrolled: true })).map(({ id }) => id));
  for (const id of there) used.add((clients.get(id) ?? (await recall(`client/${id}`))) || NETWORK);
  for (const { url } of await state.keys()) {
    const [, id] = url.split(`${PAGE}client/`);
    if (id && !there.has(id) && !clients.has(id)) await state.delete(url);
  }
  for (const name of await caches.keys()) {
    if (!name.startsWith(VERSIONS) || used.has(name.slice(VERSIONS.length))) continue;
    lists.delete(name.slice(VERSIONS.length));
    await caches.delete(name);
  }
}

// ---- What is asked for ------------------------------------------------------------------------------------------

/** What of the version that a page opened now gets is still missing of what no first screen needs, one file after the other. */
async function keepLater() {
  await navigator.locks.request(VERSIONS, async () => {
    const version = await current();
    const list = version !== NETWORK && (await listOf(version));
    if (!list) throw new Refused('no version is kept');
    const cache = await caches.open(VERSIONS + version);
    for (const [address, sum] of list.onDemand) {
      if (address.startsWith(LATER) && !(await cache.match(address))) await put(cache, address, await fetchChecked(address, sum));
    }
    await remember(keyOf(LATER_NAME), '');
  });
}

/** Where it is remembered that these files are to be kept. @param {string} name */
const keyOf = (name) => `keep/${name}`;

/** Ends the fetching of what is no longer asked for, by name. @type {Map<string, AbortController>} */
const fetching = new Map();

/** The cache and the sums of the files of this name, in the version that a page opened now gets. @param {string} name */
async function filesOf(name) {
  const version = await current();
  const sums = version !== NETWORK && (await listOf(version))?.onRequest.get(name);
  if (!sums) throw new Refused(`no version with ${name} is kept`);
  return { cache: await caches.open(VERSIONS + version), sums };
}

/** All of them or none. @param {string} name */
async function keepFiles(name) {
  const ends = new AbortController();
  fetching.set(name, ends);
  await navigator.locks.request(VERSIONS, async () => {
    const { cache, sums } = await filesOf(name);
    try {
      for (const [address, sum] of sums) {
        ends.signal.throwIfAborted();
        if (!(await cache.match(address))) await put(cache, address, await fetchChecked(address, sum, ends.signal));
      }
      await remember(keyOf(name), '');
    } catch (error) {
      for (const address of sums.keys()) await cache.delete(address);
      throw error;
    }
  });
}

/** @param {string} name */
async function dropFiles(name) {
  fetching.get(name)?.abort();
  await navigator.locks.request(VERSIONS, async () => {
    await (await caches.open(STATE)).delete(new URL(keyOf(name), PAGE).href);
    for (const version of await caches.keys()) {
      if (!version.startsWith(VERSIONS)) continue;
      const sums = (await listOf(version.slice(VERSIONS.length)))?.onRequest.get(name) ?? new Map();
      for (const address of sums.keys()) await (await caches.open(version)).delete(address);
    }
  });
}

/** @param {string} name */
const isKept = async (name) => (await recall(keyOf(name))) !== undefined;

/** Why it was not done. @param {unknown} error */
function reasonOf(error) {
  if (error instanceof Full) return 'full';
  return error instanceof Refused || !(error instanceof TypeError) ? 'other' : 'network';
}

// ---- Helpers ----------------------------------------------------------------------------------------------------

/** @param {string} key */
async function recall(key) {
  const state = await caches.open(STATE);
  return (await state.match(new URL(key, PAGE).href))?.text();
}

/** @param {string} key @param {string} value */
async function remember(key, value) {
  await put(await caches.open(STATE), new URL(key, PAGE).href, new Response(value));
}

/** @param {ArrayBuffer} bytes */
async function sha256(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
