// @ts-check
// Has the worker attack when the state says so, and keeps its pace to the state's: run, pause, one step, cancel.

import { client, sentence } from './session.js';
import { runFailed, runFinished, stepArrived } from './state.js';
import { Gone } from './worker/client.js';

/** @typedef {import('./worker/client.js').Attack} Attack */

/** How long an attack takes at least, in milliseconds, so that eyes can follow; a step never more than `SLOWEST`. */
const SHOW = 1500;
const SLOWEST = 140;

const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** How long an attack of so many steps takes at least, in milliseconds. @param {number} steps */
export const shownFor = (steps) => (isCalm() ? 0 : Math.min(SHOW, SLOWEST * steps));

/** @param {import('./store.js').Store} store */
export function drive(store) {
  /** The attack that the worker has. @type {{id: number, pace: string, attack: Attack} | undefined} */
  let under;
  store.subscribe((state) => {
    const run = state.run && !state.run.ended ? state.run : undefined;
    if (under && under.id !== run?.id) {
      under.attack.pace('cancel');
      under = undefined;
    }
    if (!run) return;
    if (!under) {
      const attack = begin(store, run.id);
      if (attack) under = { id: run.id, pace: run.pace, attack };
    } else if (under.pace !== run.pace) {
      under.pace = run.pace;
      under.attack.pace(run.pace);
    }
  });
}

/** @param {import('./store.js').Store} store @param {number} id */
function begin(store, id) {
  const { run, shown } = store.state;
  const worker = client();
  if (!run || !shown || !worker) return undefined;
  const { config, shape, from, pace } = run;
  const rest = shownFor(shape.steps) / shape.steps;
  const attack = worker.attack({ picture: shown.picture, from, config, pace, rest }, (step, time) => store.update(stepArrived, id, step, time));
  attack.best.then(
    (best) => best && store.update(runFinished, id, best),
    (error) => {
      if (!(error instanceof Gone)) store.update(runFailed, id, `The attack did not work: ${sentence(error)}.`);
    },
  );
  return attack;
}
