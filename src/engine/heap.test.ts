import { describe, expect, it } from 'vitest';
import { TypeRegistry } from '../wasm/type-registry.js';
import { F64, FUNCREF, HEAP, I16, I32, I64, I8, ref, type StorageType, type SubType, V128 } from '../wasm/types.js';
import { Heap, type HeapOptions } from './heap.js';

const ANYREF = ref(HEAP.any, true);

function struct(...fields: StorageType[]): SubType {
  return { comp: { kind: 'struct', fields: fields.map((storage) => ({ storage, mutable: true })) }, final: true, supers: [], recStart: 0, recLength: 1 };
}
function array(storage: StorageType): SubType {
  return { comp: { kind: 'array', field: { storage, mutable: true } }, final: true, supers: [], recStart: 0, recLength: 1 };
}

/** A heap for types, each in a group of its own; the id of a type is its position. */
function heapOf(types: readonly SubType[], options: HeapOptions = {}): Heap {
  const registry = new TypeRegistry();
  registry.add(types.map((type, i) => ({ ...type, recStart: i })));
  return new Heap(registry, options);
}

describe('layouts', () => {
  const heap = heapOf([struct(I8, I16, I8, I32, I64, ANYREF, F64, FUNCREF, V128, I8), array(I16), array(ref(HEAP.exn, true)), array(FUNCREF), struct()]);

  it('align every field to its size, at most eight bytes, and know which are references to objects', () => {
    expect(heap.layout(0)).toEqual({
      kind: 'struct',
      fields: [I8, I16, I8, I32, I64, ANYREF, F64, FUNCREF, V128, I8],
      offsets: [0, 2, 4, 8, 16, 24, 32, 40, 48, 64],
      words: 17,
      shift: 0,
      traced: [6],
    });
    expect(heap.layout(1)).toMatchObject({ kind: 'array', shift: 1, traced: [] });
    expect(heap.layout(2).traced).toEqual([0]);
    expect(heap.layout(3).traced).toEqual([]);
  });

  it('are whole pairs of words', () => {
    expect(heap.size(0, 0)).toBe(2 + 18);
    expect([0, 1, 2, 4, 5].map((length) => heap.size(1, length))).toEqual([2, 4, 4, 4, 6]);
    expect(heap.size(4, 0)).toBe(2);
    expect(heap.size(1, 0xffffffff)).toBe(2 ** 31 + 2);
  });
});

describe('collections', () => {
  /** Lists of cells: a number and the next one. */
  const cell = struct(I32, ANYREF);
  function cons(heap: Heap, value: number, next: number, roots: readonly number[]): number {
    const visit = (mark: (handle: number) => void): number => {
      for (const root of [next, ...roots]) mark(root);
      return 0;
    };
    expect(heap.reserve(heap.size(0, 0), visit)).toBe(true);
    const handle = heap.allocate(0, 0, heap.size(0, 0));
    heap.words.set([value, next], heap.content(handle) >> 2);
    return handle;
  }
  const valueOf = (heap: Heap, handle: number): number => heap.words[heap.content(handle) >> 2]!;
  const nextOf = (heap: Heap, handle: number): number => heap.words[(heap.content(handle) >> 2) + 1]!;

  it('keep chains and cycles, move objects together and keep their handles', () => {
    const heap = heapOf([cell], { collectEvery: 0 });
    const last = cons(heap, 1, 0, []);
    let list = last;
    for (let i = 2; i <= 5; i++) {
      list = cons(heap, i, list, []);
      cons(heap, -1, 0, [list]);
    }
    heap.words[(heap.content(last) >> 2) + 1] = list;
    heap.collect((mark) => (mark(list), 0));
    expect(heap.top).toBe(2 + 5 * 4);
    const values = [];
    for (let at = list, i = 0; i < 7; i++, at = nextOf(heap, at)) values.push(valueOf(heap, at));
    expect(values).toEqual([5, 4, 3, 2, 1, 5, 4]);
    heap.collect(() => 0);
    expect(heap.top).toBe(2);
  });

  it('ignore what is no handle of an object', () => {
    const heap = heapOf([cell], { collectEvery: 0 });
    cons(heap, 1, 0, [1, -1, 2, 6, 400, -400, 0x7ffffffc, -0x80000000]);
    heap.collect((mark) => ([1, -4, 8, 0x7ffffffc].forEach(mark), 0));
    expect(heap.top).toBe(2);
  });

  it('save and load to the same words, and give out the same handles afterwards', () => {
    const heap = heapOf([cell], { collectEvery: 64 });
    const first = cons(heap, 1, 0, []);
    for (let i = 0; i < 20; i++) cons(heap, i, 0, [first]);
    heap.pin(first);
    const saved = heap.save();
    const other = heapOf([cell], { collectEvery: 64 });
    cons(other, 99, 0, []);
    other.load(saved);
    expect(other.save()).toEqual(saved);
    for (let i = 0; i < 20; i++) expect(cons(other, i, 0, [])).toBe(cons(heap, i, 0, []));
    expect(other.save()).toEqual(heap.save());
    other.load(heapOf([cell]).save());
    expect(valueOf(other, cons(other, 0, 0, []))).toBe(0);
    expect(other.top).toBe(6);
  });

  it('refuse what goes beyond the limit, and nothing less', () => {
    const heap = heapOf([array(I8)], { maxHeapBytes: 108 });
    expect(heap.reserve(heap.size(0, 93), () => 0)).toBe(false);
    expect(heap.reserve(heap.size(0, 88), () => 0)).toBe(true);
    expect(heap.reserve(heap.size(0, 0xffffffff), undefined)).toBe(false);
  });
});
