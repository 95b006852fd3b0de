import { describe, expect, it } from 'vitest';
import { TypeRegistry } from './type-registry.js';
import { BOT, type CompType, EXTERNREF, FUNCREF, HEAP, I32, I64, ref, type SubType, type ValType } from './types.js';

const func = (params: readonly ValType[], results: readonly ValType[]): CompType => ({ kind: 'func', params, results });
const struct = (...fields: readonly ValType[]): CompType => ({
  kind: 'struct',
  fields: fields.map((storage) => ({ storage, mutable: false })),
});

interface Shape {
  readonly comp: CompType;
  readonly supers?: readonly number[];
  readonly final?: boolean;
}
/** Types of the given recursion groups. */
function types(...groups: readonly (readonly Shape[])[]): SubType[] {
  const list: SubType[] = [];
  for (const group of groups) {
    const recStart = list.length;
    for (const { comp, supers = [], final = false } of group) list.push({ comp, supers, final, recStart, recLength: group.length });
  }
  return list;
}

describe('identity of types', () => {
  it('is by structure, across modules', () => {
    const registry = new TypeRegistry();
    const [a, b, c] = registry.add(types([{ comp: func([I32], []) }], [{ comp: func([I64], []) }], [{ comp: func([I32], []) }]));
    expect(a).toBe(c);
    expect(a).not.toBe(b);
    expect([...registry.add(types([{ comp: func([I64], []) }]))]).toEqual([b]);
  });

  it('is of whole groups, whatever their numbering', () => {
    const registry = new TypeRegistry();
    const pair = (at: number): Shape[] => [{ comp: func([ref(at + 1, true)], []) }, { comp: func([ref(at, true)], []) }];
    const ids = registry.add(types(pair(0), [{ comp: struct() }], pair(3)));
    expect(ids[0]).toBe(ids[3]);
    expect(ids[1]).toBe(ids[4]);
    // The same two types, each alone and naming the other's group from outside, are others.
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('tells final types and supertypes apart', () => {
    const registry = new TypeRegistry();
    const ids = registry.add(types([{ comp: struct() }], [{ comp: struct(), final: true }], [{ comp: struct(), supers: [0] }]));
    expect(new Set(ids).size).toBe(3);
  });

  it('is the same for a function type that comes from the host', () => {
    const registry = new TypeRegistry();
    const [id] = registry.add(types([{ comp: func([I32], [FUNCREF]), final: true }]));
    expect(registry.addFunc({ kind: 'func', params: [I32], results: [FUNCREF] })).toBe(id);
  });

  it('refers to ids where the module refers to indices', () => {
    const registry = new TypeRegistry();
    registry.add(types([{ comp: struct(I64) }]));
    const ids = registry.add(types([{ comp: struct(I32) }], [{ comp: func([ref(0, false)], []) }]));
    expect(registry.comp(ids[1]!)).toEqual(func([ref(ids[0]!, false)], []));
    expect(registry.canon(ref(0, true), ids)).toBe(ref(ids[0]!, true));
  });
});

describe('matching', () => {
  const registry = new TypeRegistry();
  const [top, middle, leaf, other, fn] = registry.add(
    types(
      [{ comp: struct() }],
      [{ comp: struct(I32), supers: [0] }],
      [{ comp: struct(I32, I64), supers: [1] }],
      [{ comp: struct(), final: true }],
      [{ comp: func([], []) }],
    ),
  ) as unknown as [number, number, number, number, number];
  const yes: readonly [string, ValType, ValType][] = [
    ['a type matches itself', I32, I32],
    ['bottom matches all', BOT, I64],
    ['down the declared chain', ref(leaf, false), ref(top, true)],
    ['one step', ref(middle, true), ref(top, true)],
    ['structures are eq', ref(leaf, false), ref(HEAP.eq, false)],
    ['structures are any', ref(leaf, false), ref(HEAP.any, true)],
    ['none is below a structure', ref(HEAP.none, true), ref(leaf, true)],
    ['nofunc is below a function', ref(HEAP.nofunc, false), ref(fn, true)],
    ['functions are func', ref(fn, false), FUNCREF],
    ['exact is below inexact', ref(leaf, false, true), ref(top, false)],
    ['none is below exact', ref(HEAP.none, false), ref(leaf, false, true)],
    ['noexn is below exn', ref(HEAP.noexn, true), ref(HEAP.exn, true)],
  ];
  const no: readonly [string, ValType, ValType][] = [
    ['numbers differ', I32, I64],
    ['null may not go where it must not', ref(leaf, true), ref(leaf, false)],
    ['up the chain', ref(top, false), ref(leaf, false)],
    ['siblings', ref(leaf, false), ref(other, false)],
    ['structures are no functions', ref(leaf, false), FUNCREF],
    ['none is no function', ref(HEAP.none, true), ref(fn, true)],
    ['hierarchies are apart', EXTERNREF, ref(HEAP.any, true)],
    ['inexact is not exact', ref(leaf, false), ref(leaf, false, true)],
    ['a subtype is not exactly its supertype', ref(leaf, false, true), ref(top, false, true)],
    ['a number is no reference', I32, FUNCREF],
  ];
  it.each(yes)('%s', (_, a, b) => expect(registry.matches(a, b)).toBe(true));
  it.each(no)('not: %s', (_, a, b) => expect(registry.matches(a, b)).toBe(false));

  it('has one top for each hierarchy', () => {
    expect(registry.top(leaf)).toBe(HEAP.any);
    expect(registry.top(fn)).toBe(HEAP.func);
    expect(registry.top(HEAP.noextern)).toBe(HEAP.extern);
    expect(registry.top(HEAP.exn)).toBe(HEAP.exn);
  });
});
