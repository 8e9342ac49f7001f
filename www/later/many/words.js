// @ts-check
// What is said of many pictures.

import { levels } from '../../words.js';
import { wilson } from './intervals.js';
import { progress } from './state.js';

/** @typedef {import('../../core.js').AttackConfig} AttackConfig */
/** @typedef {import('./figures.js').Failure} Failure */
/** @typedef {import('./figures.js').Matrix} Matrix */
/** @typedef {import('./figures.js').Name} Name */
/** @typedef {import('./figures.js').Row} Row */
/** @typedef {import('./figures.js').Share} Share */
/** @typedef {import('./state.js').Run} Run */

/** How a norm is written; one that is not here goes by its name. @type {Record<string, string>} */
const NORMS = { linf: 'L∞', l2: 'L2' };

/** What an attacker knows, after whom figures are named. @param {Pick<Run, 'config' | 'shape'>} run */
export function attackerOf({ config, shape: { attacker } }) {
  if (attacker === 'nothing') return 'no attacker, random noise';
  const knows = { classifier: 'the classifier only', transfer: 'another classifier', queries: 'only answers', defence: 'the detector, too' }[attacker];
  return `an attacker who knows ${config.attack === 'corrector' ? 'the detector and the corrector, too' : knows}`;
}

/** An attack with what can be chosen of it. @param {Pick<Run, 'config' | 'target'>} run */
export function attackInWords({ config, target }) {
  const { attack, norm, eps, eps_step, max_iter, num_random_init = 0 } = config;
  const parts = [target ? `${attack} towards ${target}` : attack, ...(norm ? [NORMS[norm] ?? norm] : [])];
  if (eps) parts.push(`eps ${short(eps)}${norm === 'linf' ? ` (${levels(eps)})` : ''}`);
  if (eps_step) parts.push(`eps_step ${short(eps_step)}`);
  if (max_iter) parts.push(`max_iter ${max_iter}`);
  if (num_random_init > 0) parts.push(`${num_random_init} random ${num_random_init === 1 ? 'start' : 'starts'}`);
  return parts.join(', ');
}

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(4)));

/** @param {number} count */
export const pictures = (count) => `${count.toLocaleString('en')} ${count === 1 ? 'picture' : 'pictures'}`;

/** What a figure holds for. @param {Run} run */
export const holdsFor = (run) => `Against ${attackerOf(run)}; ${pictures(run.rows.length)}${run.source.drawn ? ' that are drawn, not photographs' : ''}.`;

/** What is to be known where networks were trained on these pictures. @param {Pick<Run, 'source' | 'networks'>} run */
export function trainedInWords({ source, networks }) {
  const were = Object.values(networks.cards).some((card) => card?.training && card.training.protocol === source.trainedBy && card.training.data.includes('stl10'));
  return were ? 'These networks were trained on pictures of this file: on others they do worse.' : '';
}

/** @param {Run} run */
export function settingInWords(run) {
  const { source, rows, list, networks } = run;
  const step = list.length > 1 ? list[1] - list[0] : 1;
  const which = list.length === source.count ? 'all' : step > 1 ? `every ${ordinal(step)}` : 'the first';
  return `The attack: ${attackInWords(run)}. Against ${attackerOf(run)}. ${pictures(rows.length)}: ${which} of ${source.count.toLocaleString('en')} ${source.title}. Classifier ${networks.cards.classifier.architecture.name}. ${cautionOf(run)}`.trim();
}

/** What the figures do not tell. @param {Pick<Run, 'source' | 'networks'>} run */
export const cautionOf = (run) => [run.source.caution, trainedInWords(run)].filter(Boolean).join(' ');

/** @param {number} n */
function ordinal(n) {
  const end = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n.toLocaleString('en')}${end}`;
}

/** What is told of labels. @param {Run} run @param {number} labelled */
export function labelsInWords({ rows }, labelled) {
  if (rows.length === 0 || labelled === rows.length) return '';
  const named = 'right is what the classifier named before the attack.';
  return labelled === 0 ? `What these pictures show is not known: ${named}` : `What they show is known of ${labelled} of them; of the others, ${named}`;
}

/** Rows of the table: the figure, and what it is a share of. @type {Record<Name, [figure: string, of: string]>} */
export const FIGURES = {
  accuracy: ['right before the attack', 'pictures with a known class'],
  alarms: ['false alarms before the attack', 'pictures'],
  fooled: ['fooled: right before, wrong after', 'pictures that were named rightly'],
  detected: ['detected', 'fooled'],
  corrected: ['corrected: the answer is right again', 'fooled and detected'],
  flagged: ['called adversarial after the attack', 'pictures'],
  answer: ['answer right after the attack', 'pictures'],
};

/** @param {number} share */
const percent = (share) => (100 * share).toFixed(1);

/** A share and its interval; dashes where nothing was counted. @param {Share} share */
export function shareInWords({ count, of }) {
  if (of === 0) return { counted: '0 of 0', share: '–', interval: '–' };
  const [low, high] = wilson(count, of);
  return { counted: `${count.toLocaleString('en')} of ${of.toLocaleString('en')}`, share: `${percent(count / of)}\u00a0%`, interval: `${percent(low)} to ${percent(high)}\u00a0%` };
}

/** @type {Record<Failure, string>} */
export const FAILURES = {
  missed: 'Fooled and not detected',
  miscorrected: 'Detected, and corrected wrongly',
  alarms: 'False alarms',
};

/** @type {Record<Matrix, string>} */
export const MATRICES = {
  before: 'the classifier, before the attack',
  after: 'the classifier, after the attack',
  answer: 'the defence’s answer, after the attack',
};

/** What became of a picture that failed. @param {Failure} kind @param {Row} row */
export function failureInWords(kind, { name, clean, attacked: { verdict } }) {
  const before = clean.answer_if_clean;
  const story = {
    missed: `${before} → ${verdict.answer_if_clean}`,
    miscorrected: `${before} → ${verdict.answer_if_clean} → ${verdict.answer_if_adversarial}`,
    alarms: before,
  }[kind];
  return { story, heard: `${name}: ${story}. Open this picture above` };
}

/** What is to be known of a sweep whose steps do not reach so far. @param {number | undefined} step @param {number | undefined} steps @param {number} eps the largest one */
export function reachInWords(step, steps, eps) {
  if (!step || !steps || step * steps >= eps) return '';
  return `${steps} steps of ${short(step)} reach ${short(step * steps)} at most: a larger eps changes nothing.`;
}

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds}\u00a0s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes}\u00a0minutes` : `${(minutes / 60).toFixed(1)}\u00a0hours`;
}

/** How far it has come. @param {Run} run @param {number} now */
export function progressInWords(run, now) {
  const { done, total, spent, rate, left } = progress(run, now);
  const unread = run.skipped.length > 0 ? `, ${run.skipped.length} of them without a result` : '';
  const so = `${done} of ${pictures(total)}${unread}`;
  const speed = rate === undefined ? '' : rate < 1 ? `, ${(1 / rate).toFixed(1)}\u00a0s each` : `, ${rate.toFixed(1)} a second`;
  switch (run.phase) {
    case 'starting':
      return 'Starting the networks once more …';
    case 'running':
      return `${so}${speed}${left === undefined ? '' : `, about ${duration(left)} to go`}. ${run.workers === 1 ? 'One worker computes' : `${run.workers} workers compute`}.`;
    case 'paused':
      return `Paused: ${so}. The pictures under way are still finished.`;
    case 'done':
      return `Done: ${so} in ${duration(spent)}.`;
    case 'cancelled':
      return `Cancelled: ${so}.`;
    default:
      return `Ended: ${so}.`;
  }
}
