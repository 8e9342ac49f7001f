// @ts-check
// The score's axis: like log(1 + x), so that scores of agreement (0.01 nats) and of contradiction (10 nats) both have room.

const MOST = 20;
const SOFT = 0.05;
export const STEPS = 1000;

/** Place on the axis, 0 to 1. @param {number} value in nats */
export const place = (value) => Math.min(1, Math.log1p(Math.max(0, value) / SOFT) / Math.log1p(MOST / SOFT));

/** The inverse of `place`, to three digits. @param {number} at 0 to 1 */
export const value = (at) => Number((SOFT * Math.expm1(at * Math.log1p(MOST / SOFT))).toPrecision(3));

export const TICKS = [0, 0.1, 0.5, 1, 2, 5, 10, 20];
