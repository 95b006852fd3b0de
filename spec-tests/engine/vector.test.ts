import { describe, expect, it } from 'vitest';
import { i64, type Value } from '../../src/engine/value.js';
import { decode } from '../../src/wasm/binary/decode.js';
import { WASM_3, withFeatures } from '../../src/wasm/features.js';
import { ADDR, INSTRUCTIONS, type Instruction } from '../../src/wasm/instructions.js';
import { assemble } from '../../src/wasm/text/assemble.js';
import { F32, F64, I32, I64, V128, type ValType } from '../../src/wasm/types.js';
import { validate } from '../../src/wasm/validate/validate.js';
import { compile, Dice, hostExports, type Running, running } from './harness.js';

/**
 * Every vector instruction against the host's own engine. Operands come from memory and results go there, because
 * vectors cannot pass between a module and JavaScript: what is compared is the whole memory.
 */
const NAMES = new Map<ValType, string>([[I32, 'i32'], [I64, 'i64'], [F32, 'f32'], [F64, 'f64'], [V128, 'v128'], [ADDR, 'i32']]);
/** Operand `i` stands at 32 × i, the result at RESULT, and what memory instructions touch within BUFFER. */
const RESULT = 128;
const BUFFER = 256;
const END = 65536;
const ADDRESSES = [BUFFER, BUFFER + 1, BUFFER + 7, END - 16, END - 8, END - 1, END, -1, 0, 8, 15];
const ROUNDS = 120;

const WORDS_32 = [
  0, 1, -1, 0x7fffffff, -0x80000000, 0x7fc00000, 0x7f800001, -0x400000, 0x7f800000, -0x800000, 0x3f000000, 0x3fc00000, 0x40200000,
  0x4f000000, 0x4effffff, 0x4f800000, -0x31000000, 0x00000001, 0x80007fff, 0x7fff8000, 0x807f80ff, 0x4b000001, 0x3effffff, 0x7f7fffff,
];
const WORDS_64 = [
  [0, 0], [1, 0], [-1, -1], [-1, 0x7fffffff], [0, -0x80000000], [0, 0x7ff80000], [1, 0x7ff00000], [5, -0x80000],
  [0, 0x7ff00000], [0, -0x100000],
  [0, 0x3fe00000], [0, 0x3ff80000], [0, 0x41e00000], [-1, 0x41dfffff], [0, -0x3e200000], [0, 0x41f00000], [1, 0],
  [1, 0x43300000], [-1, 0x7fefffff],
  [0, 0x47f00000], [-0x20000000, 0x47efffff], [0x10000000, 0x36a00000], [-1, 0x3fdfffff],
] as const;

const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x40, 15, 16];

/** Both halves of a vector: each of these meets each in the first rounds. */
const EXTREMES = [
  [0, 0], [-1, -1], [0, -0x80000000], [-0x80000000, -0x80000000], [0x7fff7fff, 0x7fff7fff], [-0x7fff8000, -0x7fff8000],
  [-0x7f7f7f80, -0x7f7f7f80], [0x7f800001, 0x7ff00001],
] as const;
/** Of operand `i` in a round. */
function operandOf(dice: Dice, round: number, i: number): Int32Array {
  if (round >= EXTREMES.length ** 2 || i > 1) return operand(dice);
  const half = EXTREMES[(i === 0 ? round : round / EXTREMES.length) & 7]!;
  return Int32Array.of(...half, ...half);
}

/** Bits of a vector or a scalar: at random, or of values where something could go wrong. */
function operand(dice: Dice): Int32Array {
  const words = new Int32Array(4);
  for (let i = 0; i < 4; i += 2) {
    const kind = dice.below(4);
    if (kind === 0) words.set([dice.next(), dice.next()], i);
    else if (kind === 1) words.set(dice.of(WORDS_64), i);
    else if (kind === 2) words.set([dice.of(WORDS_32), dice.of(WORDS_32)], i);
    else new Uint8Array(words.buffer, i * 4, 8).set(Array.from({ length: 8 }, () => dice.of([...BYTES, dice.next()])));
  }
  return words;
}

/** The immediates to try, as text after the mnemonic. */
function immediates({ imm, lanes }: Instruction): readonly string[] {
  switch (imm) {
    case 'lane':
      return Array.from({ length: lanes! }, (_, lane) => ` ${lane}`);
    case 'memarg':
      return ['', ' offset=1 align=1', ' offset=65520 align=1'];
    case 'memarg+lane':
      return [' 0', ` offset=3 align=1 ${lanes! - 1}`, ` offset=65520 align=1 ${lanes! >> 1}`];
    case 'lanes': {
      const dice = new Dice(4711);
      return Array.from({ length: 5 }, () => Array.from({ length: 16 }, () => ` ${dice.below(32)}`).join(''));
    }
    default:
      return [''];
  }
}

/** Functions that do `text` on operands in memory: loaded just before, and from locals that get the result too. */
function moduleFor(texts: readonly string[], params: readonly ValType[], results: readonly ValType[]): string {
  const types = params.map((type) => NAMES.get(type)!);
  const result = results.length > 0 ? NAMES.get(results[0]!)! : undefined;
  const load = (i: number): string => `(${types[i]}.load (i32.const ${32 * i}))`;
  const same = types.indexOf(result ?? '');
  const keep = (value: string): string => (result === undefined ? value : `(${result}.store (i32.const ${RESULT}) ${value})`);
  const functions = texts.map((text, i) => {
    const locals = types.map((_, k) => `(local.get ${k})`).join(' ');
    const inPlace = same < 0 ? keep(`(${text} ${locals})`) : `(local.set ${same} (${text} ${locals})) ${keep(`(local.get ${same})`)}`;
    return `(func (export "fresh${i}") ${keep(`(${text} ${types.map((_, k) => load(k)).join(' ')})`)})
      (func (export "local${i}") ${types.map((type) => `(local ${type})`).join(' ')}
        ${types.map((_, k) => `(local.set ${k} ${load(k)})`).join(' ')} ${inPlace})`;
  });
  return `(module (memory (export "memory") 1) ${functions.join('\n')})`;
}

type Exports = ReturnType<typeof hostExports>;

/** What a call fails with; every trap here is one of memory. */
function outcome(run: () => unknown): string {
  try {
    run();
    return 'done';
  } catch (error) {
    // V8 says it the other way round.
    return String(error).replace(/.*memory access out of bounds/, 'Trap: out of bounds memory access');
  }
}

const ARITHMETIC = /^(f32x4|f64x2)\.(ceil|floor|trunc|nearest|sqrt|add|sub|mul|div|min|max|demote\w+|promote\w+|relaxed_\w+)$/;

/** The host may answer any NaN for an arithmetic one; ours is the positive canonical one. */
function canonicalise(mnemonic: string, memory: Uint8Array): void {
  const shape = ARITHMETIC.exec(mnemonic)?.[1];
  const view = new DataView(memory.buffer, memory.byteOffset + RESULT, 16);
  for (let i = 0; i < 16; i += 4) {
    if (shape === 'f32x4' && Number.isNaN(view.getFloat32(i, true))) view.setInt32(i, 0x7fc00000, true);
    if (shape === 'f64x2' && i % 8 === 0 && Number.isNaN(view.getFloat64(i, true))) view.setBigInt64(i, 0x7ff8000000000000n, true);
  }
}

/** Runs the functions of `ours` and `theirs` on the same memories. */
function compare(row: Instruction, ours: Running, theirs: Exports, count: number, hostName: string): void {
  const dice = new Dice(row.op);
  const mine = ours.store.memories[0]!.u8;
  const host = new Uint8Array(theirs.memory!.buffer);
  for (let round = 0; round < ROUNDS; round++) {
    const name = `${dice.chance(50) ? 'fresh' : 'local'}${round % count}`;
    row.params!.forEach((type, i) => {
      const words = operandOf(dice, round, i);
      if (type === ADDR) words[0] = dice.of([...ADDRESSES, END - 17 - dice.below(32)]);
      mine.set(new Uint8Array(words.buffer), 32 * i);
    });
    mine.set(new Uint8Array(operand(dice).buffer), BUFFER + dice.below(8));
    mine.set(new Uint8Array(operand(dice).buffer), END - 16);
    host.set(mine);
    const expected = outcome(theirs[name]!);
    expect(outcome(() => ours.call(name)), name).toBe(expected);
    canonicalise(hostName, host);
    if (Buffer.compare(mine, host) !== 0) {
      const at = mine.findIndex((byte, i) => byte !== host[i]);
      const operands = row.params!.map((_, i) => Buffer.from(host.subarray(32 * i, 32 * i + 16)).toString('hex'));
      const where = at & -16;
      expect(`${operands.join(' ')}: ${Buffer.from(mine.subarray(where, where + 16)).toString('hex')}`, `${name} at ${at}`).toBe(
        `${operands.join(' ')}: ${Buffer.from(host.subarray(where, where + 16)).toString('hex')}`,
      );
    }
  }
}

const simd = INSTRUCTIONS.filter((row) => row.feature === 'simd' && row.mnemonic !== 'v128.const');

describe.each(['fused', 'exact'])('vector instructions, in %s code', (mode) => {
  it('are all there', () => expect(simd).toHaveLength(235));

  it.each(simd.map((row) => [row.mnemonic, row] as const))('%s', (_, row) => {
    const texts = immediates(row).map((immediate) => row.mnemonic + immediate);
    const { bytes, module } = compile(moduleFor(texts, row.params!, row.results!));
    const ours = running(module);
    if (mode === 'exact') ours.machine.probes.everyInstruction(() => undefined);
    compare(row, ours, hostExports(bytes), texts.length, row.mnemonic);
  });
});

/** What relaxed instructions do in the deterministic profile, in terms of the others; operands are locals. */
const a = '(local.get 0)';
const b = '(local.get 1)';
const c = '(local.get 2)';
const EVEN = '0 1 4 5 8 9 12 13 16 17 20 21 24 25 28 29';
const ODD = '2 3 6 7 10 11 14 15 18 19 22 23 26 27 30 31';
const products = `(i16x8.extmul_low_i8x16_s ${a} ${b}) (i16x8.extmul_high_i8x16_s ${a} ${b})`;
const dot = `(i16x8.add_sat_s (i8x16.shuffle ${EVEN} ${products}) (i8x16.shuffle ${ODD} ${products}))`;
const RELAXED: Record<string, string> = {
  'i8x16.relaxed_swizzle': `(i8x16.swizzle ${a} ${b})`,
  'i32x4.relaxed_trunc_f32x4_s': `(i32x4.trunc_sat_f32x4_s ${a})`,
  'i32x4.relaxed_trunc_f32x4_u': `(i32x4.trunc_sat_f32x4_u ${a})`,
  'i32x4.relaxed_trunc_f64x2_s_zero': `(i32x4.trunc_sat_f64x2_s_zero ${a})`,
  'i32x4.relaxed_trunc_f64x2_u_zero': `(i32x4.trunc_sat_f64x2_u_zero ${a})`,
  'f32x4.relaxed_madd': `(f32x4.add (f32x4.mul ${a} ${b}) ${c})`,
  'f32x4.relaxed_nmadd': `(f32x4.add (f32x4.mul (f32x4.neg ${a}) ${b}) ${c})`,
  'f64x2.relaxed_madd': `(f64x2.add (f64x2.mul ${a} ${b}) ${c})`,
  'f64x2.relaxed_nmadd': `(f64x2.add (f64x2.mul (f64x2.neg ${a}) ${b}) ${c})`,
  'i8x16.relaxed_laneselect': `(v128.bitselect ${a} ${b} ${c})`,
  'i16x8.relaxed_laneselect': `(v128.bitselect ${a} ${b} ${c})`,
  'i32x4.relaxed_laneselect': `(v128.bitselect ${a} ${b} ${c})`,
  'i64x2.relaxed_laneselect': `(v128.bitselect ${a} ${b} ${c})`,
  'f32x4.relaxed_min': `(f32x4.min ${a} ${b})`,
  'f32x4.relaxed_max': `(f32x4.max ${a} ${b})`,
  'f64x2.relaxed_min': `(f64x2.min ${a} ${b})`,
  'f64x2.relaxed_max': `(f64x2.max ${a} ${b})`,
  'i16x8.relaxed_q15mulr_s': `(i16x8.q15mulr_sat_s ${a} ${b})`,
  'i16x8.relaxed_dot_i8x16_i7x16_s': dot,
  'i32x4.relaxed_dot_i8x16_i7x16_add_s': `(i32x4.add (i32x4.extadd_pairwise_i16x8_s ${dot}) ${c})`,
};

describe('relaxed vector instructions take the deterministic choice', () => {
  const relaxed = INSTRUCTIONS.filter((row) => row.feature === 'relaxed-simd');
  it('are all there', () => expect(relaxed.map((row) => row.mnemonic).sort()).toEqual(Object.keys(RELAXED).sort()));

  it.each(relaxed.map((row) => [row.mnemonic, row] as const))('%s', (mnemonic, row) => {
    const count = row.params!.length;
    const params = Array.from({ length: count }, () => '(param v128)').join(' ');
    const meant = `(func $meant ${params} (result v128) ${RELAXED[mnemonic]})`;
    const called = moduleFor(['call $meant'], row.params!, row.results!).replace(/\)$/, `${meant})`);
    const ours = running(compile(moduleFor([mnemonic], row.params!, row.results!)).module);
    compare(row, ours, hostExports(assemble(called).bytes), 1, mnemonic);
  });
});

describe('wide arithmetic', () => {
  const features = withFeatures(WASM_3, 'wide-arithmetic');
  const rows = INSTRUCTIONS.filter((row) => row.feature === 'wide-arithmetic');
  const unsigned = (x: bigint): bigint => BigInt.asUintN(64, x);
  const MEANING: Record<string, (x: readonly bigint[]) => bigint> = {
    'i64.add128': ([a = 0n, ah = 0n, b = 0n, bh = 0n]) => ((ah + bh) << 64n) + unsigned(a) + unsigned(b),
    'i64.sub128': ([a = 0n, ah = 0n, b = 0n, bh = 0n]) => ((ah - bh) << 64n) + unsigned(a) - unsigned(b),
    'i64.mul_wide_s': ([a = 0n, b = 0n]) => a * b,
    'i64.mul_wide_u': ([a = 0n, b = 0n]) => unsigned(a) * unsigned(b),
  };

  it.each(rows.map((row) => [row.mnemonic, row.params!.length] as const))('%s', (mnemonic, count) => {
    const list = Array.from({ length: count }, (_, i) => `(local.get ${i})`).join(' ');
    const params = '(param i64) '.repeat(count);
    const text = `(module
      (func (export "both") ${params} (result i64 i64) (${mnemonic} ${list}))
      (func (export "low") ${params} (result i64 i64) (${mnemonic} ${list}) (drop) (local.set 0) (local.get 0) (local.get 1)))`;
    const module = decode(assemble(text, { features }).bytes, features);
    validate(module, features);
    const ours = running(module);
    const dice = new Dice(97);
    for (let round = 0; round < 200; round++) {
      const bits = Array.from({ length: count }, () => new BigInt64Array(operand(dice).buffer)[0]!);
      const result = MEANING[mnemonic]!(bits);
      const [low, high] = [i64(result), i64(result >> 64n)];
      const call = (name: string): readonly Value[] => ours.call(name, ...bits.map(i64));
      expect(call('both')).toEqual([low, high]);
      expect(call('low')).toEqual([low, i64(bits[1]!)]);
    }
  });
});
