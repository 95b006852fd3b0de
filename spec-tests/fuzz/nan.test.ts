import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../src/wasm/instructions.js';
import { F32, F64, I32, I64, V128 } from '../../src/wasm/types.js';
import type { Value } from '../../src/engine/value.js';
import { compile, hostExports, type Exports, running } from '../engine/harness.js';

/**
 * NaNs, which random modules leave out because engines may choose their bits (spec §4.3.3). Where the specification
 * leaves no choice, both engines must give the same bits; where it does, ours must be the positive canonical NaN.
 */

const NANS32 = [0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fa00000, 0x7fffffff, 0xffffffff, 0x7fc00123];
const NANS64 = [0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff0000000000001n, 0xfff0000000000001n, 0x7ff4000000000000n, 0x7fffffffffffffffn, 0xffffffffffffffffn];
const PLAIN32 = [0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000];
const PLAIN64 = [0n, 0x8000000000000000n, 0x3ff0000000000000n, 0xbff0000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n];

/** Instructions on floats whose result's bits are fixed whatever their operands are (§4.3.3: fabs, fneg, fcopysign), or that only move one. */
const EXACT = /^f(32|64)(x[24])?\.(abs|neg|copysign|pmin|pmax|splat|reinterpret.*)$/;

interface Case {
  readonly name: string;
  readonly operand: typeof F32 | typeof F64 | typeof V128;
  readonly result: number;
  readonly count: number;
}

const CASES: readonly Case[] = INSTRUCTIONS.flatMap(({ mnemonic, params, results, feature, lanes: lane }) => {
  const [result] = results ?? [];
  const operand = params?.[0];
  const floats = (operand === F32 || operand === F64) && params!.every((param) => param === operand);
  const vectors = /^f(32x4|64x2)\./.test(mnemonic) && operand === V128 && params!.every((param) => param === V128) && !/convert/.test(mnemonic);
  if (result === undefined || feature === 'relaxed-simd' || lane !== undefined || !(floats || vectors)) return [];
  // Conversions to integers trap on a NaN; the saturating ones are in numeric.test.ts.
  if (![F32, F64, V128, I32, I64].includes(result as never) || /^i(32|64)\.trunc/.test(mnemonic)) return [];
  return [{ name: mnemonic, operand, result, count: params!.length }];
});

const BITS: Readonly<Record<number, string>> = { [F32]: 'i32', [F64]: 'i64' };

/** Operands and result as integers, vectors as both halves, so that no NaN passes through JavaScript. */
function wrapper({ name, operand, result, count }: Case): string {
  const vector = operand === V128;
  const params = Array.from({ length: count * (vector ? 2 : 1) }, () => (vector ? 'i64' : BITS[operand]!)).join(' ');
  const operands = Array.from({ length: count }, (_, i) =>
    vector
      ? `(i64x2.replace_lane 1 (i64x2.splat (local.get ${i * 2})) (local.get ${i * 2 + 1}))`
      : `(${operand === F32 ? 'f32.reinterpret_i32' : 'f64.reinterpret_i64'} (local.get ${i}))`,
  );
  const value = `(${name} ${operands.join(' ')})`;
  if (result === V128) {
    return `(func (export "${name}") (param ${params}) (result i64 i64) (local $v v128)
      (local.set $v ${value}) (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v)))`;
  }
  const bits = result === F32 ? `(i32.reinterpret_f32 ${value})` : result === F64 ? `(i64.reinterpret_f64 ${value})` : value;
  return `(func (export "${name}") (param ${params}) (result ${BITS[result] ?? (result === I32 ? 'i32' : 'i64')}) ${bits})`;
}

/** Every way to move a value must keep every bit. */
const MOVES = `
  (memory 1) (global $f (mut f32) (f32.const 0)) (global $d (mut f64) (f64.const 0))
  (func $id32 (param f32) (result f32) (local.get 0))
  (func $id64 (param f64) (result f64) (local.get 0))
  (func (export "move32") (param i32) (result i32) (local $x f32)
    (local.set $x (call $id32 (f32.reinterpret_i32 (local.get 0))))
    (global.set $f (select (local.get $x) (f32.const 1) (i32.const 1)))
    (f32.store (i32.const 8) (global.get $f))
    (i32.reinterpret_f32 (f32x4.extract_lane 2 (f32x4.replace_lane 2 (f32x4.splat (f32.const 0)) (block (result f32) (br 0 (f32.load (i32.const 8))))))))
  (func (export "move64") (param i64) (result i64) (local $x f64)
    (local.set $x (call $id64 (f64.reinterpret_i64 (local.get 0))))
    (global.set $d (select (local.get $x) (f64.const 1) (i32.const 1)))
    (f64.store (i32.const 8) (global.get $d))
    (i64.reinterpret_f64 (f64x2.extract_lane 1 (f64x2.replace_lane 1 (f64x2.splat (f64.const 0)) (block (result f64) (br 0 (f64.load (i32.const 8))))))))`;

/** Of a vector's lanes, as the mnemonic says; only the two conversions between floats differ in operand and result. */
function operandWidth({ name, operand }: Case): 32 | 64 {
  if (operand !== V128) return operand === F32 ? 32 : 64;
  return /demote/.test(name) || (name.startsWith('f64x2') && !/promote/.test(name)) ? 64 : 32;
}
function resultWidth({ name, result }: Case): 32 | 64 {
  return result === F32 || (result === V128 && name.startsWith('f32x4')) ? 32 : 64;
}

/** The lanes of a result, where every NaN that the specification leaves open is written as what it may be. */
function lanes(value: unknown, width: 32 | 64): bigint[] {
  return (Array.isArray(value) ? value : [value]).flatMap((part) => {
    const bits = BigInt.asUintN(64, BigInt(part as bigint | number));
    return width === 64 ? [bits] : typeof part === 'number' ? [BigInt.asUintN(32, bits)] : [bits & 0xffffffffn, bits >> 32n];
  });
}
const isNan = (bits: bigint, width: 32 | 64): boolean =>
  width === 32 ? (bits & 0x7fffffffn) > 0x7f800000n : (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n;
const CANONICAL = { 32: 0x7fc00000n, 64: 0x7ff8000000000000n } as const;

describe.each(['interp', 'compiled'] as const)('NaNs in tier %s', (tier) => {
  const { bytes, module } = compile(`(module ${MOVES} ${CASES.map(wrapper).join('\n')})`);
  const theirs: Exports = hostExports(bytes);
  const ours = running(module, {}, { tier });
  const call = (name: string, args: readonly (number | bigint)[]): unknown => {
    const results = ours.call(name, ...args.map((arg): Value => (typeof arg === 'bigint' ? { type: I64, i64: BigInt.asIntN(64, arg) } : { type: I32, i32: arg | 0 })));
    const values = results.map((result) => ('i32' in result ? result.i32 : 'i64' in result ? result.i64 : undefined));
    return values.length === 1 ? values[0] : values;
  };

  it.each(CASES)('$name', (one) => {
    const { name, operand, result, count } = one;
    const small = operandWidth(one) === 32;
    const width = resultWidth(one);
    const pool: readonly (number | bigint)[] = small ? [...NANS32, ...PLAIN32] : [...NANS64, ...PLAIN64];
    const twice = (bits: bigint): bigint => bits | (bits << 32n);
    const args = (bits: number | bigint): (number | bigint)[] =>
      operand !== V128 ? [bits] : small ? [twice(BigInt(bits)), twice(BigInt(bits)) ^ 1n] : [BigInt(bits), BigInt(bits) ^ 1n];
    for (const a of pool) {
      for (const b of count === 1 ? [0] : pool) {
        const all = count === 1 ? args(a) : count === 2 ? [...args(a), ...args(b)] : [...args(a), ...args(b), ...args(a)];
        const got = lanes(call(name, all), width);
        const host = lanes(theirs[name]!(...all), width);
        const place = `${name} of ${all.map((x) => x.toString(16)).join(', ')}`;
        if (EXACT.test(name) || ![F32, F64, V128].includes(result as never) || (result === V128 && /\.(eq|ne|lt|gt|le|ge)$/.test(name))) {
          expect(got, place).toEqual(host);
        } else {
          got.forEach((bits, i) => {
            if (isNan(host[i]!, width)) expect(bits, place).toBe(CANONICAL[width]);
            else expect(bits, place).toBe(host[i]!);
          });
        }
      }
    }
  });

  it('are moved with every bit, a thousand times over', () => {
    for (let i = 0; i < 1000; i++) {
      for (const bits of NANS32) expect(call('move32', [bits])).toBe(bits | 0);
      for (const bits of NANS64) expect(call('move64', [bits])).toBe(BigInt.asIntN(64, bits));
    }
  });
});
