import { expect, it } from 'vitest';
import { Expression, ExpressionError, type Scope, showResult } from './expression.js';

/** No expression here asks for anything of a program. */
const nowhere = {} as Scope;
const value = (text: string): string => showResult(new Expression(text).value(nowhere));

it('sums bind tighter than shifts, these than bits, and these than comparisons', () => {
  expect(value('1 + 2 * 3')).toBe('7');
  expect(value('(1 + 2) * 3')).toBe('9');
  expect(value('10 - 4 - 3')).toBe('3');
  expect(value('1 << 4 | 1')).toBe('17 (0x11)');
  expect(value('2 < 3 && 3 >= 3')).toBe('1');
  expect(value('0 || 0x10 == 16')).toBe('1');
  expect(value('-5 / 2')).toBe('-2');
  expect(value('!0 + ~0')).toBe('0');
  expect(value('"a" == "a"')).toBe('1');
  expect(value('0.5 + 1')).toBe('1.5');
});

it('says where it is wrong', () => {
  for (const text of ['', '1 +', '(1', '1)', '*1', '1 ? 2', 'a b', '"open']) expect(() => new Expression(text)).toThrow(ExpressionError);
  expect(() => value('1 / 0')).toThrow('division by 0');
  expect(() => value('1 << 65')).toThrow(ExpressionError);
  expect(() => new Expression('('.repeat(10_000))).toThrow(ExpressionError);
});
