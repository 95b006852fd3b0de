// @ts-check
import { expect, test } from 'vitest';
import { drawChart } from './chart.mjs';

const chart = drawChart({
  title: 'Seconds <of> "A & B"',
  note: 'here',
  panels: [
    {
      title: 'one program',
      bars: [
        { label: 'long', value: 4, low: 3, high: 4, text: '4.00 s', tone: 'ours' },
        { label: 'short', value: 1, text: '1.00 s', tone: 'base' },
        { label: 'none', value: undefined, text: 'does not run it', tone: 'other' },
      ],
    },
    { title: 'another scale', bars: [{ label: 'long', value: 400, text: '400 s', tone: 'other' }] },
    { title: 'nobody runs it', bars: [{ label: 'none', value: undefined, text: 'does not run it', tone: 'other' }] },
  ],
});
const widths = [...chart.matchAll(/<rect class="(ours|base|other)"[^>]* width="([\d.]+)"/g)].map(([, tone, width]) => [tone, Number(width)]);

test('bars are as long as their values, within the scale of their panel', () => {
  expect(widths.map(([tone]) => tone)).toEqual(['ours', 'base', 'other']);
  const [[, long], [, short], [, other]] = /** @type {[[string, number], [string, number], [string, number]]} */ (widths);
  expect(long / short).toBeCloseTo(4, 1);
  expect(other).toBe(long);
});

test('what has no value says so and has no bar', () => {
  expect(chart.match(/does not run it/g)).toHaveLength(2);
});

test('the document is well-formed: tags nest, texts are escaped, no number is missing', () => {
  /** @type {string[]} */
  const open = [];
  for (const [, end, name, alone] of chart.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (alone === '') open.push(/** @type {string} */ (name));
  }
  expect(open).toEqual([]);
  expect(chart).toContain('Seconds &lt;of&gt; &quot;A &amp; B&quot;');
  expect(chart).not.toMatch(/NaN|Infinity|undefined/);
});

test('it follows the dark scheme, and every panel lies within the picture', () => {
  expect(chart).toContain('prefers-color-scheme: dark');
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(chart) ?? [];
  for (const [, x, y] of chart.matchAll(/translate\(([\d.]+) ([\d.]+)\)/g)) {
    expect(Number(x)).toBeLessThan(Number(width));
    expect(Number(y)).toBeLessThan(Number(height));
  }
});
