// Times our module for the browser beside TensorFlow.js' wasm backend, in the same headless Chromium, and prints a table
// in Markdown; docs/speed.md explains it.
//
//     node benches/peers/tfjs.mjs [--rounds 5] [--seconds 2] >table.md
//
// Needs: npm, and Chromium or Chrome (or CHROME=/path/to/it). What npm installs goes to target/tfjs.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';

import { TYPES, chromium, start } from '../chromium.mjs';

const HERE = fileURLToPath(new URL('tfjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALLED = path.join(ROOT, 'target/tfjs');

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '2' } },
});

/** What is opened in each round, each in a browser of its own. first.html has the script that its address names. */
const WORKS = {
  ours: '/measure.html?side=/bench/side-ours.js',
  stock: '/measure.html?side=/tfjs/side-tfjs.js&gradient=stock',
  turned: '/measure.html?side=/tfjs/side-tfjs.js&gradient=turned',
};
const FIRST = { tfjs: '/first.html?/tfjs/first-tfjs.js', ours: '/first.html?/bench/first-ours.js', page: '/www/' };

// ---- TensorFlow.js ---------------------------------------------------------------------------------------------------

function install() {
  mkdirSync(INSTALLED, { recursive: true });
  cpSync(HERE, INSTALLED, { recursive: true });
  const run = (command, ...args) => execFileSync(command, args, { cwd: INSTALLED, stdio: ['ignore', 2, 2] });
  run('npm', 'install', '--silent', '--no-audit', '--no-fund');
  const bundled = ['side-tfjs.js', 'first-tfjs.js', '--bundle', '--minify', '--format=esm', '--outdir=built'];
  run('node_modules/.bin/esbuild', ...bundled, '--log-level=warning');
  const wasm = 'tfjs-backend-wasm-simd.wasm';
  const folder = path.join(INSTALLED, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
  cpSync(path.join(folder, wasm), path.join(INSTALLED, 'built', wasm));
}

// ---- The server ------------------------------------------------------------------------------------------------------

const FOLDERS = {
  www: path.join(ROOT, 'www'), pkg: path.join(ROOT, 'pkg'), bench: HERE, tfjs: path.join(INSTALLED, 'built'),
};

const html = (script) => `<!doctype html><link rel="icon" href="data:,">${script}`;
const scripted = (address) => html(`<script type="module" src="${address}"></script>`);

const PAGES = {
  // Navigated to first, so that the browser's own start is over when time begins to count.
  '/start.html': html('<script>setTimeout(() => location.replace(location.hash.slice(1)), 2000)</script>'),
  '/measure.html': scripted('/bench/measure.js'),
  '/www/': readFileSync(path.join(FOLDERS.www, 'index.html'), 'utf8').replace(
    '</head>', '<script type="module" src="/bench/first-page.js"></script></head>'),
};

/** @param {URL} url */
function contentOf({ pathname, search }) {
  const page = pathname === '/first.html' ? scripted(search.slice(1)) : PAGES[pathname];
  if (page) return [Buffer.from(page), '.html'];
  const [, folder, ...rest] = pathname.split('/');
  const file = FOLDERS[folder] && path.join(FOLDERS[folder], ...rest);
  if (!file?.startsWith(FOLDERS[folder]) || !existsSync(file)) return undefined;
  const compressed = existsSync(`${file}.br`) ? readFileSync(`${file}.br`) : undefined;
  return [readFileSync(file), path.extname(file), compressed];
}

/** Answers by address: each file is compressed once, as a host does that has compressed files ready. */
const answers = new Map();

function answer(url) {
  const key = url.pathname + url.search;
  if (!answers.has(key)) {
    const [content, extension, compressed] = contentOf(url) ?? [];
    const text = ['.html', '.js', '.css', '.json', '.svg', '.wasm'].includes(extension);
    const body = content && text ? (compressed ?? brotliCompressSync(content)) : content;
    answers.set(key, body && {
      body,
      headers: {
        etag: `"${createHash('sha256').update(body).digest('hex')}"`, // for what a page asks for twice
        'content-type': TYPES[extension] ?? 'application/octet-stream',
        ...(text && { 'content-encoding': 'br' }),
        'cache-control': 'no-cache',
      },
    });
  }
  return answers.get(key);
}

let found; // resolves what the page that is open found
let sent = 0; // bytes since the browser has started, headers apart

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (request.method === 'POST' && url.pathname === '/found') {
    let text = '';
    for await (const part of request) text += part;
    response.end();
    return found({ ...JSON.parse(text), bytes: sent });
  }
  if (url.pathname === '/start.html') sent = 0;
  const { body, headers } = answer(url) ?? {};
  if (!body) return response.writeHead(404).end();
  if (request.headers['if-none-match'] === headers.etag) return response.writeHead(304, headers).end();
  sent += body.length;
  response.writeHead(200, headers).end(body);
});

// ---- The browser -----------------------------------------------------------------------------------------------------

const browser = chromium();

/** What a page finds, opened in a browser without a past. */
async function open(address) {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const { ended, close } = start(['--disable-gpu', `${origin}/start.html#${address}`]);
  let timer;
  try {
    const result = await Promise.race([
      new Promise((resolve) => (found = resolve)),
      ended.then(() => ({ error: 'the browser ended' })),
      new Promise((resolve) => (timer = setTimeout(() => resolve({ error: 'no answer in 5 minutes' }), 300_000))),
    ]);
    if (result.error) throw new Error(`${address}: ${result.error}`);
    return result;
  } finally {
    clearTimeout(timer);
    await close();
  }
}

// ---- Rounds and table ------------------------------------------------------------------------------------------------

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Fails when the sides do not compute the same. */
function compare(side, results, ours) {
  const apart = Math.max(...results.probabilities.map((p, i) => Math.abs(p - ours.probabilities[i])));
  if (apart > 1e-3) throw new Error(`${side}: other probabilities than ours, by ${apart}`);
  if (results.loss !== undefined && Math.abs(results.loss / ours.loss - 1) > 0.02) {
    throw new Error(`${side}: the attack ends with a loss of ${results.loss}, ours with ${ours.loss}`);
  }
}

/** The entries, another one first in each round. */
function rotated(sides, round) {
  const entries = Object.entries(sides);
  return entries.map((_, i) => entries[(i + round) % entries.length]);
}

const cell = (values) => {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)];
  const digits = middle < 10 ? 2 : middle < 100 ? 1 : 0;
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
};

const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);

install();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
for (const address of Object.values(FIRST)) await open(address); // so that all files are compressed

const times = {}; // by work and side: the medians of the rounds
const firsts = {};
for (let round = 0; round < Number(options.rounds); round++) {
  const results = {};
  for (const [side, address] of rotated(WORKS, round)) {
    const found = await open(`${address}&seconds=${options.seconds}`);
    results[side] = found.results;
    for (const [work, values] of Object.entries(found.times)) ((times[work] ??= {})[side] ??= []).push(median(values));
  }
  for (const [side, address] of rotated(FIRST, round)) {
    const first = await open(address);
    if (first.results) results[`${side}, first`] = first.results;
    (firsts[side] ??= []).push(first);
  }
  for (const side in results) compare(side, results[side], results.ours);
  console.error(`round ${round + 1} of ${options.rounds}`);
}
server.close();

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
const version = execFileSync(browser, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const changed = git('status', '--porcelain', '-uno') ? ' and changes' : '';
const { dependencies } = JSON.parse(readFileSync(path.join(HERE, 'package.json'), 'utf8'));
console.log(
  `${os.cpus()[0].model}; ${version}; commit ${git('rev-parse', '--short', 'HEAD')}${changed}; TensorFlow.js ` +
    `${dependencies['@tensorflow/tfjs-core']}, wasm, 1 thread; ${options.rounds} interleaved rounds of fresh browsers.\n`,
);
console.log('One picture, milliseconds: median of the rounds (least to most).\n');
row('', 'ours', 'TF.js, stock gradient', 'TF.js, turned gradient', 'ours / stock', 'ours / turned');
row(...Array(6).fill('---'));
const NAMES = {
  forward: 'forward', step: 'PGD step', attack: 'attack of 10 steps', watched: 'PGD step with detection',
};
for (const [work, name] of Object.entries(NAMES)) {
  const { ours, stock, turned } = times[work];
  const ratio = (peer) => (peer ? (median(ours) / median(peer)).toFixed(2) : '');
  row(name, cell(ours), stock ? cell(stock) : '', turned ? cell(turned) : '', ratio(stock), ratio(turned));
}
console.log('\nFrom navigation to the first prediction, nothing cached, localhost.\n');
row('', 'milliseconds', 'MB transferred', 'times TF.js');
row(...Array(4).fill('---'));
const PAGE_NAMES = {
  tfjs: 'smallest page, TF.js', ours: 'smallest page, ours', page: 'the project’s page, first verdict',
};
const column = (side, field) => firsts[side].map((first) => first[field]);
for (const [side, name] of Object.entries(PAGE_NAMES)) {
  const ratio = median(column(side, 'time')) / median(column('tfjs', 'time'));
  row(name, cell(column(side, 'time')), (median(column(side, 'bytes')) / 1e6).toFixed(2), ratio.toFixed(2));
}
