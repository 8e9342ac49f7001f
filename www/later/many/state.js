// @ts-check
// What is known of many pictures: one state at a time, and the pure functions that lead from one to the next, as in the
// page's own state.js. run.js has the pictures computed when a state asks for it.

import { drawn } from './sources/drawn.js';
import { places } from './sources/source.js';

/** @typedef {import('../../core.js').AttackConfig} AttackConfig */
/** @typedef {import('../../state.js').Networks} Networks */
/** @typedef {import('../../state.js').Shape} Shape */
/** @typedef {import('../../core.js').Class} Class */
/** @typedef {import('./figures.js').Failure} Failure */
/** @typedef {import('./figures.js').Matrix} Matrix */
/** @typedef {import('./figures.js').Row} Row */
/** @typedef {import('./sources/source.js').Order} Order */
/** @typedef {import('./sources/source.js').Source} Source */
/** @typedef {import('./sources/computer.js').Offer} Offer */
/** @typedef {import('./sources/drawn.js').Drawing} Drawing */
/** @typedef {'samples' | 'drawn' | 'computer' | 'own'} Taken which source */

/** @typedef {{index: number, name: string, why: string}} Skipped a picture without a result */

/**
 * @typedef {object} Task what is asked for: all that a run depends on
 * @property {Source} source
 * @property {readonly number[]} list the pictures' places in it
 * @property {AttackConfig} config
 * @property {Shape} shape of the attack
 * @property {Class | ''} target
 * @property {readonly number[]} sweep other eps
 * @property {Networks} networks
 * @property {number} threshold
 * @property {readonly Class[]} classes
 */

/**
 * @typedef {object} Work how far it has come
 * @property {number} id
 * @property {'starting' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed'} phase
 * @property {readonly Row[]} rows in the order in which they came
 * @property {readonly Skipped[]} skipped
 * @property {number} workers
 * @property {boolean} webgpu whether they compute on a GPU, and not on the CPU instead
 * @property {number} spent milliseconds that it was running, before `since`
 * @property {number | undefined} since when it began to run, or went on; undefined while it does not
 */
/** @typedef {Task & Work} Run */

/**
 * @typedef {object} Many
 * @property {Source} samples
 * @property {Drawing} drawing which pictures are drawn, if they are taken
 * @property {readonly Offer[]} offers what the server offers of this computer
 * @property {Source | undefined} computer what was chosen of that
 * @property {Source | undefined} own what the visitor chose
 * @property {Taken} taken
 * @property {number} wanted pictures at most
 * @property {Order} order
 * @property {boolean} sweeps whether other eps are computed, too
 * @property {Run | undefined} run
 * @property {Matrix} matrix the one that is shown
 * @property {Record<Failure, number>} seen how many of the pictures of each kind are shown
 * @property {string} problem what went wrong last
 * @property {string} says what became of the last thing to take away
 * @property {number} count of ids given out
 */

/** Pictures of each kind that are shown at first, and with each press of the button for more. */
export const PAGE = 24;
/** Other eps, of 1, that a visitor can ask for. */
export const SWEEP = [0.005, 0.01, 0.02, 0.03];

const SEEN = { missed: PAGE, miscorrected: PAGE, alarms: PAGE };

/** @param {Source} samples @returns {Many} */
export const begin = (samples) => ({
  samples,
  drawing: { label: '', seed: 0 },
  offers: [],
  computer: undefined,
  own: undefined,
  taken: 'samples',
  wanted: 100,
  order: 'first',
  sweeps: false,
  run: undefined,
  matrix: 'after',
  seen: SEEN,
  problem: '',
  says: '',
  count: 0,
});

/** The pictures that are chosen. @param {Many} from @param {readonly Class[]} classes */
export function sourceOf({ samples, drawing, wanted, taken, ...others }, classes) {
  if (taken === 'drawn') return drawn(drawing, wanted, classes);
  return (taken === 'samples' ? undefined : others[taken]) ?? samples;
}

/** Whether pictures are computed, or wait to be. @param {Many} from */
export const isUnderWay = ({ run }) => run !== undefined && ['starting', 'running', 'paused'].includes(run.phase);

/** @param {Many} from @param {Partial<Pick<Many, 'taken' | 'drawing' | 'wanted' | 'order' | 'sweeps' | 'matrix'>>} choice @returns {Many} */
export const choose = (from, choice) => ({ ...from, ...choice, problem: '', says: '' });

/** @param {Many} from @param {Source} own @returns {Many} */
export const filesChosen = (from, own) => ({ ...from, own, taken: 'own', problem: '', says: '' });

/** @param {Many} from @param {readonly Offer[]} offers @returns {Many} */
export const offersCame = (from, offers) => ({ ...from, offers });

/** @param {Many} from @param {Source} computer @returns {Many} */
export const offerChosen = (from, computer) => ({ ...from, computer, taken: 'computer', problem: '', says: '' });

/** @param {Many} from @param {string} problem @returns {Many} */
export const troubled = (from, problem) => ({ ...from, problem });

/** @param {Many} from @param {Failure} kind @returns {Many} */
export const showMore = (from, kind) => ({ ...from, seen: { ...from.seen, [kind]: from.seen[kind] + PAGE } });

/** @param {Many} from @param {string} says @returns {Many} */
export const said = (from, says) => ({ ...from, says });

/** The other eps that belong to an attack: none where it has no bound, or another unit. @param {AttackConfig} config */
export const sweepFor = ({ eps, norm }) => (eps && norm === 'linf' ? SWEEP.filter((other) => other !== eps) : []);

/**
 * @param {Many} from
 * @param {Omit<Task, 'source' | 'list' | 'sweep'>} what
 * @returns {Many}
 */
export function start(from, what) {
  if (isUnderWay(from)) return from;
  const source = sourceOf(from, what.classes);
  const id = from.count + 1;
  const list = places(source.count, from.wanted, from.order);
  const sweep = from.sweeps ? sweepFor(what.config) : [];
  return { ...from, count: id, seen: SEEN, problem: '', says: '', run: { ...what, id, source, list, sweep, phase: 'starting', rows: [], skipped: [], workers: 0, webgpu: false, spent: 0, since: undefined } };
}

/**
 * Changes the run with this id, if it is still under way.
 * @param {Many} from @param {number} id @param {(run: Run) => Partial<Run>} change @returns {Many}
 */
function changed(from, id, change) {
  const { run } = from;
  return run?.id === id && isUnderWay(from) ? { ...from, run: { ...run, ...change(run) } } : from;
}

/** The clock stands. @param {Run} run @param {number} now in milliseconds */
const stopped = ({ spent, since }, now) => ({ spent: spent + (since === undefined ? 0 : now - since), since: undefined });

/** A worker's networks are there. @param {Many} from @param {number} id @param {boolean} webgpu @param {number} now */
export const opened = (from, id, webgpu, now) =>
  changed(from, id, ({ workers, phase }) => ({ workers: workers + 1, webgpu, ...(phase === 'starting' && { phase: /** @type {const} */ ('running'), since: now }) }));

/** @param {Many} from @param {number} now */
export function pauseOrGoOn(from, now) {
  const { run } = from;
  if (run?.phase === 'running') return changed(from, run.id, () => ({ phase: 'paused', ...stopped(run, now) }));
  return run?.phase === 'paused' ? changed(from, run.id, () => ({ phase: 'running', since: now })) : from;
}

/** @param {Many} from @param {number} now */
export const cancel = (from, now) => (from.run ? changed(from, from.run.id, (run) => ({ phase: 'cancelled', ...stopped(run, now) })) : from);

/** @param {Many} from @param {number} id @param {{row: Row} | {skipped: Skipped}} what @param {number} now */
export const arrived = (from, id, what, now) =>
  changed(from, id, (run) => {
    const rows = 'row' in what ? [...run.rows, what.row] : run.rows;
    const skipped = 'skipped' in what ? [...run.skipped, what.skipped] : run.skipped;
    const isLast = rows.length + skipped.length === run.list.length;
    return { rows, skipped, ...(isLast && { phase: /** @type {const} */ ('done'), ...stopped(run, now) }) };
  });

/** @param {Many} from @param {number} id @param {string} why @param {number} now */
export function failed(from, id, why, now) {
  const next = changed(from, id, (run) => ({ phase: 'failed', ...stopped(run, now) }));
  return next === from ? from : { ...next, problem: why };
}

/**
 * How far it has come: pictures, pictures a second, and milliseconds that are left, as far as that can be known.
 * @param {Run} run @param {number} now
 */
export function progress(run, now) {
  const done = run.rows.length + run.skipped.length;
  const { spent } = stopped(run, now);
  const rate = done > 0 && spent > 0 ? (1000 * done) / spent : undefined;
  return { done, total: run.list.length, spent, rate, left: rate && (1000 * (run.list.length - done)) / rate };
}

/**
 * The threshold that the verdicts are judged by: the slider's, as long as the networks are those that computed.
 * @param {Run} run @param {{networks: Networks | undefined, threshold: number}} page
 */
export const limitOf = (run, { networks, threshold }) =>
  networks?.classifier === run.networks.classifier && networks.autoencoder === run.networks.autoencoder ? threshold : run.threshold;
