import { expect, test } from 'vitest';
import { SeededRandom } from './random.js';

function bytes(random: SeededRandom, length: number): string {
  const into = new Uint8Array(length);
  random.fill(into);
  return Buffer.from(into).toString('hex');
}

test('the generator is xoshiro128** (its reference values for the state 1, 2, 3, 4)', () => {
  const random = new SeededRandom(0);
  random.load([1, 2, 3, 4]);
  const into = new Uint8Array(16);
  random.fill(into);
  expect([...new Uint32Array(into.buffer)]).toEqual([11520, 0, 5927040, 70819200]);
});

test('the same seed gives the same bytes, another seed others', () => {
  expect(bytes(new SeededRandom(7), 13)).toBe(bytes(new SeededRandom(7n), 13));
  expect(bytes(new SeededRandom(7), 13)).not.toBe(bytes(new SeededRandom(8), 13));
  expect(bytes(new SeededRandom(-1), 4)).toBe(bytes(new SeededRandom(2n ** 64n - 1n), 4));
});

test('the state goes on from where it was saved', () => {
  const first = new SeededRandom(7);
  bytes(first, 5);
  const second = new SeededRandom(0);
  second.load(first.save());
  expect(bytes(second, 32)).toBe(bytes(first, 32));
});
