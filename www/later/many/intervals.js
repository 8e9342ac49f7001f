// @ts-check
// How far a share that was counted on some pictures can be from that of all pictures: as src/evaluation/intervals.rs.

/** The normal distribution's 97.5 % quantile. */
const Z = 1.959963984540054;

/**
 * Wilson's 95 % score interval of a share that was counted `count` times in `of`, at least 1.
 * @param {number} count @param {number} of @returns {[low: number, high: number]}
 */
export function wilson(count, of) {
  const share = count / of;
  const middle = (share + (Z * Z) / (2 * of)) / (1 + (Z * Z) / of);
  const half = (Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of))) / (1 + (Z * Z) / of);
  return [Math.max(0, middle - half), Math.min(1, middle + half)]; // rounding must not carry it past 0 and 1
}
