// Times the works of one side in this browser: measure.html?side=MODULE&gradient=NAME&seconds=S.

import { loadPicture, loadWeights, post } from './page.js';

const query = new URLSearchParams(location.search);
const LABEL = 6; // a horse
const PGD = { attack: 'pgd', norm: 'linf', eps: 0.03, eps_step: 0.001, max_iter: 10 };

/** Milliseconds of each run, for so many seconds; at least two. */
async function repeat(work, seconds) {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  while (times.length < 2 || performance.now() < end) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve)); // the browser's own work
  }
  return times;
}

const { open } = await import(query.get('side'));
const input = { files: await loadWeights(), picture: await loadPicture(), label: LABEL, name: 'horse', pgd: PGD };
const works = await open(input, query.get('gradient'));
const results = { probabilities: [...(await works.forward())], loss: await works.attack() };
const times = {};
for (const name of ['forward', 'step', 'watched', 'attack']) {
  if (!works[name]) continue;
  await repeat(works[name], Number(query.get('seconds')) / 2); // until the browser has optimised the code
  times[name] = await repeat(works[name], Number(query.get('seconds')));
}
post({ results, times });
