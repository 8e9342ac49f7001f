// @ts-check
// Which picture: the samples, a file, a photograph, or one that is dropped or pasted.

import { element, get } from '../dom.js';
import { DEFAULT } from '../models.js';
import * as samples from '../samples.js';
import { chooseSample, chosen, openOwn, starting } from '../state.js';

/** @type {HTMLInputElement[]} */
let radios;
/** @type {HTMLImageElement[]} */
let images;

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  radios = samples.SAMPLES.map((id) => {
    const radio = document.createElement('input');
    Object.assign(radio, { type: 'radio', name: 'sample', value: id, className: 'unseen' });
    radio.addEventListener('change', () => store.update(chooseSample, id));
    return radio;
  });
  images = samples.SAMPLES.map((id) => {
    const image = document.createElement('img');
    return Object.assign(image, { alt: samples.title(id), title: samples.title(id), width: 48, height: 48 });
  });
  get(root, 'samples', HTMLElement).append(
    ...images.map((image, i) => {
      const label = element('label', 'sample');
      label.append(radios[i], image);
      return label;
    }),
  );

  const open = (/** @type {File | null | undefined} */ file) => file && store.update(openOwn, file);
  for (const id of ['file', 'camera']) {
    const field = get(root, id, HTMLInputElement);
    field.addEventListener('change', () => {
      open(field.files?.[0]);
      field.value = ''; // the same file can be chosen again
    });
  }
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
  const drop = get(document, 'drop', HTMLElement);
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) drop.hidden = true;
  });
  document.addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    drop.hidden = true;
    open(event.dataTransfer?.files[0]);
  });
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const source = chosen(state);
  for (const radio of radios) radio.checked = source?.kind === 'sample' && radio.value === source.id;
  // They come after what the first prediction needs, unless that takes long.
  if (starting(state)?.classifier !== DEFAULT) images.forEach((image, i) => (image.src ||= samples.address(samples.SAMPLES[i]).href));
}
