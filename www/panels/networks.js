// @ts-check
// Which networks, and what they run on.

import { get, offer } from '../dom.js';
import { DEFAULT, NAMES, allMegabytesOf, autoencodersOf, inMegabytes, nameOf, ownMegabytesOf, saysOf } from '../models.js';
import { chooseAutoencoder, chooseBackend, chooseClassifier, chooseOffline } from '../state.js';

/** @typedef {import('../models.js').Autoencoder} Autoencoder */

/** @type {Record<import('../state.js').Keeping, string>} */
const SAYS = { no: '', saving: 'Saving …', yes: 'Saved.', removing: 'Removing …' };

/** @type {ParentNode} */
let page;
/** The classifier that was chosen when this was last rendered. @type {string} */
let before = DEFAULT;

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  page = root;
  const backend = get(root, 'backend', HTMLSelectElement);
  backend.addEventListener('change', () => store.update(chooseBackend, /** @type {any} */ (backend.value)));
  const autoencoder = get(root, 'autoencoder', HTMLSelectElement);
  autoencoder.addEventListener('change', () => store.update(chooseAutoencoder, /** @type {any} */ (autoencoder.value)));
  const classifier = get(root, 'classifier', HTMLSelectElement);
  offer(classifier, NAMES.map((name) => [name, `${nameOf(name)} (${inMegabytes(ownMegabytesOf(name))})`]));
  classifier.addEventListener('change', () => store.update(chooseClassifier, /** @type {any} */ (classifier.value)));
  const keep = get(root, 'keep', HTMLInputElement);
  keep.addEventListener('change', () => store.update(chooseOffline, store.state.settings.classifier, keep.checked));
}

/** @param {import('../state.js').State} state */
export function render({ settings, networks, offline }) {
  get(page, 'backend', HTMLSelectElement).value = settings.backend;
  const { classifier } = settings;
  get(page, 'classifier', HTMLSelectElement).value = classifier;
  get(page, 'classifier-says', HTMLElement).textContent = saysOf(classifier);
  // An address may have chosen it: what else there is to choose of it is then in sight.
  if (classifier !== before && classifier !== DEFAULT) get(page, 'other-networks', HTMLDetailsElement).open = true;
  before = classifier;
  const autoencoder = get(page, 'autoencoder', HTMLSelectElement);
  for (const option of autoencoder.options) option.hidden = !autoencodersOf(classifier).includes(/** @type {Autoencoder} */ (option.value));
  autoencoder.value = settings.autoencoder;
  const keeping = offline[classifier];
  get(page, 'keep-field', HTMLElement).hidden = classifier === DEFAULT || keeping === undefined;
  get(page, 'keep', HTMLInputElement).checked = keeping === 'yes' || keeping === 'saving';
  get(page, 'keep-label', HTMLElement).textContent = `Keep ${nameOf(classifier)} for use without a network (${inMegabytes(allMegabytesOf(classifier))})`;
  get(page, 'keep-says', HTMLElement).textContent = (keeping && SAYS[keeping]) ?? '';
  const now = networks && `${networks.webgpu ? 'WebGPU' : 'CPU'}${networks.reason && `: ${networks.reason}`}`;
  get(page, 'backend-now', HTMLElement).textContent = now ?? '';
  const { dataset } = document.documentElement;
  if (networks) dataset.backend = networks.webgpu ? 'webgpu' : 'cpu';
  else delete dataset.backend;
}
