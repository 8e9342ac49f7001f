// @ts-check
// The files that the networks' weights are in, relative to the page.

/** @typedef {{autoencoder: string, corrector?: string}} Weights `corrector`: a second autoencoder, for the corrected prediction */
/** @typedef {'compact' | 'tutorial'} Autoencoder */

export const CLASSIFIER = 'models/classifier.safetensors';

/** All but the first one's files are loaded only when they are asked for. @type {Record<Autoencoder, Weights>} */
export const AUTOENCODERS = {
  compact: { autoencoder: 'models/autoencoder.safetensors', corrector: 'models/corrector.safetensors' },
  tutorial: { autoencoder: 'models/tutorial.safetensors' },
};

/** @type {Record<Autoencoder, string>} */
export const NAMES = { compact: 'this project’s autoencoder', tutorial: 'the tutorial’s autoencoder' };
