// @ts-check
// The divergence's scale: a logarithm that starts at 0, so that both agreement (0.01) and outrage (10) have room.

const MOST = 20;
const SOFT = 0.05;
export const STEPS = 1000;

/** Place on the scale, 0 to 1. @param {number} value in nats */
export const place = (value) => Math.min(1, Math.log1p(Math.max(0, value) / SOFT) / Math.log1p(MOST / SOFT));

/** The other way round, to three digits. @param {number} at 0 to 1 */
export const value = (at) => Number((SOFT * Math.expm1(at * Math.log1p(MOST / SOFT))).toPrecision(3));

export const TICKS = [0, 0.1, 0.5, 1, 2, 5, 10, 20];
