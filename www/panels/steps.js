// @ts-check
// The attack's steps: which one is shown, and the curves over all.

import { get } from '../dom.js';
import { isCovered, lastStep, prepared, showStep, threshold } from '../state.js';
import * as chart from '../widgets/chart.js';
import * as scale from '../widgets/scale.js';
import { queries, stepName } from '../words.js';

/** @type {ParentNode} */
let page;

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  page = root;
  const slider = get(root, 'step', HTMLInputElement);
  slider.addEventListener('input', () => {
    store.update(showStep, slider.valueAsNumber);
    slider.value = String(store.state.run?.at ?? 0); // not further than the attack has come
  });
}

/** @param {import('../state.js').State} state */
export function render(state) {
  const { run, attack, constants, networks, phase } = state;
  const steps = run?.steps ?? [];
  const at = run?.at ?? 0;
  const shape = run?.shape ?? (attack && constants && prepared(attack, constants).shape);
  const total = run?.ended === 'done' ? steps.length - 1 : shape ? lastStep(shape) : 1;
  const slider = get(page, 'step', HTMLInputElement);
  slider.disabled = steps.length < 2 || phase === 'running';
  slider.max = String(total);
  slider.value = String(at);
  const name = run && steps.length > 0 ? `${stepName(run)}${at === run.kept && at < total ? ', kept' : ''}` : '–';
  slider.ariaValueText = `step ${name}`;
  get(page, 'step-now', HTMLElement).textContent = name;
  const asked = get(page, 'queries', HTMLElement);
  asked.textContent = queries(run);
  asked.hidden = !asked.textContent;
  chart.update(get(page, 'chart-loss', HTMLElement), 'Loss of the attack by step', {
    values: steps.map(({ step }) => step.loss),
    steps: total,
    at,
  });
  const live = get(page, 'chart-live', HTMLElement);
  live.hidden = shape?.attacker !== 'defence' || isCovered(state);
  for (const figure of [get(page, 'chart-score', HTMLElement), ...(live.hidden ? [] : [live])]) {
    chart.update(figure, 'Score (KL divergence of the two predictions) by step', {
      values: steps.map(({ detection }) => detection.verdict.score),
      steps: total,
      at,
      kept: run?.kept,
      line: networks && threshold(state),
      height: scale.place,
    });
  }
}
