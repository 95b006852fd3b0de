// @ts-check
import { expect, test } from 'vitest';
import { geometricMean, median, quantile, ratios, spreadOf } from './statistics.mjs';

test('quantiles lie between the values, whatever their order', () => {
  expect(quantile([4, 1, 3, 2], 0)).toBe(1);
  expect(quantile([4, 1, 3, 2], 1)).toBe(4);
  expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([10, 9, 100])).toBe(10);
  expect(spreadOf([5])).toEqual({ median: 5, low: 5, high: 5 });
});

test('nothing is sorted in place', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test('the mean of ratios', () => {
  expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
  expect(geometricMean([0.5, 2])).toBeCloseTo(1, 12);
});

test('ratios pair the values of a round', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
});
