import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryView } from '../../engine/guest-memory.js';
import { MemoryInstance } from '../../engine/memory.js';
import { I32 } from '../../wasm/types.js';
import { ValueTable } from './values.js';

const go = {};
let memory: MemoryView;
let table: ValueTable;
beforeEach(() => {
  memory = new MemoryView(new MemoryInstance({ limits: { min: 1n, max: undefined }, address: I32, shared: false, pageSizeLog2: 16 }));
  table = new ValueTable(globalThis, go);
});

function ref(value: unknown): string {
  table.store(memory, 64, value);
  return memory.u64(64).toString(16).padStart(16, '0');
}

describe('references', () => {
  it.each<[string, unknown, string]>([
    ['undefined', undefined, '0000000000000000'],
    ['a number', 1.5, '3ff8000000000000'],
    ['NaN', NaN, '7ff8000000000000'],
    ['0', 0, '7ff8000000000001'],
    ['-0', -0, '7ff8000000000001'],
    ['infinity', -Infinity, 'fff0000000000000'],
    ['null', null, '7ff8000000000002'],
    ['true', true, '7ff8000000000003'],
    ['false', false, '7ff8000000000004'],
    ['the global object', globalThis, '7ff8000100000005'],
    ['the Go object', go, '7ff8000100000006'],
    ['a string', 'text', '7ff8000200000007'],
    ['a symbol', Symbol.iterator, '7ff8000300000007'],
    ['a function', Math.max, '7ff8000400000007'],
    ['a bigint', 7n, '7ff8000000000007'],
  ])('of %s', (_, value, expected) => {
    expect(ref(value)).toBe(expected);
    expect(Object.is(table.load(memory, 64), Object.is(value, -0) ? 0 : value)).toBe(true);
  });

  it('make any NaN that is no reference the number', () => {
    memory.setU64(64, 0x7ff8_0000_0000_0000n);
    expect(table.load(memory, 64)).toBeNaN();
  });

  it('are the same for equal values', () => {
    expect(ref('equal')).toBe(ref(['eq', 'ual'].join('')));
    expect(ref(2n ** 70n)).toBe(ref(2n ** 70n));
    expect(ref({})).not.toBe(ref({}));
  });

  it('are counted, freed at zero, and used again, the last one first', () => {
    const [a, b] = [{}, {}];
    ref(a);
    ref(a);
    ref(b);
    table.finalize(7);
    expect(table.values[7]).toBe(a);
    table.finalize(7);
    table.finalize(8);
    expect(table.free).toEqual([7, 8]);
    expect(ref('next')).toBe('7ff8000200000008');
    expect(ref(b)).toBe('7ff8000100000007');
  });

  it('below 7 are never freed', () => {
    for (let id = 0; id < 7; id++) for (let i = 0; i < 3; i++) table.finalize(id);
    expect(table.free).toEqual([]);
    expect(ref(globalThis)).toBe('7ff8000100000005');
  });

  it('that nobody was given are no harm', () => {
    table.finalize(1000);
    memory.setU64(64, 0x7ff8_0001_ffff_ffffn);
    expect(table.load(memory, 64)).toBe(undefined);
  });
});
