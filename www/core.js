// @ts-check
// What the page takes from the Rust core: types, constants, and the judgement by a threshold.

/** What attacks have in common, each not all of it. @typedef {{norm?: Norm, eps?: number | null, eps_step?: number, max_iter?: number, num_random_init?: number, targeted?: boolean}} Common */
/** @typedef {import('../pkg/second_look.js').AttackConfig & Common} AttackConfig */
/** @typedef {import('../pkg/second_look.js').AttackName} AttackName */
/** @typedef {import('../pkg/second_look.js').AttackStep} AttackStep */
/** @typedef {import('../pkg/second_look.js').Card} Card */
/** @typedef {import('../pkg/second_look.js').Cards} Cards */
/** @typedef {import('../pkg/second_look.js').Class} Class */
/** @typedef {import('../pkg/second_look.js').Norm} Norm */
/** @typedef {import('../pkg/second_look.js').NormConstants} NormConstants */
/** @typedef {import('../pkg/second_look.js').Pgd} Pgd */
/** @typedef {import('../pkg/second_look.js').Prepared} Prepared */
/** @typedef {import('../pkg/second_look.js').StepNumbers} StepNumbers */
/** @typedef {import('../pkg/second_look.js').Verdict} Verdict */

/**
 * @template T
 * @typedef {import('../pkg/second_look.js').Packed<T>} Packed
 */

/** An attack by each preset; to many attacks they are the same. @typedef {Record<'tutorial' | 'strong', Prepared>} Presets */
/** An attack in each norm that it can measure in. @typedef {Partial<Record<Norm, Presets>>} Offered */
/** @typedef {import('../pkg/second_look.js').Constants & {attacks: Record<AttackName, Offered>}} Constants */
/** @typedef {import('../pkg/second_look.js').Familiarity} Familiarity */
/** @typedef {import('../pkg/second_look.js').Examined} Examined */

/**
 * @typedef {object} Detection what the defence finds in a picture
 * @property {Verdict} verdict
 * @property {Familiarity | undefined} familiarity whether the classifier learned from anything like it; not asked for steps of an attack
 * @property {Float32Array} reconstruction
 * @property {Float32Array | undefined} correction
 */
/**
 * @typedef {object} Inside what goes on in the networks for one picture
 * @property {readonly [channels: number, height: number, width: number]} shape of the bottleneck
 * @property {Float32Array} latent the bottleneck's values, channel by channel, each row by row
 * @property {Float32Array} lossGradient of the classifier's loss, in a picture's values
 * @property {Float32Array} scoreGradient of the detector's score, likewise
 */
/** @typedef {{step: AttackStep, picture: Float32Array, detection: Detection}} WatchedStep a step of an attack, and what is found in its picture */

/** The page keeps the pictures of every step, some 0.4 MB each, so it makes fewer steps than the core would. */
const KEPT_STEPS = 200;

/** The attack that an attacker makes, by what the attacker knows. @satisfies {Record<string, AttackName>} */
export const ATTACKERS = { classifier: 'pgd', selective: 'selective-pgd', orthogonal: 'orthogonal-pgd', corrector: 'corrector', queries: 'square' };

/** All attacks. @type {readonly AttackName[]} */
export const ATTACKS = [...Object.values(ATTACKERS), 'mi-fgsm', 'fgsm', 'apgd-ce', 'apgd-dlr', 'cw', 'deepfool', 'lagrangian', 'noise'];

/** What the core offers of each attack. @param {typeof import('../pkg/second_look.js').prepare} prepare @param {readonly NormConstants[]} norms */
export function attacksOf(prepare, norms) {
  /** @param {AttackName} name @returns {Offered} */
  const offered = (name) =>
    Object.fromEntries(
      norms.flatMap(({ norm }) => {
        try {
          return [[norm, { tutorial: prepare(name, { norm, preset: 'tutorial' }, false), strong: prepare(name, { norm, preset: 'strong' }, false) }]];
        } catch {
          return []; // it measures otherwise
        }
      }),
    );
  return /** @type {Record<AttackName, Offered>} */ (Object.fromEntries(ATTACKS.map((name) => [name, offered(name)])));
}

/**
 * Constants as they are shown and compared: the core computes in 32 bits, where 0.03 is 0.0299999993.
 * @param {Constants} constants
 * @returns {Constants}
 */
export function inDecimals(constants) {
  const tidy = JSON.parse(JSON.stringify(constants), (_, value) => (typeof value === 'number' ? Number(value.toPrecision(7)) : value));
  return { ...tidy, max_steps: Math.min(tidy.max_steps, KEPT_STEPS) };
}

/**
 * A number as people write it: with a point or a comma, or as a fraction (8/255, as grey levels are counted). NaN for anything
 * else.
 * @param {string} text
 */
export function decimal(text) {
  const parts = text.split('/').map((part) => part.trim().replace(',', '.'));
  if (parts.length > 2 || !parts.every((part) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part))) return NaN;
  const [top, bottom] = parts.map(Number);
  return bottom === undefined ? top : Number((top / bottom).toPrecision(7));
}

/** @param {Constants} constants @param {string} name */
export const normOf = ({ norms }, name) => norms.find(({ norm }) => norm === name);

/** An attack as it is offered in a norm, or in the first one that it can measure in. @param {Constants} constants @param {AttackName} name @param {Norm} norm */
export const presetsOf = ({ attacks }, name, norm) => /** @type {Presets} */ (attacks[name][norm] ?? Object.values(attacks[name])[0]);

/** What the page can change of an attack. @typedef {{norm: Norm, eps: number | null, eps_step: number, max_iter: number}} Numbers */

/** Of a prepared attack, with as many steps as the page keeps; what it lacks is the tutorial's. @param {Constants} constants @param {Prepared} prepared @returns {Numbers} */
export function numbersOf(constants, { config, steps, restarts }) {
  const all = /** @type {AttackConfig} */ (config);
  const norm = all.norm ?? constants.norms[0].norm;
  const { eps = null, eps_step = normOf(constants, norm)?.tutorial.eps_step ?? NaN } = all;
  return { norm, eps, eps_step, max_iter: Math.min(steps, mostSteps(constants, restarts)) };
}

/** How many steps each of so many restarts can have. @param {Constants} constants @param {number} restarts */
export const mostSteps = ({ max_steps }, restarts) => Math.floor(max_steps / restarts);

/** Whether an attack has a parameter. @param {Prepared} prepared @param {string} parameter */
export const has = ({ config }, parameter) => parameter in config;

/**
 * The verdict by another threshold than the detector's own.
 * @param {Verdict} verdict
 * @param {number} threshold
 * @returns {Verdict}
 */
export function judge(verdict, threshold) {
  const adversarial = verdict.score > threshold;
  return { ...verdict, threshold, adversarial, answer: adversarial ? verdict.answer_if_adversarial : verdict.answer_if_clean };
}

/**
 * The classes with their probabilities, the likeliest first.
 * @param {readonly Class[]} classes
 * @param {readonly number[]} probabilities
 */
export const ranked = (classes, probabilities) =>
  classes.map((name, i) => ({ name, probability: probabilities[i] })).sort((a, b) => b.probability - a.probability);

/**
 * The divergence of the predictions that a detector's score is, or begins with.
 * @param {NonNullable<Card['detector']>} detector
 */
export const divergenceOf = (detector) => ('hidden' in detector ? detector.hidden : detector.divergence);
