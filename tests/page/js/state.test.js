// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ATTACKS, inDecimals } from '../../../www/core.js';
import { SAMPLES } from '../../../www/samples.js';
import * as s from '../../../www/state.js';
import { DEFAULT } from '../../../www/models.js';
import { attackTime, loaded, looks, message, queries, stepName } from '../../../www/words.js';
import { CONSTANTS, detection, networks, step, verdict } from './fixtures.js';

/** @typedef {import('../../../www/state.js').State} State */

const FILE = new Blob(['a picture']);
const PICTURE = new Float32Array(12);
const BIRD = detection(verdict([0.1, 0.8, 0.1], [0.1, 0.8, 0.1]));

/** @param {State} state */
const openingId = (state) => state.opening?.id ?? -1;
/** @param {State} state */
const startingId = (state) => s.starting(state)?.id ?? -1;

/** The networks that are on their way answer. @param {State} state @param {boolean} [webgpu] */
const opened = (state, webgpu) => s.networksOpened(state, startingId(state), networks(webgpu));

/** The picture that is on its way is shown. @param {State} state @param {Float32Array} [picture] */
function shown(state, picture = PICTURE) {
  const id = openingId(state);
  return s.pictureShown(s.pictureDecoded(s.pictureHanded(state, id), id, picture), id, detection());
}

/** A page with the first sample. @param {string} [query] @param {boolean} [webgpu] */
const ready = (query = '', webgpu) => shown(opened(s.begin(query), webgpu));

/** @param {State} state */
function attacked(state) {
  let now = s.attackOrPause(state);
  for (let t = 0; t <= 10; t++) now = s.stepArrived(now, now.run?.id ?? -1, step(t), 7);
  return s.runFinished(now, now.run?.id ?? -1, step(10));
}

/** @param {State} state */
const notices = (state) => state.notices.map(({ text }) => text).join(' ');

test('from nothing to an attack, and its steps again', () => {
  let state = s.begin('');
  assert.equal(state.phase, 'loading');
  state = opened(state);
  assert.equal(state.phase, 'loading');
  state = shown(state);
  assert.equal(state.phase, 'ready');
  state = attacked(state);
  assert.equal(state.phase, 'done');
  assert.equal(state.run?.at, 10);
  assert.equal(s.showStep(state, 3).run?.at, 3);
  assert.equal(s.showStep(state, 99).run?.at, 10);
  assert.match(s.query(state), /run=1/);
});

test('an address that asks for it attacks the first picture, once', () => {
  let state = ready('?run=1');
  assert.equal(state.phase, 'running');
  state = shown(s.chooseSample(s.cancel(state), SAMPLES[1]));
  assert.equal(state.phase, 'ready');
});

test('a GPU lost during the first look at a picture of the visitor’s own: it is looked at on the CPU', () => {
  const before = shown(s.chooseSample(ready('', true), SAMPLES[4])); // C1 needed another sample than the first
  const own = s.openOwn(before, FILE);
  const decoded = s.pictureDecoded(s.pictureHanded(own, openingId(own)), openingId(own), PICTURE);
  const lost = s.workerLost(decoded, 'The GPU was lost.', true);
  assert.equal(s.starting(lost)?.backend, 'cpu');
  assert.match(notices(lost), /The GPU was lost\. The CPU takes over\./);
  const again = opened(lost);
  assert.notEqual(openingId(again), openingId(lost)); // asked anew
  const state = shown(again);
  assert.equal(state.phase, 'ready');
  assert.equal(state.shown?.source.kind, 'own');
});

test('a picture that the computation breaks down on is not tried again', () => {
  const own = s.openOwn(ready(), FILE);
  const lost = s.workerLost(s.pictureHanded(own, openingId(own)), 'The computation broke down (unreachable).', false);
  assert.match(notices(lost), /broke down \(unreachable\)\. The page has started anew\. The picture was not opened\./);
  const state = opened(lost);
  assert.equal(state.phase, 'ready');
  assert.deepEqual(state.shown?.source, { kind: 'sample', id: SAMPLES[0] });
  // The first picture of all: then there is none, and that is said.
  const first = opened(s.begin(''));
  const none = opened(s.workerLost(s.pictureHanded(first, openingId(first)), 'Broken.', false));
  assert.equal(none.phase, 'error');
  assert.match(message(none).headline, /no picture yet/);
  assert.equal(shown(s.chooseSample(none, SAMPLES[2])).phase, 'ready');
});

test('bytes that still come do not hide what failed', () => {
  const begun = s.begin('');
  const id = startingId(begun);
  const failed = s.networksFailed(s.networksProgress(begun, id, 1e6), id, 'corrector could not be loaded.', false);
  assert.equal(failed.phase, 'error');
  const late = s.networksProgress(failed, id, 16e6);
  assert.equal(late, failed);
  assert.deepEqual(message(late), { kind: 'bad', headline: 'This does not work.', detail: 'corrector could not be loaded.', numbers: '' });
  const again = s.retried(late, { kind: 'networks' });
  assert.equal(s.networksProgress(again, id, 16e6), again);
  assert.equal(shown(opened(again)).phase, 'ready');
});

test('the sample that was chosen last is the one that is shown, whichever loads last', () => {
  const dog = s.chooseSample(ready(), SAMPLES[6]);
  const ship = s.chooseSample(dog, SAMPLES[8]);
  const state = shown(ship);
  const late = s.pictureShown(s.pictureDecoded(state, openingId(dog), new Float32Array(12)), openingId(dog), BIRD);
  assert.equal(late, state);
  assert.deepEqual(late.shown?.source, { kind: 'sample', id: SAMPLES[8] });
  assert.match(s.query(late), new RegExp(`sample=${SAMPLES[8]}`));
});

test('a sample that fails leaves the picture, the attack and the address as they were', () => {
  for (const before of [ready(), attacked(ready()), s.attackOrPause(ready())]) {
    const chosen = s.chooseSample(before, SAMPLES[4]);
    assert.deepEqual(s.chosen(chosen), { kind: 'sample', id: SAMPLES[4] });
    const state = s.pictureFailed(chosen, openingId(chosen), 'The sample could not be opened.', { kind: 'sample', id: SAMPLES[4] });
    assert.equal(state.phase, before.phase);
    assert.deepEqual(s.chosen(state), { kind: 'sample', id: SAMPLES[0] });
    assert.equal(state.run, before.run);
    assert.equal(s.query(state), s.query(before));
    assert.match(notices(state), /could not be opened/);
  }
});

test('an attack goes on until another picture is known to be one', () => {
  const running = s.stepArrived(s.attackOrPause(ready()), 3, step(0), 7);
  const own = s.openOwn(running, FILE);
  assert.equal(own.phase, 'running');
  const decoded = s.pictureDecoded(own, openingId(own), PICTURE);
  assert.equal(decoded.phase, 'loading');
  assert.equal(decoded.run?.ended, 'cancelled');
  assert.equal(shown(own).run, undefined);
});

test('a picture of the visitor’s own that comes while the networks are loaded waits for them', () => {
  const own = s.openOwn(s.begin(''), FILE);
  assert.equal(own.phase, 'loading');
  const state = shown(opened(own));
  assert.equal(state.shown?.source.kind, 'own');
  assert.equal(s.query(state), '?');
});

test('without networks, a picture has them loaded again', () => {
  const begun = s.begin('');
  const failed = s.networksFailed(begun, startingId(begun), 'Broken.', false);
  for (const state of [s.openOwn(failed, FILE), s.chooseSample(failed, SAMPLES[3]), s.chooseBackend(failed, 'cpu')]) {
    assert.equal(state.phase, 'loading');
    assert.equal(shown(opened(state)).phase, 'ready');
  }
});

test('an autoencoder that cannot be had leaves the one that was there, with its picture and its run', () => {
  const before = s.chooseThreshold(attacked(ready()), 0.3);
  const chosen = s.chooseAutoencoder(before, 'tutorial');
  assert.equal(chosen.settings.threshold, null);
  const state = s.networksFailed(chosen, startingId(chosen), 'tutorial.safetensors could not be loaded.', false);
  assert.equal(state.phase, 'done');
  assert.deepEqual([state.settings, state.run, state.networks], [before.settings, before.run, before.networks]);
  assert.match(notices(state), /could not be loaded\. This project’s autoencoder stays\./);
  const retry = state.notices.at(-1)?.retry;
  assert.equal(retry && s.retried(state, retry).settings.autoencoder, 'tutorial');
});

test('another autoencoder looks at the same picture anew', () => {
  const chosen = opened(s.chooseAutoencoder(attacked(ready()), 'tutorial'));
  assert.equal(chosen.phase, 'loading');
  assert.equal(chosen.opening?.picture, PICTURE);
  assert.equal(shown(chosen).phase, 'ready');
  // When it fails there, nothing is awaited for ever.
  const failed = s.pictureFailed(chosen, openingId(chosen), 'The device does not answer.');
  assert.equal(failed.phase, 'error');
});

test('another classifier keeps the picture and the attack’s settings, and looks anew', () => {
  const before = attacked(s.chooseThreshold(s.choosePreset(ready(), 'strong'), 0.3));
  const chosen = s.chooseClassifier(before, 'vgg16');
  assert.equal(chosen.phase, 'loading');
  assert.deepEqual(chosen.shown, before.shown); // in sight until the other one answers
  assert.equal(chosen.settings.threshold, null);
  const open = opened(chosen);
  assert.equal(open.opening?.picture, PICTURE);
  const state = shown(open);
  assert.equal(state.phase, 'ready');
  assert.deepEqual([state.networks?.classifier, state.shown?.classifier], ['vgg16', 'vgg16']);
  assert.equal(state.attack, before.attack);
  assert.equal(s.query(state), s.query(before).replace('&threshold=0.3&run=1', '&classifier=vgg16'));
  // With the same autoencoder's name, what the other classifier said is void all the same.
  assert.equal(opened(s.chooseClassifier(state, 'compact')).shown, undefined);
  assert.equal(s.chooseClassifier(s.chooseAutoencoder(state, 'tutorial'), 'compact').settings.autoencoder, 'tutorial');
});

test('a classifier that cannot be had leaves the one that was there', () => {
  const before = attacked(ready());
  const chosen = s.chooseClassifier(before, 'vgg16');
  const state = s.networksFailed(chosen, startingId(chosen), 'VGG16 is not kept on this machine.', false);
  assert.deepEqual([state.phase, state.settings, state.run], ['done', before.settings, before.run]);
  assert.match(notices(state), /The classifier compact stays\.$/);
  const retry = state.notices.at(-1)?.retry;
  assert.equal(retry && s.starting(s.retried(state, retry))?.classifier, 'vgg16');
});

test('loading can be cancelled: back to what was there, or to the default classifier', () => {
  const before = s.chooseThreshold(attacked(ready()), 0.3);
  for (const chosen of [s.chooseClassifier(before, 'vgg16'), s.chooseAutoencoder(before, 'tutorial'), s.chooseAutoencoder(s.chooseClassifier(before, 'vgg16'), 'tutorial')]) {
    assert.equal(s.canCancelLoading(chosen), true);
    const state = s.cancelLoading(chosen);
    assert.equal(state.phase, 'done');
    assert.deepEqual([state.settings, state.networks, state.run], [before.settings, before.networks, before.run]);
    assert.equal(s.networksOpened(state, startingId(chosen), networks()), state); // it comes too late
    assert.equal(s.cancelLoading(state), state);
  }
  const first = s.begin('?classifier=vgg16&sample=cat-52');
  assert.equal(s.canCancelLoading(first), true);
  const state = shown(opened(s.cancelLoading(first)));
  assert.deepEqual([state.networks?.classifier, state.shown?.source], [DEFAULT, { kind: 'sample', id: 'cat-52' }]);
  const usual = s.begin('');
  assert.equal(s.canCancelLoading(usual), false);
  assert.equal(s.cancelLoading(usual), usual);
});

test('how much has come is told as a share, and then that the networks start', () => {
  const chosen = s.chooseClassifier(ready(), 'vgg16');
  const at = (/** @type {number} */ bytes) => s.networksProgress(chosen, startingId(chosen), bytes);
  assert.equal(loaded(chosen), 0);
  const half = at(8.76e6);
  assert.ok(Math.abs((loaded(half) ?? 0) - 0.5) < 0.01);
  assert.match(message(half).headline, /^Loading VGG16 and its autoencoder … 8\.8 of 17\.5\sMB$/);
  assert.equal(loaded(at(17.5e6)), 1);
  assert.match(message(at(17.5e6)).headline, /^Starting VGG16/);
  assert.equal(loaded(ready()), undefined);
});

test('a step’s time is told once it was measured, and that of a real attack replaces what was measured before', () => {
  const say = (/** @type {State} */ state, shownFor = () => 0) => attackTime(state, shownFor).replaceAll('\u00a0', ' ');
  assert.equal(say(ready()), '');
  let state = s.stepMeasured(ready(), 412);
  assert.equal(say(state), 'A step takes about 410 ms on this device, the 10 of this attack 4.5 s.');
  assert.equal(say(s.chooseAttack(state, { max_iter: 1 })), 'A step takes about 410 ms on this device.');
  assert.equal(say(s.stepMeasured(ready(), 3), () => 1500), 'A step takes about 3 ms on this device, the 10 of this attack 1.5 s.'); // so that eyes can follow
  assert.equal(say(s.chooseAttack(s.stepMeasured(ready(), 12_345), { max_iter: 20 })), 'A step takes about 12 s on this device, the 20 of this attack 4 minutes.');
  state = s.attackOrPause(state);
  const id = state.run?.id ?? -1;
  for (const [t, time] of [900, 2000, 1000].entries()) state = s.stepArrived(state, id, step(t), time);
  assert.equal(say(state), 'A step takes about 1.0 s on this device; about 8.0 s to go.');
  state = s.stepMeasured(s.cancel(state), 5); // too late to count
  assert.equal(say(state), 'A step takes about 1.0 s on this device, the 10 of this attack 11 s.');
  assert.equal(say(opened(s.chooseClassifier(state, 'vgg16'))), '');
});

test('whether a classifier is kept is known per classifier, and a failure is told', () => {
  const unknown = s.chooseClassifier(ready(), 'vgg16');
  assert.deepEqual(unknown.offline, {});
  const saving = s.chooseOffline(s.offlineKnown(unknown, 'vgg16', 'no'), 'vgg16', true);
  assert.equal(saving.offline.vgg16, 'saving');
  const failed = s.offlineFailed(saving, 'vgg16', 'no', 'VGG16 could not be kept.');
  assert.deepEqual([failed.offline.vgg16, notices(failed)], ['no', 'VGG16 could not be kept.']);
  assert.equal(notices(s.chooseOffline(failed, 'vgg16', true)), '');
  assert.equal(s.chooseOffline(failed, 'vgg16', false).offline.vgg16, 'removing');
});

test('a picture that fails while other networks come does not take the earlier one with it', () => {
  const switching = s.openOwn(s.chooseAutoencoder(ready(), 'tutorial'), FILE);
  const open = opened(switching);
  const failed = s.pictureFailed(open, openingId(open), 'That is not a picture.');
  assert.equal(failed.phase, 'loading');
  assert.deepEqual(shown(failed).shown?.source, { kind: 'sample', id: SAMPLES[0] });
});

test('another backend keeps the picture and the run', () => {
  const before = attacked(ready());
  const state = opened(s.chooseBackend(before, 'webgpu'));
  assert.equal(state.phase, 'done');
  assert.equal(state.run, before.run);
  assert.match(notices(state), /WebGPU was asked for/);
});

test('a backend that takes over in the background changes nothing but the line that names it', () => {
  const before = attacked(ready());
  const state = s.backendChanged(before, { webgpu: true, reason: '8 ms a step' });
  // How long a step takes there is not known yet.
  const { stepTime, ...rest } = /** @type {import('../../../www/state.js').Networks} */ (before.networks);
  assert.equal(stepTime, 7);
  assert.deepEqual(state, { ...before, networks: { ...rest, webgpu: true, reason: '8 ms a step' } });
  assert.equal(s.backendChanged(before, { webgpu: false, reason: 'slower' }).networks?.stepTime, 7);
  assert.equal(before.run?.webgpu, false);
  assert.equal(s.attackOrPause(state).run?.webgpu, true);
  // Without networks there is none.
  const lost = s.workerLost(state, 'The GPU was lost.', true);
  assert.equal(s.starting(lost)?.backend, 'cpu');
  assert.equal(s.backendChanged(lost, { webgpu: true, reason: '' }), lost);
});

test('after three breakdowns, or a start on the CPU that fails, the page gives up and says why', () => {
  let state = ready();
  for (let i = 0; i < 3; i++) state = opened(s.workerLost(state, 'Broken.', false));
  assert.equal(state.phase, 'ready');
  state = s.workerLost(state, 'Broken.', false);
  assert.equal(state.phase, 'error');
  assert.equal(message(state).detail, 'Broken.');

  const begun = s.begin('');
  const cpu = s.networksFailed(begun, startingId(begun), 'Broken.', true);
  assert.equal(s.starting(cpu)?.backend, 'cpu');
  assert.equal(s.networksFailed(cpu, startingId(cpu), 'Broken.', true).phase, 'error');
});

test('notices go when the visitor does the next thing', () => {
  const told = ready('?eps=7&backend=abacus');
  assert.match(notices(told), /backend=abacus.*eps=7/);
  for (const next of [s.attackOrPause, s.oneStep, (/** @type {State} */ from) => s.chooseSample(from, SAMPLES[1])]) {
    assert.equal(notices(next(told)), '');
  }
  const own = s.openOwn(ready(), FILE);
  const failed = s.pictureFailed(own, openingId(own), 'text.png is not a picture.');
  assert.equal(notices(s.attackOrPause(failed)), '');
  assert.equal(notices(s.openOwn(failed, FILE)), '');
  assert.equal(notices(s.chooseBackend(failed, 'cpu')), '');
});

test('one step is one step, and says which', () => {
  let state = s.oneStep(ready());
  assert.equal(message(state).headline, 'Computing step 1 of 10 …');
  const id = state.run?.id ?? -1;
  state = s.stepArrived(state, id, step(0), 7);
  assert.equal(state.phase, 'running');
  state = s.stepArrived(state, id, step(1), 7);
  assert.equal(state.phase, 'paused');
  // What the detector says of a step is said in a pause.
  assert.match(message(state).headline, /^Paused at step 1 of 10\. Not fooled: still airplane\..*Nothing suspicious/);
  state = s.oneStep(state);
  assert.equal(message(state).headline, 'Computing step 2 of 10 …');
  assert.equal(s.attackOrPause(state).run?.pace, 'run');
});

test('what is chosen after a run is marked as not yet run', () => {
  const done = attacked(ready());
  assert.equal(s.stale(done), false);
  for (const change of [{ eps: 0.02 }, { max_iter: 3 }, { target: /** @type {const} */ ('car') }]) {
    const state = s.chooseAttack(done, change);
    assert.equal(s.stale(state), true);
    assert.doesNotMatch(s.query(state), /run=1/);
    assert.equal(s.stale(s.chooseAttack(state, { eps: 0.04, max_iter: 10, target: '' })), false);
  }
  assert.equal(s.stale(s.choosePreset(done, 'strong')), true);
  assert.equal(s.stale(s.chooseThreshold(done, 1)), false);
});

test('presets and norms are the core’s', () => {
  const state = ready();
  assert.equal(s.presetOf(state), 'tutorial');
  const strong = s.choosePreset(state, 'strong');
  assert.deepEqual(strong.attack, { name: 'pgd', norm: 'linf', eps: 0.04, eps_step: 0.005, max_iter: 20, target: '', restarts: 0, stop: false });
  assert.equal(s.presetOf(strong), 'strong');
  const l2 = s.chooseNorm(strong, 'l2');
  assert.deepEqual(l2.attack, { name: 'pgd', norm: 'l2', eps: 3, eps_step: 0.2, max_iter: 10, target: '', restarts: 0, stop: false });
  assert.equal(s.presetOf(l2), 'tutorial');
  assert.deepEqual(s.choosePreset(l2, 'strong').attack, { name: 'pgd', norm: 'l2', eps: 3, eps_step: 0.5, max_iter: 20, target: '', restarts: 0, stop: false });
  assert.equal(s.presetOf(s.chooseAttack(l2, { eps: 1 })), 'custom');
  // The same preset again is a new choice, so that fields with an invalid entry are filled anew.
  assert.notEqual(s.choosePreset(strong, 'strong').attack, strong.attack);
});

test('the core’s 32 bits are shown as decimals, and its steps limited to what is kept', () => {
  const { norms, max_steps } = inDecimals({ ...CONSTANTS, max_steps: 10_000, norms: [{ ...CONSTANTS.norms[0], largest: Math.fround(166.28), tutorial: { eps: Math.fround(0.03) } }] });
  assert.deepEqual([norms[0].largest, norms[0].tutorial.eps, max_steps], [166.28, 0.03, 200]);
});

test('a targeted attack leads towards its target, any other away from the prediction', () => {
  const away = s.attackOrPause(ready()).run;
  assert.deepEqual([away?.from, away?.config.targeted], ['airplane', false]);
  const towards = s.attackOrPause(s.chooseAttack(ready(), { target: 'car' }));
  assert.deepEqual([towards.run?.from, towards.run?.config.targeted], ['car', true]);
  const id = towards.run?.id ?? -1;
  const done = s.runFinished(s.stepArrived(towards, id, step(0), 7), id, step(0));
  assert.equal(s.stale(done), false);
  assert.equal(s.stale(s.chooseAttack(done, { target: 'bird' })), true);
});

test('networks that were asked for earlier change nothing when they come late', () => {
  const first = s.chooseAutoencoder(ready(), 'tutorial');
  const second = s.chooseAutoencoder(first, 'compact');
  assert.equal(s.networksOpened(second, startingId(first), networks()), second);
  assert.equal(s.networksFailed(second, startingId(first), 'Late.', false), second);
  const failed = s.networksFailed(second, startingId(second), 'Broken.', false);
  assert.equal(failed.settings.autoencoder, 'compact');
});

test('a worker that is lost while others come leaves it to them', () => {
  const switching = s.chooseAutoencoder(ready(), 'tutorial');
  const lost = s.workerLost(switching, 'Broken.', false);
  assert.equal(startingId(lost), startingId(switching));
  assert.equal(shown(opened(lost)).phase, 'ready');
  assert.equal(s.networksFailed(lost, startingId(lost), 'Broken.', false).phase, 'error');
});

test('what came of an earlier run changes nothing', () => {
  const first = s.attackOrPause(ready());
  const id = first.run?.id ?? -1;
  const second = s.attackOrPause(s.cancel(s.stepArrived(first, id, step(0), 7)));
  assert.equal(s.stepArrived(second, id, step(1), 7), second);
  assert.equal(s.runFinished(second, id, step(1)), second);
  assert.equal(s.runFailed(second, id, 'Late.'), second);
  assert.equal(s.runRounded(second, id, BIRD), second);
});

/** The run under way has all its steps, with this answer, and ends. @param {State} state @param {typeof BIRD.verdict} [of] */
function whole(state, of) {
  const id = state.run?.id ?? -1;
  let now = state;
  for (let t = 0; t <= (state.run?.config.max_iter ?? 0); t++) now = s.stepArrived(now, id, step(t, of), 7);
  return s.runFinished(now, id, step(0, of));
}

test('an attack until the classifier sees this tries every preset and then twice eps, and says what it needed', () => {
  let state = s.attackUntil(s.chooseAttack(ready(), { restarts: 2 }), 'bird');
  const strength = () => [state.run?.config.eps, state.run?.config.eps_step, state.run?.config.max_iter];
  const tried = [];
  for (; state.phase === 'running'; state = whole(state)) tried.push(strength());
  assert.deepEqual(tried, [[0.04, 0.001, 10], [0.04, 0.005, 20], [0.08, 0.01, 20], [0.16, 0.02, 20], [0.32, 0.04, 20]]);
  assert.equal(state.phase, 'done');
  assert.match(message(state).headline, /^Not fooled: still airplane, not bird\./);
  assert.match(message(state).detail, /^Not even eps 81\.6\/255 was enough\./);

  // In the third attempt it works: at its first step, which is the last one made.
  state = whole(whole(s.attackUntil(state, 'bird')));
  assert.match(message(state).headline, /eps 20\.4\/255/);
  assert.equal(state.phase, 'running');
  state = whole(state, BIRD.verdict);
  assert.deepEqual([state.phase, state.run?.steps.length, state.run?.at], ['done', 2, 1]);
  assert.match(message(state).detail, /^Needed eps 20\.4\/255 and 1 step: a change of 0\/255\./);
  // The link repeats what worked, and the fields show it.
  assert.equal(s.stale(state), false);
  assert.match(s.query(state), /eps=0\.08&eps_step=0\.01&max_iter=20&target=bird&stop=1&run=1$/);
  // Another step than the last says nothing of that.
  assert.doesNotMatch(message(s.showStep(state, 0)).detail, /eed/);
});

test('a class to be seen ends the attack under way, but the picture’s own class is no wish', () => {
  const running = s.stepArrived(s.attackOrPause(ready()), 3, step(0), 7);
  const next = s.attackUntil(running, 'car');
  assert.equal(next.phase, 'running');
  assert.notEqual(next.run?.id, running.run?.id);
  for (const state of [ready(), running, s.begin('')]) assert.equal(s.attackUntil(state, 'airplane'), state);
  assert.equal(s.attackUntil(s.begin(''), 'car').run, undefined);
  // Stepping goes on stepping from one strength to the next.
  let stepped = s.oneStep(s.attackOrPause(s.stepArrived(next, next.run?.id ?? -1, step(0), 7)));
  stepped = whole(stepped);
  assert.equal(s.cancel(next).phase, 'ready');
  assert.equal(stepped.run?.config.max_iter, 20);
});

test('an attack that is to stop ends at the first step that fools', () => {
  let state = s.attackOrPause(s.chooseAttack(ready(), { stop: true }));
  const id = state.run?.id ?? -1;
  state = s.stepArrived(s.stepArrived(state, id, step(0), 7), id, step(1), 7);
  assert.equal(state.phase, 'running');
  state = s.stepArrived(state, id, step(2, BIRD.verdict), 7);
  assert.equal(state.phase, 'done');
  assert.equal(s.runFinished(state, id, step(2)), state);
  assert.equal(s.stepArrived(state, id, step(3), 7), state);
  assert.equal(s.stale(s.chooseAttack(state, { stop: false })), true);
  // Towards a target, another class is not enough.
  const towards = s.attackOrPause(s.chooseAttack(ready(), { stop: true, target: 'car' }));
  assert.equal(s.stepArrived(towards, towards.run?.id ?? -1, step(1, BIRD.verdict), 7).phase, 'running');
});

test('of several starts each is named, and the first that fools is the last', () => {
  let state = s.attackOrPause(s.chooseAttack(ready(), { restarts: 2 }));
  assert.equal(state.run?.config.num_random_init, 2);
  const id = state.run?.id ?? -1;
  for (let t = 0; t <= 10; t++) state = s.stepArrived(state, id, step(t), 7);
  const second = step(1, BIRD.verdict);
  state = s.stepArrived(state, id, { ...second, step: { ...second.step, restart: 1 } }, 7);
  assert.equal(state.phase, 'done');
  assert.equal(state.run && stepName(state.run), '1 of 10, start 2 of 2');
  assert.equal(state.run && s.lastStep(state.run.shape), 21);
  // More steps allow fewer starts.
  assert.equal(s.chooseAttack(s.chooseAttack(state, { restarts: 3 }), { max_iter: 15 }).attack?.restarts, 2);
});

/** @param {number} t @param {import('../../../www/core.js').Verdict} of a step with a picture of its own */
function stepTo(t, of) {
  const made = step(t, of);
  return { ...made, picture: Float32Array.from(made.picture, (value, i) => (i === 0 ? t : value)) };
}

test('an attack comes with its own numbers, in its own norm, and within the steps that the page keeps', () => {
  const strong = s.chooseAttack(s.choosePreset(ready(), 'strong'), { restarts: 1, target: 'car' });
  const selective = s.chooseMethod(strong, 'selective-pgd');
  assert.deepEqual(selective.attack, { name: 'selective-pgd', norm: 'linf', eps: 0.04, eps_step: 0.004, max_iter: 12, target: 'car', restarts: 1, stop: false });
  assert.equal(s.presets(selective).length, 1); // both presets are the same to it
  const run = s.attackOrPause(selective).run;
  assert.deepEqual([run?.config.attack, run?.config.targeted, run?.config.max_iter, run?.from], ['selective-pgd', true, 12, 'car']);
  assert.deepEqual(run?.shape, { attacker: 'defence', cost: 3, steps: 12, restarts: 1 });
  const cw = s.chooseMethod(selective, 'cw');
  assert.deepEqual([cw.attack?.norm, cw.attack?.eps, cw.attack?.max_iter, cw.attack?.restarts], ['l2', null, 5, 0]);
  assert.equal(s.chooseNorm(cw, 'linf').attack?.norm, 'l2');
  assert.equal(s.chooseAttack(cw, { max_iter: 30 }).attack?.max_iter, 5);
  assert.equal(s.lastStep(s.prepared(/** @type {any} */ (cw.attack), CONSTANTS).shape), 35); // six rounds, each from step 0
  const fgsm = s.attackOrPause(s.chooseMethod(cw, 'fgsm')).run;
  assert.deepEqual([fgsm?.shape.steps, fgsm && 'max_iter' in fgsm.config], [1, false]);
  // A search needs no bound to double where there is none.
  assert.equal(s.attackUntil(cw, 'bird').run?.search?.left.length, 0);
});

test('who knows the detector has what it is after only where that is not noticed, and who knows the corrector where the answer is wrong', () => {
  const [AIRPLANE, OTHER] = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]];
  const noticed = verdict(OTHER, AIRPLANE, AIRPLANE, 0.5);
  const unnoticed = verdict(OTHER, OTHER, AIRPLANE, 0.01);
  const corrected = verdict(AIRPLANE, OTHER, OTHER, 0.5);
  /** @param {import('../../../www/core.js').AttackName} name @param {import('../../../www/core.js').Verdict} of */
  const ends = (name, of) => {
    const from = s.attackOrPause(s.chooseAttack(s.chooseMethod(ready(), name), { stop: true }));
    return s.stepArrived(from, from.run?.id ?? -1, step(1, of), 7).phase === 'done';
  };
  assert.deepEqual([noticed, unnoticed, corrected].map((of) => ends('pgd', of)), [true, true, false]);
  assert.deepEqual([noticed, unnoticed, corrected].map((of) => ends('selective-pgd', of)), [false, true, false]);
  assert.deepEqual([noticed, unnoticed, corrected].map((of) => ends('corrector', of)), [false, true, true]);
});

test('what an attack keeps is shown when it ends, and is its result', () => {
  const clean = verdict([0.8, 0.1, 0.1], [0.8, 0.1, 0.1]);
  const fooling = verdict([0.1, 0.8, 0.1], [0.1, 0.8, 0.1]);
  const started = s.attackOrPause(s.chooseMethod(ready(), 'selective-pgd'));
  const id = started.run?.id ?? -1;
  const steps = [clean, clean, fooling, clean].map((of, t) => stepTo(t, of));
  const running = steps.reduce((now, made) => s.stepArrived(now, id, made, 21), started);
  // It comes as a picture, with the number of the last step.
  const done = s.runFinished(running, id, { ...stepTo(3, fooling), picture: Float32Array.from(steps[2].picture) });
  assert.deepEqual([done.phase, done.run?.at, done.run?.kept, done.run?.steps.length], ['done', 2, 2, 4]);
  assert.match(message(done).detail, /^This attacker knows the detector, too\. The answer stays bird\./);
  assert.doesNotMatch(message(s.showStep(done, 3)).headline, /Fooled/);
  assert.equal(done.run && s.outcome(done.run), steps[2]);
  // One that was moved to within eps afterwards is a step more.
  const moved = s.runFinished(running, id, stepTo(9, fooling));
  assert.deepEqual([moved.run?.at, moved.run?.kept, moved.run?.steps.length], [4, 4, 5]);
});

test('the time of an attack is told by its cost before it runs, and by its own steps while it does', () => {
  const say = (/** @type {State} */ state) => attackTime(state, () => 0).replaceAll('\u00a0', ' ');
  let state = s.chooseMethod(s.stepMeasured(ready(), 100), 'selective-pgd');
  assert.equal(say(state), 'A step takes about 300 ms on this device, the 12 of this attack 3.9 s.');
  assert.match(say(s.chooseMethod(state, 'cw')), /the 30 of this attack 3\.6 s/);
  state = s.attackOrPause(state);
  state = s.stepArrived(state, state.run?.id ?? -1, step(0), 500);
  assert.equal(say(state), 'A step takes about 500 ms on this device; about 6.0 s to go.');
  assert.equal(state.networks?.stepTime, 100); // PGD's
});

test('questions are counted', () => {
  const started = s.attackOrPause(s.chooseMethod(ready(), 'square'));
  const id = started.run?.id ?? -1;
  const made = (/** @type {number} */ t) => ({ ...stepTo(t, detection().verdict), step: { ...step(t).step, queries: t + 1 } });
  let state = s.stepArrived(started, id, made(0), 7);
  assert.equal(queries(state.run), '1 question asked');
  state = s.stepArrived(state, id, made(1), 7);
  assert.equal(queries(state.run), '2 questions asked');
  assert.match(message(s.runFinished(state, id, made(1))).detail, /^2 questions asked\. The answer is airplane\./);
  assert.equal(queries(attacked(ready()).run), '');
});

test('three words: of the picture, of the attacked one, and of the second look', () => {
  const words = (/** @type {State} */ state) => Object.values(looks(state)).map(({ lead, word, note }) => [lead, word, note].filter(Boolean).join(' '));
  assert.deepEqual(words(s.begin('')), ['…', '…', '…']);
  assert.deepEqual(words(ready()), ['airplane', '? not attacked yet', 'airplane nothing suspicious']);
  const found = verdict([0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1], 0.5);
  const attack = (/** @type {State} */ from) => whole(s.attackOrPause(from), found);
  assert.deepEqual(words(attack(ready())), ['airplane', 'bird fooled', 'airplane attack noticed']);
  // Below the threshold the second prediction is shown, and not the corrected one.
  assert.deepEqual(words(s.chooseThreshold(attack(ready()), 1)), ['airplane', 'bird fooled', 'car attack not noticed']);
  // Nobody knows what a picture of the visitor's own shows.
  const own = shown(s.openOwn(ready(), FILE));
  assert.deepEqual(words(attack(own)), ['closest to airplane', 'closest to bird changed', 'closest to airplane attack noticed']);
});

test('while presenting, the second look is covered until it is revealed, and covered again for the next attack', () => {
  const done = attacked(s.present(ready(), true));
  assert.match(s.query(done), /present=1/);
  assert.equal(looks(done).second.word, '?');
  assert.equal(message(done).headline, 'Not fooled: still airplane.');
  const seen = s.reveal(done);
  assert.equal(looks(seen).second.word, 'airplane');
  assert.equal(message(seen).headline, 'Not fooled: still airplane. Nothing suspicious.');
  assert.equal(looks(attacked(seen)).second.word, '?');
  assert.equal(looks(shown(s.chooseSample(seen, SAMPLES[1]))).second.word, '?');
  assert.equal(s.begin('?present=1').presenting, true);
  // Elsewhere nothing is covered, and there is nothing to reveal.
  assert.equal(looks(s.present(done, false)).second.word, 'airplane');
  assert.equal(s.reveal(attacked(ready())).revealed, false);
});

test('a presenter steps on and back', () => {
  let state = s.stepOn(ready());
  assert.equal(state.run?.pace, 'once');
  const id = state.run?.id ?? -1;
  for (const t of [0, 1]) state = s.stepArrived(state, id, step(t), 7);
  state = s.stepBack(state);
  assert.deepEqual([state.phase, state.run?.at], ['paused', 0]);
  assert.equal(s.stepBack(state).run?.at, 0);
  state = s.stepOn(state);
  assert.deepEqual([state.phase, state.run?.at], ['paused', 1]);
  assert.equal(s.stepOn(state).run?.pace, 'once'); // there is no further step yet
  const done = attacked(ready());
  assert.equal(s.stepOn(done), done);
});

// ---- The model ------------------------------------------------------------------------------------------------

/** A generator of numbers in [0, 1) that repeats itself (mulberry32). @param {number} seed */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A visitor who does anything at any time, and a world that answers late, in any order, or fails. The world does what
 * session.js, pictures.js and attack-run.js do: it begins a request when the state has one that it has not begun.
 * @param {number} seed
 * @param {number} events
 */
function play(seed, events) {
  const chance = random(seed);
  const pick = (/** @type {readonly any[]} */ list) => list[Math.floor(chance() * list.length)];
  /** What each picture that was ever decoded shows. @type {Map<Float32Array, string>} */
  const contents = new Map();
  /** Which picture each detection is about. @type {Map<import('../../../www/core.js').Detection, Float32Array>} */
  const detected = new Map();
  /** Requests under way, by what is asked. @type {Map<string, () => void>} */
  const pending = new Map();
  /** @type {Blob[]} */
  const files = [];
  /** What the page's address was. */
  const addresses = ['?run=1'];
  const begun = new Set();
  const fetched = new Set();
  /** @type {string[]} */
  const log = [];
  let state = s.begin(pick(['', '?run=1', '?backend=cpu', '?autoencoder=tutorial&sample=cat-52', '?classifier=vgg16']));

  const name = (/** @type {import('../../../www/state.js').Source} */ source) =>
    source.kind === 'sample' ? `sample ${source.id}` : `own ${/** @type {any} */ (source.file).nameForTest}`;
  /** @template {any[]} A @param {string} what @param {(from: State, ...args: A) => State} transition @param {A} args */
  const go = (what, transition, ...args) => {
    log.push(what);
    state = transition(state, ...args);
    check();
    begin();
  };
  /** @param {string} kind of request @param {number} id @param {() => void} ends */
  const ask = (kind, id, ends) => {
    const key = `${kind} ${id}`;
    if (begun.has(key)) return;
    begun.add(key);
    pending.set(key, () => {
      pending.delete(key);
      ends();
    });
  };
  function close() {
    for (const key of pending.keys()) if (key.startsWith('networks')) pending.delete(key);
  }
  function begin() {
    const starting = s.starting(state);
    if (starting) {
      close();
      begun.delete(`networks ${starting.id}`);
      ask('networks', starting.id, () => {
        const luck = chance();
        if (luck < 0.7) go('opened', s.networksOpened, starting.id, networks(starting.backend !== 'cpu' && chance() < 0.5));
        else go('failed', s.networksFailed, starting.id, 'The networks failed.', luck < 0.85);
      });
    }
    else close();
    const { opening } = state;
    if (opening && !opening.picture && opening.source.kind === 'sample') ask('file', opening.id, () => afterFile(opening));
    else if (opening) fetched.add(opening.id);
    if (opening && fetched.has(opening.id) && state.networks && !starting) ask('turn', opening.id, () => atWorker(opening));
    const { run } = state;
    if (run && !run.ended) ask('attack', run.id, () => makeStep(run.id));
  }
  /** @param {import('../../../www/state.js').Opening} opening */
  function afterFile({ id }) {
    if (chance() < 0.15) return go('no file', s.pictureFailed, id, 'No file.');
    fetched.add(id);
    begin();
  }
  /** @param {import('../../../www/state.js').Opening} opening */
  function atWorker(opening) {
    const { id, source } = opening;
    if (state.opening?.id !== id) return;
    if (!state.networks || s.starting(state)) {
      begun.delete(`turn ${id}`); // it waits for the networks
      return;
    }
    go('handed', s.pictureHanded, id);
    ask('picture', id, () => {
      if (chance() < 0.15) return go('no picture', s.pictureFailed, id, 'No picture.');
      const picture = opening.picture ?? new Float32Array(12);
      if (!opening.picture) {
        contents.set(picture, name(source));
        go('decoded', s.pictureDecoded, id, picture);
      }
      ask('detection', id, () => {
        if (chance() < 0.1) return go('no detection', s.pictureFailed, id, 'No answer.');
        const seen = detection();
        detected.set(seen, picture);
        go('shown', s.pictureShown, id, seen);
      });
    });
  }
  /** @param {number} id */
  function makeStep(id) {
    const { run } = state;
    if (run?.id !== id || run.ended) return;
    begun.delete(`attack ${id}`);
    if (run.pace !== 'pause') {
      if (chance() < 0.05) go('attack failed', s.runFailed, id, 'No step.');
      else if (run.steps.length > s.lastStep(run.shape)) go('finished', s.runFinished, id, run.steps[Math.floor(chance() * run.steps.length)]);
      else go('step', s.stepArrived, id, step(run.steps.length % (run.shape.steps + 1), chance() < 0.05 ? BIRD.verdict : undefined), 1 + chance());
    }
    begin();
  }

  const visitor = {
    sample: () => go('choose sample', s.chooseSample, pick(SAMPLES)),
    own: () => {
      const file = Object.assign(new Blob([]), { nameForTest: String(log.length) });
      files.push(file);
      go('open own', s.openOwn, file);
    },
    goBack: () => go('go back', s.returned, pick(addresses), chance() < 0.3 ? pick(files) : undefined),
    level: () => go('level', s.openLevel, pick(['many', 'inside']), chance() < 0.5),
    attack: () => go('attack', s.attackOrPause),
    once: () => go('once', s.oneStep),
    cancel: () => go('cancel', s.cancel),
    until: () => go('until', s.attackUntil, pick(['airplane', 'bird', 'car'])),
    stop: () => go('stop when fooled', s.chooseAttack, { stop: chance() < 0.5 }),
    starts: () => go('starts', s.chooseAttack, { restarts: pick([0, 1, 3]) }),
    present: () => go('present', s.present, chance() < 0.5),
    reveal: () => go('reveal', s.reveal),
    on: () => go('on', s.stepOn),
    back: () => go('back', s.stepBack),
    scrub: () => go('scrub', s.showStep, Math.floor(chance() * 12)),
    preset: () => go('preset', s.choosePreset, pick(['tutorial', 'strong', 'custom'])),
    norm: () => go('norm', s.chooseNorm, pick(['linf', 'l2'])),
    method: () => go('method', s.chooseMethod, pick(ATTACKS)),
    threshold: () => go('threshold', s.chooseThreshold, pick([null, 0, 1])),
    backend: () => go('backend', s.chooseBackend, pick(['auto', 'webgpu', 'cpu'])),
    autoencoder: () => go('autoencoder', s.chooseAutoencoder, pick(['compact', 'tutorial'])),
    classifier: () => go('classifier', s.chooseClassifier, pick(['compact', 'vgg16'])),
    stopLoading: () => go('stop loading', s.cancelLoading),
    close: () => go('close', s.closeNotices),
    retry: () => {
      const retry = state.notices.findLast((notice) => notice.retry)?.retry;
      if (retry) go('retry', s.retried, retry);
    },
  };

  function check() {
    const { phase, shown, run, networks: there, opening } = state;
    const context = `seed ${seed}: ${log.slice(-12).join(', ')} → ${phase}`;
    assert.equal(phase === 'loading', Boolean(s.starting(state)) || (phase === 'loading' && Boolean(opening)), context);
    if (['ready', 'running', 'paused', 'done'].includes(phase)) {
      assert.ok(shown && there, context);
      for (const name of /** @type {const} */ (['classifier', 'autoencoder'])) {
        assert.equal(shown[name], there[name], context);
        assert.equal(there[name], state.settings[name], context);
      }
    }
    if (phase === 'error') assert.ok(!there || !shown, context);
    assert.equal(phase === 'running' || phase === 'paused', Boolean(run && !run.ended), context);
    if (phase === 'done') assert.equal(run?.ended, 'done', context);
    if (run?.ended === 'cancelled') assert.ok(run.steps.length > 0, context);
    if (run) assert.ok(run.at >= 0 && run.at <= Math.max(0, run.steps.length - 1), context);
    if (shown) {
      // The picture that is shown is the one that is named: by the page, and by its address.
      const is = contents.get(shown.picture) ?? '';
      assert.equal(is, name(shown.source), context);
      assert.equal(detected.get(shown.detection), shown.picture, context);
      const query = new URLSearchParams(s.query(state));
      assert.equal(query.get('sample') ?? '', shown.source.kind === 'sample' ? shown.source.id : '', context);
      if (query.get('run')) assert.ok(phase === 'done' || state.autorun, context);
    }
    if (phase === 'ready' || phase === 'done') addresses.push(s.query(state));
    const { headline } = message(state);
    assert.ok(headline && !/undefined|NaN/.test(headline), `${context}: ${headline}`);
    const { attacked, second } = looks(state);
    assert.ok([attacked, second].every(({ word, note }) => word && !/undefined|NaN/.test(note)), context);
    if (state.presenting && !state.revealed) assert.ok(['?', '…'].includes(second.word) && !/oticed|orrected/.test(headline), context);
  }

  check();
  begin();
  for (let i = 0; i < events; i++) {
    const luck = chance();
    if (luck < 0.35) pick(Object.values(visitor))();
    else if (luck < 0.38 && state.networks) {
      for (const key of pending.keys()) if (!/^(networks|file)/.test(key)) pending.delete(key); // the worker had them
      for (const key of [...begun]) if (/^(attack|turn|picture|detection)/.test(key)) begun.delete(key);
      go('lost', s.workerLost, 'The worker was lost.', chance() < 0.5);
    } else if (pending.size > 0) pick([...pending.values()])();
  }
  // The visitor goes; what is under way comes to an end, whatever that is.
  for (let i = 0; pending.size > 0; i++) {
    assert.ok(i < 3000, `seed ${seed}: never at rest`);
    if (state.phase === 'paused') go('cancel', s.cancel);
    const next = pick([...pending.values()]);
    next?.();
  }
  assert.ok(['ready', 'done', 'error'].includes(state.phase), `seed ${seed}: stuck in ${state.phase} after ${log.slice(-12).join(', ')}`);
  return state.phase;
}

test('whatever the visitor does and in whichever order the answers come, the page is never stuck nor tells what is not so', () => {
  /** @type {Record<string, number>} */
  const ends = {};
  for (let seed = 0; seed < 1500; seed++) {
    const end = play(seed, 80);
    ends[end] = (ends[end] ?? 0) + 1;
  }
  // The walk gets everywhere.
  for (const phase of ['ready', 'done', 'error']) assert.ok(ends[phase] > 20, JSON.stringify(ends));
});

test('a picture that is like none of the ten things gets no class, before an attack and after it', () => {
  const unfamiliar = { ...detection(), familiarity: { familiar: false, familiarity: 0.01 } };
  for (const own of [true, false]) {
    const before = own ? s.openOwn(ready(), FILE) : s.chooseSample(ready(), SAMPLES[1]);
    const id = openingId(before);
    const state = s.pictureShown(s.pictureDecoded(s.pictureHanded(before, id), id, PICTURE), id, unfamiliar);
    assert.equal(s.isUnfamiliar(state), true);
    const running = s.stepArrived(s.attackOrPause(state), s.attackOrPause(state).run?.id ?? -1, step(0), 7);
    for (const now of [state, running, attacked(state)]) {
      const { kind, headline, detail, numbers } = message(now);
      assert.notEqual(kind, 'good');
      assert.match(`${headline} ${detail}`, /none of the ten things that it knows/);
      assert.doesNotMatch(`${headline} ${detail}`, /airplane|bird|car\b/i);
      if (now.phase !== 'running') assert.match(numbers, /^1\.0\u00a0% of the photographs/);
      for (const { word } of Object.values(looks(now))) assert.match(word, /^(none|\?)$/);
    }
  }
  assert.equal(s.isUnfamiliar(ready()), false); // a classifier that does not tell
});

test('back leads to the picture, the attack, the levels and the numbers of the address; what is there is not computed anew', () => {
  const first = s.openLevel(attacked(ready('?eps=0.02')), 'inside', true);
  const address = s.query(first);
  let state = s.chooseThreshold(s.openLevel(s.present(first, true), 'inside', false), 0.5);
  state = s.returned(state, address);
  assert.equal(s.query(state), address);
  assert.deepEqual([state.phase, state.run, state.shown], ['done', first.run, first.shown]);
  // Another picture comes first, and is attacked as it was.
  const moved = shown(s.chooseSample(first, SAMPLES[1]));
  state = s.returned(moved, address);
  assert.deepEqual([state.phase, state.opening?.source, state.shown], ['loading', { kind: 'sample', id: SAMPLES[0] }, moved.shown]);
  state = shown(state);
  assert.deepEqual([state.phase, state.attack], ['running', first.attack]);
  // Another attack on the same picture is made anew.
  const other = attacked(s.chooseMethod(first, 'selective-pgd'));
  state = s.returned(other, address);
  assert.deepEqual([state.phase, state.run?.config.attack], ['running', 'pgd']);
  state = s.returned(s.attackOrPause(s.chooseMethod(first, 'selective-pgd')), address); // and one that is under way ends
  assert.deepEqual([state.phase, state.run?.config.attack], ['running', 'pgd']);
  // Without run=1 nothing is attacked.
  assert.equal(s.returned(moved, `?sample=${SAMPLES[1]}`).phase, 'ready');
});

test('back leads to a picture of the visitor’s own as long as the page has it', () => {
  const own = shown(s.openOwn(ready(), FILE));
  const sample = shown(s.chooseSample(own, SAMPLES[2]));
  const state = shown(s.returned(sample, s.query(own), FILE));
  assert.deepEqual(state.shown?.source, { kind: 'own', file: FILE });
  assert.equal(s.returned(state, s.query(own), FILE).opening, undefined); // it is there already
  assert.deepEqual(s.returned(own, s.query(own), new Blob([])).opening?.source.kind, 'own'); // another one
  assert.deepEqual(s.returned(sample, s.query(own)).opening?.source, { kind: 'sample', id: SAMPLES[0] }); // as a link without a picture
});

test('back leads to other networks, and while they load to what the address asks for', () => {
  const vgg16 = shown(opened(s.chooseClassifier(ready(), 'vgg16')));
  const state = s.returned(vgg16, `?sample=${SAMPLES[0]}&attack=pgd&run=1`);
  assert.equal(s.starting(state)?.classifier, DEFAULT);
  assert.equal(shown(opened(state)).phase, 'running');
  // Before the first answer the attack cannot be read yet; it is, later.
  const early = s.returned(s.begin('?attack=fgsm'), `?sample=${SAMPLES[3]}&attack=mi-fgsm&eps=0.02&many=1`);
  const answered = shown(opened(early));
  assert.deepEqual([answered.attack?.name, answered.attack?.eps, answered.open.many], ['mi-fgsm', 0.02, true]);
  assert.deepEqual(answered.shown?.source, { kind: 'sample', id: SAMPLES[3] });
  assert.match(notices(s.returned(answered, '?eps=x')), /eps=x is not/);
});

test('a level that is open already is no change', () => {
  const state = s.openLevel(ready(), 'many', true);
  assert.deepEqual(state.open, { many: true, inside: false });
  assert.equal(s.openLevel(state, 'many', true), state);
});
