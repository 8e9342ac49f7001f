// @ts-check
// The scores of many pictures, clean and attacked: scripts/scores.py writes them from evaluations.

import { scoresLoaded } from './state.js';

/** @typedef {{temperature: number, clean: readonly number[], attacked: readonly number[]}} ScoresAt sorted, in nats */

/**
 * @typedef {object} Population the scores by one classifier and one autoencoder, under one attacker
 * @property {string} classifier SHA-256 of its file
 * @property {string} autoencoder likewise
 * @property {string} attacker what the attacker knows
 * @property {string} attack
 * @property {string} pictures
 * @property {readonly ScoresAt[]} scores
 */

/** @typedef {{sets: readonly Population[]}} Scores */

/** Loads them once the first prediction is there. Without them the page shows less, and all else works. @param {import('./store.js').Store} store */
export function drive(store) {
  store
    .when(({ shown }) => shown !== undefined)
    .then(() => fetch(new URL('scores.json', import.meta.url)))
    .then(async (response) => response.ok && store.update(scoresLoaded, await response.json()))
    .catch(() => {});
}

/** Those of the networks that answer; of others' scores nothing would follow. @param {import('./state.js').State} state */
export const populations = ({ scores, networks }) =>
  scores?.sets.filter(({ classifier, autoencoder }) => classifier === networks?.sums.classifier && autoencoder === networks.sums.autoencoder) ?? [];

/** The share of sorted scores above a limit. @param {readonly number[]} scores @param {number} limit */
export function shareAbove(scores, limit) {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return (scores.length - low) / scores.length;
}

/** The limit above which this share of sorted scores is. @param {readonly number[]} scores @param {number} share */
export function limitOf(scores, share) {
  const above = Math.round(share * scores.length);
  return above >= scores.length ? 0 : scores[scores.length - 1 - above];
}

/**
 * False-positive and detection rates over all thresholds, from none to all.
 * @param {ScoresAt} scores
 * @returns {{points: [number, number][], area: number}}
 */
export function roc({ clean, attacked }) {
  const limits = [...new Set([...clean, ...attacked])].sort((a, b) => b - a);
  /** @type {[number, number][]} */
  const points = [...limits.map((limit) => /** @type {[number, number]} */ ([shareAbove(clean, limit), shareAbove(attacked, limit)])), [1, 1]];
  let area = 0;
  for (let i = 1; i < points.length; i++) area += ((points[i][0] - points[i - 1][0]) * (points[i][1] + points[i - 1][1])) / 2;
  return { points, area };
}
