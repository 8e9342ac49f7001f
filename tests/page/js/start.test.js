// @ts-check
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';

import { DEFAULT, NAMES, allMegabytesOf, autoencodersOf, chosenFor, megabytesOf, weightsOf } from '../../../www/models.js';
import { MODULES } from '../../../www/worker/load.js';

const WWW = new URL('../../../www/', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, WWW), 'utf8');

/** The modules that one imports before it runs, and theirs. @param {string} path @param {Set<string>} [found] */
function imports(path, found = new Set()) {
  for (const [, from] of read(path).matchAll(/^(?:import|export) (?:[^;]* from )?'(\.[^']*)';/gm)) {
    const other = new URL(from, new URL(path, WWW)).href.slice(WWW.href.length);
    if (found.has(other)) continue;
    found.add(other);
    imports(other, found);
  }
  return found;
}

test('the page’s modules are fetched at once: its head names what main.js imports', () => {
  const named = [...read('index.html').matchAll(/<link rel="modulepreload" href="([^"]*)" fetchpriority="low">/g)].map(([, href]) => href);
  const needed = imports('main.js');
  assert.ok(needed.size > 20, [...needed].join(' '));
  assert.deepEqual(named.toSorted(), [...needed].toSorted());
});

test('the worker’s first file imports nothing, and fetches the files that its program asks for', () => {
  assert.equal(imports('worker/start.js').size, 0);
  const named = [...read('worker/start.js').matchAll(/'([^']+\.(?:safetensors|wasm|json))'/g)].map(([, path]) => path);
  assert.deepEqual(named.toSorted(), [...Object.values(weightsOf(DEFAULT, 'compact')), MODULES.cpu.wasm, 'models/sums.json'].toSorted());
});

test('sizes that are told before a file is loaded are those of the files', () => {
  const near = (/** @type {number} */ told, /** @type {Iterable<string>} */ paths) => {
    const size = [...paths].reduce((sum, path) => sum + statSync(new URL(path, WWW)).size, 0) / 1e6;
    assert.ok(Math.abs(told / size - 1) < 0.005, `${[...paths]}: ${told} is told, ${size} it is: see models.js`);
  };
  for (const name of NAMES) {
    const all = new Set();
    for (const autoencoder of autoencodersOf(name)) {
      const paths = Object.values(weightsOf(name, autoencoder));
      near(megabytesOf(name, autoencoder), paths);
      for (const path of paths) {
        all.add(path);
        assert.equal(chosenFor(path), name === DEFAULT ? undefined : name);
      }
    }
    near(allMegabytesOf(name), all);
  }
});

test('the program that every visitor loads does not import the GPU’s module', () => {
  for (const program of ['main.js', 'worker/worker.js']) {
    for (const path of imports(program)) assert.doesNotMatch(path, /gpu/);
  }
});
