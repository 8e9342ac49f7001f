// @ts-check
// The state of the page as the query of its address, so that a link shows what its sender sees.

import { decimal, normOf } from './core.js';
import { DEFAULT, NAMES, autoencodersOf } from './models.js';
import { SAMPLES } from './samples.js';

/** @typedef {import('./core.js').Constants} Constants */
/** @typedef {import('./core.js').Norm} Norm */
/** @typedef {import('./core.js').Class} Class */
/** @typedef {import('./models.js').Autoencoder} Autoencoder */
/** @typedef {import('./models.js').Classifier} Classifier */
/** @typedef {'auto' | 'webgpu' | 'cpu'} Backend */

/**
 * @typedef {object} Settings what can be chosen besides the picture and the attack
 * @property {Classifier} classifier
 * @property {Autoencoder} autoencoder
 * @property {number | null} threshold null for the one that came with the autoencoder
 * @property {Backend} backend
 */

/**
 * @typedef {object} Attack
 * @property {Norm} norm
 * @property {number} eps
 * @property {number} eps_step
 * @property {number} max_iter
 * @property {Class | ''} target '' for an untargeted attack
 * @property {number} restarts random starting points, one after the other until one fools; 0 for a start at the picture
 * @property {boolean} stop as soon as the classifier is fooled
 */

// The first of each is the default.
/** @type {readonly Backend[]} */
const BACKENDS = ['auto', 'webgpu', 'cpu'];

/** A reader of a query's values that collects what is invalid. @param {string} query */
function reader(query) {
  const given = new URLSearchParams(query);
  /** @type {string[]} */
  const complaints = [];
  /**
   * @template T
   * @param {string} name
   * @param {T} fallback
   * @param {(text: string) => T | undefined} parse
   * @param {string} must
   * @returns {T}
   */
  const value = (name, fallback, parse, must) => {
    const text = given.get(name);
    if (text === null) return fallback;
    const parsed = parse(text.trim());
    if (parsed !== undefined) return parsed;
    const instead = fallback === '' || fallback === null ? 'the default' : fallback === false ? '0' : fallback;
    complaints.push(`${name}=${text} is not ${must}; using ${instead}.`);
    return fallback;
  };
  return { value, complaints };
}

/** @param {readonly string[]} list */
const one = (list) => (/** @type {string} */ text) => /** @type {any} */ (list.includes(text.toLowerCase()) ? text.toLowerCase() : undefined);

/** @param {readonly string[]} list Of several with the same beginning, the first. */
const sample = (list) => (/** @type {string} */ text) => one(list)(text) ?? list.find((id) => id.split('-')[0] === text.toLowerCase());

const flag = (/** @type {string} */ text) => (text === '0' || text === '1' ? text === '1' : undefined);

/** @param {number} least @param {number} most @param {boolean} [whole] */
const number = (least, most, whole) => (/** @type {string} */ text) => {
  const parsed = decimal(text);
  return parsed >= least && parsed <= most && (!whole || Number.isInteger(parsed)) ? parsed : undefined;
};

/**
 * Reads what can be read before the core is there. What is invalid takes its default, and is told.
 * @param {string} query
 * @returns {{sample: string, settings: Settings, run: boolean, present: boolean, complaints: string[]}} `run`: attack at
 *   once; `present`: large, for a projector
 */
export function read(query) {
  const { value, complaints } = reader(query);
  const classifier = value('classifier', DEFAULT, one(NAMES), NAMES.join(' or '));
  const autoencoders = autoencodersOf(classifier);
  return {
    sample: value('sample', SAMPLES[0], sample(SAMPLES), 'a sample'),
    settings: {
      classifier,
      autoencoder: value('autoencoder', autoencoders[0], one(autoencoders), autoencoders.join(' or ')),
      threshold: value('threshold', null, number(0, 100), 'between 0 and 100'),
      backend: value('backend', BACKENDS[0], one(BACKENDS), 'auto, webgpu or cpu'),
    },
    run: value('run', false, flag, '0 or 1'),
    present: value('present', false, flag, '0 or 1'),
    complaints,
  };
}

/** The page keeps the pictures of all steps, so there are fewer starts where there are more steps. */
const MOST_RESTARTS = 10;

/** @param {Constants} constants @param {number} max_iter */
export const mostRestarts = ({ max_steps }, max_iter) => Math.min(MOST_RESTARTS, Math.floor(max_steps / max_iter));

/**
 * Reads the attack. Its ranges, defaults and names are the core's.
 * @param {string} query
 * @param {Constants} constants
 * @returns {{attack: Attack, complaints: string[]}}
 */
export function readAttack(query, constants) {
  const { value, complaints } = reader(query);
  const { classes, norms, max_steps } = constants;
  const names = norms.map(({ norm }) => norm);
  value('attack', 'pgd', one(['pgd']), 'pgd, the one attack there is');
  const norm = value('norm', names[0], one(names), names.join(' or '));
  const { largest, tutorial: defaults } = normOf(constants, norm) ?? norms[0];
  const length = number(Number.MIN_VALUE, largest);
  const max_iter = value('max_iter', defaults.max_iter ?? NaN, number(1, max_steps, true), `a whole number from 1 to ${max_steps}`);
  const most = mostRestarts(constants, max_iter);
  const attack = {
    norm,
    eps: value('eps', defaults.eps ?? NaN, length, `above 0 and at most ${largest}`),
    eps_step: value('eps_step', defaults.eps_step ?? NaN, length, `above 0 and at most ${largest}`),
    max_iter,
    target: value('target', /** @type {Class | ''} */ (''), one(classes), `one of ${classes.join(', ')}`),
    restarts: value('restarts', 0, number(0, most, true), `a whole number from 0 to ${most}`),
    stop: value('stop', false, flag, '0 or 1'),
  };
  return { attack, complaints };
}

/**
 * The shortest query that gives this again.
 * @param {{sample: string, settings: Settings, attack: Attack, run: boolean, present: boolean}} what `sample`: '' for a picture of the visitor's own
 * @param {Constants} constants
 */
export function write({ sample: id, settings, attack, run, present }, constants) {
  const query = new URLSearchParams();
  if (id) query.set('sample', id);
  const defaults = { ...normOf(constants, attack.norm)?.tutorial, norm: constants.norms[0].norm, target: '', restarts: 0, stop: false };
  const names = /** @type {const} */ (['norm', 'eps', 'eps_step', 'max_iter', 'target', 'restarts', 'stop']);
  const changed = names.filter((name) => attack[name] !== defaults[name]);
  if (run || changed.length > 0) query.set('attack', 'pgd');
  for (const name of changed) query.set(name, String(attack[name] === true ? 1 : attack[name]));
  if (settings.classifier !== DEFAULT) query.set('classifier', settings.classifier);
  if (settings.autoencoder !== autoencodersOf(settings.classifier)[0]) query.set('autoencoder', settings.autoencoder);
  if (settings.threshold !== null) query.set('threshold', String(settings.threshold));
  if (settings.backend !== BACKENDS[0]) query.set('backend', settings.backend);
  if (run) query.set('run', '1');
  if (present) query.set('present', '1');
  return `?${query}`;
}
