// @ts-check
// The score on its axis, and the threshold, which can be moved.

import { element, get } from '../dom.js';
import { chooseThreshold, current, threshold } from '../state.js';
import * as scale from '../widgets/scale.js';
import { nats } from '../words.js';

/** @type {HTMLElement} */
let panel;

const node = (/** @type {string} */ id) => get(panel, id, HTMLElement);

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  panel = root;
  const slider = get(root, 'threshold', HTMLInputElement);
  slider.addEventListener('input', () => store.update(chooseThreshold, scale.value(slider.valueAsNumber / scale.STEPS)));
  node('threshold-reset').addEventListener('click', () => {
    store.update(chooseThreshold, null);
    slider.focus(); // the button goes
  });
  node('ticks').append(
    ...scale.TICKS.map((tick) => {
      const mark = element('span', 'tick', String(tick));
      mark.style.setProperty('--place', String(scale.place(tick)));
      return mark;
    }),
  );
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const limit = threshold(state);
  const slider = get(panel, 'threshold', HTMLInputElement);
  // Values are rounded, so the slider is only moved when it stands for another one.
  if (scale.value(slider.valueAsNumber / scale.STEPS) !== limit) slider.value = String(scale.place(limit) * scale.STEPS);
  slider.ariaValueText = `${nats(limit)} nats`;
  node('threshold-now').textContent = state.networks ? nats(limit) : '–';
  node('threshold-reset').hidden = state.settings.threshold === null;
  slider.parentElement?.style.setProperty('--threshold', String(scale.place(limit)));
  mark('clean', state.shown?.detection.verdict.score);
  mark('now', current(state)?.detection.verdict.score);
}

/** @param {string} id @param {number | undefined} score */
function mark(id, score) {
  node(`mark-${id}`).hidden = score === undefined;
  node(`mark-${id}`).style.setProperty('--place', String(scale.place(score ?? 0)));
  node(`score-${id}`).textContent = score === undefined ? '–' : nats(score);
}
