// @ts-check
// Which networks, and what they run on.

import { get } from '../dom.js';
import { chooseAutoencoder, chooseBackend } from '../state.js';

/** @type {ParentNode} */
let page;

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  page = root;
  const backend = get(root, 'backend', HTMLSelectElement);
  backend.addEventListener('change', () => store.update(chooseBackend, /** @type {any} */ (backend.value)));
  const autoencoder = get(root, 'autoencoder', HTMLSelectElement);
  autoencoder.addEventListener('change', () => store.update(chooseAutoencoder, /** @type {any} */ (autoencoder.value)));
}

/** @param {import('../state.js').State} state */
export function render({ settings, networks }) {
  get(page, 'backend', HTMLSelectElement).value = settings.backend;
  get(page, 'autoencoder', HTMLSelectElement).value = settings.autoencoder;
  const now = networks && `${networks.webgpu ? 'WebGPU' : 'CPU'}${networks.reason && `: ${networks.reason}`}`;
  get(page, 'backend-now', HTMLElement).textContent = now ?? '';
  const { dataset } = document.documentElement;
  if (networks) dataset.backend = networks.webgpu ? 'webgpu' : 'cpu';
  else delete dataset.backend;
}
