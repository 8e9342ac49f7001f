// @ts-check
// The classifiers that can be chosen, and the files that their weights and those of their autoencoders are in.

/** @typedef {keyof typeof CLASSIFIERS} Classifier */
/** @typedef {'compact' | 'tutorial'} Autoencoder */
/** @typedef {{classifier: string, autoencoder: string, corrector?: string}} Weights paths, relative to the page; `corrector`: a second autoencoder, for the corrected prediction */

/**
 * @typedef {object} Offer a classifier and its autoencoders
 * @property {string} name
 * @property {string} path of the classifier's weights
 * @property {string} prefix of the paths of the autoencoders
 * @property {{classifier: number, autoencoder: number, corrector: number, tutorial?: number}} megabytes of the files;
 *   `tutorial` is left out where there is none
 * @property {string} says what is particular about it
 */

/**
 * The first one is the default. The files of the others are loaded only when they are chosen, and kept for use without a
 * network only when that is asked for (scripts/manifest lists them apart, by these names).
 * @satisfies {Record<string, Offer>}
 */
const CLASSIFIERS = {
  compact: { name: 'compact', path: 'models/classifier.safetensors', prefix: 'models/', megabytes: { classifier: 0.85, autoencoder: 0.166, corrector: 0.232, tutorial: 6.773 }, says: '' },
  vgg16: { name: 'VGG16', path: 'models/vgg16.safetensors', prefix: 'models/vgg16-', megabytes: { classifier: 17.118, autoencoder: 0.166, corrector: 0.232, tutorial: 6.773 }, says: 'The tutorial’s kind of network, twenty times as large.' },
  robust: {
    name: 'robust', path: 'models/robust.safetensors', prefix: 'models/robust-', megabytes: { classifier: 0.85, autoencoder: 0.166, corrector: 0.232 },
    says: 'The compact network, trained on attacked pictures (Madry et al. 2018): another defence. It is wrong more often on clean pictures, and harder to fool. Attack both in the same way.',
  },
};

export const NAMES = /** @type {Classifier[]} */ (Object.keys(CLASSIFIERS));
export const DEFAULT = NAMES[0];

/** @param {Classifier} classifier @returns {Offer} */
const offer = (classifier) => CLASSIFIERS[classifier];

/** @param {Classifier} classifier */
export const nameOf = (classifier) => offer(classifier).name;

/** What is particular about it. @param {Classifier} classifier */
export const saysOf = (classifier) => offer(classifier).says;

/** What autoencoders are called. @type {Record<Autoencoder, string>} */
export const AUTOENCODERS = { compact: 'this project’s autoencoder', tutorial: 'the tutorial’s autoencoder' };

/** Those that there are for a classifier; the first one is the default. @param {Classifier} classifier */
export const autoencodersOf = (classifier) =>
  /** @type {Autoencoder[]} */ (offer(classifier).megabytes.tutorial === undefined ? ['compact'] : ['compact', 'tutorial']);

/** @param {Classifier} classifier @param {Autoencoder} autoencoder @returns {Weights} */
export function weightsOf(classifier, autoencoder) {
  const { path, prefix } = offer(classifier);
  const file = (/** @type {string} */ name) => `${prefix}${name}.safetensors`;
  return autoencoder === 'tutorial'
    ? { classifier: path, autoencoder: file('tutorial') }
    : { classifier: path, autoencoder: file('autoencoder'), corrector: file('corrector') };
}

/** Of its own file. @param {Classifier} classifier */
export const ownMegabytesOf = (classifier) => offer(classifier).megabytes.classifier;

/** Of what is loaded for it. @param {Classifier} classifier @param {Autoencoder} autoencoder */
export function megabytesOf(classifier, autoencoder) {
  const { classifier: first, autoencoder: own, corrector, tutorial = 0 } = offer(classifier).megabytes;
  return first + (autoencoder === 'tutorial' ? tutorial : own + corrector);
}

/** Of all its files. @param {Classifier} classifier */
export function allMegabytesOf(classifier) {
  const { classifier: first, autoencoder, corrector, tutorial = 0 } = offer(classifier).megabytes;
  return first + autoencoder + corrector + tutorial;
}

/** The classifier that a file is of, if it comes only when that is chosen. @param {string} path */
export const chosenFor = (path) => NAMES.find((name) => name !== DEFAULT && (path === offer(name).path || path.startsWith(offer(name).prefix)));

/** @param {number} megabytes */
export const inMegabytes = (megabytes) => `${megabytes.toFixed(megabytes < 9.95 ? 1 : 0)}\u00a0MB`; // kept on one line
