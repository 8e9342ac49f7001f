// Whether the page's memory grows: attacks one sample after the other in a headless Chromium, and prints now and then, as a table
// in Markdown, what is held. Ends with exit code 1 if that grew; docs/reliability.md has the figures.
//
//     target/release/second-look serve --no-open &
//     node benches/page/memory.mjs [--minutes 30] [--query 'backend=cpu'] [--top] [--address http://127.0.0.1:8017/www/] >table.md
//
// --query is the page's: other attackers, fewer steps, other networks. --top leaves the lower parts of the page unopened, which compute
// more than the attack. `--top --query 'backend=webgpu&max_iter=1'` is for Chromium's software adapter, which takes seconds for a
// step. Needs Chromium or Chrome (or CHROME=/path/to/it); the sizes of processes are Linux'.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Browser, chromium } from '../chromium.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    query: { type: 'string', default: 'backend=cpu' },
    top: { type: 'boolean', default: false },
    address: { type: 'string', default: 'http://127.0.0.1:8017/www/' },
  },
});

/** Lines of the table. */
const LINES = 60;

const MB = 2 ** 20;
/**
 * What is measured, in its unit, and by how much the median of the last third of the attacks may be above that of the first. Two thirds
 * of the attacks lie between the two, so a megabyte in 300 attacks is 5 kB for each: a picture alone is 110 kB.
 * @type {Record<string, {name: string, unit: number, margin: number}>}
 */
const MEASURES = {
  page: { name: 'page’s heap, MB', unit: MB, margin: 1 },
  worker: { name: 'worker’s heap, MB', unit: MB, margin: 1 },
  // It grows by what the largest moment needs, and never shrinks.
  wasm: { name: 'wasm memory, MB', unit: MB, margin: 4 },
  nodes: { name: 'DOM nodes', unit: 1, margin: 200 },
  listeners: { name: 'listeners', unit: 1, margin: 50 },
  // What V8 and the allocators keep for later counts here, and comes and goes.
  renderer: { name: 'renderers, MB', unit: MB, margin: 32 },
  gpu: { name: 'GPU process, MB', unit: MB, margin: 32 },
};

// ---- The page ----------------------------------------------------------------------------------------------------------

/** Runs in the page. @param {string} phase */
function phaseIs(phase) {
  const html = document.documentElement;
  return new Promise((resolve, reject) => {
    const look = () => {
      const notice = document.querySelector('#notice');
      if (!notice.hidden) reject(new Error(notice.querySelector('#notice-text').textContent));
      else if (html.dataset.state === phase) resolve(undefined);
      else return;
      seen.disconnect();
    };
    const seen = new MutationObserver(look);
    seen.observe(document, { subtree: true, attributeFilter: ['data-state', 'hidden'] });
    look();
  });
}

/** Runs in the page: the first sample is there. */
async function opened() {
  if (document.readyState !== 'complete') await new Promise((resolve) => addEventListener('load', resolve));
  await phaseIs('ready');
}

/** Runs in the page: what comes into sight later is there from the beginning. */
async function openAll() {
  for (const details of document.querySelectorAll('details')) details.open = true;
  for (const part of document.querySelectorAll('[data-later]')) {
    part.scrollIntoView();
    while (!part.firstElementChild) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  scrollTo(0, 0);
}

/** Runs in the page: opens a sample, and attacks it. @param {number} count */
async function attack(count) {
  const [, ...others] = document.querySelectorAll('input[name="sample"]');
  others[count % others.length].click();
  await phaseIs('ready');
  document.querySelector('#go').click();
  await phaseIs('done');
}

/** Runs in the page: shows the first sample, so that the same is held whenever it is measured. */
async function rest() {
  document.querySelector('input[name="sample"]').click();
  await phaseIs('ready');
}

const inPage = [phaseIs, opened, openAll, attack, rest].join('\n');

// ---- Measuring -----------------------------------------------------------------------------------------------------------

/** A process' memory, in bytes. @param {number} process */
function resident(process) {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${process}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    return NaN; // not Linux
  }
}

/** What a context holds once what it does not need is gone: objects, and what lies in buffers. */
async function heap(browser, session) {
  await browser.ask('HeapProfiler.collectGarbage', {}, session);
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await browser.ask('Runtime.getHeapUsage', {}, session);
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

/** The bytes of all WebAssembly memories in a context. */
async function wasm(browser, session) {
  const objectGroup = 'memories';
  const { result } = await browser.ask('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype', objectGroup }, session);
  const { objects } = await browser.ask('Runtime.queryObjects', { prototypeObjectId: result.objectId, objectGroup }, session);
  const sum = 'function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }';
  const called = { functionDeclaration: sum, objectId: objects.objectId, returnByValue: true };
  const { result: bytes } = await browser.ask('Runtime.callFunctionOn', called, session);
  await browser.ask('Runtime.releaseObjectGroup', { objectGroup }, session);
  return bytes.value;
}

async function measure(browser, session, targets) {
  const workers = [...targets].filter(([, { type }]) => type === 'worker').map(([worker]) => worker);
  const total = async (what) => (await Promise.all(workers.map((worker) => what(browser, worker)))).reduce((a, b) => a + b, 0);
  const page = await heap(browser, session); // before the nodes are counted, of which some were garbage
  const { nodes, jsEventListeners } = await browser.ask('Memory.getDOMCounters', {}, session);
  const { processInfo } = await browser.ask('SystemInfo.getProcessInfo');
  const processes = (kind) => processInfo.filter(({ type }) => type === kind).reduce((sum, { id }) => sum + resident(id), 0);
  return {
    page,
    worker: await total(heap), // without WebAssembly's
    wasm: await total(wasm),
    nodes,
    listeners: jsEventListeners,
    renderer: processes('renderer'),
    gpu: processes('GPU'),
  };
}

const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const written = (value, unit) => (Number.isNaN(value) ? '–' : unit === 1 ? value.toFixed(0) : (value / unit).toFixed(1));

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const browser = new Browser(['--enable-unsafe-webgpu']);
const version = execFileSync(chromium(), ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const session = await browser.page();
/** The page's workers, by their sessions. */
const targets = new Map();
browser.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => targets.set(sessionId, targetInfo));
browser.on('Target.detachedFromTarget', ({ sessionId }) => targets.delete(sessionId));
await browser.ask('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }, session);
// Then an attack is not slowed down for eyes to follow.
const features = [{ name: 'prefers-reduced-motion', value: 'reduce' }];
await browser.ask('Emulation.setEmulatedMedia', { features }, session);
await browser.ask('Page.addScriptToEvaluateOnNewDocument', { source: inPage }, session);
await browser.open(`${options.address}?${options.query}`, session);
await browser.evaluate('opened()', session);
if (!options.top) await browser.evaluate('openAll()', session);

const [begun, duration] = [Date.now(), Number(options.minutes) * 60_000];
const backend = await browser.evaluate('document.querySelector("#backend-now").textContent', session);
console.log(`${version}; ?${options.query}; computes on ${backend}\n`);
row('minutes', 'attacks', ...Object.values(MEASURES).map(({ name }) => name));
row(...Array(2 + Object.keys(MEASURES).length).fill('---'));
const lines = [];
let attacks = 0;
for (let passed = 0; passed < duration; ) {
  await browser.evaluate(`attack(${attacks++})`, session);
  passed = Date.now() - begun;
  if (passed < (duration * (lines.length + 1)) / LINES) continue;
  await browser.evaluate('rest()', session);
  const line = { attacks, ...(await measure(browser, session, targets)) };
  lines.push(line);
  row((passed / 60_000).toFixed(1), attacks, ...Object.entries(MEASURES).map(([what, { unit }]) => written(line[what], unit)));
}
await browser.close();

const parts = [lines.filter((line) => line.attacks <= attacks / 3), lines.filter((line) => line.attacks > (attacks * 2) / 3)];
if (parts.some((part) => part.length === 0)) throw new Error(`${lines.length} measurements are too few: give more --minutes`);
console.log();
for (const [what, { name, unit, margin }] of Object.entries(MEASURES)) {
  const [first, last] = parts.map((part) => median(part.map((line) => line[what])));
  console.log(`${name}: ${written(first, unit)} in the first third of the attacks, ${written(last, unit)} in the last.`);
  if (!((last - first) / unit > margin)) continue; // nor where it is not known
  console.error(`error: ${name}: ${written(last - first, unit)} more than in the first third; ${margin} are allowed`);
  process.exitCode = 1;
}
