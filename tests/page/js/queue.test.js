// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Queue } from '../../../www/worker/queue.js';

/** Something to do that takes until `end` is called. @param {string[]} log @param {string} name */
function task(log, name) {
  /** @type {(value?: unknown) => void} */
  let end = () => {};
  const ended = new Promise((resolve) => (end = resolve));
  const run = async () => {
    log.push(name);
    await ended;
    return name;
  };
  return { run, end };
}

const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('requests are done in their order, one at a time', async () => {
  const queue = new Queue(0);
  /** @type {string[]} */
  const log = [];
  const [a, b] = [task(log, 'a'), task(log, 'b')];
  const answers = Promise.all([queue.request(a.run), queue.request(b.run)]);
  await wait(5);
  assert.deepEqual(log, ['a']);
  a.end();
  b.end();
  assert.deepEqual(await answers, ['a', 'b']);
  assert.deepEqual(log, ['a', 'b']);
});

test('what can wait lets every request go first, and is begun one by one', async () => {
  const queue = new Queue(10);
  /** @type {string[]} */
  const log = [];
  const [first, second, request] = [task(log, 'rest 1'), task(log, 'rest 2'), task(log, 'request')];
  const rest = Promise.all([queue.whenIdle(first.run), queue.whenIdle(second.run)]);
  const early = queue.request(async () => log.push('early'));
  await early;
  await wait(30);
  assert.deepEqual(log, ['early', 'rest 1']);
  const late = queue.request(request.run);
  first.end();
  await wait(30);
  assert.deepEqual(log, ['early', 'rest 1', 'request']); // and the second one waits for its end
  request.end();
  await late;
  second.end();
  assert.deepEqual(await rest, ['rest 1', 'rest 2']);
});

test('a request that comes just before what can wait begins postpones it', async () => {
  const queue = new Queue(40);
  /** @type {string[]} */
  const log = [];
  const rest = queue.whenIdle(async () => log.push('rest'));
  for (let i = 0; i < 4; i++) {
    await wait(20);
    await queue.request(async () => log.push('request'));
  }
  assert.equal(log.includes('rest'), false);
  await rest;
});

test('what fails is told to who asked, and ends nothing else', async () => {
  const queue = new Queue(0);
  const fails = () => Promise.reject(new Error('no'));
  const throws = () => {
    throw new Error('no');
  };
  for (const what of [fails, throws]) {
    await assert.rejects(queue.request(what), /no/);
    await assert.rejects(queue.whenIdle(what), /no/);
  }
  assert.equal(await queue.request(() => 7), 7);
});
