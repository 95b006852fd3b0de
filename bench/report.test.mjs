// @ts-check
import { expect, test } from 'vitest';
import { digits, markdownTable, showSpread, table } from './report.mjs';

test('columns: the first to the left, figures to the right, no trailing blanks', () => {
  expect(table([['', 'time', 'ratio'], ['an engine', '1.0 s', '2.00'], ['b', '10.0 s']])).toBe(
    ['             time  ratio', 'an engine   1.0 s   2.00', 'b          10.0 s'].join('\n'),
  );
});

test('Markdown: a row for each, short ones filled, bars escaped', () => {
  expect(markdownTable([['', 'time'], ['a|b', '1 s'], ['c']])).toBe(['|  | time |', '|---|---:|', '| a\\|b | 1 s |', '| c |  |'].join('\n'));
});

test('three digits that matter', () => {
  expect([1234.5, 12.345, 1.2345, 0.01234].map(digits)).toEqual(['1235', '12.3', '1.23', '0.012']);
});

test('a spread is shown where there is one', () => {
  expect(showSpread({ median: 2, low: 1, high: 3 })).toBe('2.00 (1.00–3.00)');
  expect(showSpread({ median: 2, low: 2, high: 2 })).toBe('2.00');
});
