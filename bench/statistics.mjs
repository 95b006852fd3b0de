// @ts-check
// What is made of the numbers of many runs.

/** The value below which the share `p` (0 to 1) of `values` lies, interpolated. @param {readonly number[]} values @param {number} p */
export function quantile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const low = /** @type {number} */ (sorted[Math.floor(at)]);
  const high = /** @type {number} */ (sorted[Math.ceil(at)]);
  return low + (high - low) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/** Of positive values; the mean that ratios have. @param {readonly number[]} values */
export const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** @typedef {{ median: number, low: number, high: number }} Spread The median and the quartiles. */

/** @param {readonly number[]} values @returns {Spread} */
export const spreadOf = (values) => ({ median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) });

/**
 * Each value against the one of the same round, which was measured next to it: a slow moment of the machine strikes both.
 * @param {readonly number[]} values
 * @param {readonly number[]} base
 */
export const ratios = (values, base) => values.map((value, i) => value / /** @type {number} */ (base[i]));
