// @ts-check
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, test } from 'node:test';

import { loadWeights } from '../../../www/worker/load.js';

const WEIGHTS = { classifier: 'models/classifier.safetensors', autoencoder: 'models/autoencoder.safetensors' };
const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');
const SUMS = { 'classifier.safetensors': sha256('CL'), 'autoencoder.safetensors': sha256('AE') };

const { fetch } = globalThis;
const { subtle } = crypto;
const setSubtle = (/** @type {any} */ value) => Object.defineProperty(crypto, 'subtle', { value, configurable: true });
afterEach(() => {
  globalThis.fetch = fetch;
  setSubtle(subtle);
});

/** A host whose caches hold `kept` and whose disk holds `there`. @param {Record<string, string>} kept @param {Record<string, string>} there */
function host(kept, there, sums = SUMS) {
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = async (url, options) => {
    const name = String(url).split('/').at(-1) ?? '';
    asked.push(`${name} ${options?.cache}`);
    if (name === 'sums.json') return new Response(JSON.stringify(sums));
    return new Response((options?.cache === 'reload' ? there : kept)[name]);
  };
  return asked;
}

const GOOD = { 'classifier.safetensors': 'CL', 'autoencoder.safetensors': 'AE' };
const loaded = async () => {
  let bytes = 0;
  const { files, sums } = await loadWeights(WEIGHTS, (more) => (bytes += more));
  return { texts: files.map((file) => file && new TextDecoder().decode(file)), sums, bytes };
};

test('weights are taken when they are the listed ones, and each is fetched once', async () => {
  const asked = host(GOOD, {});
  const { texts, sums, bytes } = await loaded();
  assert.deepEqual(texts, ['CL', 'AE', undefined]);
  assert.deepEqual(sums, { classifier: SUMS['classifier.safetensors'], autoencoder: SUMS['autoencoder.safetensors'] });
  assert.equal(bytes, 4);
  assert.deepEqual(asked.toSorted(), ['autoencoder.safetensors default', 'classifier.safetensors default', 'sums.json no-cache']);
});

test('what a cache kept of another version is fetched anew', async () => {
  const asked = host({ ...GOOD, 'autoencoder.safetensors': 'old' }, GOOD);
  assert.deepEqual((await loaded()).texts, ['CL', 'AE', undefined]);
  assert.ok(asked.includes('autoencoder.safetensors reload') && !asked.includes('classifier.safetensors reload'));
});

test('a file that stays another one, or is not listed, is refused by its name', async () => {
  const one = { ...GOOD, 'autoencoder.safetensors': 'Ae' };
  host(one, one);
  await assert.rejects(loaded(), /^Error: autoencoder\.safetensors is damaged/);
  host(GOOD, GOOD, { ...SUMS, 'classifier.safetensors': /** @type {any} */ (undefined) });
  await assert.rejects(loaded(), /^Error: classifier\.safetensors is damaged/);
});

test('where the browser computes no sums, weights are taken as they come, and are known by the listed sums', async () => {
  setSubtle(undefined);
  host({ ...GOOD, 'autoencoder.safetensors': 'other' }, {});
  const { texts, sums } = await loaded();
  assert.deepEqual(texts, ['CL', 'other', undefined]);
  assert.equal(sums.autoencoder, SUMS['autoencoder.safetensors']);
});
