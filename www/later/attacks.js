// @ts-check
// All attacks, for those who know them, each with a sentence and its paper.

import { ATTACKS, presetsOf } from '../core.js';
import { element } from '../dom.js';
import { chooseMethod } from '../state.js';

/** @typedef {import('../core.js').AttackName} AttackName */

/** @type {Record<AttackName, {name: string, says: string, paper: string}>} */
const ABOUT = {
  pgd: { name: 'PGD', says: 'Projected gradient descent: many small steps uphill on the loss, pulled back to within eps.', paper: 'Madry et al. 2018, arXiv 1706.06083' },
  'mi-fgsm': { name: 'MI-FGSM', says: 'PGD whose steps follow the gradients of all steps so far.', paper: 'Dong et al. 2018, arXiv 1710.06081' },
  fgsm: { name: 'FGSM', says: 'One step of length eps along the gradient.', paper: 'Goodfellow et al. 2015, arXiv 1412.6572' },
  'apgd-ce': { name: 'Auto-PGD, cross-entropy', says: 'PGD that chooses its own step sizes: halved when the loss grows too seldom.', paper: 'Croce & Hein 2020, arXiv 2003.01690' },
  'apgd-dlr': { name: 'Auto-PGD, DLR', says: 'The same with the difference of logits ratio, which has a gradient even where the classifier is very sure.', paper: 'Croce & Hein 2020, arXiv 2003.01690' },
  cw: { name: 'Carlini & Wagner', says: 'The smallest change in L2, found by optimisation with several weights.', paper: 'Carlini & Wagner 2017, arXiv 1608.04644' },
  deepfool: { name: 'DeepFool', says: 'To the nearest boundary, as if the classifier were linear, again and again.', paper: 'Moosavi-Dezfooli et al. 2016, arXiv 1511.04599' },
  square: { name: 'Square', says: 'Random squares, kept when they help; asks for probabilities only.', paper: 'Andriushchenko et al. 2020, arXiv 1912.00049' },
  noise: { name: 'Random noise', says: 'Noise of length eps, the same in all directions: the control for all other attacks.', paper: '' },
  lagrangian: { name: 'Lagrangian', says: 'Away from the class and from the detector at once, with three weights of the detector’s part.', paper: 'Carlini & Wagner 2017, arXiv 1705.07263' },
  'selective-pgd': { name: 'Selective PGD', says: 'Away from the class until the classifier errs, then from the detector, in turn.', paper: 'Bryniarski et al. 2021, arXiv 2106.15023' },
  'orthogonal-pgd': { name: 'Orthogonal PGD', says: 'The same, each gradient without its part along the other one.', paper: 'Bryniarski et al. 2021, arXiv 2106.15023' },
  corrector: { name: 'On the corrector', says: 'To be noticed, and the corrected answer wrong: selective PGD with the corrector in the classifier’s place.', paper: 'after Bryniarski et al. 2021' },
};

/** The attackers in the order of what they know. @type {readonly [import('../core.js').Prepared['attacker'], string][]} */
const GROUPS = [
  ['classifier', 'knows the classifier'],
  ['queries', 'sees answers only'],
  ['defence', 'knows the whole defence'],
  ['nothing', 'knows nothing'],
];

/** @type {HTMLElement} */
let list;
/** @type {import('../core.js').Constants | undefined} */
let built;

/** @param {HTMLElement} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  list = element('div', 'attacks');
  list.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) store.update(chooseMethod, /** @type {AttackName} */ (target.value));
  });
  root.append(list);
}

/** @param {import('../core.js').Constants} constants */
function build(constants) {
  built = constants;
  const attackerOf = (/** @type {AttackName} */ name) => presetsOf(constants, name, constants.norms[0].norm).tutorial.attacker;
  list.replaceChildren(
    ...GROUPS.map(([attacker, title]) => {
      const group = element('fieldset');
      group.append(element('legend', '', `The attacker ${title}`));
      group.append(...ATTACKS.filter((name) => attackerOf(name) === attacker).map(choice));
      return group;
    }),
  );
}

/** @param {AttackName} value */
function choice(value) {
  const { name, says, paper } = ABOUT[value];
  const label = element('label', 'attack-choice');
  const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'method', value });
  const words = element('span');
  words.append(element('strong', '', name), ` ${says}`, ...(paper ? [element('span', 'paper', ` ${paper}.`)] : []));
  label.append(radio, words);
  return label;
}

/** @param {import('../state.js').State} state */
export function render({ attack, constants, phase }) {
  if (!attack || !constants) return;
  if (constants !== built) build(constants);
  for (const radio of list.querySelectorAll('input')) {
    radio.checked = radio.value === attack.name;
    radio.disabled = phase === 'running' || phase === 'paused';
  }
}
