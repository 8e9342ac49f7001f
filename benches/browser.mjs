// A headless Chromium for the scripts that measure the page.

import { existsSync } from 'node:fs';
import path from 'node:path';

/** What a static host says of a file, by its name's end. */
export const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.wasm': 'application/wasm',
};

/** Where the browser is. */
export function chromium() {
  const names = ['chromium', 'google-chrome', 'chromium-browser', 'google-chrome-stable'];
  const folders = process.env.PATH.split(path.delimiter);
  const paths = [process.env.CHROME, ...names.flatMap((name) => folders.map((folder) => path.join(folder, name)))];
  const first = paths.find((file) => file && existsSync(file));
  if (!first) throw new Error('there is no Chromium or Chrome; install one, or name one in the variable CHROME');
  return first;
}

/** For a browser without a past and without errands of its own. */
export const flags = (profile) => [
  '--headless', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--no-first-run', `--user-data-dir=${profile}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** Ends a browser with all of its processes, which would go on writing to the profile. */
export function end({ pid, exitCode }) {
  if (exitCode === null) process.kill(-pid, 'SIGKILL');
}
