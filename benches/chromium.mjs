// Finds the browser for the benchmarks of the page, starts it without a past, and speaks Chromium's protocol with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** What a static host says of a file, by its name's end. */
export const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.wasm': 'application/wasm',
};

/** The path of Chromium or Chrome. */
export function chromium() {
  const names = ['chromium', 'google-chrome', 'chromium-browser', 'google-chrome-stable'];
  const folders = process.env.PATH.split(path.delimiter);
  const paths = [process.env.CHROME, ...names.flatMap((name) => folders.map((folder) => path.join(folder, name)))];
  const first = paths.find((file) => file && existsSync(file));
  if (!first) throw new Error('there is no Chromium or Chrome; install one, or name one in the variable CHROME');
  return first;
}

/** The processes of browsers that run. */
const running = new Set();

/** Ends a browser with all of its processes, which would go on writing to the profile. */
function end({ pid, exitCode, signalCode }) {
  if (exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.on('exit', () => running.forEach(end));

/**
 * Starts a headless browser with a new profile.
 * @param {string[]} more flags and an address
 * @param {import('node:child_process').StdioOptions} stdio
 * @returns {{child: import('node:child_process').ChildProcess, ended: Promise<unknown>, close: () => Promise<void>}}
 */
export function start(more, stdio = 'ignore') {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'second-look-'));
  const flags = [
    '--headless', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
    `--user-data-dir=${profile}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  const child = spawn(chromium(), [...flags, ...more], { stdio, detached: true });
  const ended = once(child, 'exit');
  running.add(child);
  const close = async () => {
    end(child);
    await ended;
    running.delete(child);
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  return { child, ended, close };
}

/** How long an answer may take, in milliseconds. */
const LIMIT = 30 * 60_000;

/**
 * A headless browser that is told what to do through a pipe: messages in JSON, each with a zero at its end. Pages and workers are
 * named by their sessions.
 */
export class Browser {
  /** @param {string[]} flags */
  constructor(flags) {
    const { child, ended, close } = start([...flags, '--remote-debugging-pipe', 'about:blank'], ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']);
    this.close = close;
    this.ended = ended.then(() => Promise.reject(new Error('the browser ended')));
    this.ended.catch(() => {});
    this.count = 0;
    this.waiting = new Map();
    this.listeners = new Map();
    [, , , this.to, this.from] = child.stdio;
    this.to.on('error', () => {}); // `ended` tells
    let text = '';
    this.from.setEncoding('utf8').on('data', (more) => {
      const messages = (text + more).split('\0');
      text = messages.pop();
      for (const message of messages) this.receive(JSON.parse(message));
    });
  }

  receive({ id, result, error, method, params }) {
    if (method) return this.listeners.get(method)?.(params);
    const request = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) request?.reject(new Error(error.message));
    else request?.resolve(result);
  }

  /** Hears of an event, by its method's name. @param {string} event @param {(params: any) => void} listener */
  on(event, listener) {
    this.listeners.set(event, listener);
  }

  /** What a method of the protocol answers, of the browser or of a session. @param {string} method */
  async ask(method, params = {}, sessionId = undefined) {
    const id = ++this.count;
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(reject, LIMIT, new Error(`${method}: no answer`))));
    try {
      return await Promise.race([answer, late, this.ended]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The session of the page that is there from the beginning; what is asked of it reaches its main thread. */
  async page() {
    const { targetInfos } = await this.ask('Target.getTargets');
    const { targetId } = targetInfos.find(({ type }) => type === 'page');
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    await this.ask('Page.enable', {}, sessionId);
    return sessionId;
  }

  /** Opens an address in a session. @param {string} url @param {string} session */
  async open(url, session) {
    const { errorText } = await this.ask('Page.navigate', { url }, session);
    if (errorText) throw new Error(`${url}: ${errorText}`);
  }

  /** The value of an expression in a session, awaited. @param {string} expression @param {string} session */
  async evaluate(expression, session) {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', params, session);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
}
