// @ts-check
// What the page takes from the Rust core: types, constants, and the judgement by a threshold.

/** @typedef {import('../pkg/second_look.js').Norm} Norm */
/** @typedef {import('../pkg/second_look.js').Class} Class */
/** @typedef {import('../pkg/second_look.js').Card} Card */
/** @typedef {import('../pkg/second_look.js').Cards} Cards */

// TEMPORARY, from here to the end mark: the interface of the next module, typed by hand, and an adapter that gives it to
// the module that is committed now. With the next module these become imports of its types, and `adapted` goes.

/** @typedef {import('../pkg/second_look.js').Pgd} AttackConfig */
/**
 * @typedef {object} Constants
 * @property {Class[]} classes in the order of the networks' outputs
 * @property {number} side
 * @property {Record<string, {eps_max: number, defaults: AttackConfig}>} norms
 * @property {Record<string, AttackConfig>} presets
 * @property {number} max_steps
 */
/**
 * @typedef {object} Verdict
 * @property {number[]} prediction
 * @property {number[]} reconstruction_prediction
 * @property {number[] | undefined} corrected_prediction
 * @property {number} score
 * @property {number} threshold
 * @property {boolean} adversarial
 * @property {Class} answer
 * @property {Class} answer_if_clean
 * @property {Class} answer_if_adversarial
 */
/** @typedef {{verdict: Verdict, reconstruction: Float32Array, correction: Float32Array | undefined}} Detection */
/** @typedef {{restart: number, t: number, loss: number, prediction: number[], distance: number}} AttackStep */
/** @typedef {{step: AttackStep, picture: Float32Array, detection: Detection}} WatchedStep */
/**
 * @typedef {object} Session
 * @property {() => Cards} cards
 * @property {(picture: Float32Array) => Promise<Detection>} detect
 * @property {(picture: Float32Array, from: Class, config: AttackConfig) => {step: () => Promise<WatchedStep | undefined>, free: () => void}} attack
 */
/**
 * @typedef {object} Core
 * @property {() => Constants} constants
 * @property {{open: (classifier: Uint8Array, autoencoder: Uint8Array, corrector: Uint8Array | undefined, webgpu: boolean) => Promise<Session>}} Session
 * @property {(bytes: Uint8Array) => Float32Array} decode
 * @property {(picture: Float32Array) => Uint8Array} png
 * @property {(text: string) => string} qr
 */

/** @type {Constants} */
const FALLBACK = {
  classes: ['airplane', 'bird', 'car', 'cat', 'deer', 'dog', 'horse', 'monkey', 'ship', 'truck'],
  side: 96,
  norms: {
    linf: { eps_max: 1, defaults: { norm: 'linf', eps: 0.03, eps_step: 0.001, max_iter: 10, num_random_init: 0, targeted: false, seed: 0 } },
    l2: { eps_max: 166.28, defaults: { norm: 'l2', eps: 3, eps_step: 0.2, max_iter: 10, num_random_init: 0, targeted: false, seed: 0 } },
  },
  presets: {
    tutorial: { norm: 'linf', eps: 0.03, eps_step: 0.001, max_iter: 10, num_random_init: 0, targeted: false, seed: 0 },
    strong: { norm: 'linf', eps: 0.03, eps_step: 0.005, max_iter: 20, num_random_init: 0, targeted: false, seed: 0 },
  },
  max_steps: 200,
};

/**
 * The module with the next interface, whichever it is.
 * @param {any} module
 * @returns {Core}
 */
export function adapted(module) {
  if (module.constants) return module;
  const likeliest = (/** @type {number[]} */ p) => FALLBACK.classes[p.indexOf(Math.max(...p))];
  /** @returns {Detection} */
  const detection = (/** @type {any} */ { verdict, reconstruction, correction }, /** @type {boolean} */ corrector) => ({
    verdict: {
      prediction: verdict.first,
      reconstruction_prediction: verdict.second,
      corrected_prediction: corrector ? verdict.correction : undefined,
      score: verdict.score,
      threshold: verdict.threshold,
      adversarial: verdict.adversarial,
      answer: verdict.answer,
      answer_if_clean: likeliest(verdict.first),
      answer_if_adversarial: likeliest(verdict.correction),
    },
    reconstruction,
    correction,
  });
  return {
    constants: () => FALLBACK,
    Session: {
      async open(classifier, autoencoder, corrector, webgpu) {
        const old = await module.Session.open(classifier, autoencoder, corrector, webgpu);
        const has = corrector !== undefined;
        return {
          cards: () => old.cards(),
          detect: async (picture) => detection(await old.look(picture), has),
          attack(picture, from, config) {
            const run = old.attack(picture, from, config);
            return {
              free: () => run.free(),
              async step() {
                const made = await run.step();
                if (!made) return undefined;
                const { start, t, loss, probabilities, distance } = made.progress;
                const step = { restart: start ?? 0, t, loss, prediction: probabilities, distance };
                return { step, picture: made.picture, detection: detection(made.look, has) };
              },
            };
          },
        };
      },
    },
    decode: module.decode,
    png: module.png,
    qr: module.qr,
  };
}

// END of what is temporary.

/**
 * Constants as they are shown and compared: the core computes in 32 bits, where 0.03 is 0.0299999993.
 * @param {Constants} constants
 * @returns {Constants}
 */
export const inDecimals = (constants) =>
  JSON.parse(JSON.stringify(constants), (_, value) => (typeof value === 'number' ? Number(value.toPrecision(7)) : value));

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
