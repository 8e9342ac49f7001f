// @ts-check
// The state of the page as the query of its address, so that a link shows what its sender sees.

import { ATTACKERS, ATTACKS, decimal, has, mostSteps, normOf, numbersOf, presetsOf } from './core.js';
import { DEFAULT, NAMES, autoencodersOf } from './models.js';
import { SAMPLES } from './samples.js';

/** @typedef {import('./core.js').Constants} Constants */
/** @typedef {import('./core.js').Norm} Norm */
/** @typedef {import('./core.js').AttackName} AttackName */
/** @typedef {import('./core.js').Class} Class */
/** @typedef {import('./models.js').Autoencoder} Autoencoder */
/** @typedef {import('./models.js').Classifier} Classifier */
/** @typedef {'auto' | 'webgpu' | 'cpu'} Backend */
/** @typedef {'many' | 'inside'} Level a part of the page that a visitor opens */
/** @typedef {Readonly<Record<Level, boolean>>} Open which levels are open */

/**
 * @typedef {object} Settings what can be chosen besides the picture and the attack
 * @property {Classifier} classifier
 * @property {Autoencoder} autoencoder
 * @property {number | null} threshold null for the one that came with the autoencoder
 * @property {Backend} backend
 */

/**
 * @typedef {object} Attack what it has no parameter for is of no use
 * @property {AttackName} name
 * @property {Norm} norm
 * @property {number | null} eps null for none
 * @property {number} eps_step
 * @property {number} max_iter
 * @property {Class | ''} target '' for an untargeted attack
 * @property {number} restarts random starting points, one after the other until one fools; 0 for a start at the picture
 * @property {boolean} stop as soon as it has what it is after
 */

// The first of each is the default.
/** @type {readonly Backend[]} */
const BACKENDS = ['auto', 'webgpu', 'cpu'];

/** In the order of the page; each is a `details` of index.html with this id. @type {readonly Level[]} */
export const LEVELS = ['many', 'inside'];

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
 * @returns {{sample: string, settings: Settings, run: boolean, present: boolean, open: Open, complaints: string[]}} `run`: attack at
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
    open: /** @type {Open} */ (Object.fromEntries(LEVELS.map((level) => [level, value(level, false, flag, '0 or 1')]))),
    complaints,
  };
}

/** The page keeps the pictures of all steps, so there are fewer starts where there are more steps. */
const MOST_RESTARTS = 10;

/** @param {Constants} constants @param {number} steps of each */
export const mostRestarts = ({ max_steps }, steps) => Math.min(MOST_RESTARTS, Math.floor(max_steps / steps));

/** What the attacker knows, who makes this attack; undefined for an attack that no attacker is named after. @param {AttackName} name */
export const attackerOf = (name) => Object.entries(ATTACKERS).find(([, attack]) => attack === name)?.[0];

/** Links without an attacker name PGD: that says nothing of one. @param {AttackName} attack @param {string} attacker */
const fits = (attack, attacker) => !attacker || attack === ATTACKERS.classifier || attackerOf(attack) === attacker;

/**
 * Reads the attack. Its ranges, defaults and names are the core's.
 * @param {string} query
 * @param {Constants} constants
 * @returns {{attack: Attack, complaints: string[]}}
 */
export function readAttack(query, constants) {
  const { value, complaints } = reader(query);
  const { classes, norms, attacks } = constants;
  const attackers = Object.keys(ATTACKERS);
  /** @type {keyof typeof ATTACKERS | ''} */
  const attacker = value('attacker', '', one(attackers), attackers.join(', '));
  const usual = attacker ? ATTACKERS[attacker] : ATTACKS[0];
  const named = value('attack', usual, (text) => ATTACKS.find((known) => known === text.toLowerCase() && fits(known, attacker)), attacker ? `an attack of the attacker ${attacker}` : ATTACKS.join(', '));
  /** @type {AttackName} */
  const name = named === ATTACKS[0] ? usual : named;
  const names = norms.map(({ norm }) => norm).filter((norm) => attacks[name][norm]);
  const norm = value('norm', names[0], one(names), names.join(' or '));
  const base = presetsOf(constants, name, norm).tutorial;
  const { largest } = normOf(constants, norm) ?? norms[0];
  const defaults = numbersOf(constants, base);
  const length = number(Number.MIN_VALUE, largest);
  const mostOf = mostSteps(constants, base.restarts);
  /** What this attack lacks is not read. @type {typeof value} */
  const own = (parameter, fallback, ...rest) => (has(base, parameter) ? value(parameter, fallback, ...rest) : fallback);
  const max_iter = own('max_iter', defaults.max_iter, number(1, mostOf, true), `a whole number from 1 to ${mostOf}`);
  const most = has(base, 'num_random_init') ? mostRestarts(constants, base.restarts * max_iter) : 0;
  const attack = {
    name,
    norm,
    eps: value('eps', defaults.eps, length, `above 0 and at most ${largest}`),
    eps_step: own('eps_step', defaults.eps_step, length, `above 0 and at most ${largest}`),
    max_iter,
    target: value('target', /** @type {Class | ''} */ (''), one(classes), `one of ${classes.join(', ')}`),
    restarts: value('restarts', 0, number(0, most, true), `a whole number from 0 to ${most}`),
    stop: value('stop', false, flag, '0 or 1'),
  };
  return { attack, complaints };
}

/**
 * The shortest query that gives this again.
 * @param {{sample: string, settings: Settings, attack: Attack, run: boolean, present: boolean, open: Open}} what `sample`: '' for a picture of the visitor's own
 * @param {Constants} constants
 */
export function write({ sample: id, settings, attack, run, present, open }, constants) {
  const query = new URLSearchParams();
  if (id) query.set('sample', id);
  const base = presetsOf(constants, attack.name, attack.norm).tutorial;
  const norm = constants.norms.find((other) => constants.attacks[attack.name][other.norm])?.norm;
  const defaults = { ...numbersOf(constants, base), norm, target: '', restarts: 0, stop: false };
  const names = /** @type {const} */ (['norm', 'eps', 'eps_step', 'max_iter', 'target', 'restarts', 'stop']);
  const changed = names.filter((name) => attack[name] !== defaults[name]);
  const attacker = attackerOf(attack.name);
  if (attacker && attack.name !== ATTACKS[0]) query.set('attacker', attacker);
  else if (!attacker || run || changed.length > 0) query.set('attack', attack.name);
  for (const name of changed) query.set(name, String(attack[name] === true ? 1 : attack[name]));
  if (settings.classifier !== DEFAULT) query.set('classifier', settings.classifier);
  if (settings.autoencoder !== autoencodersOf(settings.classifier)[0]) query.set('autoencoder', settings.autoencoder);
  if (settings.threshold !== null) query.set('threshold', String(settings.threshold));
  if (settings.backend !== BACKENDS[0]) query.set('backend', settings.backend);
  if (run) query.set('run', '1');
  if (present) query.set('present', '1');
  for (const level of LEVELS) if (open[level]) query.set(level, '1');
  return `?${query}`;
}
