// @ts-check
// What the page knows: one state at a time, and the functions that lead from one to the next. They are pure: what takes
// time (networks, pictures, attacks) is started by session.js, pictures.js and attack-run.js when a state asks for it,
// and every answer carries the id of its request, so that an answer to an earlier one changes nothing.

import { has, judge, mostSteps, normOf, numbersOf, presetsOf } from './core.js';
import { AUTOENCODERS, DEFAULT, autoencodersOf, nameOf } from './models.js';
import { SAMPLES } from './samples.js';
import * as url from './url.js';

/** @typedef {import('./core.js').Class} Class */
/** @typedef {import('./core.js').Cards} Cards */
/** @typedef {import('./core.js').AttackConfig} AttackConfig */
/** @typedef {import('./core.js').Constants} Constants */
/** @typedef {import('./core.js').Prepared} Prepared */
/** @typedef {import('./core.js').Detection} Detection */
/** @typedef {import('./core.js').WatchedStep} WatchedStep */
/** @typedef {import('./models.js').Autoencoder} Autoencoder */
/** @typedef {import('./models.js').Classifier} Classifier */
/** @typedef {import('./url.js').Attack} Attack */
/** @typedef {import('./url.js').Backend} Backend */
/** @typedef {import('./url.js').Settings} Settings */

/** @typedef {{kind: 'sample', id: string} | {kind: 'own', file: Blob}} Source where a picture is from */

/**
 * @typedef {object} Shown a picture and what the networks say of it
 * @property {Source} source
 * @property {Float32Array} picture
 * @property {Detection} detection
 * @property {Classifier} classifier the one that was asked
 * @property {Autoencoder} autoencoder likewise
 */

/**
 * @typedef {object} Opening a picture on its way
 * @property {number} id
 * @property {Source} source
 * @property {Float32Array} [picture] once it is decoded
 * @property {boolean} [handed] whether the worker has it
 * @property {{source: Source, picture: Float32Array}} [instead] what to open when this one fails and nothing is shown
 */

/**
 * @typedef {object} Starting networks on their way
 * @property {number} id
 * @property {Classifier} classifier
 * @property {Autoencoder} autoencoder
 * @property {Backend} backend
 * @property {number} bytes of the weights that have come
 * @property {Settings} [undo] the settings to go back to when these networks fail and others are there
 */

/**
 * @typedef {object} Networks that answer
 * @property {Classifier} classifier
 * @property {Autoencoder} autoencoder
 * @property {boolean} webgpu
 * @property {string} reason for the backend
 * @property {Cards} cards
 * @property {import('./worker/client.js').Sums} sums of the files
 * @property {number} [stepTime] what a step of an attack took here, in milliseconds, once that was measured
 */

/**
 * @typedef {object} Run an attack
 * @property {number} id
 * @property {AttackConfig} config
 * @property {Shape} shape
 * @property {Class} from the class that it leads away from, or towards if targeted
 * @property {Class | ''} target
 * @property {boolean} webgpu whether it began on WebGPU
 * @property {WatchedStep[]} steps the first one is the picture itself
 * @property {number[]} times what each step took, in milliseconds
 * @property {number} at the step that is shown
 * @property {number} [kept] the step that the attack keeps as its result, once it is over; the last one if none is named
 * @property {'run' | 'once' | 'pause'} pace `once`: one step, then pause
 * @property {boolean} stop whether it ends as soon as it has what it is after
 * @property {Search} [search] when the strength is sought, too
 * @property {'done' | 'cancelled'} [ended]
 * @property {Detection} [rounded] of the last step's picture after a PNG's 8 bits
 */

/** What an attack is like besides its parameters: steps of a restart, restarts, a step's cost in steps of PGD. @typedef {Omit<Prepared, 'config'>} Shape */
/** @typedef {import('./core.js').Numbers} Strength */
/** @typedef {{attempt: number, left: readonly Strength[]}} Search `attempt`: from 1; `left`: what is tried after it */

/** @typedef {{kind: 'networks'} | {kind: 'sample', id: string} | {kind: 'settings', settings: Settings}} Retry what to try again */
/** @typedef {'address' | 'networks' | 'picture' | 'attack' | 'offline'} About */
/** @typedef {{about: About, text: string, retry?: Retry}} Notice */

/** @typedef {'no' | 'yes' | 'saving' | 'removing'} Keeping whether a classifier's files are kept for use without a network */

/**
 * @typedef {object} Common what every phase has
 * @property {string} query the address that the page was opened with
 * @property {Constants | undefined} constants the core's, from when it has been loaded once
 * @property {Settings} settings as chosen
 * @property {Attack | undefined} attack as chosen; undefined until the constants are there
 * @property {boolean} autorun attack the first picture at once
 * @property {Networks | undefined} networks
 * @property {Opening | undefined} opening
 * @property {Partial<Record<Classifier, Keeping>>} offline of the classifiers whose files are kept only when that is
 *   asked for; those of which nothing is known are left out
 * @property {readonly Notice[]} notices
 * @property {boolean} presenting large, for a projector
 * @property {boolean} revealed while presenting: whether the second look is seen
 * @property {boolean} shortcuts whether letters are keys of the page
 * @property {url.Open} open
 * @property {import('./scores.js').Scores | undefined} scores of many pictures, once they are loaded
 * @property {import('./later/controls-state.js').Controls} [controls] changes tried on the picture
 * @property {string} says what became of the last thing to take away
 * @property {number} breakdowns how often a worker had to be replaced
 * @property {number} count of ids given out
 */

/**
 * The phases. Nothing is awaited in `ready`, `paused`, `done` and `error`. While a picture of a run is on its way
 * (`opening`), the run goes on until the picture is known to be one.
 * @typedef {Common & {phase: 'loading', starting: Starting | undefined, shown: Shown | undefined, run: Run | undefined}} Loading
 * @typedef {Common & {phase: 'ready', networks: Networks, shown: Shown, run: Run | undefined}} Ready `run`: cancelled
 * @typedef {Common & {phase: 'running' | 'paused' | 'done', networks: Networks, shown: Shown, run: Run}} Attacked
 * @typedef {Common & {phase: 'error', why: string, shown: Shown | undefined, run: Run | undefined}} Failed
 *   `why`: '' when the networks are there and only a picture is missing
 * @typedef {Loading | Ready | Attacked | Failed} State
 */

/** @typedef {Common & {starting?: Starting, shown?: Shown, run?: Run, why?: string}} Parts what a phase follows from */

/**
 * The one place that names a phase.
 * @param {Parts} parts
 * @returns {State}
 */
function state({ starting, shown, run, why = '', ...common }) {
  const { networks, opening } = common;
  if (starting) return { ...common, phase: 'loading', starting, shown, run };
  if (!networks) return { ...common, phase: 'error', why, shown, run };
  if (shown && run && !run.ended) return { ...common, phase: run.pace === 'pause' ? 'paused' : 'running', networks, shown, run };
  if (opening) return { ...common, phase: 'loading', starting, shown, run };
  if (!shown) return { ...common, phase: 'error', why: '', shown, run };
  if (run?.ended === 'done') return { ...common, phase: 'done', networks, shown, run };
  return { ...common, phase: 'ready', networks, shown, run };
}

/** @param {State} from @returns {Parts} */
function parts(from) {
  const { phase, ...rest } = from;
  return rest;
}

/** @param {State} from @param {Partial<Parts>} changes */
const changed = (from, changes) => state({ ...parts(from), ...changes });

/** @param {State} from @returns {Starting | undefined} */
export const starting = (from) => (from.phase === 'loading' ? from.starting : undefined);

/** An attack under way ends; one without a step leaves nothing. @param {Run | undefined} run */
const cut = (run) => (!run || run.ended ? run : run.steps.length > 0 ? { ...run, ended: /** @type {const} */ ('cancelled') } : undefined);

/**
 * Notices go when the visitor does the next thing, but for what keeps the page from working.
 * @param {State} from
 */
const kept = (from) => (from.networks ? [] : from.notices.filter(({ about }) => about === 'networks'));

/** @param {readonly string[]} complaints @returns {Notice[]} */
const aboutAddress = (complaints) =>
  complaints.length > 0 ? [{ about: 'address', text: `The address asks for what there is not. ${complaints.join(' ')}` }] : [];

/**
 * The page at its beginning.
 * @param {string} query
 * @returns {State}
 */
export function begin(query) {
  const { sample, settings, run, present, open, complaints } = url.read(query);
  return state({
    query,
    constants: undefined,
    settings,
    attack: undefined,
    autorun: run,
    networks: undefined,
    starting: wanted(1, settings),
    offline: {},
    opening: { id: 2, source: { kind: 'sample', id: sample } },
    notices: aboutAddress(complaints),
    presenting: present,
    revealed: false,
    shortcuts: true,
    open,
    scores: undefined,
    says: '',
    breakdowns: 0,
    count: 2,
  });
}

// ---- The networks ---------------------------------------------------------------------------------------------

/** @param {number} id @param {Settings} settings @returns {Starting} */
const wanted = (id, { classifier, autoencoder, backend }) => ({ id, classifier, autoencoder, backend, bytes: 0 });

/**
 * Loads networks by these settings. Those that are there stay until the new ones answer.
 * @param {State} from
 * @param {Settings} settings
 */
function restarted(from, settings) {
  const count = from.count + 1;
  const undo = from.networks && (starting(from)?.undo ?? from.settings);
  const next = changed(from, { count, settings, run: cut(from.run), notices: [], says: '' });
  return changed(withPicture(next), { starting: { ...wanted(count, settings), undo } });
}

/** Networks that come need a picture: the one there is, the one on its way, or the first sample. @param {State} from */
function withPicture(from) {
  if (from.networks || from.opening || from.shown) return from;
  const count = from.count + 1;
  return changed(from, { count, opening: { id: count, source: { kind: 'sample', id: SAMPLES[0] } } });
}

/**
 * The picture and the attack's settings stay.
 * @param {State} from @param {Classifier} classifier
 */
export function chooseClassifier(from, classifier) {
  const { settings } = from;
  const [usual, ...others] = autoencodersOf(classifier);
  const autoencoder = others.find((name) => name === settings.autoencoder) ?? usual;
  return restarted({ ...from, autorun: false }, { ...settings, classifier, autoencoder, threshold: null }); // the old threshold was for other scores
}

/** @param {State} from @param {Autoencoder} autoencoder */
export const chooseAutoencoder = (from, autoencoder) =>
  restarted({ ...from, autorun: false }, { ...from.settings, autoencoder, threshold: null });

/** @param {State} from @param {Backend} backend */
export const chooseBackend = (from, backend) => restarted({ ...from, autorun: false }, { ...from.settings, backend });

/**
 * What a visitor who does not want to wait gets: the networks that are there, or where there are none the default ones.
 * @param {State} from
 */
export function cancelLoading(from) {
  const undo = starting(from)?.undo;
  if (from.networks && undo) return changed(from, { starting: undefined, settings: undo });
  return canCancelLoading(from) ? chooseClassifier(from, DEFAULT) : from;
}

/** @param {State} from */
export function canCancelLoading(from) {
  const now = starting(from);
  return now !== undefined && (from.networks !== undefined || now.classifier !== DEFAULT);
}

/** @param {State} from @param {number} id @param {number} bytes */
export function networksProgress(from, id, bytes) {
  const now = starting(from);
  return now?.id === id ? changed(from, { starting: { ...now, bytes } }) : from;
}

/**
 * @param {State} from
 * @param {number} id
 * @param {{webgpu: boolean, reason: string, cards: Cards, sums: import('./worker/client.js').Sums, constants: Constants}} opened
 * @returns {State}
 */
export function networksOpened(from, id, { constants, ...answer }) {
  const now = starting(from);
  if (now?.id !== id) return from;
  const { classifier, autoencoder, backend } = now;
  const notices = [...from.notices];
  let { attack, opening, shown, run, count } = from;
  if (!attack) {
    const read = url.readAttack(from.query, constants);
    attack = read.attack;
    notices.push(...aboutAddress(read.complaints));
  }
  if (backend === 'webgpu' && !answer.webgpu) {
    notices.push({ about: 'networks', text: `WebGPU was asked for, but ${answer.reason}: the CPU computes instead.` });
  }
  // What other networks said is void, and what was asked of them is asked again.
  if (shown && (shown.classifier !== classifier || shown.autoencoder !== autoencoder)) {
    const { source, picture } = shown;
    opening = opening ? { ...opening, instead: { source, picture } } : { id: ++count, source, picture };
    shown = run = undefined;
  }
  if (opening?.handed) opening = { ...opening, id: ++count, handed: false };
  return changed(from, { constants, attack, opening, shown, run, count, notices, networks: { classifier, autoencoder, ...answer }, starting: undefined });
}

/**
 * The networks that answer compute on another backend from now on, or stay where they are for another reason.
 * @param {State} from @param {{webgpu: boolean, reason: string}} choice
 */
export function backendChanged(from, choice) {
  const { networks } = from;
  if (!networks) return from;
  const { stepTime, ...rest } = networks;
  const known = choice.webgpu === networks.webgpu && stepTime !== undefined ? { stepTime } : {}; // another backend takes another time
  return changed(from, { networks: { ...rest, ...known, ...choice } });
}

/**
 * What a step took while nothing was asked for; those of an attack say more.
 * @param {State} from @param {number} time in milliseconds
 */
export const stepMeasured = (from, time) =>
  from.networks && from.networks.stepTime === undefined ? changed(from, { networks: { ...from.networks, stepTime: time } }) : from;

/**
 * @param {State} from
 * @param {number} id
 * @param {string} why
 * @param {boolean} crashed whether the worker or its GPU ended, rather than told an error
 * @returns {State}
 */
export function networksFailed(from, id, why, crashed) {
  const now = starting(from);
  if (now?.id !== id) return from;
  if (crashed && now.backend !== 'cpu') {
    const count = from.count + 1;
    const notices = [...from.notices, notice('networks', `${why} The CPU takes over.`)];
    return changed(from, { count, notices, starting: { ...now, id: count, backend: 'cpu', bytes: 0 } });
  }
  if (!from.networks || !now.undo) return changed(from, failure(from, why));
  const retry = /** @type {const} */ ({ kind: 'settings', settings: from.settings });
  const { classifier, autoencoder } = now.undo;
  const stays = classifier === now.classifier ? capital(AUTOENCODERS[autoencoder]) : `The classifier ${nameOf(classifier)}`;
  const text = `${why} ${stays} stays.`;
  return changed(from, { starting: undefined, settings: now.undo, notices: [...from.notices, notice('networks', text, retry)] });
}

/**
 * The worker that answered is of no use any more.
 * @param {State} from
 * @param {string} why
 * @param {boolean} gpu whether it was the GPU, and not the computation
 * @returns {State}
 */
export function workerLost(from, why, gpu) {
  if (!from.networks) return from;
  const gone = changed(from, { networks: undefined, run: cut(from.run), autorun: false, breakdowns: from.breakdowns + 1 });
  if (starting(from)) return gone; // others are on their way
  if (gone.breakdowns > 3) return changed(gone, failure(gone, why));
  const toCpu = gpu || from.networks.webgpu;
  const count = from.count + 1;
  // A picture that the computation broke down on is not tried again.
  const dropped = from.opening?.handed && !gpu;
  const opening = dropped ? fallback(from, count + 1) : from.opening;
  const text = [why, toCpu ? 'The CPU takes over.' : 'The page has started anew.', ...(dropped ? ['The picture was not opened.'] : [])].join(' ');
  return changed(gone, {
    count: count + 1,
    opening,
    notices: [...from.notices, notice('networks', text)],
    starting: wanted(count, { ...from.settings, backend: toCpu ? 'cpu' : from.settings.backend }),
  });
}

/** @param {State} from @param {string} why @returns {Partial<Parts>} */
const failure = (from, why) => ({
  networks: undefined,
  starting: undefined,
  why,
  run: cut(from.run),
  notices: [...from.notices.filter(({ about }) => about !== 'networks'), notice('networks', why, { kind: 'networks' })],
});

/** @param {State} from */
function startedAgain(from) {
  if (from.phase !== 'error' || from.networks) return from;
  const count = from.count + 1;
  return changed(withPicture(changed(from, { count, notices: [] })), { starting: wanted(count, from.settings) });
}

// ---- Pictures -------------------------------------------------------------------------------------------------

/** @param {State} from @param {Source} source */
function opened(from, source) {
  const id = from.count + 1;
  const instead = from.opening?.instead;
  const next = changed(from, { count: id, autorun: false, notices: kept(from), says: '', opening: { id, source, instead } });
  return startedAgain(next); // without networks nothing would come of it
}

/** @param {State} from @param {string} id */
export const chooseSample = (from, id) => opened(from, { kind: 'sample', id });

/** @param {State} from @param {Blob} file */
export const openOwn = (from, file) => opened(from, { kind: 'own', file });

/** @param {State} from @param {number} id */
export const pictureHanded = (from, id) =>
  from.opening?.id === id ? changed(from, { opening: { ...from.opening, handed: true } }) : from;

/**
 * It is a picture: now an attack on the earlier one ends.
 * @param {State} from @param {number} id @param {Float32Array} picture @param {string} [warning]
 */
export function pictureDecoded(from, id, picture, warning) {
  if (from.opening?.id !== id) return from;
  const notices = warning ? [...from.notices, notice('picture', warning)] : from.notices;
  return changed(from, { run: cut(from.run), notices, opening: { ...from.opening, picture } });
}

/** @param {State} from @param {number} id @param {Detection} detection @returns {State} */
export function pictureShown(from, id, detection) {
  const { opening, networks } = from;
  if (opening?.id !== id || !opening.picture || !networks) return from;
  const { source, picture } = opening;
  const { classifier, autoencoder } = networks;
  const next = changed(from, { opening: undefined, run: undefined, revealed: false, shown: { source, picture, detection, classifier, autoencoder } });
  return from.autorun ? attack({ ...next, autorun: false }, 'run') : next;
}

/** @param {State} from @param {number} id @param {string} text @param {Retry} [retry] */
export function pictureFailed(from, id, text, retry) {
  if (from.opening?.id !== id) return from;
  const count = from.count + 1;
  return changed(from, { count, opening: fallback(from, count), autorun: false, notices: [...from.notices, notice('picture', text, retry)] });
}

/** The picture that was shown before other networks came. @param {State} from @param {number} id @returns {Opening | undefined} */
function fallback({ shown, opening }, id) {
  return !shown && opening?.instead ? { id, ...opening.instead } : undefined;
}

// ---- The attack -----------------------------------------------------------------------------------------------

/** @param {Attack} chosen @param {Constants} constants @returns {Prepared} */
export const offered = ({ name, norm }, constants) => presetsOf(constants, name, norm).tutorial;

/** The attack as chosen. @param {Attack} chosen @param {Constants} constants @returns {{config: AttackConfig, shape: Shape}} */
export function prepared(chosen, constants) {
  const base = offered(chosen, constants);
  const { eps, eps_step, max_iter, target, restarts: num_random_init } = chosen;
  const known = Object.entries({ eps, eps_step, max_iter, num_random_init }).filter(([name]) => has(base, name));
  const { config, attacker, cost } = base;
  return {
    config: /** @type {AttackConfig} */ ({ ...config, ...Object.fromEntries(known), targeted: target !== '' }),
    shape: { attacker, cost, steps: has(base, 'max_iter') ? max_iter : base.steps, restarts: base.restarts * Math.max(1, num_random_init) },
  };
}

/** Of several starts, the first that fools is enough. @param {Attack} chosen */
export const stops = ({ stop, restarts }) => stop || restarts > 1;

/** The number of the last step of all restarts. @param {Shape} shape */
export const lastStep = ({ steps, restarts }) => restarts * (steps + 1) - 1;

/** The step that is the attack's result, so far. @param {Run} run */
export const outcome = ({ steps, kept = steps.length - 1 }) => steps[kept];

/** @param {State} from @param {'run' | 'once'} pace @param {Search} [search] @returns {State} */
function attack(from, pace, search) {
  if ((from.phase !== 'ready' && from.phase !== 'done') || !from.attack || !from.constants) return from;
  const { target } = from.attack;
  const id = from.count + 1;
  const leadsFrom = target || from.shown.detection.verdict.answer_if_clean;
  const { webgpu } = from.networks;
  /** @type {Run} */
  const run = { id, ...prepared(from.attack, from.constants), from: leadsFrom, target, webgpu, steps: [], times: [], at: 0, pace, stop: stops(from.attack), ...(search && { search }) };
  return changed(from, { count: id, run, revealed: false, says: '' });
}

/**
 * Whether an attack has what it is after: a wrong answer of the classifier, if it knows the detector one that is not
 * noticed, or if it knows the corrector one of the whole defence.
 * @param {State} state @param {Run} run @param {Detection | undefined} seen
 */
export function succeeded(state, { config, shape, from, target }, seen) {
  if (!seen) return false;
  const verdict = judge(seen.verdict, threshold(state));
  const isSought = (/** @type {Class} */ answer) => (target ? answer === target : answer !== from);
  if (config.attack === 'corrector') return isSought(verdict.answer);
  return isSought(verdict.answer_if_clean) && !(shape.attacker === 'defence' && verdict.adversarial);
}

/** How often eps is doubled after the strongest preset. */
const DOUBLINGS = 3;

/** What is tried, one after the other, where the strength is sought. @param {State} from @returns {Strength[]} */
function strengths(from) {
  const named = presets(from).map(([, numbers]) => numbers);
  const { eps, eps_step, ...rest } = named[named.length - 1];
  if (eps === null) return named; // there is no bound
  const times = (/** @type {number} */ value, /** @type {number} */ i) => Number((value * 2 ** (i + 1)).toPrecision(7));
  const doubled = Array.from({ length: DOUBLINGS }, (_, i) => ({ eps: times(eps, i), eps_step: times(eps_step, i), ...rest }));
  const largest = (from.constants && normOf(from.constants, rest.norm)?.largest) ?? Infinity;
  return [...named, ...doubled].filter((strength) => Math.max(strength.eps ?? 0, strength.eps_step) <= largest);
}

/** @param {State} from @param {'run' | 'once'} pace @param {Search} search of which the first that is left is tried now */
function attempt(from, pace, { attempt: count, left: [strength, ...left] }) {
  if (!from.attack) return from;
  return attack(changed(from, { attack: { ...from.attack, ...strength, stop: true } }), pace, { attempt: count, left });
}

/**
 * Attacks until the classifier sees this: with each preset, then with twice eps, and so on.
 * @param {State} from @param {Class} target
 */
export function attackUntil(from, target) {
  const still = cancel(from);
  if (!still.attack || target === still.shown?.detection.verdict.answer_if_clean) return from;
  const chosenAttack = { ...still.attack, target, restarts: 0 };
  const next = attempt({ ...still, notices: kept(still), autorun: false, attack: chosenAttack }, 'run', { attempt: 1, left: strengths(still) });
  return next.run === still.run ? from : next; // there was nothing to attack
}

/** Attack, pause, or go on: what the main button does. @param {State} from */
export function attackOrPause(from) {
  if (from.phase === 'running') return changed(from, { run: { ...from.run, pace: from.run.pace === 'once' ? 'run' : 'pause' } });
  if (from.phase === 'paused') return changed(from, { run: { ...from.run, pace: 'run' } });
  return attack({ ...from, notices: kept(from) }, 'run');
}

/** @param {State} from */
export function oneStep(from) {
  if (from.phase === 'paused') return changed(from, { run: { ...from.run, pace: 'once' } });
  return attack({ ...from, notices: kept(from) }, 'once');
}

/** @param {State} from */
export const cancel = (from) => (from.phase === 'running' || from.phase === 'paused' ? changed(from, { run: cut(from.run) }) : from);

/** @param {State} from @param {number} id @param {WatchedStep} step @param {number} time that it took, in milliseconds */
export function stepArrived(from, id, step, time) {
  const { run, networks } = from;
  if (run?.id !== id || run.ended) return from;
  const steps = [...run.steps, step];
  // The first step is the picture itself, so a visitor who asks for one step gets that and the next.
  const pace = run.pace === 'once' && step.step.t > 0 ? 'pause' : run.pace;
  const times = [...run.times, time];
  const same = networks?.webgpu === run.webgpu; // the backend may have changed meanwhile
  // Steps of other attacks cost so many of PGD's only about.
  const measured = networks && same && run.config.attack === 'pgd' ? { networks: { ...networks, stepTime: median(times) } } : {};
  const next = { ...run, steps, times, pace, at: steps.length - 1 };
  const enough = run.stop && step.step.t > 0 && succeeded(from, run, step.detection);
  return changed(from, { ...measured, run: enough ? { ...next, ended: 'done' } : next });
}

/** A step that had to wait for something else is no measure. @param {readonly number[]} times */
export const median = (times) => times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)];

/** @param {State} from @param {number} id @param {WatchedStep} best what the attack keeps */
export function runFinished(from, id, best) {
  const { run } = from;
  if (run?.id !== id || run.ended) return from;
  const now = keep(run, best);
  const done = changed(from, { run: { ...now, ended: 'done' } });
  const { search } = run;
  if (!search || search.left.length === 0 || succeeded(from, run, outcome(now)?.detection)) return done;
  return attempt(done, run.pace === 'once' ? 'once' : 'run', { attempt: search.attempt + 1, left: search.left });
}

/** What is kept is one of the steps, or one moved to within eps: a step more. @param {Run} run @param {WatchedStep} best */
function keep(run, best) {
  const same = (/** @type {WatchedStep} */ { picture }) => picture.every((value, i) => value === best.picture[i]);
  const known = run.steps.findLastIndex(same);
  const steps = known < 0 ? [...run.steps, best] : run.steps;
  const kept = known < 0 ? steps.length - 1 : known;
  return { ...run, steps, kept, at: kept };
}

/** @param {State} from @param {number} id @param {string} text */
export const runFailed = (from, id, text) =>
  from.run?.id === id && !from.run.ended ? changed(from, { run: cut(from.run), notices: [...from.notices, notice('attack', text)] }) : from;

/** @param {State} from @param {number} at */
export function showStep(from, at) {
  const { run } = from;
  if (!run || from.phase === 'running') return from;
  return changed(from, { run: { ...run, at: Math.max(0, Math.min(at, run.steps.length - 1)) } });
}

/** @param {State} from @param {number} id @param {Detection} rounded */
export const runRounded = (from, id, rounded) => (from.run?.id === id ? changed(from, { run: { ...from.run, rounded } }) : from);

// ---- What is chosen -------------------------------------------------------------------------------------------

/** @param {State} from @param {Partial<Attack>} choice */
export function chooseAttack(from, choice) {
  if (!from.attack || !from.constants) return from;
  const next = { ...from.attack, ...choice };
  const base = offered(next, from.constants);
  next.max_iter = Math.min(next.max_iter, mostSteps(from.constants, base.restarts));
  next.restarts = has(base, 'num_random_init') ? Math.min(next.restarts, url.mostRestarts(from.constants, base.restarts * next.max_iter)) : 0;
  return changed(from, { attack: next, autorun: false, says: '' });
}

/** Another attack comes with its own usual numbers. @param {State} from @param {import('./core.js').AttackName} name */
export function chooseMethod(from, name) {
  const { attack: now, constants } = from;
  return now && constants ? chooseAttack(from, { name, ...numbersOf(constants, offered({ ...now, name }, constants)) }) : from;
}

/** The norms' named settings are unlike each other; the chosen norm stays. @param {State} from @param {string} name */
export const choosePreset = (from, name) => chooseAttack(from, presets(from).find(([known]) => known === name)?.[1] ?? {});

/** Another norm measures in another unit: its own usual numbers come with it. @param {State} from @param {string} name */
export function chooseNorm(from, name) {
  const { attack: now, constants } = from;
  const norm = constants && normOf(constants, name)?.norm;
  return now && norm ? chooseAttack(from, numbersOf(constants, offered({ ...now, norm }, constants))) : from;
}

/** The attack's named settings; the first alone where all are the same. @param {State} from @returns {[name: string, numbers: Strength][]} */
export function presets({ attack: now, constants }) {
  if (!now || !constants) return [];
  const all = Object.entries(presetsOf(constants, now.name, now.norm));
  const named = all.map(([name, preset]) => /** @type {[string, Strength]} */ ([name, numbersOf(constants, preset)]));
  return named.filter(([, numbers], i) => i === 0 || !isSame(numbers, named[0][1]));
}

/** @param {Strength} a @param {Strength} b */
const isSame = (a, b) => a.eps === b.eps && a.eps_step === b.eps_step && a.max_iter === b.max_iter;

/** @param {State} from @param {number | null} threshold */
export const chooseThreshold = (from, threshold) => changed(from, { settings: { ...from.settings, threshold } });

// ---- Presenting, levels, and the scores of many pictures -----------------------------------------------------------

/** @param {State} from @param {boolean} presenting */
export const present = (from, presenting) => changed(from, { presenting, revealed: false });

/** @param {State} from */
export const reveal = (from) => (from.presenting ? changed(from, { revealed: !from.revealed }) : from);

/** @param {State} from @param {url.Level} level @param {boolean} isOpen */
export const openLevel = (from, level, isOpen) => (from.open[level] === isOpen ? from : changed(from, { open: { ...from.open, [level]: isOpen } }));

/** @param {State} from @param {boolean} shortcuts */
export const chooseShortcuts = (from, shortcuts) => changed(from, { shortcuts });

/** One step on: the next that is there, or a new one. @param {State} from */
export function stepOn(from) {
  const { run, phase } = from;
  if (phase === 'running' || !run || run.at >= run.steps.length - 1) return phase === 'done' ? from : oneStep(from);
  return showStep(from, run.at + 1);
}

/** @param {State} from */
export const stepBack = (from) => showStep(from, (from.run?.at ?? 0) - 1);

/** @param {State} from @param {import('./scores.js').Scores} scores */
export const scoresLoaded = (from, scores) => changed(from, { scores });

// ---- Use without a network ------------------------------------------------------------------------------------

/** @param {State} from @param {Classifier} classifier @param {Keeping} keeping */
export const offlineKnown = (from, classifier, keeping) => changed(from, { offline: { ...from.offline, [classifier]: keeping } });

/** @param {State} from @param {Classifier} classifier @param {boolean} keep */
export const chooseOffline = (from, classifier, keep) =>
  offlineKnown(changed(from, { notices: from.notices.filter(({ about }) => about !== 'offline') }), classifier, keep ? 'saving' : 'removing');

/** @param {State} from @param {Classifier} classifier @param {Keeping} keeping @param {string} text */
export const offlineFailed = (from, classifier, keeping, text) =>
  offlineKnown(changed(from, { notices: [...from.notices, notice('offline', text)] }), classifier, keeping);

// ---- Back and forward -----------------------------------------------------------------------------------------

/**
 * The page as an earlier address of the same visit has it. What is there already is not computed anew.
 * @param {State} from
 * @param {string} query
 * @param {Blob} [file] of the visitor's own picture that was shown there
 */
export function returned(from, query, file) {
  const { sample, settings, run, present, open, complaints } = url.read(query);
  const isComputed = /** @type {const} */ (['classifier', 'autoencoder', 'backend']).every((name) => settings[name] === from.settings[name]);
  const there = { query, open, presenting: present, revealed: from.revealed && present, autorun: false };
  let next = isComputed ? changed(from, { settings }) : restarted(from, settings);
  const source = /** @type {Source} */ (file ? { kind: 'own', file } : { kind: 'sample', id: sample });
  if (!isSamePicture(source, chosen(next))) next = opened(next, source);
  if (from.constants) {
    const read = url.readAttack(query, from.constants);
    next = changed(next, { attack: read.attack });
    complaints.push(...read.complaints);
  }
  next = changed(next, { ...there, notices: [...next.notices, ...aboutAddress(complaints)] });
  if (!run || (next.phase === 'done' && !stale(next))) return next;
  return next.phase === 'loading' || next.opening ? changed(next, { autorun: true }) : attack(cancel(next), 'run');
}

/** @param {Source} a @param {Source | undefined} b */
const isSamePicture = (a, b) => (a.kind === 'sample' ? b?.kind === 'sample' && a.id === b.id : b?.kind === 'own' && a.file === b.file);

// ---- What is said ---------------------------------------------------------------------------------------------

/** @param {About} about @param {string} text @param {Retry} [retry] @returns {Notice} */
const notice = (about, text, retry) => ({ about, text, ...(retry && { retry }) });

/** @param {State} from */
export const closeNotices = (from) => changed(from, { notices: [] });

/** @param {State} from @param {Retry} what */
export function retried(from, what) {
  if (what.kind === 'sample') return chooseSample(from, what.id);
  if (what.kind === 'settings') return restarted(from, what.settings);
  return startedAgain(from);
}

/** @param {State} from @param {string} says */
export const said = (from, says) => changed(from, { says });

const capital = (/** @type {string} */ word) => word[0].toUpperCase() + word.slice(1);

// ---- What follows from a state --------------------------------------------------------------------------------

/** The picture that the address names: the one that is shown, or while there is none yet, the one on its way. @param {State} from */
export const named = ({ shown, opening }) => shown?.source ?? opening?.source;

/** The picture that is marked as chosen. @param {State} from */
export const chosen = ({ shown, opening }) => opening?.source ?? shown?.source;

/** @param {State} from */
export function threshold({ settings, networks, shown }) {
  return settings.threshold ?? networks?.cards.autoencoder.detector?.threshold ?? shown?.detection.verdict.threshold ?? 1;
}

/** What is shown as attacked: a step of the run, or the picture itself. @param {State} from */
export function current({ shown, run }) {
  const step = run?.steps[run.at];
  if (step) return { picture: step.picture, detection: step.detection };
  return shown && { picture: shown.picture, detection: shown.detection };
}

/** Whether another attack is chosen than the one that was run. @param {State} from */
export function stale({ run, attack: now, constants }) {
  if (!run?.ended || !now || !constants) return false;
  const { config } = prepared(now, constants);
  const same = /** @type {(keyof AttackConfig)[]} */ (Object.keys(config)).every((name) => config[name] === run.config[name]);
  return !same || now.target !== run.target || stops(now) !== run.stop;
}

/** Whether the picture is like none of those that the classifier learned from: then the classes that it names mean nothing. @param {State} from */
export const isUnfamiliar = ({ shown }) => shown?.detection.familiarity?.familiar === false;

/** Whether the second look is still to be guessed. @param {State} from */
export const isCovered = ({ presenting, revealed }) => presenting && !revealed;

/** The preset that is chosen, or 'custom'. @param {State} from */
export function presetOf(from) {
  const { attack: now } = from;
  return (now && presets(from).find(([, preset]) => isSame(preset, now))?.[0]) ?? 'custom';
}

/** The query of the page's address; as it was as long as nothing else is known. @param {State} from */
export function query(from) {
  const { settings, attack: chosenAttack, constants, autorun } = from;
  if (!chosenAttack || !constants) return from.query;
  const source = named(from);
  const run = autorun || (from.phase === 'done' && !stale(from));
  return url.write({ sample: source?.kind === 'sample' ? source.id : '', settings, attack: chosenAttack, run, present: from.presenting, open: from.open }, constants);
}
