import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../errors.js';
import { F64, HEAP, I16, I32, I64, I8, ref, type SubType, V128 } from '../types.js';
import { ByteReader } from './byte-reader.js';
import { TypeReader } from './type-reader.js';
import { ByteWriter } from './writer.js';

function reader(bytes: readonly number[] | Uint8Array): ByteReader {
  return new ByteReader(Uint8Array.from(bytes), 0, bytes.length);
}
const u64 = (from: ByteReader): bigint => (BigInt(from.hi >>> 0) << 32n) | BigInt(from.lo >>> 0);

describe('integers', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.integer(),
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        (a, b, c, d) => {
          const writer = new ByteWriter(1).u32(a).s32(b).u64(c).s64(d).u32Padded(a).s33(b);
          const from = reader(writer.take());
          expect(from.u32()).toBe(a);
          expect(from.s32()).toBe(b);
          from.u64();
          expect(u64(from)).toBe(c);
          from.s64();
          expect(BigInt.asIntN(64, u64(from))).toBe(d);
          expect(from.u32()).toBe(a);
          expect(from.s33()).toBe(b);
          expect(from.pos).toBe(writer.length);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it.each([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('u32 %i is %j', (value, bytes) => {
    expect([...new ByteWriter().u32(value).take()]).toEqual(bytes);
  });
  it.each([
    [-1, [0x7f]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])('s32 %i is %j', (value, bytes) => {
    expect([...new ByteWriter().s32(value).take()]).toEqual(bytes);
  });

  it('need not be as short as they can be', () => {
    expect(reader([0x80, 0x80, 0x80, 0x80, 0x00]).u32()).toBe(0);
    expect(reader([0xff, 0xff, 0xff, 0xff, 0x7f]).s32()).toBe(-1);
  });

  it.each<[string, readonly number[], (from: ByteReader) => void]>([
    ['integer representation too long', [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], (from) => from.u32()],
    ['integer too large', [0xff, 0xff, 0xff, 0xff, 0x1f], (from) => from.u32()],
    ['integer too large', [0xff, 0xff, 0xff, 0xff, 0x4f], (from) => from.s32()],
    ['integer too large', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], (from) => from.u64()],
    ['integer too large', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], (from) => from.s64()],
    ['unexpected end', [0x80], (from) => from.u32()],
    ['unexpected end', [], (from) => from.s33()],
  ])('are refused: %s', (message, bytes, read) => {
    expect(() => read(reader(bytes))).toThrow(DecodeError);
    expect(() => read(reader(bytes))).toThrow(message);
  });
});

describe('names', () => {
  it('are UTF-8, a byte order mark included', () => {
    for (const name of ['', 'main', 'größe', '\ufeffa', '𝒳']) expect(reader(new ByteWriter().name(name).take()).name()).toBe(name);
  });
  it('must be well-formed and whole', () => {
    expect(() => reader([1, 0xff]).name()).toThrow('malformed UTF-8 encoding (at byte 0x1)');
    expect(() => reader([3, 0x61]).name()).toThrow('length out of bounds');
  });
});

describe('types', () => {
  const types = [I32, I64, F64, V128, ref(HEAP.func, true), ref(HEAP.i31, false), ref(7, true), ref(200, false), ref(3, true, true)];
  it.each(types)('%i comes back', (type) => {
    expect(reader(new ByteWriter().valType(type).take()).valType()).toBe(type);
    expect(reader(new ByteWriter().blockType(type).take()).readBlockType()).toBe(type);
  });
  it('block types may be empty or an index', () => {
    expect(reader(new ByteWriter().blockType(0).take()).readBlockType()).toBe(0);
    expect(reader(new ByteWriter().blockType(~1000).take()).readBlockType()).toBe(~1000);
  });

  it('a type section comes back, groups and clauses included', () => {
    const list: SubType[] = [
      { comp: { kind: 'func', params: [I32, ref(0, true)], results: [I64] }, final: true, supers: [], recStart: 0, recLength: 1 },
      {
        comp: { kind: 'struct', fields: [{ storage: I8, mutable: true }] },
        final: false,
        supers: [],
        recStart: 1,
        recLength: 2,
        descriptor: 2,
      },
      { comp: { kind: 'struct', fields: [] }, final: false, supers: [], recStart: 1, recLength: 2, describes: 1 },
      { comp: { kind: 'array', field: { storage: I16, mutable: false } }, final: true, supers: [1], recStart: 3, recLength: 1 },
    ];
    const bytes = new ByteWriter().types(list).take();
    expect(new TypeReader(reader(bytes)).types()).toEqual(list);
  });
});

it('sections carry their size', () => {
  expect([...new ByteWriter().section(3, (content) => content.vec([0, 1], (type) => content.u32(type))).take()]).toEqual([3, 3, 2, 0, 1]);
});
