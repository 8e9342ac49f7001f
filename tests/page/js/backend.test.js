// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deviceOf, faster, parse, plan } from '../../../www/worker/backend.js';

const NOW = Date.UTC(2026, 10, 24);
const DAY = 24 * 3600 * 1000;
const HARDWARE = { info: { vendor: 'acme', architecture: 'one', device: '', description: '', isFallbackAdapter: false } };
const SOFTWARE = { info: { ...HARDWARE.info, isFallbackAdapter: true } };
const DEVICE = deviceOf(HARDWARE, 'Browser/1');
const MEASURED = { device: DEVICE, at: NOW - DAY, cpu: 70, webgpu: 8 };

/** @param {any} adapter @param {object} [known] */
const planned = (adapter, known) => plan(adapter, { device: DEVICE, now: NOW, saveData: false, ...known });

test('without a hardware adapter the module is not loaded, whatever was measured', () => {
  for (const adapter of [null, undefined, SOFTWARE, { isFallbackAdapter: true }]) {
    const { webgpu, measure, reason } = planned(adapter, { measured: MEASURED });
    assert.deepEqual([webgpu, measure], [false, false]);
    assert.match(reason, adapter ? /software/ : /no WebGPU/);
  }
});

test('a hardware adapter is measured once', () => {
  const first = planned(HARDWARE);
  assert.deepEqual([first.webgpu, first.measure], [true, true]);
  const fast = planned(HARDWARE, { measured: MEASURED });
  assert.deepEqual([fast.webgpu, fast.measure], [true, false]);
  assert.equal(fast.reason, '8.0 ms a step, the CPU 70 ms');
  const slow = planned(HARDWARE, { measured: { ...MEASURED, webgpu: 90 } });
  assert.deepEqual([slow.webgpu, slow.measure], [false, false]);
  assert.equal(slow.reason, '70 ms a step, WebGPU 90 ms');
});

test('another adapter, another browser, an old time or one from the future is measured anew', () => {
  const other = { info: { ...HARDWARE.info, architecture: 'two' } };
  for (const known of [
    { device: deviceOf(other, 'Browser/1'), measured: MEASURED },
    { device: deviceOf(HARDWARE, 'Browser/2'), measured: MEASURED },
    { measured: { ...MEASURED, at: NOW - 31 * DAY } },
    { measured: { ...MEASURED, at: NOW + 31 * DAY } },
  ]) {
    assert.equal(planned(HARDWARE, known).measure, true);
  }
});

test('what failed on this adapter is not tried again for a week', () => {
  const failed = { device: DEVICE, at: NOW - DAY, failed: 'unreachable' };
  const { webgpu, measure, reason } = planned(HARDWARE, { measured: failed });
  assert.deepEqual([webgpu, measure], [false, false]);
  assert.match(reason, /did not work at an earlier visit \(unreachable\)/);
  assert.equal(planned(HARDWARE, { measured: { ...failed, at: NOW - 8 * DAY } }).measure, true);
  assert.equal(planned(HARDWARE, { measured: { ...failed, device: 'another' } }).measure, true);
});

test('where data is saved the module is loaded only if it is known to be faster', () => {
  assert.equal(planned(HARDWARE, { saveData: true }).webgpu, false);
  assert.equal(planned(HARDWARE, { saveData: true, measured: MEASURED }).webgpu, true);
});

test('the faster one computes; on a tie the one that is there', () => {
  assert.equal(faster({ cpu: 70, webgpu: 8 }).webgpu, true);
  assert.equal(faster({ cpu: 8, webgpu: 70 }).webgpu, false);
  assert.equal(faster({ cpu: 8, webgpu: 8 }).webgpu, false);
  assert.equal(faster({ cpu: 8, webgpu: Infinity }).webgpu, false);
});

test('only what a visit can have left is taken for it', () => {
  const failed = { device: DEVICE, at: NOW, failed: 'unreachable' };
  for (const left of [MEASURED, failed]) assert.deepEqual(parse(JSON.stringify(left)), left);
  for (const text of [null, '', '{', 'null', '3', '{}', JSON.stringify({ ...MEASURED, cpu: '7' }), JSON.stringify({ ...MEASURED, webgpu: 0 }), JSON.stringify({ ...failed, at: '' }), JSON.stringify({ ...failed, failed: 1 })]) {
    assert.equal(parse(text), undefined);
  }
});
