// @ts-check
// Small stand-ins for what the core answers.

import { attacksOf } from '../../../www/core.js';

/** @typedef {import('../../../www/core.js').Constants} Constants */
/** @typedef {import('../../../www/core.js').Detection} Detection */
/** @typedef {import('../../../www/core.js').Verdict} Verdict */

const CLASSES = /** @type {import('../../../www/core.js').Class[]} */ (['airplane', 'bird', 'car']);

/** @param {Partial<import('../../../www/core.js').Pgd>} numbers */
const pgd = (numbers) => /** @type {const} */ ({ norm: 'linf', eps: 0.04, eps_step: 0.001, max_iter: 10, targeted: false, seed: 0, ...numbers });

const NORMS = [
  { norm: /** @type {const} */ ('linf'), largest: 0.5, tutorial: pgd({ num_random_init: 0 }), strong: pgd({ eps_step: 0.005, max_iter: 20, num_random_init: 0 }) },
  {
    norm: /** @type {const} */ ('l2'),
    largest: 7,
    tutorial: pgd({ norm: 'l2', eps: 3, eps_step: 0.2, num_random_init: 0 }),
    strong: pgd({ norm: 'l2', eps: 3, eps_step: 0.5, max_iter: 20, num_random_init: 0 }),
  },
];

/** Attacks that differ in what they have, as the real ones do. @type {(name: import('../../../www/core.js').AttackName, options: any) => any} */
function prepare(name, { norm, preset }) {
  const all = NORMS.find((known) => known.norm === norm)?.[/** @type {'tutorial'} */ (preset)] ?? NORMS[0].tutorial;
  const shape = { attacker: 'classifier', steps: all.max_iter, restarts: 1, cost: 1 };
  const bounded = { norm, eps: all.eps, targeted: false };
  switch (name) {
    case 'selective-pgd':
    case 'orthogonal-pgd':
    case 'corrector':
      return { ...shape, config: { attack: name, ...all, eps_step: all.eps / 10, max_iter: 12, eot: 1 }, attacker: 'defence', steps: 12, cost: 3 };
    case 'square':
      return { ...shape, config: { attack: name, ...bounded, max_iter: 1000, num_random_init: 0 }, attacker: 'queries', steps: 1000 };
    case 'fgsm':
      return { ...shape, config: { attack: name, ...bounded }, steps: 1 };
    case 'noise':
      return { ...shape, config: { attack: name, ...bounded, num_random_init: 0 }, attacker: 'nothing', steps: 1 };
    case 'cw':
      if (norm !== 'l2') throw new Error('norm must be l2');
      return { ...shape, config: { attack: name, norm, eps: null, max_iter: 100, targeted: false }, steps: 100, restarts: 6 };
    default:
      return { ...shape, config: { attack: name, ...all } };
  }
}

/** Other classes and numbers than the real ones: what is repeated in JavaScript would not fit. @type {Constants} */
export const CONSTANTS = { classes: CLASSES, side: 2, norms: NORMS, largest_file: 1e6, max_steps: 30, attacks: attacksOf(prepare, NORMS) };

/**
 * A verdict by three distributions; their most likely classes are looked up here, as the core does.
 * @param {number[]} prediction
 * @param {number[]} second
 * @param {number[]} [corrected]
 * @param {number} [score]
 * @returns {Verdict}
 */
export function verdict(prediction, second, corrected, score = 0.01) {
  const top = (/** @type {number[]} */ p) => CLASSES[p.indexOf(Math.max(...p))];
  const [clean, adversarial] = [top(prediction), top(corrected ?? second)];
  return {
    prediction,
    reconstruction_prediction: second,
    corrected_prediction: corrected,
    score,
    threshold: 0.1,
    adversarial: score > 0.1,
    answer: score > 0.1 ? adversarial : clean,
    answer_if_clean: clean,
    answer_if_adversarial: adversarial,
  };
}

/** @param {Verdict} [of] @returns {Detection} */
export const detection = (of = verdict([0.8, 0.1, 0.1], [0.7, 0.2, 0.1])) => ({
  verdict: of,
  familiarity: undefined,
  reconstruction: new Float32Array(12),
  correction: undefined,
});

/** @param {number} t @param {Verdict} [of] @returns {import('../../../www/core.js').WatchedStep} */
export const step = (t, of) => ({
  step: { restart: 0, t, loss: t, prediction: (of ?? detection().verdict).prediction, distance: 0, queries: null },
  picture: new Float32Array(12),
  detection: detection(of),
});

/** What a worker answers when it has opened networks. @param {boolean} [webgpu] */
export const networks = (webgpu = false) => ({
  webgpu,
  reason: '',
  cards: /** @type {any} */ ({ autoencoder: { detector: { threshold: 0.1 } } }),
  sums: { classifier: 'c1', autoencoder: 'a1' },
  constants: CONSTANTS,
});
