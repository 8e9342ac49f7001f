// @ts-check
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, test } from 'node:test';

import { cell, csv, json } from '../../../www/later/many/export.js';
import { confusion, curveOf, failures, figures, sweepOf } from '../../../www/later/many/figures.js';
import { wilson } from '../../../www/later/many/intervals.js';
import { workersFor } from '../../../www/later/many/run.js';
import { computer, offered } from '../../../www/later/many/sources/computer.js';
import { drawn } from '../../../www/later/many/sources/drawn.js';
import { files, labelOf } from '../../../www/later/many/sources/files.js';
import { places, stepOf } from '../../../www/later/many/sources/source.js';
import { fromColumns, stl10 } from '../../../www/later/many/sources/stl10.js';
import * as s from '../../../www/later/many/state.js';
import { attackInWords, attackerOf, cautionOf, holdsFor, progressInWords, reachInWords, settingInWords, shareInWords } from '../../../www/later/many/words.js';
import { roc } from '../../../www/scores.js';
import { verdict } from './fixtures.js';

/** @typedef {import('../../../www/later/many/figures.js').Row} Row */
/** @typedef {import('../../../www/core.js').Class} Class */

const CLASSES = /** @type {Class[]} */ (['cat', 'dog', 'ship']);

/** @param {Class} name @param {Class} corrected @param {number} score */
function saying(name, corrected, score) {
  const sure = (/** @type {Class} */ of) => CLASSES.map((known) => (known === of ? 0.9 : 0.05));
  return { ...verdict(sure(name), sure(corrected), sure(corrected), score), answer_if_clean: name, answer_if_adversarial: corrected };
}

/**
 * @param {number} index @param {Class | undefined} label
 * @param {ReturnType<typeof saying>} clean @param {ReturnType<typeof saying>} after
 * @param {Row['sweep']} [sweep] @returns {Row}
 */
const row = (index, label, clean, after, sweep = []) => ({ index, name: `${index}.png`, label, clean, familiar: true, attacked: { verdict: after, distance: 0.01, queries: null }, sweep });

const ROWS = [
  row(0, 'cat', saying('cat', 'cat', 0.01), saying('dog', 'cat', 0.5)), // fooled, detected, corrected
  row(1, 'cat', saying('cat', 'cat', 0.02), saying('dog', 'ship', 0.4)), // … corrected wrongly
  row(2, 'dog', saying('dog', 'dog', 0.03), saying('cat', 'dog', 0.05)), // fooled, not detected
  row(3, 'dog', saying('dog', 'cat', 0.2), saying('dog', 'dog', 0.3)), // false alarm, not fooled
  row(4, 'ship', saying('cat', 'cat', 0.04), saying('cat', 'ship', 0.03)), // wrong from the start
];

test('Wilson’s intervals are SciPy’s', () => {
  /** `scipy.stats.binomtest(count, of).proportion_ci(0.95, "wilson")`, as in src/evaluation/intervals.rs. */
  const known = [
    [0, 10, 0.0, 0.27753279986288926],
    [10, 10, 0.7224672001371109, 1.0],
    [5, 10, 0.236593090512564, 0.7634069094874361],
    [1, 3, 0.06149194472039626, 0.7923403991979523],
    [823, 1000, 0.7981212935038731, 0.8454066205144581],
    [3, 4000, 0.0002550997283718513, 0.002202904396395083],
    [1, 1, 0.20654931437723745, 1.0],
  ];
  for (const [count, of, low, high] of known) {
    const [l, h] = wilson(count, of);
    assert.ok(Math.abs(l - low) < 1e-12 && Math.abs(h - high) < 1e-12, `${count} of ${of}: ${l} ${h}`);
  }
});

test('each figure counts what its name says', () => {
  const share = (/** @type {number} */ count, /** @type {number} */ of) => ({ count, of });
  assert.deepEqual(figures(ROWS, 0.1), {
    labelled: 5,
    accuracy: share(4, 5),
    alarms: share(1, 5),
    fooled: share(3, 4),
    detected: share(2, 3),
    corrected: share(1, 2),
    flagged: share(3, 5),
    answer: share(2, 5),
  });
  // The threshold is the slider's, and not the one in the verdicts.
  const high = figures(ROWS, 0.45);
  assert.deepEqual([high.alarms, high.detected, high.corrected, high.answer], [share(0, 5), share(1, 3), share(1, 1), share(2, 5)]);
});

test('without labels, what was named before the attack is right', () => {
  const rows = ROWS.map((one) => ({ ...one, label: undefined }));
  const { labelled, accuracy, fooled, answer } = figures(rows, 0.1);
  assert.deepEqual([labelled, accuracy.of, fooled, answer], [0, 0, { count: 3, of: 5 }, { count: 3, of: 5 }]);
  assert.deepEqual(shareInWords(accuracy).share, '–');
});

test('pictures that failed are found by how they failed', () => {
  const places = (/** @type {number} */ limit) => Object.values(failures(ROWS, limit)).map((rows) => rows.map(({ index }) => index));
  assert.deepEqual(places(0.1), [[2], [1], [3]]);
  assert.deepEqual(places(1), [[0, 1, 2], [], []]);
  // One that nothing fooled, and whose answer is wrong all the same.
  assert.equal(failures([row(0, 'cat', saying('cat', 'cat', 0), saying('cat', 'dog', 1))], 0.1).miscorrected.length, 1);
});

test('a confusion matrix has a row for what is shown and a column for what is named', () => {
  assert.deepEqual(confusion(ROWS, 0.1, 'before', CLASSES), [[2, 0, 0], [0, 2, 0], [1, 0, 0]]);
  assert.deepEqual(confusion(ROWS, 0.1, 'after', CLASSES), [[0, 2, 0], [1, 1, 0], [1, 0, 0]]);
  assert.deepEqual(confusion(ROWS, 0.1, 'answer', CLASSES), [[1, 0, 1], [1, 1, 0], [1, 0, 0]]);
});

test('the area under the ROC curve counts equal scores half, and the threshold has its place on the curve', () => {
  const scores = [[0.1, 0.3], [0.2, 0.2], [0.3, 0.3]];
  const rows = scores.map(([before, after], i) => row(i, 'cat', saying('cat', 'cat', before), saying('dog', 'cat', after)));
  const curve = curveOf(rows, 0.2);
  // Clean 0.1 0.2 0.3. The attacked 0.3, twice, beat two of them and equal one; 0.2 beats one and equals one.
  assert.ok(curve && Math.abs(curve.area - 6.5 / 9) < 1e-12, String(curve?.area));
  assert.deepEqual(curve.at, [1 / 3, 2 / 3]);
  assert.deepEqual(curve.points, [[0, 0], [1 / 3, 2 / 3], [2 / 3, 1], [1, 1]]);
  assert.equal(curveOf([], 0.2), undefined);
  // The same curve as that of the bundled scores.
  const many = Array.from({ length: 200 }, (_, i) => row(i, 'cat', saying('cat', 'cat', ((i * 37) % 101) / 150), saying('dog', 'cat', ((i * 53) % 97) / 90)));
  const sorted = (/** @type {(one: Row) => number} */ of) => many.map(of).sort((a, b) => a - b);
  const other = roc({ temperature: 1, clean: sorted((one) => one.clean.score), attacked: sorted((one) => one.attacked.verdict.score) });
  assert.ok(Math.abs((curveOf(many, 0.2)?.area ?? 0) - other.area) < 1e-12);
});

test('accuracies by eps begin with the clean pictures and are in order', () => {
  const at = (/** @type {number} */ eps, /** @type {ReturnType<typeof saying>} */ of) => ({ eps, verdict: of, distance: eps, queries: null });
  const rows = [
    row(0, 'cat', saying('cat', 'cat', 0), saying('dog', 'cat', 1), [at(0.005, saying('cat', 'cat', 0)), at(0.04, saying('dog', 'dog', 1))]),
    row(1, 'cat', saying('cat', 'cat', 0), saying('dog', 'dog', 1), [at(0.005, saying('dog', 'cat', 1)), at(0.04, saying('dog', 'dog', 1))]),
  ];
  const found = sweepOf(rows, 0.1, 0.03).map(({ eps, classifier, answer }) => [eps, classifier.count, answer.count]);
  assert.deepEqual(found, [[0, 2, 2], [0.005, 1, 2], [0.03, 0, 1], [0.04, 0, 0]]);
});

test('STL-10’s planes are read column by column', () => {
  // A picture of 2 x 2: red is 0 10 / 20 30 by rows, so 0 20 10 30 by columns.
  const bytes = Uint8Array.from([0, 20, 10, 30, 1, 3, 2, 4, 255, 0, 51, 0]);
  const picture = fromColumns(bytes, 2);
  const expected = Float32Array.from([0, 10, 20, 30, 1, 2, 3, 4, 255, 51, 0, 0].map((value) => value / 255));
  assert.deepEqual(picture, expected);
});

test('of an STL-10 file only the picture that is wanted is read, and its label is found', async () => {
  const pixels = Uint8Array.from({ length: 36 }, (_, i) => i);
  const both = [new File([Uint8Array.from([2, 1, 3])], 'test_y.bin'), new File([pixels], 'test_X.bin')];
  const source = await stl10(both, CLASSES, 2);
  assert.equal(source.count, 3);
  assert.deepEqual([0, 1, 2].map(source.labelOf), ['dog', 'cat', 'ship']);
  assert.deepEqual(await source.read(2, /** @type {any} */ (undefined)), fromColumns(pixels.slice(24), 2));
  assert.equal((await stl10([both[1]], CLASSES, 2)).labelOf(0), undefined);
});

test('what is wrong with an STL-10 file is said', async () => {
  const file = (/** @type {string} */ name, /** @type {number[]} */ bytes) => new File([Uint8Array.from(bytes)], name);
  const pixels = file('a.bin', new Array(24).fill(0));
  await assert.rejects(stl10([file('a.bin', new Array(25).fill(0))], CLASSES, 2), /whole number of pictures of 12 bytes, found 1 bytes/);
  await assert.rejects(stl10([file('a.bin', [])], CLASSES, 2), /whole number/);
  await assert.rejects(stl10([pixels, file('b.bin', [1])], CLASSES, 2), /expected 2 labels, found 1/);
  await assert.rejects(stl10([pixels, file('b.bin', [1, 4])], CLASSES, 2), /expected 1 to 3, found 4 at index 1/);
  await assert.rejects(stl10([pixels, file('b.bin', [0, 1])], CLASSES, 2), /found 0 at index 0/);
  await assert.rejects(stl10([pixels, pixels, pixels], CLASSES, 2), /choose one/);
});

test('a class is read from the beginning of a file’s or its folder’s name, and from nothing else', () => {
  const cases = { 'cat.jpg': 'cat', 'Cat-12.PNG': 'cat', 'cats/1.jpg': 'cat', 'dogs/cat1.jpg': 'cat', 'all/ship/1.png': 'ship', 'catalogue.png': undefined, 'my cat.png': undefined, 'cat/new/1.png': undefined, 'shipment/2.png': undefined };
  for (const [path, label] of Object.entries(cases)) assert.equal(labelOf(path, CLASSES), label, path);
});

test('of a folder the pictures are taken, in the order of their numbers', () => {
  const file = (/** @type {string} */ name, type = 'image/png') => new File([], name, { type });
  const source = files([file('cat-10.png'), file('cat-9.png'), file('notes.txt', 'text/plain'), file('.hidden.png')], CLASSES);
  assert.deepEqual([source.count, source.nameOf(0), source.nameOf(1)], [2, 'cat-9.png', 'cat-10.png']);
  assert.throws(() => files([file('notes.txt', 'text/plain')], CLASSES), /no picture/);
});

test('pictures are the first ones, or evenly among all', () => {
  assert.deepEqual(places(5, 3, 'first'), [0, 1, 2]);
  assert.deepEqual(places(10, 3, 'spread'), [0, 3, 6]);
  assert.deepEqual(places(2, 100, 'spread'), [0, 1]);
  assert.equal(stepOf(8000, 100, 'spread'), 80);
});

test('half of the cores work, at least one and at most eight; and one where a GPU computes', () => {
  const cases = [[1, 1], [2, 1], [3, 1], [8, 4], [64, 8]];
  for (const [cores, workers] of cases) assert.equal(workersFor(cores, 100, false), workers);
  assert.equal(workersFor(8, 2, false), 2);
  assert.equal(workersFor(8, 100, true), 1);
});

/** @returns {import('../../../www/later/many/sources/source.js').Source} */
const source = (count = 3) => ({ kind: 'files', title: 'pictures', caution: '', count, nameOf: String, labelOf: () => undefined, read: async () => new Float32Array(), open: async () => new Blob() });
const NETWORKS = /** @type {any} */ ({ classifier: 'compact', autoencoder: 'compact', webgpu: false, cards: { classifier: { architecture: { name: 'compact' } } }, sums: {} });
const PGD = /** @type {any} */ ({ attack: 'pgd', norm: 'linf', eps: 0.03, eps_step: 0.001, max_iter: 10 });
const SHAPE = /** @type {any} */ ({ attacker: 'classifier', steps: 10, restarts: 1, cost: 1 });
/** @param {Partial<import('../../../www/later/many/state.js').Many>} [choice] */
const started = (choice = {}) => s.start({ ...s.begin(source()), ...choice }, { config: PGD, shape: SHAPE, target: '', networks: NETWORKS, threshold: 0.1, classes: CLASSES });
/** @param {import('../../../www/later/many/state.js').Many} state */
const runOf = ({ run }) => /** @type {import('../../../www/later/many/state.js').Run} */ (run);

test('a run starts, counts its pictures, and is done with the last one', () => {
  let state = started();
  const { id } = runOf(state);
  assert.equal(runOf(state).phase, 'starting');
  assert.equal(s.start(state, /** @type {any} */ ({})), state, 'one at a time');
  state = s.opened(s.opened(state, id, false, 1000), id, false, 1500);
  assert.deepEqual([runOf(state).phase, runOf(state).workers], ['running', 2]);
  state = s.arrived(state, id, { row: ROWS[0] }, 3000);
  assert.deepEqual(s.progress(runOf(state), 3000), { done: 1, total: 3, spent: 2000, rate: 0.5, left: 4000 });
  state = s.arrived(state, id, { skipped: { index: 1, name: 'b', why: 'broken' } }, 4000);
  state = s.arrived(state, id, { row: ROWS[2] }, 5000);
  assert.deepEqual([runOf(state).phase, runOf(state).spent, s.isUnderWay(state)], ['done', 4000, false]);
  assert.equal(s.arrived(state, id, { row: ROWS[3] }, 6000), state, 'nothing comes after the end');
});

test('the clock stands during a pause, and what comes then counts', () => {
  let state = started();
  const { id } = runOf(state);
  assert.equal(s.pauseOrGoOn(state, 0), state, 'not before it runs');
  state = s.pauseOrGoOn(s.opened(state, id, false, 1000), 2000);
  assert.equal(runOf(state).phase, 'paused');
  state = s.arrived(state, id, { row: ROWS[0] }, 50_000);
  state = s.pauseOrGoOn(state, 100_000);
  assert.equal(runOf(state).phase, 'running');
  assert.equal(s.progress(runOf(state), 101_000).spent, 2000);
});

test('what a run that was cancelled still sends changes nothing, and neither does it change the next one', () => {
  let state = started();
  const { id } = runOf(state);
  state = s.cancel(s.opened(state, id, false, 0), 10);
  assert.equal(runOf(state).phase, 'cancelled');
  assert.equal(s.arrived(state, id, { row: ROWS[0] }, 20), state);
  assert.equal(s.failed(state, id, 'why', 20), state);
  const again = s.start(state, { config: PGD, shape: SHAPE, target: '', networks: NETWORKS, threshold: 0.1, classes: CLASSES });
  assert.equal(s.arrived(again, id, { row: ROWS[0] }, 20), again);
  assert.equal(s.failed(again, runOf(again).id, 'why', 20).problem, 'why');
});

test('a run takes what is chosen when it starts', () => {
  assert.deepEqual(runOf(started({ wanted: 2 })).list, [0, 1]);
  assert.equal(runOf(started({ own: source(1) })).list.length, 3, 'the samples are chosen');
  const own = started({ own: source(1), taken: 'own', drawing: { label: 'ship', seed: 7 } });
  assert.equal(runOf(own).list.length, 1);
  const { source: drawings, list } = runOf(started({ taken: 'drawn', drawing: { label: 'ship', seed: 7 }, wanted: 5 }));
  assert.deepEqual([drawings.kind, drawings.count, list], ['drawn', 5, [0, 1, 2, 3, 4]]);
  assert.equal(runOf(s.start(s.filesChosen(s.begin(source()), source(1)), { config: PGD, shape: SHAPE, target: '', networks: NETWORKS, threshold: 0.1, classes: CLASSES })).list.length, 1);
  assert.deepEqual(runOf(started({ sweeps: true })).sweep, [0.005, 0.01, 0.02]);
  assert.deepEqual(s.sweepFor({ ...PGD, norm: 'l2', eps: 0.5 }), []);
  assert.deepEqual(s.sweepFor({ ...PGD, eps: null }), []);
});

test('the slider’s threshold judges as long as the networks are the same', () => {
  const run = runOf(started());
  assert.equal(s.limitOf(run, { networks: NETWORKS, threshold: 0.7 }), 0.7);
  assert.equal(s.limitOf(run, { networks: { ...NETWORKS, autoencoder: 'tutorial' }, threshold: 0.7 }), 0.1);
  assert.equal(s.limitOf(run, { networks: undefined, threshold: 0.7 }), 0.1);
});

test('a table’s cells are quoted where they must be, and no name is a formula', () => {
  const cases = [['a', 'a'], ['a,b', '"a,b"'], ['say "a"', '"say ""a"""'], ['a\nb', '"a\nb"'], [' a', '" a"'], ['=1+1', "'=1+1"], ['@x,y', '"\'@x,y"'], [-0.5, '-0.5'], [undefined, ''], [null, ''], [false, 'false']];
  for (const [value, text] of cases) assert.equal(cell(/** @type {any} */ (value)), text);
});

test('the exported table has a line for each picture, in their order, with the figures’ judgement', () => {
  const sweep = [{ eps: 0.01, verdict: saying('dog', 'cat', 0.05), distance: 0.01, queries: null }];
  const run = { ...runOf(started()), sweep: [0.01], rows: [{ ...ROWS[2], sweep }, { ...ROWS[0], sweep, name: 'a, b.png' }] };
  const [head, first, second, end] = [...csv(run, 0.1)].join('').split('\r\n');
  assert.equal(end, '');
  assert.match(head, /^picture,index,class,clean_prediction,.*,familiar,drawn,prediction_at_eps_0.01,score_at_eps_0.01,answer_at_eps_0.01$/);
  assert.equal(first, '"a, b.png",0,cat,cat,0.01,false,cat,pgd,classifier,linf,0.03,dog,cat,cat,0.5,true,cat,0.01,,true,,dog,0.05,dog');
  assert.match(second, /^2\.png,2,dog,/);
  assert.equal([...csv(run, 0.02)].join('').split('\r\n')[1].split(',').at(-1), 'cat', 'by the threshold that is asked for');
  const all = JSON.parse([...json(run, 0.1, 'https://example.org/')].join(''));
  assert.deepEqual([all.attacker, all.complete, all.figures.fooled.count, all.rows[0].name, all.confusion.after.length, all.eps.length], ['classifier', false, 2, 'a, b.png', 3, 3]);
});

test('each figure says whom it holds against, and of which pictures', () => {
  const run = { ...runOf(started({ wanted: 2, order: 'spread' })), rows: ROWS.slice(0, 1) };
  assert.match(settingInWords(run), /pgd, L∞, eps 0\.03 \(7\.6\/255\), eps_step 0\.001, max_iter 10\. Against an attacker who knows the classifier only\. 1 picture: the first of 3 pictures/);
  assert.match(settingInWords({ ...run, list: [0, 22] }), /every 22nd of/);
  assert.match(settingInWords({ ...run, list: [0, 111] }), /every 111th of/);
  assert.match(attackerOf({ config: { ...PGD, attack: 'corrector' }, shape: { ...SHAPE, attacker: 'defence' } }), /the corrector/);
  assert.match(attackInWords({ config: PGD, target: 'cat' }), /^pgd towards cat/);
  assert.match(reachInWords(0.001, 10, 0.03), /10 steps of 0.001 reach 0.01 at most/);
  assert.equal(reachInWords(0.005, 20, 0.03), '');
  assert.match(progressInWords(s.opened({ ...s.begin(source()), run }, run.id, false, 0).run ?? run, 0), /^1 of 2 pictures/);
});

const { fetch } = globalThis;
afterEach(() => void (globalThis.fetch = fetch));

test('drawings are of all classes in turn, or of one, and each has the name that `draw` gives it', async () => {
  globalThis.fetch = async (url) => new Response(await readFile(/** @type {URL} */ (url)), { headers: { 'content-type': 'application/wasm' } });
  const all = drawn({ label: '', seed: 0 }, 5, CLASSES);
  await all.ready?.();
  // The first seed to measure on is 2^31; those of another number have its 2^32nd before it.
  assert.deepEqual([0, 1, 2, 3].map(all.nameOf), ['cat-2147483648', 'dog-2147483649', 'ship-2147483650', 'cat-2147483651']);
  assert.deepEqual([all.drawn, all.count, all.labelOf(4)], [true, 5, 'dog']);
  const ships = drawn({ label: 'ship', seed: 3 }, 2, CLASSES);
  await ships.ready?.();
  assert.deepEqual([0, 1].map(ships.nameOf), ['ship-15032385536', 'ship-15032385537']);
  const nobody = /** @type {any} */ (undefined);
  const pictures = await Promise.all([all.read(2, nobody), all.read(2, nobody), ships.read(0, nobody), ships.read(1, nobody)]);
  for (const picture of pictures) {
    assert.equal(picture.length, 3 * 96 * 96);
    assert.ok(picture.every((value) => value >= 0 && value <= 1));
  }
  assert.deepEqual(pictures[0], pictures[1]);
  assert.notDeepEqual(pictures[0], pictures[2], 'another seed');
  assert.notDeepEqual(pictures[2], pictures[3], 'another place');
});

test('of STL-10 on this computer only the picture that is wanted is asked for', async () => {
  const there = { 'test_X.bin': Uint8Array.from({ length: 36 }, (_, i) => i), 'test_y.bin': Uint8Array.from([2, 1, 3]) };
  /** @type {string[]} */
  const asked = [];
  let status = 206;
  globalThis.fetch = async (url, options) => {
    const name = /** @type {keyof typeof there} */ (String(url).split('/').at(-1));
    const range = String(/** @type {any} */ (options?.headers).range);
    asked.push(`${name} ${range} ${options?.cache}`);
    const [from, to] = range.split('=')[1].split('-').map(Number);
    return new Response(there[name].slice(from, to + 1), { status });
  };
  const offer = { pictures: { name: 'test_X.bin', size: 36 }, labels: { name: 'test_y.bin', size: 3 }, protocol: 'tutorial' };
  const source = await computer(offer, { classes: CLASSES, side: 2 });
  const nobody = /** @type {any} */ (undefined);
  assert.deepEqual(await source.read(2, nobody), fromColumns(there['test_X.bin'].slice(24), 2));
  assert.deepEqual(asked, ['test_y.bin bytes=0-2 no-store', 'test_X.bin bytes=24-35 no-store']);
  assert.deepEqual([source.count, source.labelOf(1), source.drawn, source.kind], [3, 'cat', false, 'computer']);
  status = 404;
  await assert.rejects(source.read(0, nobody), /the server of this page said 404 to a request for a part of test_X\.bin/);
  globalThis.fetch = async () => Promise.reject(new TypeError('Failed to fetch'));
  await assert.rejects(source.read(0, nobody), /does not answer/);
});

test('no other host than this computer is asked for its files', async () => {
  globalThis.fetch = async () => assert.fail('asked');
  assert.deepEqual(await offered(), []); // the module is a file here
});

test('drawings are called so, and pictures that networks were trained on, too', () => {
  const run = { ...runOf(started()), rows: ROWS };
  const drawing = { ...run, source: drawn({ label: '', seed: 0 }, 5, CLASSES) };
  assert.match(holdsFor(drawing), /; 5 pictures that are drawn, not photographs\.$/);
  assert.match(holdsFor(run), /; 5 pictures\.$/);
  assert.match(settingInWords(drawing), /the first of 5 pictures drawn on the spot by this project \(all classes, seed 0\)\. .* They are drawings/);
  const [head, first] = [...csv(drawing, 0.1)].join('').split('\r\n').map((line) => line.split(','));
  assert.equal(first[head.indexOf('drawn')], 'true');
  const { pictures } = JSON.parse([...json(drawing, 0.1, '')].join(''));
  assert.deepEqual([pictures.source, pictures.drawn], ['drawn', true]);
  assert.match(pictures.caution, /drawings/);

  const trained = { ...NETWORKS, cards: { ...NETWORKS.cards, autoencoder: { training: { protocol: 'tutorial', data: 'stl10 and drawn' } } } };
  const by = (/** @type {string | undefined} */ trainedBy, networks = trained) => cautionOf({ source: { ...source(), trainedBy }, networks });
  assert.match(by('tutorial'), /trained on pictures of this file/);
  assert.equal(by('standard'), '');
  assert.equal(by(undefined), '');
  assert.equal(by('tutorial', NETWORKS), '', 'no card says how');
});
