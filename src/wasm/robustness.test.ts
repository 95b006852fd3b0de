import { describe, expect, it } from 'vitest';
import { loadProgram } from '../../spec-tests/support/programs.js';
import { decode } from './binary/decode.js';
import { functionNames } from './binary/names.js';
import { ByteWriter } from './binary/writer.js';
import { DecodeError, ValidationError } from './errors.js';
import { type Feature, type Features, FEATURES, WASM_3 } from './features.js';
import { assemble } from './text/assemble.js';
import { validate } from './validate/validate.js';

/** More with FUZZ=10: ten times as many cases, from other seeds. */
const EFFORT = Number(process.env.FUZZ ?? 1);

/** Something of everything that Node 20 knows too. */
const SAMPLE = `(module $sample
  (type $binary (func (param i32 i64) (result i64)))
  (import "env" "log" (func $log (param i32)))
  (import "env" "table" (table 1 8 funcref))
  (import "env" "shift" (global $shift i32))
  (memory $memory 1 2)
  (global $count (mut i64) (i64.const -7))
  (table $refs 3 externref)
  (elem (i32.const 0) $add $log)
  (elem $passive funcref (ref.func $add) (ref.null func))
  (data (global.get $shift) "hello, world")
  (data $later "later\\00\\ff")
  (func $add (export "add") (type $binary)
    (local $x f64) (local $y v128)
    (local.set $x (f64.convert_i32_s (local.get 0)))
    (block $out (result i64)
      (loop $again
        (if (i32.eqz (local.get 0)) (then (br $out (i64.trunc_sat_f64_s (local.get $x)))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (i64.store offset=8 align=4 (i32.const 100000) (i64.add (local.get 1) (i64.extend32_s (i64.const 0x123456789))))
        (br_table $again $again $again (i32.load8_u (local.get 0))))
      (i64.const 0)))
  (func $vectors (export "vectors") (param v128) (result i32 f32)
    (i8x16.extract_lane_s 15 (i8x16.shuffle 0 1 2 3 4 5 6 7 31 30 29 28 27 26 25 24 (local.get 0) (v128.const i32x4 1 2 3 4)))
    (f32x4.extract_lane 1 (f32x4.sqrt (v128.load32_splat (i32.const 4)))))
  (func $bulk
    (memory.init $later (i32.const 0) (i32.const 1) (i32.const 2))
    (data.drop $later)
    (memory.fill (i32.const 0) (i32.const 1) (memory.grow (i32.const 1)))
    (memory.copy (i32.const 0) (i32.const 1) (memory.size))
    (table.init $passive (i32.const 0) (i32.const 0) (i32.const 1))
    (table.set $refs (i32.const 1) (table.get $refs (i32.const 0)))
    (drop (table.grow $refs (ref.null extern) (i32.const 1)))
    (drop (select (result externref) (table.get $refs (i32.const 0)) (ref.null extern) (ref.is_null (ref.func $bulk))))
    (drop (call_indirect (type $binary) (i32.const 1) (i64.const 2) (i32.const 0)))
    (call $log (select (i32.const 1) (i32.const 2) (i32.const 3))))
  (export "bulk" (func $bulk))
  (export "memory" (memory $memory))
  (start $bulk))`;

/** A linear congruential generator: the same numbers everywhere. */
class Numbers {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}

/** One to three bytes changed, past the header. */
function mutate(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const copy = bytes.slice();
  for (let i = numbers.below(3); i >= 0; i--) {
    const at = 8 + numbers.below(copy.length - 8);
    const kind = numbers.below(4);
    if (kind === 0) copy[at] = numbers.below(256);
    else if (kind === 1) copy[at]! ^= 1 << numbers.below(8);
    else if (kind === 2) copy[at] = copy[8 + numbers.below(copy.length - 8)]!;
    else copy[at]! += numbers.below(5) - 2;
  }
  return copy;
}

/** The error, or undefined if the module is valid. Anything else that is thrown fails the test. */
function refusal(bytes: Uint8Array, features: Features): DecodeError | ValidationError | undefined {
  try {
    const module = decode(bytes, features);
    functionNames(module).showFunc(0);
    validate(module, features);
  } catch (error) {
    if (error instanceof DecodeError || error instanceof ValidationError) return error;
    throw error;
  }
  return undefined;
}

const sample = assemble(SAMPLE).bytes;

describe('bad modules', () => {
  it('are refused at every length that is too short', () => {
    expect(refusal(sample, WASM_3)).toBeUndefined();
    const accepted: number[] = [];
    for (let length = 0; length < sample.length; length++) {
      const error = refusal(sample.subarray(0, length), WASM_3);
      // Only where a section ends can the rest be missing without a trace.
      if (error === undefined) accepted.push(length);
      else expect(error.offset).toBeLessThanOrEqual(length);
    }
    const ends = [8, ...decode(sample).sections.map((section) => section.end)];
    expect(accepted.filter((length) => !ends.includes(length))).toEqual([]);
  });

  it('are refused with a place, whatever bytes change', () => {
    const everything: Features = new Set(FEATURES);
    const numbers = new Numbers(EFFORT);
    let refused = 0;
    for (let i = 0; i < 3000 * EFFORT; i++) {
      const bytes = mutate(sample, numbers);
      const error = refusal(bytes, everything);
      if (error === undefined) continue;
      refused++;
      if (error.offset > bytes.length || !/\(.*at byte 0x[0-9a-f]+\)$/.test(error.message)) expect.fail(`case ${i}: ${error.message}`);
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it('of real size are refused too', () => {
    const program = loadProgram('hello-go1.27-wasip1-stripped');
    const numbers = new Numbers(EFFORT);
    for (let i = 0; i < 5 * EFFORT; i++) {
      refusal(mutate(program, numbers), WASM_3);
      refusal(program.subarray(0, numbers.below(program.length)), WASM_3);
    }
  });

  it('whose lengths lie cost no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const lie = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13]) {
      const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, id, 6, ...lie, 0);
      expect(() => decode(bytes)).toThrow(DecodeError);
    }
    // A br_table and an element segment that claim four billion entries.
    const labels = [10, 12, 1, 10, 0, 0x41, 0, 0x0e, ...lie, 0x0b];
    const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
    expect(refusal(Uint8Array.of(...head, ...labels), WASM_3)).toBeInstanceOf(DecodeError);
    expect(() => decode(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 9, 8, 1, 1, 0, ...lie))).toThrow(DecodeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('that move operands by the thousand do not keep us busy', () => {
    const list = Array<number>(1000).fill(0x7f);
    const out = new ByteWriter().header();
    out.section(1, (types) =>
      types
        .bytes([2, 0x60, 0, 0, 0x60])
        .vec(list, (type) => types.byte(type))
        .vec(list, (type) => types.byte(type)),
    );
    out.section(2, (imports) => imports.bytes([1, 0, 0, 0, 1])).section(3, (funcs) => funcs.bytes([1, 0]));
    out.section(10, (code) =>
      code.u32(1).sized((body) => {
        body.byte(0);
        for (let i = 0; i < 1000; i++) body.bytes([0x41, 0]);
        for (let i = 0; i < 100_000; i++) body.bytes([0x10, 0]);
        for (let i = 0; i < 1000; i++) body.byte(0x1a);
        body.byte(0x0b);
      }),
    );
    expect(refusal(out.take(), WASM_3)?.message).toContain('move too many operands');
  });

  it('may nest as deeply as they like', () => {
    const body = [...Array<number[]>(90_000).fill([0x02, 0x40]).flat(), ...Array<number>(90_001).fill(0x0b)];
    expect(refusal(oneFunction(body), WASM_3)).toBeUndefined();
    const deeper = [...Array<number[]>(200_000).fill([0x02, 0x40]).flat(), ...Array<number>(200_001).fill(0x0b)];
    expect(refusal(oneFunction(deeper), WASM_3)?.message).toContain('more than 100000 blocks inside each other');
  });
});

/** A module whose only function, without parameters and results, has this body. */
function oneFunction(body: readonly number[]): Uint8Array {
  const leb = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]);
  const code = [...leb(body.length + 1), 0];
  const size = leb(1 + code.length + body.length);
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, ...size, 1, ...code];
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** Node's own engine, as the judge of what is a module. */
const host = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly;

/** What every Node that we run on knows, and what one may know besides, by a module that needs it. */
const COMMON: readonly Feature[] = [
  'mvp',
  'mutable-globals',
  'sign-extension',
  'saturating-conversions',
  'multi-value',
  'bulk-memory',
  'reference-types',
  'simd',
];
const PROBES: readonly (readonly [readonly Feature[], string])[] = [
  [['tail-calls'], '(func (return_call 0))'],
  [['extended-const'], '(global i32 (i32.add (i32.const 1) (i32.const 2)))'],
  [['relaxed-simd'], '(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))'],
  [['gc', 'function-references'], '(type (struct)) (func (drop (struct.new 0)))'],
  [['multi-memory'], '(memory 1) (memory 1)'],
  [['memory64'], '(memory i64 1)'],
  [['exceptions'], '(func (block (try_table (catch_all 0))))'],
];

describe('accepting and refusing', () => {
  it('agrees with the host on changed modules', () => {
    const known = PROBES.filter(([, text]) => host.validate(assemble(`(module ${text})`).bytes)).flatMap(([features]) => features);
    const shared: readonly Feature[] = [...COMMON, ...known];
    // Engines differ in whether they still have the legacy exceptions and the threads of before the standard.
    const profiles: Features[] = [
      new Set(shared),
      new Set<Feature>([...shared, 'exceptions', 'legacy-exceptions']),
      new Set<Feature>([...shared, 'exceptions', 'legacy-exceptions', 'threads']),
    ];
    expect(host.validate(sample)).toBe(true);
    const numbers = new Numbers(17 * EFFORT);
    let accepted = 0;
    const differences: string[] = [];
    for (let i = 0; i < 3000 * EFFORT; i++) {
      const bytes = mutate(sample, numbers);
      const expected = host.validate(bytes);
      if (expected) accepted++;
      const verdicts = profiles.map((features) => refusal(bytes, features));
      if (verdicts.every((error) => (error === undefined) !== expected)) {
        differences.push(`case ${i}: host ${expected ? 'accepts' : 'refuses'}, we say ${verdicts[0]?.message ?? 'valid'}`);
      }
    }
    expect(differences).toEqual([]);
    expect(accepted).toBeGreaterThan(300);
  });
});
