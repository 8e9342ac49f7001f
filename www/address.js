// @ts-check
// The state of the page as the query of its address, so that a link shows what its sender sees.

/** @typedef {import('../pkg/second_look.js').Norm} Norm */
/** @typedef {import('../pkg/second_look.js').Class} Class */

/**
 * @typedef {object} Settings what a visitor can choose
 * @property {string} sample id of a sample picture; '' for a picture of the visitor's own
 * @property {Norm} norm
 * @property {number} eps
 * @property {number} eps_step
 * @property {number} max_iter
 * @property {Class | ''} target '' for an untargeted attack
 * @property {Autoencoder} autoencoder
 * @property {number | null} threshold null for the one that came with the autoencoder
 * @property {'auto' | 'webgpu' | 'cpu'} backend
 * @property {boolean} run attack at once
 */

/** @type {readonly Class[]} in the order of the networks' outputs, as in the crate */
export const CLASSES = ['airplane', 'bird', 'car', 'cat', 'deer', 'dog', 'horse', 'monkey', 'ship', 'truck'];

/** The named settings, all L∞, as the crate's `Pgd` has them. */
export const PRESETS = {
  tutorial: { eps: 0.03, eps_step: 0.001, max_iter: 10 },
  strong: { eps: 0.03, eps_step: 0.005, max_iter: 20 },
};

/** Ranges and defaults by norm: an L2 length gathers 27,648 changes, so it is a larger number for as much to see. */
export const NORMS = {
  linf: { most: 1, ...PRESETS.tutorial },
  l2: { most: 166, eps: 3, eps_step: 0.2, max_iter: 10 },
};

export const MOST_STEPS = 200;

/** @typedef {keyof typeof AUTOENCODERS} Autoencoder */

/**
 * The files that the autoencoders' weights are in; all but the first ones come only when they are asked for.
 * `corrector`: the one that answers for adversarial pictures, if it is another one.
 * @type {{compact: Weights, tutorial: Weights}} @typedef {{autoencoder: string, corrector?: string}} Weights
 */
export const AUTOENCODERS = {
  compact: { autoencoder: 'models/autoencoder.safetensors', corrector: 'models/corrector.safetensors' },
  tutorial: { autoencoder: 'models/tutorial.safetensors' },
};

/** @type {Omit<Settings, 'sample'>} */
export const DEFAULTS = {
  norm: 'linf',
  ...PRESETS.tutorial,
  target: '',
  autoencoder: 'compact',
  threshold: null,
  backend: 'auto',
  run: false,
};

/**
 * Reads an address. What is invalid takes its default, and is told.
 * @param {string} query
 * @param {readonly string[]} samples ids; the first one is the default
 * @returns {{settings: Settings, complaints: string[]}}
 */
export function read(query, samples) {
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
    complaints.push(`${name}=${text} is not ${must}; using ${fallback === '' || fallback === null ? 'the default' : fallback}.`);
    return fallback;
  };
  /** @param {readonly string[]} list */
  const one = (list) => (/** @type {string} */ text) => /** @type {any} */ (list.includes(text.toLowerCase()) ? text.toLowerCase() : undefined);
  /** @param {number} least @param {number} most @param {boolean} [whole] */
  const number = (least, most, whole) => (/** @type {string} */ text) => {
    const parsed = text === '' ? NaN : Number(text);
    return parsed >= least && parsed <= most && (!whole || Number.isInteger(parsed)) ? parsed : undefined;
  };

  value('attack', 'pgd', one(['pgd']), 'pgd, the one attack there is');
  /** @type {Norm} */
  const norm = value('norm', DEFAULTS.norm, one(Object.keys(NORMS)), 'linf or l2');
  const { most, ...defaults } = NORMS[norm];
  const settings = {
    sample: value('sample', samples[0], one(samples), 'a sample'),
    norm,
    eps: value('eps', defaults.eps, number(Number.MIN_VALUE, most), `above 0 and at most ${most}`),
    eps_step: value('eps_step', defaults.eps_step, number(Number.MIN_VALUE, most), `above 0 and at most ${most}`),
    max_iter: value('max_iter', defaults.max_iter, number(1, MOST_STEPS, true), `a whole number from 1 to ${MOST_STEPS}`),
    target: value('target', DEFAULTS.target, one(CLASSES), `one of ${CLASSES.join(', ')}`),
    autoencoder: value('autoencoder', DEFAULTS.autoencoder, one(Object.keys(AUTOENCODERS)), 'compact or tutorial'),
    threshold: value('threshold', DEFAULTS.threshold, number(0, 100), 'between 0 and 100'),
    backend: value('backend', DEFAULTS.backend, one(['auto', 'webgpu', 'cpu']), 'auto, webgpu or cpu'),
    run: value('run', false, (text) => ({ 0: false, 1: true })[text], '0 or 1'),
  };
  return { settings, complaints };
}

/**
 * The shortest query that gives these settings again.
 * @param {Settings} settings
 */
export function write(settings) {
  const query = new URLSearchParams();
  if (settings.sample) query.set('sample', settings.sample);
  const defaults = { ...DEFAULTS, ...NORMS[settings.norm], norm: DEFAULTS.norm };
  const attack = /** @type {const} */ (['norm', 'eps', 'eps_step', 'max_iter', 'target']);
  const changed = attack.filter((name) => settings[name] !== defaults[name]);
  if (settings.run || changed.length > 0) query.set('attack', 'pgd');
  for (const name of changed) query.set(name, String(settings[name]));
  if (settings.autoencoder !== DEFAULTS.autoencoder) query.set('autoencoder', settings.autoencoder);
  if (settings.threshold !== null) query.set('threshold', String(settings.threshold));
  if (settings.backend !== DEFAULTS.backend) query.set('backend', settings.backend);
  if (settings.run) query.set('run', '1');
  return `?${query}`;
}
