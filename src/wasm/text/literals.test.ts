import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatF32, formatF64, isFloat, isNat, parseF32, parseF64, parseInteger, parseNat, parseSmallInteger, parseU32 } from './literals.js';

const view = new DataView(new ArrayBuffer(8));
function f32(bits: number): number {
  view.setInt32(0, bits);
  return view.getFloat32(0);
}
function f64(bits: bigint): number {
  view.setBigInt64(0, bits);
  return view.getFloat64(0);
}
const bits64 = (value: number): bigint => {
  view.setFloat64(0, value);
  return view.getBigInt64(0);
};

/** All decimal digits of a finite double. */
function exactDecimal(value: number): string {
  const bits = BigInt.asUintN(63, bits64(value));
  const field = Number(bits >> 52n);
  const significand = BigInt.asUintN(52, bits) | (field === 0 ? 0n : 1n << 52n);
  const exponent = Math.max(field, 1) - 1075;
  if (exponent >= 0) return (significand << BigInt(exponent)).toString();
  const digits = (significand * 5n ** BigInt(-exponent)).toString().padStart(-exponent + 1, '0');
  return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`.replace(/\.?0+$/, '');
}

describe('integers', () => {
  it('have the range of either signedness', () => {
    expect(parseSmallInteger('4294967295', 32)).toBe(-1);
    expect(parseSmallInteger('-2147483648', 32)).toBe(-2147483648);
    expect(parseSmallInteger('4294967296', 32)).toBeUndefined();
    expect(parseSmallInteger('-2147483649', 32)).toBeUndefined();
    expect(parseSmallInteger('255', 8)).toBe(-1);
    expect(parseSmallInteger('256', 8)).toBeUndefined();
    expect(parseSmallInteger('-129', 8)).toBeUndefined();
    expect(parseInteger('0xffff_ffff_ffff_ffff', 64)).toBe(-1n);
    expect(parseInteger('18446744073709551616', 64)).toBeUndefined();
    expect(parseInteger('-9223372036854775808', 64)).toBe(-(2n ** 63n));
    expect(parseU32('0xffff_ffff')).toBe(4294967295);
    expect(parseU32('4294967296')).toBeUndefined();
    expect(parseNat('0x1_0000', 16)).toBeUndefined();
  });

  it('may have any number of digits', () => {
    const many = 3_000_000;
    const zeros = '0'.repeat(many);
    expect(parseInteger(`-${zeros}12`, 32)).toBe(-12n);
    expect(parseInteger(`0x${zeros}Ff`, 32)).toBe(255n);
    expect(parseInteger(`0x${zeros}`, 32)).toBe(0n);
    expect(parseU32(`${'0_'.repeat(many)}7`)).toBe(7);
    for (const text of ['1'.repeat(many), `0x1${zeros}`, `-${'9'.repeat(many)}`]) {
      expect(parseInteger(text, 64)).toBeUndefined();
      expect(parseSmallInteger(text, 32)).toBeUndefined();
    }
    expect(parseU32('9'.repeat(many))).toBeUndefined();
    expect(isNat(`${'1_'.repeat(many)}1`)).toBe(true);
    expect(isFloat(`-0x${'a_'.repeat(many)}f.p${'1_'.repeat(many)}1`)).toBe(true);
    expect(parseF64(`nan:0x${zeros}1`)).toBe(0x7ff0000000000001n);
    expect(parseF64(`nan:0x1${zeros}`)).toBeUndefined();
  });
});

describe('underscores', () => {
  it.each(['1_0', '1_2_3', '0x1_f', '0xa_b_c'])('may stand in %s', (text) => {
    expect([isNat(text), isFloat(text)]).toEqual([true, true]);
  });
  it.each(['1_0.5_0e1_0', '-1_0.', '+0xa_b.c_dp-1_0', 'nan:0x1_f'])('may stand in the float %s', (text) => {
    expect([isNat(text), isFloat(text)]).toEqual([false, true]);
  });
  it.each(['_1', '1_', '1__2', '0x_1', '0_x1', '1_.5', '1._5', '1_e5', '1e_5', '1e+_5', '0x1_p1', '0x1p_1', '0x1._8', 'nan:_0x1', 'nan:0x_1', 'n_an', '1_a'])(
    'may not stand in %s',
    (text) => {
      expect([isNat(text), isFloat(text)]).toEqual([false, false]);
    },
  );
});

describe('floats', () => {
  it.each([
    ['0x1p-149', 1],
    ['0x0.8p-149', 0],
    ['0x0.800001p-149', 1],
    ['0x1.fffffep127', 0x7f7fffff],
    ['0x1.fffffefp127', 0x7f7fffff],
    ['0x1.ffffffp127', undefined],
    ['0x1.000001p0', 0x3f800000],
    ['0x1.000003p0', 0x3f800002],
    ['0x1.00000100000000001p0', 0x3f800001],
    ['340282356779733661637539395458142568447', 0x7f7fffff],
    ['340282356779733661637539395458142568448', undefined],
    ['1.00000005960464477539062500000001', 0x3f800001],
    ['1.000000059604644775390625', 0x3f800000],
    ['-0', -0x80000000],
    ['-inf', -0x800000],
    ['nan', 0x7fc00000],
    ['-nan:0x1', -0x7fffff],
    ['nan:0x7f_ffff', 0x7fffffff],
    ['nan:0x80_0000', undefined],
    ['nan:0x0', undefined],
    ['1e99999999999', undefined],
    ['1e-99999999999', 0],
    ['0x1p-99999999999', 0],
  ])('f32 %s', (text, bits) => {
    expect(parseF32(text)).toBe(bits);
  });

  it.each([
    ['0x1p-1074', 1n],
    ['0x0.8p-1074', 0n],
    ['0x1.fffffffffffff8p1023', undefined],
    ['0x1.fffffffffffff7p1023', 0x7fefffffffffffffn],
    ['0x1.00000000000008p0', 0x3ff0000000000000n],
    ['0x1.000000000000080000000001p0', 0x3ff0000000000001n],
    ['2.2250738585072011e-308', 0x000fffffffffffffn],
    ['nan:0xf_ffff_ffff_ffff', 0x7fffffffffffffffn],
    ['nan:0x10_0000_0000_0000', undefined],
  ])('f64 %s', (text, bits) => {
    expect(parseF64(text)).toBe(bits);
  });

  it('round ties of f32 to even, and anything off the tie to the nearer one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7ffffe }), (bits) => {
        const tie = exactDecimal((f32(bits) + f32(bits + 1)) / 2);
        expect(parseF32(tie)).toBe(bits + (bits & 1));
        expect(parseF32(`${tie.includes('.') ? tie : `${tie}.`}0000000000000000000001`)).toBe(bits + 1);
        // Far more digits than a double holds, just below the tie.
        const below = tie.includes('.') ? `${tie.slice(0, -1)}${Number(tie.at(-1)) - 1}` : `${BigInt(tie) - 1n}.`;
        expect(parseF32(`${below}9999999999`)).toBe(bits);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('agree with the language for decimal f64', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: -340, max: 300 }), (digits, exponent) => {
        const text = `${digits}e${exponent}`;
        const value = Number(text);
        expect(parseF64(text)).toBe(value === Infinity ? undefined : bits64(value));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it('are printed so that they read back bit by bit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (bits) => {
        expect(parseF64(formatF64(bits))).toBe(bits);
        const narrow = Number(BigInt.asIntN(32, bits));
        expect(parseF32(formatF32(narrow))).toBe(narrow);
      }),
      { seed: 3, numRuns: 5000 },
    );
    expect(formatF32(0x3dcccccd)).toBe('0.1');
    expect(formatF64(bits64(-0))).toBe('-0');
    expect(formatF32(0x7fc00000)).toBe('nan');
    expect(formatF32(0x7fa00000)).toBe('nan:0x200000');
    expect(f64(parseF64('0x1.8p1')!)).toBe(3);
  });
});
