// @ts-check
// What the page says.

import { CLASSES } from './address.js';

/** @typedef {import('../pkg/second_look.js').Verdict} Verdict */

/** @param {string} name @param {string} [style] @param {string} [text] */
export function element(name, style = '', text = '') {
  const node = document.createElement(name);
  node.className = style;
  node.textContent = text;
  return node;
}

/** @param {number} share */
export const percent = (share) => `${(share * 100).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;

/** @param {readonly number[]} probabilities */
export const likeliest = (probabilities) => CLASSES[probabilities.indexOf(Math.max(...probabilities))];

/** A divergence or loss, with as many digits as say something. @param {number} value */
export const nats = (value) => (value < 0.095 ? value.toFixed(3) : value < 9.95 ? value.toFixed(2) : value.toFixed(1));

/**
 * Judges by a threshold as the detector does: the correction counts above it, the first look up to it.
 * @param {Verdict} verdict
 * @param {number} threshold
 * @returns {Verdict}
 */
export function judge(verdict, threshold) {
  const adversarial = verdict.score > threshold;
  return { ...verdict, threshold, adversarial, answer: likeliest(adversarial ? verdict.correction : verdict.first) };
}

/**
 * The verdict in a headline, a sentence, and a kind for its colour.
 * @param {Verdict} verdict on the picture that is shown
 * @param {Verdict | undefined} clean on the original, when the picture was attacked
 * @param {string} wanted the target of the attack, or ''
 * @returns {{kind: 'good' | 'bad' | 'mixed', headline: string, detail: string}}
 */
export function verdictInWords(verdict, clean, wanted) {
  const [first, second] = [likeliest(verdict.first), likeliest(verdict.second)];
  const { adversarial, answer } = verdict;
  const sizes = `KL ${nats(verdict.score)} ${adversarial ? '>' : '≤'} ${nats(verdict.threshold)}`;
  const looks =
    first === second
      ? adversarial ? `The second look is far from as sure, ${sizes}` : `The second look agrees, ${sizes}`
      : adversarial ? `The second look disagrees, ${sizes}` : `The second look leans to ${second}, but not far enough, ${sizes}`;
  if (!clean) {
    return adversarial
      ? {
          kind: 'mixed',
          headline: `${capital(first)}? ${looks}: adversarial.`,
          detail: `Nobody attacked this picture here, so for all we know it is a false alarm. Redrawn, it looks like: ${answer}.`,
        }
      : {
          kind: 'good',
          headline: `${capital(first)}. ${looks}: nothing suspicious.`,
          detail: `The classifier is ${percent(Math.max(...verdict.first))} sure. Now attack the picture.`,
        };
  }
  const before = likeliest(clean.first);
  const fooled = first !== before;
  const start = fooled
    ? `Fooled: ${before} → ${first}${wanted && wanted !== first ? ` (not ${wanted}, as wanted)` : ''}.`
    : `Not fooled: still ${before}${wanted && wanted !== before ? `, not ${wanted}` : ''}.`;
  if (!adversarial) {
    return {
      kind: fooled ? 'bad' : 'good',
      headline: `${start} ${looks}: ${fooled ? 'not noticed' : 'nothing suspicious'}.`,
      detail: fooled
        ? `The attack got through: the answer stays ${first}. A lower threshold would catch it, and raise more false alarms.`
        : `The answer is ${answer}. More or longer steps fool it sooner.`,
    };
  }
  const right = answer === before;
  return {
    kind: right ? 'good' : 'mixed',
    headline: `${start} ${looks}: adversarial. ${fooled ? 'Corrected answer' : 'Answer'}: ${answer}.`,
    detail: right
      ? 'The attack was found, and what the picture showed before was found again.'
      : `The attack was found, but the redrawn picture's answer is not what the first look saw before: ${before}.`,
  };
}

/** @param {string} word */
const capital = (word) => word[0].toUpperCase() + word.slice(1);
