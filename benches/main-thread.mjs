// Measures what keeps the page's main thread busy while it is loaded, while it attacks, tries many pictures, and looks
// inside, and prints a table in Markdown; docs/speed.md explains it.
//
//     node benches/main-thread.mjs [--pictures 20] [--over 50] >table.md
//
// Needs Chromium or Chrome (or CHROME=/path/to/it). A task is told by its CPU time, which other programs on the machine
// hardly change, and by the time that passed, which they do.

import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { TYPES, start } from './chromium.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { values: options } = parseArgs({
  options: { pictures: { type: 'string', default: '20' }, over: { type: 'string', default: '50' } },
});
const over = Number(options.over);

// ---- The server ------------------------------------------------------------------------------------------------------

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const file = path.join(ROOT, pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  const isThere = /^\/(www|pkg)\//.test(pathname) && statSync(file, { throwIfNoEntry: false })?.isFile();
  if (!isThere) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-cache' });
  createReadStream(file).pipe(response);
});

// ---- The browser -----------------------------------------------------------------------------------------------------

/** A browser that is told what to do through a pipe: messages in JSON, each with a zero at its end. */
class Browser {
  constructor() {
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'];
    const { child, close } = start(['--disable-gpu', '--remote-debugging-pipe'], stdio);
    [this.process, this.close] = [child, close];
    this.last = 0;
    this.waiting = new Map();
    this.listeners = new Map();
    let rest = '';
    this.process.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      messages.forEach((message) => this.take(JSON.parse(message)));
    });
  }

  take({ id, method, params, result, error }) {
    if (method) return this.listeners.get(method)?.(params);
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  }

  send(method, params = {}) {
    const id = (this.last += 1);
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  on(event, listener) {
    this.listeners.set(event, listener);
  }

  /** Opens an empty page, which hears what is sent from then on. */
  async openPage() {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    this.session = (await this.send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    // What the browser itself calls a long task, by the time that passed.
    const observe = 'globalThis.longTasks = []; new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask", buffered: true });';
    await this.send('Page.enable');
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: observe });
  }

  async js(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /** Waits without keeping the page busy. */
  async until(expression) {
    const giveUp = Date.now() + 600_000;
    while (!(await this.js(`Boolean(${expression})`))) {
      if (Date.now() > giveUp) throw new Error(`never true: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

// ---- What is measured ------------------------------------------------------------------------------------------------

const state = (...names) => `${JSON.stringify(names)}.includes(document.documentElement?.dataset.state)`;
const click = (selector) => `document.querySelector('${selector}').click()`;
const show = (selector) => `document.querySelector('${selector}').scrollIntoView()`;
const says = (selector, text) => `document.querySelector('${selector}')?.textContent.startsWith('${text}')`;

/** What a visitor does, one after the other, on one page. */
const WORKS = {
  'first visit': async (browser, url) => {
    await browser.send('Page.navigate', { url });
    await browser.until(state('ready'));
    await browser.until("document.querySelector('#offline').textContent.endsWith('without a network from now on.')");
  },
  'an attack': async (browser) => {
    await browser.js(click('#go'));
    await browser.until(state('done'));
  },
  'all bars, scrolled': async (browser) => {
    await browser.js(click('#all-bars'));
    for (const part of ['.picker', '.cards-row', '.below', '.lesson', 'footer', 'header']) {
      await browser.js(`new Promise((resolve) => { ${show(part)}; setTimeout(resolve, 500); })`);
    }
  },
  'many pictures': async (browser) => {
    await browser.js(`${click('#many > summary')}; ${show('#many')}`);
    await browser.until("document.querySelector('#many-go')?.disabled === false");
    await browser.js(`document.querySelector('#many-wanted').value = '${options.pictures}'; document.querySelector('#many-wanted').dispatchEvent(new Event('change', { bubbles: true })); ${click('#many-go')}`);
    await browser.until(says('#many-now', 'Done'));
  },
  inside: async (browser) => {
    await browser.js(`${click('#inside > summary')}; ${show('#inside')}`);
    await browser.until(says('#inside-says', 'Inside for'));
  },
  'the decision map': async (browser) => {
    await browser.js(click('#map-go'));
    await browser.until(says('#map-says', 'Drawn'));
  },
  'another picture': async (browser) => {
    await browser.js("[...document.querySelectorAll('#samples input')].at(-1).click()");
    await browser.until(state('ready'));
    await browser.until("document.querySelector('#inside-says').textContent === 'Inside for the original.'");
  },
};

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', '__metadata'];

/** The events of the main threads of pages while this is done. @param {Browser} browser @param {() => Promise<void>} work */
async function traced(browser, work) {
  const events = [];
  browser.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await browser.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES, excludedCategories: ['*'] } });
  await work();
  const complete = new Promise((resolve) => browser.on('Tracing.tracingComplete', resolve));
  await browser.send('Tracing.end');
  await complete;
  const mains = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  return events.filter(({ pid, tid, ph }) => ph === 'X' && mains.has(`${pid} ${tid}`));
}

const isTask = ({ name }) => name === 'RunTask' || name === 'ThreadControllerImpl::RunTask';

/** What a task spent most of its CPU time with: the innermost event that has more than half of it. */
function cause(task, events) {
  const inner = events
    .filter((event) => event !== task && !isTask(event) && event.pid === task.pid && event.tid === task.tid)
    .filter(({ ts, dur = 0, tdur = 0 }) => ts >= task.ts && ts + dur <= task.ts + task.dur && tdur > task.tdur / 2)
    .sort((a, b) => a.dur - b.dur)[0];
  const { functionName, url, fileName } = inner?.args?.data ?? {};
  const where = (url ?? fileName ?? '').replace(/^.*\/www\//, '');
  return [inner?.name ?? 'many small parts', functionName, where].filter(Boolean).join(' ');
}

const ms = (microseconds) => (microseconds / 1000).toFixed(1);
const largest = (tasks, by) => tasks.reduce((most, task) => ((task[by] ?? 0) > (most?.[by] ?? -1) ? task : most), undefined);

/** @param {Browser} browser @param {string} name @param {() => Promise<void>} work */
async function measure(browser, name, work) {
  const begun = performance.now();
  const events = await traced(browser, work);
  const seconds = (performance.now() - begun) / 1000;
  const tasks = events.filter(isTask);
  if (!tasks.some(({ tdur }) => tdur > 0)) throw new Error('this browser does not tell the CPU time of tasks');
  const longTasks = await browser.js('longTasks.splice(0)');
  const [byCpu, byTime] = [largest(tasks, 'tdur'), largest(tasks, 'dur')];
  const busy = tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1e6;
  const long = tasks.filter(({ tdur = 0 }) => tdur > 1000 * over);
  const load = os.loadavg()[0].toFixed(1);
  console.log(`| ${name} | ${seconds.toFixed(1)} | ${busy.toFixed(2)} | ${ms(byCpu.tdur)} | ${cause(byCpu, events)} | ${long.length} | ${ms(byTime.dur)} | ${longTasks.length} | ${load} |`);
  return long.map((task) => `${name}: ${ms(task.tdur)} ms, ${cause(task, events)}`);
}

// ---- The table -------------------------------------------------------------------------------------------------------

server.listen(0, '127.0.0.1');
await once(server, 'listening');
const browser = new Browser();
try {
  await browser.openPage();
  console.log(`| main thread | seconds | CPU s | longest task, CPU ms | spent with | over ${over} ms CPU | longest task, ms passed | long tasks | load |`);
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  const long = [];
  const url = `http://127.0.0.1:${server.address().port}/www/?backend=cpu`;
  for (const [name, work] of Object.entries(WORKS)) long.push(...(await measure(browser, name, () => work(browser, url))));
  console.log(`\n${long.length === 0 ? `No task took more than ${over} ms of CPU time.` : long.join('\n')}`);
} finally {
  await browser.close();
  server.close();
}
