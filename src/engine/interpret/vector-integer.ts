import type { OP } from '../../wasm/opcodes.js';
import type { Cells } from '../cells.js';
import { mulHigh, popcnt32 } from './numeric.js';
import { each16, each16u, each32, each32u, each8, each8u, give, type IntegerLane, scratch, type VectorOperation } from './vector-shape.js';

/** Integer vectors. */

// Of one lane

const add: IntegerLane = (x, y) => x + y;
const subtract: IntegerLane = (x, y) => x - y;
const negate: IntegerLane = (x) => -x;
const absolute: IntegerLane = (x) => (x < 0 ? -x : x);
const least: IntegerLane = (x, y) => (x < y ? x : y);
const greatest: IntegerLane = (x, y) => (x > y ? x : y);
const average: IntegerLane = (x, y) => (x + y + 1) >>> 1;

/** Several narrow lanes in a word at once: `top` has the highest bit of each, so that nothing is carried between them. */
function addInWord(top: number): IntegerLane {
  return (x, y) => ((x & ~top) + (y & ~top)) ^ ((x ^ y) & top);
}
function subtractInWord(top: number): IntegerLane {
  return (x, y) => ((x | top) - (y & ~top)) ^ ((x ^ ~y) & top);
}
const TOP_8 = 0x80808080 | 0;
const TOP_16 = 0x80008000 | 0;

const equal: IntegerLane = (x, y) => (x === y ? -1 : 0);
const unequal: IntegerLane = (x, y) => (x === y ? 0 : -1);
const less: IntegerLane = (x, y) => (x < y ? -1 : 0);
const greater: IntegerLane = (x, y) => (x > y ? -1 : 0);
const lessOrEqual: IntegerLane = (x, y) => (x <= y ? -1 : 0);
const greaterOrEqual: IntegerLane = (x, y) => (x >= y ? -1 : 0);

function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
const toS8 = (x: number): number => clamp(x, -0x80, 0x7f);
const toU8 = (x: number): number => clamp(x, 0, 0xff);
const toS16 = (x: number): number => clamp(x, -0x8000, 0x7fff);
const toU16 = (x: number): number => clamp(x, 0, 0xffff);

/** Product of two numbers of 15 bits after the point, rounded and saturated (§4.3.2, iq15mulr_sat_s). */
const q15: IntegerLane = (x, y) => toS16((x * y + 0x4000) >> 15);

// Shifts, by a count modulo the width

/** `b` is an i32. */
function shifted(each: (lane: IntegerLane) => VectorOperation, mask: number, shift: (x: number, count: number) => number): VectorOperation {
  let count = 0;
  const all = each((x) => shift(x, count));
  return (cells, d, a, b, c, k) => {
    count = cells.i32[b]! & mask;
    all(cells, d, a, a, c, k);
  };
}
const shiftLeft = (x: number, count: number): number => x << count;
const shiftRight = (x: number, count: number): number => x >> count;
const shiftRightZeros = (x: number, count: number): number => x >>> count;

function shifted64(kind: 'shl' | 'shr_s' | 'shr_u'): VectorOperation {
  return (cells, d, a, b) => {
    const { i64 } = cells;
    const count = BigInt(cells.i32[b]! & 63);
    for (let i = 0; i < 2; i++) {
      const x = i64[(a >> 1) + i]!;
      i64[(d >> 1) + i] = kind === 'shl' ? x << count : (kind === 'shr_s' ? x : BigInt.asUintN(64, x)) >> count;
    }
  };
}

// Lanes of 64 bits

/** Lane by lane; what it answers wraps around. */
function each64(lane: (x: bigint, y: bigint) => bigint): VectorOperation {
  return ({ i64 }, d, a, b) => {
    const to = d >> 1;
    const x = a >> 1;
    const y = b >> 1;
    const first = lane(i64[x]!, i64[y]!);
    const second = lane(i64[x + 1]!, i64[y + 1]!);
    i64[to] = first;
    i64[to + 1] = second;
  };
}
function compare64(holds: (x: bigint, y: bigint) => boolean): VectorOperation {
  return each64((x, y) => (holds(x, y) ? -1n : 0n));
}

// Lanes of another width

/** How a lane of an operand is read: a view, and how many lanes it has in a word. */
interface Source {
  readonly view: (cells: Cells) => Int8Array | Uint8Array | Int16Array | Uint16Array;
  readonly perWord: number;
}
const S8: Source = { view: (cells) => cells.i8, perWord: 4 };
const U8: Source = { view: (cells) => cells.u8, perWord: 4 };
const S16: Source = { view: (cells) => cells.i16, perWord: 2 };
const U16: Source = { view: (cells) => cells.u16, perWord: 2 };

function wideView(cells: Cells, { perWord }: Source): Int16Array | Int32Array {
  return perWord === 4 ? cells.i16 : cells.i32;
}

/** The lower or the upper half of the lanes, each twice as wide. */
function extended(source: Source, half: 0 | 1): VectorOperation {
  return multiplied(source, half, (x) => x);
}
/** The same of two vectors. */
function multiplied(source: Source, half: 0 | 1, lane: IntegerLane = Math.imul): VectorOperation {
  const count = source.perWord * 2;
  return (cells, d, a, b) => {
    const from = source.view(cells);
    const to = wideView(scratch, source);
    const x = a * source.perWord + half * count;
    const y = b * source.perWord + half * count;
    for (let i = 0; i < count; i++) to[i] = lane(from[x + i]!, from[y + i]!);
    give(cells, d);
  };
}
/** Sums of neighbours, twice as wide. */
function pairwise(source: Source): VectorOperation {
  return (cells, d, a) => {
    const from = source.view(cells);
    const to = wideView(scratch, source);
    const x = a * source.perWord;
    for (let i = 0; i < source.perWord * 2; i++) to[i] = from[x + 2 * i]! + from[x + 2 * i + 1]!;
    give(cells, d);
  };
}
function narrowed8(saturate: (x: number) => number): VectorOperation {
  return (cells, d, a, b) => {
    for (let i = 0; i < 8; i++) {
      scratch.i8[i] = saturate(cells.i16[a * 2 + i]!);
      scratch.i8[i + 8] = saturate(cells.i16[b * 2 + i]!);
    }
    give(cells, d);
  };
}
function narrowed16(saturate: (x: number) => number): VectorOperation {
  return (cells, d, a, b) => {
    for (let i = 0; i < 4; i++) {
      scratch.i16[i] = saturate(cells.i32[a + i]!);
      scratch.i16[i + 4] = saturate(cells.i32[b + i]!);
    }
    give(cells, d);
  };
}

function extended64(half: 0 | 1, signed: boolean): VectorOperation {
  return (cells, d, a) => {
    const { i32 } = scratch;
    for (let i = 0; i < 2; i++) {
      const x = cells.i32[a + 2 * half + i]!;
      i32[2 * i] = x;
      i32[2 * i + 1] = signed ? x >> 31 : 0;
    }
    give(cells, d);
  };
}
function multiplied64(half: 0 | 1, signed: boolean): VectorOperation {
  return (cells, d, a, b) => {
    const { i32 } = scratch;
    for (let i = 0; i < 2; i++) {
      const x = cells.i32[a + 2 * half + i]!;
      const y = cells.i32[b + 2 * half + i]!;
      i32[2 * i] = Math.imul(x, y);
      i32[2 * i + 1] = mulHigh(x, y) - (signed ? ((x >> 31) & y) + ((y >> 31) & x) : 0);
    }
    give(cells, d);
  };
}

const dot16: VectorOperation = (cells, d, a, b) => {
  const { i16, i32 } = cells;
  for (let i = 0; i < 4; i++) {
    const x = a * 2 + 2 * i;
    const y = b * 2 + 2 * i;
    i32[d + i] = i16[x]! * i16[y]! + i16[x + 1]! * i16[y + 1]!;
  }
};
/** In the deterministic profile both operands are signed; the sum saturates (§4.3.7, ivdot_sat). */
function dot8({ i8 }: Cells, a: number, b: number, lane: number): number {
  const x = a * 4 + 2 * lane;
  const y = b * 4 + 2 * lane;
  return toS16(i8[x]! * i8[y]! + i8[x + 1]! * i8[y + 1]!);
}

// What becomes an i32

function allTrue(each: (cells: Cells, a: number, i: number) => number, count: number): VectorOperation {
  return (cells, d, a) => {
    let all = 1;
    for (let i = 0; i < count; i++) if (each(cells, a, i) === 0) all = 0;
    cells.i32[d] = all;
  };
}
function bitmask(each: (cells: Cells, a: number, i: number) => number, count: number): VectorOperation {
  return (cells, d, a) => {
    let mask = 0;
    for (let i = 0; i < count; i++) if (each(cells, a, i) < 0) mask |= 1 << i;
    cells.i32[d] = mask;
  };
}
const lane8 = ({ i8 }: Cells, a: number, i: number): number => i8[a * 4 + i]!;
const lane16 = ({ i16 }: Cells, a: number, i: number): number => i16[a * 2 + i]!;
const lane32 = ({ i32 }: Cells, a: number, i: number): number => i32[a + i]!;
const nonzero64 = ({ i32 }: Cells, a: number, i: number): number => i32[a + 2 * i]! | i32[a + 2 * i + 1]!;
const high64 = ({ i32 }: Cells, a: number, i: number): number => i32[a + 2 * i + 1]!;

export const INTEGERS: Partial<Record<keyof typeof OP, VectorOperation>> = {
  i8x16_eq: each8(equal), i8x16_ne: each8(unequal),
  i8x16_lt_s: each8(less), i8x16_lt_u: each8u(less), i8x16_gt_s: each8(greater), i8x16_gt_u: each8u(greater),
  i8x16_le_s: each8(lessOrEqual), i8x16_le_u: each8u(lessOrEqual), i8x16_ge_s: each8(greaterOrEqual), i8x16_ge_u: each8u(greaterOrEqual),
  i16x8_eq: each16(equal), i16x8_ne: each16(unequal),
  i16x8_lt_s: each16(less), i16x8_lt_u: each16u(less), i16x8_gt_s: each16(greater), i16x8_gt_u: each16u(greater),
  i16x8_le_s: each16(lessOrEqual), i16x8_le_u: each16u(lessOrEqual),
  i16x8_ge_s: each16(greaterOrEqual), i16x8_ge_u: each16u(greaterOrEqual),
  i32x4_eq: each32(equal), i32x4_ne: each32(unequal),
  i32x4_lt_s: each32(less), i32x4_lt_u: each32u(less), i32x4_gt_s: each32(greater), i32x4_gt_u: each32u(greater),
  i32x4_le_s: each32(lessOrEqual), i32x4_le_u: each32u(lessOrEqual),
  i32x4_ge_s: each32(greaterOrEqual), i32x4_ge_u: each32u(greaterOrEqual),
  i64x2_eq: compare64((x, y) => x === y), i64x2_ne: compare64((x, y) => x !== y),
  i64x2_lt_s: compare64((x, y) => x < y), i64x2_gt_s: compare64((x, y) => x > y),
  i64x2_le_s: compare64((x, y) => x <= y), i64x2_ge_s: compare64((x, y) => x >= y),

  i8x16_abs: each8(absolute), i8x16_neg: each8(negate), i8x16_popcnt: each8u(popcnt32),
  i8x16_all_true: allTrue(lane8, 16), i8x16_bitmask: bitmask(lane8, 16),
  i8x16_narrow_i16x8_s: narrowed8(toS8), i8x16_narrow_i16x8_u: narrowed8(toU8),
  i8x16_shl: shifted(each8, 7, shiftLeft), i8x16_shr_s: shifted(each8, 7, shiftRight), i8x16_shr_u: shifted(each8u, 7, shiftRightZeros),
  i8x16_add: each32(addInWord(TOP_8)), i8x16_add_sat_s: each8((x, y) => toS8(x + y)), i8x16_add_sat_u: each8u((x, y) => toU8(x + y)),
  i8x16_sub: each32(subtractInWord(TOP_8)), i8x16_sub_sat_s: each8((x, y) => toS8(x - y)), i8x16_sub_sat_u: each8u((x, y) => toU8(x - y)),
  i8x16_min_s: each8(least), i8x16_min_u: each8u(least), i8x16_max_s: each8(greatest), i8x16_max_u: each8u(greatest),
  i8x16_avgr_u: each8u(average),

  i16x8_extadd_pairwise_i8x16_s: pairwise(S8), i16x8_extadd_pairwise_i8x16_u: pairwise(U8),
  i16x8_abs: each16(absolute), i16x8_neg: each16(negate), i16x8_q15mulr_sat_s: each16(q15),
  i16x8_all_true: allTrue(lane16, 8), i16x8_bitmask: bitmask(lane16, 8),
  i16x8_narrow_i32x4_s: narrowed16(toS16), i16x8_narrow_i32x4_u: narrowed16(toU16),
  i16x8_extend_low_i8x16_s: extended(S8, 0), i16x8_extend_high_i8x16_s: extended(S8, 1),
  i16x8_extend_low_i8x16_u: extended(U8, 0), i16x8_extend_high_i8x16_u: extended(U8, 1),
  i16x8_shl: shifted(each16, 15, shiftLeft), i16x8_shr_s: shifted(each16, 15, shiftRight),
  i16x8_shr_u: shifted(each16u, 15, shiftRightZeros),
  i16x8_add: each32(addInWord(TOP_16)), i16x8_add_sat_s: each16((x, y) => toS16(x + y)), i16x8_add_sat_u: each16u((x, y) => toU16(x + y)),
  i16x8_sub: each32(subtractInWord(TOP_16)), i16x8_sub_sat_s: each16((x, y) => toS16(x - y)),
  i16x8_sub_sat_u: each16u((x, y) => toU16(x - y)),
  i16x8_mul: each16(Math.imul),
  i16x8_min_s: each16(least), i16x8_min_u: each16u(least), i16x8_max_s: each16(greatest), i16x8_max_u: each16u(greatest),
  i16x8_avgr_u: each16u(average),
  i16x8_extmul_low_i8x16_s: multiplied(S8, 0), i16x8_extmul_high_i8x16_s: multiplied(S8, 1),
  i16x8_extmul_low_i8x16_u: multiplied(U8, 0), i16x8_extmul_high_i8x16_u: multiplied(U8, 1),

  i32x4_extadd_pairwise_i16x8_s: pairwise(S16), i32x4_extadd_pairwise_i16x8_u: pairwise(U16),
  i32x4_abs: each32(absolute), i32x4_neg: each32(negate),
  i32x4_all_true: allTrue(lane32, 4), i32x4_bitmask: bitmask(lane32, 4),
  i32x4_extend_low_i16x8_s: extended(S16, 0), i32x4_extend_high_i16x8_s: extended(S16, 1),
  i32x4_extend_low_i16x8_u: extended(U16, 0), i32x4_extend_high_i16x8_u: extended(U16, 1),
  i32x4_shl: shifted(each32, 31, shiftLeft), i32x4_shr_s: shifted(each32, 31, shiftRight),
  i32x4_shr_u: shifted(each32, 31, shiftRightZeros),
  i32x4_add: each32(add), i32x4_sub: each32(subtract), i32x4_mul: each32(Math.imul),
  i32x4_min_s: each32(least), i32x4_min_u: each32u(least), i32x4_max_s: each32(greatest), i32x4_max_u: each32u(greatest),
  i32x4_dot_i16x8_s: dot16,
  i32x4_extmul_low_i16x8_s: multiplied(S16, 0), i32x4_extmul_high_i16x8_s: multiplied(S16, 1),
  i32x4_extmul_low_i16x8_u: multiplied(U16, 0), i32x4_extmul_high_i16x8_u: multiplied(U16, 1),

  i64x2_abs: each64((x) => (x < 0n ? -x : x)), i64x2_neg: each64((x) => -x),
  i64x2_all_true: allTrue(nonzero64, 2), i64x2_bitmask: bitmask(high64, 2),
  i64x2_extend_low_i32x4_s: extended64(0, true), i64x2_extend_high_i32x4_s: extended64(1, true),
  i64x2_extend_low_i32x4_u: extended64(0, false), i64x2_extend_high_i32x4_u: extended64(1, false),
  i64x2_shl: shifted64('shl'), i64x2_shr_s: shifted64('shr_s'), i64x2_shr_u: shifted64('shr_u'),
  i64x2_add: each64((x, y) => x + y), i64x2_sub: each64((x, y) => x - y), i64x2_mul: each64((x, y) => x * y),
  i64x2_extmul_low_i32x4_s: multiplied64(0, true), i64x2_extmul_high_i32x4_s: multiplied64(1, true),
  i64x2_extmul_low_i32x4_u: multiplied64(0, false), i64x2_extmul_high_i32x4_u: multiplied64(1, false),

  i16x8_relaxed_q15mulr_s: each16(q15),
  i16x8_relaxed_dot_i8x16_i7x16_s(cells, d, a, b) {
    for (let i = 0; i < 8; i++) scratch.i16[i] = dot8(cells, a, b, i);
    give(cells, d);
  },
  i32x4_relaxed_dot_i8x16_i7x16_add_s(cells, d, a, b, c) {
    for (let i = 0; i < 4; i++) scratch.i32[i] = dot8(cells, a, b, 2 * i) + dot8(cells, a, b, 2 * i + 1) + cells.i32[c + i]!;
    give(cells, d);
  },
};
