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

import { Browser, TYPES } from './chromium.mjs';

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

// ---- The page --------------------------------------------------------------------------------------------------------

/** The page whose main thread is measured. */
class Page {
  /** Opens a browser with an empty page. */
  async start() {
    this.browser = new Browser(['--disable-gpu']);
    this.session = await this.browser.page();
    // What the browser itself calls a long task, by the time that passed.
    const observe = 'globalThis.longTasks = []; new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask", buffered: true });';
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: observe });
  }

  /** @param {string} method */
  send(method, params = {}) {
    return this.browser.ask(method, params, this.session);
  }

  /** @param {string} expression */
  js(expression) {
    return this.browser.evaluate(expression, this.session);
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
  'first visit': async (page, url) => {
    await page.browser.open(url, page.session);
    await page.until(state('ready'));
    await page.until("document.querySelector('#offline').textContent.endsWith('without a network from now on.')");
  },
  'an attack': async (page) => {
    await page.js(click('#go'));
    await page.until(state('done'));
  },
  'all bars, scrolled': async (page) => {
    await page.js(click('#all-bars'));
    for (const part of ['.picker', '.cards-row', '.below', '.lesson', 'footer', 'header']) {
      await page.js(`new Promise((resolve) => { ${show(part)}; setTimeout(resolve, 500); })`);
    }
  },
  'many pictures': async (page) => {
    await page.js(`${click('#many > summary')}; ${show('#many')}`);
    await page.until("document.querySelector('#many-go')?.disabled === false");
    await page.js(`document.querySelector('#many-wanted').value = '${options.pictures}'; document.querySelector('#many-wanted').dispatchEvent(new Event('change', { bubbles: true })); ${click('#many-go')}`);
    await page.until(says('#many-now', 'Done'));
  },
  inside: async (page) => {
    await page.js(`${click('#inside > summary')}; ${show('#inside')}`);
    await page.until(says('#inside-says', 'Inside for'));
  },
  'the decision map': async (page) => {
    await page.js(click('#map-go'));
    await page.until(says('#map-says', 'Drawn'));
  },
  'another picture': async (page) => {
    await page.js("[...document.querySelectorAll('#samples input')].at(-1).click()");
    await page.until(state('ready'));
    await page.until("document.querySelector('#inside-says').textContent === 'Inside for the original.'");
  },
};

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', '__metadata'];

/** The events of the main threads of pages while this is done. @param {Page} page @param {() => Promise<void>} work */
async function traced(page, work) {
  const events = [];
  page.browser.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await page.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES, excludedCategories: ['*'] } });
  await work();
  const complete = new Promise((resolve) => page.browser.on('Tracing.tracingComplete', resolve));
  await page.send('Tracing.end');
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

/** @param {Page} page @param {string} name @param {() => Promise<void>} work */
async function measure(page, name, work) {
  const begun = performance.now();
  const events = await traced(page, work);
  const seconds = (performance.now() - begun) / 1000;
  const tasks = events.filter(isTask);
  if (!tasks.some(({ tdur }) => tdur > 0)) throw new Error('this browser does not tell the CPU time of tasks');
  const longTasks = await page.js('longTasks.splice(0)');
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
const page = new Page();
try {
  await page.start();
  console.log(`| main thread | seconds | CPU s | longest task, CPU ms | spent with | over ${over} ms CPU | longest task, ms passed | long tasks | load |`);
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  const long = [];
  const url = `http://127.0.0.1:${server.address().port}/www/?backend=cpu`;
  for (const [name, work] of Object.entries(WORKS)) long.push(...(await measure(page, name, () => work(page, url))));
  console.log(`\n${long.length === 0 ? `No task took more than ${over} ms of CPU time.` : long.join('\n')}`);
} finally {
  await page.browser?.close();
  server.close();
}
