// Finds the browser for the benchmarks of the page, and starts it without a past.

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
