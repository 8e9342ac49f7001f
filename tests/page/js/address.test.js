// @ts-check
// What Back and Forward lead through, with a history that is as a browser's.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SAMPLES } from '../../../www/samples.js';
import * as s from '../../../www/state.js';
import { Store } from '../../../www/store.js';
import { detection, networks } from './fixtures.js';

const PAGE = 'http://localhost/www/';
const FILE = new Blob(['a picture']);

/** @type {{href: string, state: any}[]} */
let entries = [];
let at = 0;
/** @type {(event: {state: any}) => void} */
let popped = () => {};
const entry = (/** @type {any} */ state, /** @type {URL} */ { href }) => ({ href, state: structuredClone(state) });

Object.assign(globalThis, {
  location: {
    get href() {
      return entries[at].href;
    },
    get search() {
      return new URL(entries[at].href).search;
    },
  },
  history: {
    get state() {
      return entries[at].state;
    },
    pushState: (/** @type {any} */ state, /** @type {any} */ _, /** @type {URL} */ url) => entries.splice(++at, Infinity, entry(state, url)),
    replaceState: (/** @type {any} */ state, /** @type {any} */ _, /** @type {URL} */ url) => (entries[at] = entry(state, url)),
  },
  addEventListener: (/** @type {string} */ kind, /** @type {typeof popped} */ listener) => {
    assert.equal(kind, 'popstate');
    popped = listener;
  },
});
const { drive } = await import('../../../www/address.js');

/** As the Back button does. @param {number} by */
function go(by) {
  at += by;
  popped({ state: entries[at].state });
}

/** What is asked for comes. @param {Store} store */
function settle(store) {
  const wanted = s.starting(store.state);
  if (wanted) store.update(s.networksOpened, wanted.id, networks());
  const id = store.state.opening?.id ?? -1;
  store.update(s.pictureHanded, id);
  store.update(s.pictureDecoded, id, new Float32Array(12));
  store.update(s.pictureShown, id, detection());
}

const paused = () => new Promise((resolve) => setTimeout(resolve, 150));
const queries = () => entries.map(({ href }) => new URL(href).search);

/** A page that was opened by this address. @param {string} [query] */
function page(query = '') {
  entries = [{ href: 'http://elsewhere/', state: null }, { href: PAGE + query, state: null }];
  at = 1;
  /** @type {Store} */
  const store = new Store(s.begin(query));
  drive(store);
  settle(store);
  return store;
}

const sample = (/** @type {number} */ i, rest = '') => `?sample=${SAMPLES[i]}${rest}`;

test('each picture, attack, level and presenting is a step back; a slider is none', async () => {
  const store = page();
  assert.deepEqual(queries(), ['', sample(0)]); // the page's own first address
  store.update(s.chooseSample, SAMPLES[1]);
  assert.equal(entries.length, 2); // it is not shown yet
  settle(store);
  store.update(s.chooseThreshold, 0.3);
  store.update(s.chooseThreshold, 0.4);
  await paused();
  store.update(s.openLevel, 'many', true);
  store.update(s.chooseMethod, 'corrector');
  store.update(s.present, true);
  const all = [
    '',
    sample(0),
    sample(1, '&threshold=0.4'),
    sample(1, '&threshold=0.4&many=1'),
    sample(1, '&attacker=corrector&threshold=0.4&many=1'),
    sample(1, '&attacker=corrector&threshold=0.4&present=1&many=1'),
  ];
  assert.deepEqual(queries(), all);
  for (let i = 4; i >= 1; i--) {
    go(-1);
    settle(store);
    await paused();
    assert.equal(s.query(store.state), all[i]);
    assert.deepEqual([queries(), at], [all, i]);
  }
  for (let i = 2; i <= 5; i++) {
    go(1);
    settle(store);
    assert.equal(s.query(store.state), all[i]);
  }
  await paused();
  assert.deepEqual(queries(), all);
  // From there back, another way begins, and the rest is gone.
  go(-3);
  store.update(s.chooseSample, SAMPLES[4]);
  settle(store);
  await paused();
  assert.deepEqual(queries(), [...all.slice(0, 3), sample(4, '&threshold=0.4')]);
});

test('what is chosen again is no second entry, and a link’s own level is none', async () => {
  const store = page('?many=1&present=1');
  store.update(s.openLevel, 'many', true);
  store.update(s.present, true);
  store.update(s.chooseSample, SAMPLES[0]);
  settle(store);
  await paused();
  assert.deepEqual(queries(), ['', sample(0, '&present=1&many=1')]);
});

test('a picture of the visitor’s own is gone back to, and one that the page has no more is as in a link', async () => {
  const store = page();
  store.update(s.openOwn, FILE);
  settle(store);
  const other = new Blob(['another one']);
  store.update(s.openOwn, other);
  settle(store);
  store.update(s.chooseSample, SAMPLES[2]);
  settle(store);
  assert.deepEqual(queries(), ['', sample(0), '', '', sample(2)]);
  for (const file of [other, FILE]) {
    go(-1);
    settle(store);
    assert.deepEqual(store.state.shown?.source, { kind: 'own', file });
  }
  await paused();
  assert.equal(entries.length, 5);
  // The same history, and a page that was loaded anew.
  entries[at].state = { own: 'of another visit' };
  go(0);
  settle(store);
  await paused();
  assert.deepEqual(store.state.shown?.source, { kind: 'sample', id: SAMPLES[0] });
  assert.deepEqual([queries(), entries[at].state.own], [['', sample(0), sample(0), '', sample(2)], undefined]);
});

test('an entry is not written over while its picture is on its way, but told what is shown when that does not come', async () => {
  const store = page();
  store.update(s.chooseSample, SAMPLES[1]);
  settle(store);
  go(-1);
  store.update(s.chooseThreshold, 0.2);
  await paused();
  assert.deepEqual(queries(), ['', sample(0), sample(1)]);
  store.update(s.pictureFailed, store.state.opening?.id ?? -1, 'It is not there.');
  await paused();
  assert.deepEqual([queries(), at], [['', sample(1, '&threshold=0.2'), sample(1)], 1]);
});
