import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { X } from './opcodes.js';

it('the loop has each opcode once, under its number', () => {
  const source = readFileSync(new URL('./loop.ts', import.meta.url), 'utf8');
  const cases = [...source.matchAll(/case (\d+): (?:\{ )?\/\/ (\w+)/g)].map(([, number, name]) => [name, Number(number)]);
  expect(Object.fromEntries(cases)).toEqual(X);
  expect(cases).toHaveLength(Object.keys(X).length);
});
