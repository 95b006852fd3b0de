import { describe, expect, it } from 'vitest';
import { loadProgram, programs } from '../../../spec-tests/support/programs.js';
import { DATA } from '../data-segments.js';
import { DecodeError } from '../errors.js';
import { THREADS_BASE, WASM_3, withFeatures } from '../features.js';
import { I32, I64 } from '../types.js';
import { validate } from '../validate/validate.js';
import { InstructionReader } from './code-reader.js';
import { decode } from './decode.js';
import { ByteWriter } from './writer.js';

function error(bytes: Uint8Array, features = WASM_3): DecodeError {
  try {
    decode(bytes, features);
  } catch (thrown) {
    if (thrown instanceof DecodeError) return thrown;
    throw thrown;
  }
  throw new Error('decoded');
}

/** A module of one section. */
function only(id: number, ...content: readonly number[]): Uint8Array {
  return new ByteWriter()
    .header()
    .section(id, (section) => section.bytes(content))
    .take();
}

describe('a module', () => {
  it('keeps custom sections, and where they stood', () => {
    const out = new ByteWriter().header().customSection('first', Uint8Array.of(1, 2));
    out.section(1, (types) => types.u32(0)).customSection('second', Uint8Array.of());
    const module = decode(out.take());
    expect(module.customs.map(({ name, after, start, end }) => [name, after, end - start])).toEqual([
      ['first', 0, 2],
      ['second', 1, 0],
    ]);
    expect(module.sections.map(({ name, offset }) => [name, offset])).toEqual([
      ['first', 8],
      ['type', 18],
      ['second', 21],
    ]);
  });

  it('has types of memories and tables with all their flags', () => {
    const features = withFeatures(WASM_3, 'threads', 'custom-page-sizes');
    const { memories } = decode(only(5, 2, 0x0f, 1, 2, 0, 0x00, 3), features);
    expect(memories).toEqual([
      { limits: { min: 1n, max: 2n }, address: I64, shared: true, pageSizeLog2: 0 },
      { limits: { min: 3n, max: undefined }, address: I32, shared: false, pageSizeLog2: 16 },
    ]);
    for (const flags of [0x02, 0x08, 0x10]) expect(error(only(5, 1, flags, 1)).message).toContain('malformed limits flags');
    expect(error(only(5, 1, 0x04, 1), THREADS_BASE).message).toContain('malformed limits flags');
  });

  it('has data segments in the frequent form and in every other', () => {
    const forms: readonly (readonly [bytes: readonly number[], place: number | 'passive' | 'expression', memory?: number])[] = [
      [[0, 0x41, 8, 0x0b], 8],
      [[0, 0x41, 0xff, 0xff, 0xff, 0x3f, 0x0b], 0x7ffffff],
      // Negative; of five bytes; of memory 1; longer than it need be; no constant; none.
      [[0, 0x41, 0x7f, 0x0b], 'expression'],
      [[0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x01, 0x0b], 'expression'],
      [[2, 1, 0x41, 8, 0x0b], 'expression', 1],
      [[0x80, 0, 0x41, 8, 0x0b], 'expression'],
      [[0, 0x23, 0, 0x0b], 'expression'],
      [[1], 'passive'],
      [[0, 0x41, 0x88, 0, 0x0b], 8],
    ];
    const segments = [...forms, ...forms.toReversed()];
    const content = [3, 10, 11, 12];
    const bytes = only(11, segments.length, ...segments.flatMap(([form], i) => [...form, ...(i === 3 ? [0x83, 0] : [3]), ...content.slice(1)]));
    const { datas } = decode(bytes);
    expect(datas).toHaveLength(segments.length);
    for (const [i, { mode, start, end }] of [...datas].entries()) {
      const [form, place, memory = 0] = segments[i]!;
      expect([...bytes.subarray(start, end)]).toEqual(content.slice(1));
      expect(datas.rows[i * DATA.words + DATA.address]).toBe(typeof place === 'number' ? place : -1);
      if (mode.kind !== 'active') expect([mode.kind, place]).toEqual(['passive', 'passive']);
      else {
        expect(mode.target).toBe(memory);
        expect([...bytes.subarray(mode.at.offset, mode.at.end)]).toEqual(form.slice(form.findIndex((byte) => byte === 0x41 || byte === 0x23)));
      }
    }
    for (let length = 9; length < bytes.length; length++) expect(() => decode(bytes.subarray(0, length))).toThrow(DecodeError);
  });

  it('has all eight forms of element segments', () => {
    const out = new ByteWriter().header();
    out.section(9, (elems) =>
      elems
        .u32(8)
        .bytes([0, 0x41, 1, 0x0b, 1, 5])
        .bytes([1, 0, 1, 5])
        .bytes([2, 3, 0x41, 1, 0x0b, 0, 1, 5])
        .bytes([3, 0, 1, 5])
        .bytes([4, 0x41, 1, 0x0b, 1, 0xd2, 5, 0x0b])
        .bytes([5, 0x70, 1, 0xd2, 5, 0x0b])
        .bytes([6, 3, 0x41, 1, 0x0b, 0x70, 1, 0xd2, 5, 0x0b])
        .bytes([7, 0x70, 1, 0xd2, 5, 0x0b]),
    );
    const { elems } = decode(out.take());
    expect(elems.map(({ mode, items }) => [mode.kind, mode.kind === 'active' ? mode.target : undefined, items.kind])).toEqual([
      ['active', 0, 'funcs'],
      ['passive', undefined, 'funcs'],
      ['active', 3, 'funcs'],
      ['declarative', undefined, 'funcs'],
      ['active', 0, 'exprs'],
      ['passive', undefined, 'exprs'],
      ['active', 3, 'exprs'],
      ['declarative', undefined, 'exprs'],
    ]);
  });

  it('leaves bodies where they are', () => {
    const out = new ByteWriter().header().section(1, (types) => types.bytes([1, 0x60, 0, 0]));
    out.section(3, (funcs) => funcs.bytes([1, 0])).section(10, (code) => code.bytes([1, 6, 2, 2, I32, 0, I64, 0x0b]));
    const [func] = decode(out.take()).funcs;
    expect(func!.locals).toEqual([2, I32]);
    expect(func!.body.end - func!.body.offset).toBe(1);
  });

  it.each(programs.map((program) => program.name))('%s is valid', (name) => {
    validate(decode(loadProgram(name)));
  });
});

describe('errors', () => {
  it('name the byte', () => {
    expect(error(Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0))).toMatchObject({
      message: 'unknown binary version (at byte 0x4)',
      offset: 4,
    });
    expect(error(only(5, 1, 0x40, 0))).toMatchObject({ offset: 11 });
    expect(error(only(15)).message).toBe('malformed section id (at byte 0x8)');
    expect(
      error(
        new ByteWriter()
          .header()
          .section(3, (s) => s.u32(0))
          .section(1, (s) => s.u32(0))
          .take(),
      ).message,
    ).toBe('unexpected content after last section: type section (at byte 0xb)');
  });
  it('say what there is too much of', () => {
    expect(error(only(10, 1, 8, 1, 0xd1, 0x86, 0x03, I32, 0x0b, 0, 0)).message).toContain('too many locals: 50001, at most 50000');
    expect(error(only(1, 1, 0x60, 0xe9, 0x07)).message).toContain('too many parameters: 1001, at most 1000');
  });
});

describe('reading instructions', () => {
  const read = (...bytes: readonly number[]): InstructionReader => {
    const reader = new InstructionReader(Uint8Array.from(bytes), 0, bytes.length);
    reader.next();
    expect(reader.pos).toBe(bytes.length);
    return reader;
  };
  it('leaves immediates in fields', () => {
    expect(read(0x41, 0x7f).x).toBe(-1);
    expect(read(0x42, 0x80, 0x80, 0x80, 0x80, 0x10)).toMatchObject({ lo: 0, hi: 1 });
    expect(read(0x42, 0x7e)).toMatchObject({ lo: -2, hi: -1 });
    expect(read(0x43, 1, 2, 3, 4).x).toBe(0x04030201);
    expect(read(0x29, 0x43, 0x02, 0x80, 0x80, 0x80, 0x80, 0x20)).toMatchObject({ align: 3, memory: 2, offset: 2 ** 33 });
    expect(read(0x11, 5, 6)).toMatchObject({ x: 5, y: 6 });
    expect(read(0xfc, 0x0a, 1, 2)).toMatchObject({ op: 0xfc000a, x: 1, y: 2 });
    expect(read(0xfd, 0x0c, ...Array<number>(16).fill(9)).at).toBe(2);
    expect(read(0xfb, 0x18, 0x02, 3, 0x6e, 0x05)).toMatchObject({ x: 3, target: (1 << 30) | (1 << 29) | 5 });
    const table = read(0x0e, 2, 7, 8, 9);
    expect([...table.labels.subarray(0, table.labelCount)]).toEqual([7, 8, 9]);
    const caught = read(0x1f, 0x40, 2, 0x01, 4, 5, 0x02, 6);
    expect([...caught.catches.subarray(0, 3 * caught.catchCount)]).toEqual([1, 4, 5, 2, 0, 6]);
  });
  it('knows only what the features have', () => {
    const reader = new InstructionReader(Uint8Array.of(0x06, 0x40, 0xff), 0, 3, WASM_3);
    expect(() => reader.next()).toThrow('illegal opcode 06 (at byte 0x0)');
    reader.seek(2, 3);
    expect(() => reader.next()).toThrow('illegal opcode ff (at byte 0x2)');
  });
});
