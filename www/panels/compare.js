// @ts-check
// Two pictures side by side or one over the other, enlarged.

import { get } from '../dom.js';
import { current } from '../state.js';
import { Closer } from '../widgets/closer.js';
import { amplification, asDifference, asImage } from '../widgets/image.js';

/** @typedef {import('../widgets/closer.js').View} View */
/** @typedef {'original' | 'attacked' | 'noise' | 'reconstruction' | 'corrector' | 'lost'} Name */

/** @type {Record<Name, string>} */
const NAMES = {
  original: 'original',
  attacked: 'attacked',
  noise: 'noise, amplified',
  reconstruction: 'reconstruction',
  corrector: 'by the corrector',
  lost: 'reconstruction error',
};

/** @type {ParentNode} */
let panel;
/** @type {Closer} */
let closer;
/** @type {readonly unknown[]} */
let drawn = [];

const select = (/** @type {string} */ id) => get(panel, id, HTMLSelectElement);

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  panel = root;
  const canvas = (/** @type {string} */ id) => get(root, id, HTMLCanvasElement);
  closer = new Closer({ frame: get(root, 'closer', HTMLElement), left: canvas('closer-left'), right: canvas('closer-right') });
  for (const [id, first] of [['left', 'original'], ['right', 'attacked']]) {
    select(id).append(...Object.entries(NAMES).map(([value, name]) => new Option(name, value)));
    select(id).value = first;
    select(id).addEventListener('change', () => render(store.state));
  }
  const [zoom, swipe] = [get(root, 'zoom', HTMLInputElement), get(root, 'swipe', HTMLInputElement)];
  select('mode').addEventListener('change', () => {
    closer.swipe = select('mode').value === 'swipe';
    get(root, 'swipe-field', HTMLElement).hidden = !closer.swipe;
    says();
    closer.draw();
  });
  zoom.addEventListener('input', () => {
    closer.zoom = zoom.valueAsNumber;
    get(root, 'zoom-now', HTMLElement).textContent = `${closer.zoom}×`;
    says();
    closer.draw();
  });
  closer.moved = (seam) => (swipe.value = String(seam * 100));
  swipe.addEventListener('input', () => {
    closer.seam = swipe.valueAsNumber / 100;
    closer.draw();
  });
}

/** Says what dragging does now. */
function says() {
  const parts = [closer.swipe ? 'Drag the seam.' : '', closer.zoom > 1 ? 'Drag, or use the arrow keys, to move.' : 'Zoom in to see pixels.'];
  get(panel, 'closer-says', HTMLElement).textContent = parts.filter(Boolean).join(' ');
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const now = current(state);
  const picture = state.shown?.picture;
  const [left, right] = [select('left').value, select('right').value];
  const all = [picture, now?.picture, now?.detection, state.run?.steps.length, left, right];
  if (!now || !picture || all.every((part, i) => part === drawn[i])) return;
  drawn = all;
  const { detection } = now;
  const times = amplification(picture, state.run);
  /** @type {Record<string, View>} */
  const views = {
    original: { name: NAMES.original, image: () => asImage(picture) },
    attacked: { name: NAMES.attacked, image: () => asImage(now.picture) },
    noise: { name: `noise, ×${times.toFixed(0)}`, image: () => asDifference(picture, now.picture, times) },
    reconstruction: { name: NAMES.reconstruction, image: () => asImage(detection.reconstruction) },
    corrector: { name: NAMES.corrector, image: () => detection.correction && asImage(detection.correction) },
    lost: { name: NAMES.lost, image: () => asDifference(now.picture, detection.reconstruction, 1) },
  };
  closer.views = [views[left], views[right]];
  closer.draw();
}
