// @ts-check
// The three predictions as bars: those of the classes that matter, or all. A bar of the classifier's is also a wish.

import { judge } from '../core.js';
import { get } from '../dom.js';
import { attackUntil, current, isCovered, isUnfamiliar, threshold } from '../state.js';
import * as bars from '../widgets/bars.js';
import { SECOND, secondBars } from '../words.js';

/** @typedef {import('../core.js').Class} Class */

/** @type {ParentNode} */
let page;
let all = false;
/** @type {(name: Class) => void} */
let choose;
/** The rows, and what they followed from. @type {{from: readonly unknown[], rows: ReadonlySet<Class>}} */
let known = { from: [], rows: new Set() };

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  page = root;
  choose = (name) => store.update(attackUntil, name);
  const button = get(root, 'all-bars', HTMLButtonElement);
  button.addEventListener('click', () => {
    all = !all;
    button.setAttribute('aria-pressed', String(all));
    render(store.state);
  });
}

const node = (/** @type {string} */ id) => get(page, id, HTMLElement);

/** @param {import('../state.js').State} state */
export function render(state) {
  const { shown, run, constants } = state;
  if (!constants) return;
  const { classes } = constants;
  const clean = shown?.detection.verdict.prediction;
  const verdict = current(state)?.detection.verdict;
  const second = verdict && secondBars(judge(verdict, threshold(state)), classes);
  const rows = all ? new Set(classes) : rowsOf(classes, [clean, second?.probabilities, ...(run?.steps.map(({ detection }) => detection.verdict.prediction) ?? [])]);
  const fixed = shown?.detection.verdict.answer_if_clean;
  // Heard, too: the bars of such a picture are dimmed.
  const nothing = isUnfamiliar(state) ? ', which means nothing here' : '';
  bars.update(node('bars-original'), { whose: `Prediction for the original${nothing}`, classes, probabilities: clean, rows, choose, fixed });
  bars.update(node('bars-attacked'), {
    whose: `Prediction for the attacked picture${nothing}`,
    classes,
    probabilities: run && verdict?.prediction,
    rows,
    before: run && clean,
    choose,
    fixed,
  });
  const name = second?.title ?? SECOND;
  const probabilities = isCovered(state) ? undefined : second?.probabilities;
  bars.update(node('bars-second'), { whose: `${name}${nothing}`, classes, probabilities, rows, before: run && verdict?.prediction });
  node('second-title').textContent = name;
  node('correction').textContent = second?.other ?? '';
}

/** They are the same for all steps of an attack, so that none comes or goes while one looks at them. @param {readonly Class[]} classes @param {readonly (readonly number[] | undefined)[]} predictions */
function rowsOf(classes, predictions) {
  if (predictions.length !== known.from.length || predictions.some((part, i) => part !== known.from[i])) {
    known = { from: predictions, rows: bars.mattering(classes, predictions) };
  }
  return known.rows;
}
