// @ts-check
// Has the pictures of a run computed by workers of their own, so that neither the page nor its one picture waits.

import { weightsOf } from '../../models.js';
import { sentence } from '../../session.js';
import { Client, Gone } from '../../worker/client.js';
import { arrived, failed, isUnderWay, opened } from './state.js';

/** @typedef {import('../../core.js').AttackConfig} AttackConfig */
/** @typedef {import('./figures.js').Row} Row */
/** @typedef {import('./state.js').Many} Many */
/** @typedef {import('./state.js').Run} Run */
/** @typedef {import('../../store.js').Store<Many>} Store */

/** Each worker has networks of its own, so there are not as many as a large machine could use. */
const MOST_WORKERS = 8;
/** Workers that may break down in one run before it is given up. */
const MOST_BREAKDOWNS = 3;

/** Half of the cores: the page and all else on the machine go on. One where a GPU computes. @param {number} cores @param {number} pictures @param {boolean} webgpu */
export const workersFor = (cores, pictures, webgpu) => (webgpu ? 1 : Math.max(1, Math.min(MOST_WORKERS, Math.floor(cores / 2), pictures)));

/** @param {Store} store */
export function drive(store) {
  let begun = 0;
  store.subscribe(({ run }) => {
    if (run?.phase !== 'starting' || run.id === begun) return;
    begun = run.id;
    compute(store, run).catch((error) => store.update(failed, run.id, `That did not work: ${sentence(error)}`, performance.now()));
  });
}

/** The run, as long as it is under way. @param {Store} store @param {number} id */
const current = (store, id) => (store.state.run?.id === id && isUnderWay(store.state) ? store.state.run : undefined);

/** @param {Store} store @param {Run} run */
async function compute(store, run) {
  /** @type {Set<Client>} */
  const clients = new Set();
  const isOver = () => current(store, run.id) === undefined;
  // Whatever they are at, they end with the run.
  store.when(isOver).then(() => clients.forEach((client) => client.close('')));

  const { classifier, autoencoder, webgpu } = run.networks;
  const weights = weightsOf(classifier, autoencoder);
  /** A client with its networks. */
  const hire = async () => {
    const nothing = () => {};
    const client = new Client({ loading: nothing, backend: nothing, stepTime: nothing, gone: nothing }); // what waits for it is told
    clients.add(client);
    if (isOver()) client.close('');
    const answer = await client.open(webgpu ? 'webgpu' : 'cpu', weights);
    return { client, webgpu: answer.webgpu };
  };
  const begin = async () => {
    const hired = await hire();
    store.update(opened, run.id, hired.webgpu, performance.now());
    return hired.client;
  };

  let next = 0;
  let breakdowns = 0;
  /** Takes one picture after the other. @param {Client} client */
  const work = async (client) => {
    for (;;) {
      await store.when(() => isOver() || current(store, run.id)?.phase === 'running');
      if (isOver() || next >= run.list.length) return;
      const index = run.list[next++];
      const name = run.source.nameOf(index);
      try {
        const row = await measure(client, run, index);
        store.update(arrived, run.id, { row }, performance.now());
      } catch (error) {
        if (isOver()) return;
        store.update(arrived, run.id, { skipped: { index, name, why: sentence(error) } }, performance.now());
        if (!(error instanceof Gone)) continue;
        if (++breakdowns > MOST_BREAKDOWNS) throw error;
        clients.delete(client);
        ({ client } = await hire());
      }
    }
  };

  try {
    await run.source.ready?.();
    // The others find the files in the browser's cache, once the first one has them. Where there is not the memory for all,
    // those that there are do the work.
    const first = await begin();
    const others = Array.from({ length: workersFor(navigator.hardwareConcurrency, run.list.length, webgpu) - 1 }, () => begin().then(work, () => {}));
    await Promise.all([work(first), ...others]);
  } catch (error) {
    if (!isOver()) throw error;
  }
}

/**
 * A picture, before and after each attack.
 * @param {Client} client @param {Run} run @param {number} index @returns {Promise<Row>}
 */
async function measure(client, { source, config, target, sweep }, index) {
  const picture = await source.read(index, client);
  const { verdict: clean, familiarity } = await client.detect(picture);
  const label = source.labelOf(index);
  const shows = label ?? clean.answer_if_clean;
  if (shows === target) throw new Error(`it shows what the attack leads to: ${target}`);
  /** @param {AttackConfig} attack */
  const outcome = async (attack) => {
    const { step, detection } = await client.outcome({ picture, from: target || shows, config: attack });
    return { verdict: detection.verdict, distance: step.distance, queries: step.queries };
  };
  const attacked = await outcome(config);
  const others = [];
  for (const eps of sweep) others.push({ eps, ...(await outcome(/** @type {AttackConfig} */ ({ ...config, eps }))) });
  return { index, name: source.nameOf(index), label, clean, familiar: familiarity?.familiar, attacked, sweep: others };
}
