import type { OP } from '../../wasm/opcodes.js';
import { nearest, saturate, setF32, setF64 } from './numeric.js';
import { give, scratch, setWords, type VectorOperation } from './vector-shape.js';

/**
 * Vectors of floats, in the deterministic profile: an arithmetic NaN is the canonical one. `abs`, `neg`, `pmin` and
 * `pmax` move bits (§4.3.3), so they never pass through a JavaScript number.
 */

type FloatLane = (x: number, y: number) => number;

/** The lane's result is rounded to f32 once more, which does not show: a double has more than twice the digits. */
function each32(lane: FloatLane): VectorOperation {
  return (cells, d, a, b) => {
    for (let i = 0; i < 4; i++) setF32(cells, d + i, lane(cells.f32[a + i]!, cells.f32[b + i]!));
  };
}
function each64(lane: FloatLane): VectorOperation {
  return (cells, d, a, b) => {
    for (let i = 0; i < 4; i += 2) setF64(cells, d + i, lane(cells.f64[(a + i) >> 1]!, cells.f64[(b + i) >> 1]!));
  };
}

type Relation = (x: number, y: number) => boolean;
const equal: Relation = (x, y) => x === y;
const unequal: Relation = (x, y) => x !== y;
const less: Relation = (x, y) => x < y;
const greater: Relation = (x, y) => x > y;
const lessOrEqual: Relation = (x, y) => x <= y;
const greaterOrEqual: Relation = (x, y) => x >= y;

function compare32(holds: Relation): VectorOperation {
  return ({ i32, f32 }, d, a, b) => {
    for (let i = 0; i < 4; i++) i32[d + i] = holds(f32[a + i]!, f32[b + i]!) ? -1 : 0;
  };
}
function compare64(holds: Relation): VectorOperation {
  return ({ i32, f64 }, d, a, b) => {
    for (let i = 0; i < 4; i += 2) i32[d + i] = i32[d + i + 1] = holds(f64[(a + i) >> 1]!, f64[(b + i) >> 1]!) ? -1 : 0;
  };
}

/** The first operand, or the second where `second` holds. */
function choose32(second: Relation): VectorOperation {
  return ({ i32, f32 }, d, a, b) => {
    for (let i = 0; i < 4; i++) i32[d + i] = i32[(second(f32[a + i]!, f32[b + i]!) ? b : a) + i]!;
  };
}
function choose64(second: Relation): VectorOperation {
  return ({ i32, f64 }, d, a, b) => {
    for (let i = 0; i < 4; i += 2) {
      const from = (second(f64[(a + i) >> 1]!, f64[(b + i) >> 1]!) ? b : a) + i;
      i32[d + i] = i32[from]!;
      i32[d + i + 1] = i32[from + 1]!;
    }
  };
}

const SIGN = -0x80000000;
const MAGNITUDE = 0x7fffffff;
function magnitudes(first: number): VectorOperation {
  return ({ i32 }, d, a) => setWords(i32, d, i32[a]! & first, i32[a + 1]! & MAGNITUDE, i32[a + 2]! & first, i32[a + 3]! & MAGNITUDE);
}
function negatives(first: number): VectorOperation {
  return ({ i32 }, d, a) => setWords(i32, d, i32[a]! ^ first, i32[a + 1]! ^ SIGN, i32[a + 2]! ^ first, i32[a + 3]! ^ SIGN);
}

const add: FloatLane = (x, y) => x + y;
const subtract: FloatLane = (x, y) => x - y;
const multiply: FloatLane = (x, y) => x * y;
const divide: FloatLane = (x, y) => x / y;

/** Unfused, as the deterministic profile has it (§4.3.7, frelaxed_madd): product and sum are rounded each. */
function multiplyAdd32(sign: 1 | -1): VectorOperation {
  return (cells, d, a, b, c) => {
    const { f32 } = cells;
    for (let i = 0; i < 4; i++) setF32(cells, d + i, Math.fround(sign * f32[a + i]! * f32[b + i]!) + f32[c + i]!);
  };
}
function multiplyAdd64(sign: 1 | -1): VectorOperation {
  return (cells, d, a, b, c) => {
    const { f64 } = cells;
    for (let i = 0; i < 4; i += 2) setF64(cells, d + i, sign * f64[(a + i) >> 1]! * f64[(b + i) >> 1]! + f64[(c + i) >> 1]!);
  };
}

// Conversions

function truncate32(signed: boolean): VectorOperation {
  return ({ i32, f32 }, d, a) => {
    for (let i = 0; i < 4; i++) saturate(i32, d + i, f32[a + i]!, 32, signed);
  };
}
function truncate64(signed: boolean): VectorOperation {
  return ({ i32, f64 }, d, a) => {
    const x = f64[a >> 1]!;
    const y = f64[(a >> 1) + 1]!;
    saturate(i32, d, x, 32, signed);
    saturate(i32, d + 1, y, 32, signed);
    i32[d + 2] = i32[d + 3] = 0;
  };
}
function convert64(signed: boolean): VectorOperation {
  return ({ i32, f64 }, d, a) => {
    const x = i32[a]!;
    const y = i32[a + 1]!;
    f64[d >> 1] = signed ? x : x >>> 0;
    f64[(d >> 1) + 1] = signed ? y : y >>> 0;
  };
}

export const FLOATS: Partial<Record<keyof typeof OP, VectorOperation>> = {
  f32x4_eq: compare32(equal), f32x4_ne: compare32(unequal), f32x4_lt: compare32(less),
  f32x4_gt: compare32(greater), f32x4_le: compare32(lessOrEqual), f32x4_ge: compare32(greaterOrEqual),
  f64x2_eq: compare64(equal), f64x2_ne: compare64(unequal), f64x2_lt: compare64(less),
  f64x2_gt: compare64(greater), f64x2_le: compare64(lessOrEqual), f64x2_ge: compare64(greaterOrEqual),

  f32x4_ceil: each32(Math.ceil), f32x4_floor: each32(Math.floor), f32x4_trunc: each32(Math.trunc), f32x4_nearest: each32(nearest),
  f32x4_abs: magnitudes(MAGNITUDE), f32x4_neg: negatives(SIGN), f32x4_sqrt: each32(Math.sqrt),
  f32x4_add: each32(add), f32x4_sub: each32(subtract), f32x4_mul: each32(multiply), f32x4_div: each32(divide),
  f32x4_min: each32(Math.min), f32x4_max: each32(Math.max),
  f32x4_pmin: choose32((x, y) => y < x), f32x4_pmax: choose32((x, y) => x < y),
  f64x2_ceil: each64(Math.ceil), f64x2_floor: each64(Math.floor), f64x2_trunc: each64(Math.trunc), f64x2_nearest: each64(nearest),
  f64x2_abs: magnitudes(-1), f64x2_neg: negatives(0), f64x2_sqrt: each64(Math.sqrt),
  f64x2_add: each64(add), f64x2_sub: each64(subtract), f64x2_mul: each64(multiply), f64x2_div: each64(divide),
  f64x2_min: each64(Math.min), f64x2_max: each64(Math.max),
  f64x2_pmin: choose64((x, y) => y < x), f64x2_pmax: choose64((x, y) => x < y),

  f32x4_demote_f64x2_zero(cells, d, a) {
    const second = cells.f64[(a >> 1) + 1]!;
    setF32(cells, d, cells.f64[a >> 1]!);
    setF32(cells, d + 1, second);
    cells.i32[d + 2] = cells.i32[d + 3] = 0;
  },
  f64x2_promote_low_f32x4(cells, d, a) {
    const x = cells.f32[a]!;
    const y = cells.f32[a + 1]!;
    setF64(scratch, 0, x);
    setF64(scratch, 2, y);
    give(cells, d);
  },
  i32x4_trunc_sat_f32x4_s: truncate32(true), i32x4_trunc_sat_f32x4_u: truncate32(false),
  i32x4_trunc_sat_f64x2_s_zero: truncate64(true), i32x4_trunc_sat_f64x2_u_zero: truncate64(false),
  f32x4_convert_i32x4_s({ i32, f32 }, d, a) {
    for (let i = 0; i < 4; i++) f32[d + i] = i32[a + i]!;
  },
  f32x4_convert_i32x4_u({ i32, f32 }, d, a) {
    for (let i = 0; i < 4; i++) f32[d + i] = i32[a + i]! >>> 0;
  },
  f64x2_convert_low_i32x4_s: convert64(true), f64x2_convert_low_i32x4_u: convert64(false),

  // The deterministic profile's choices are the instructions that are not relaxed (§4.3.7).
  i32x4_relaxed_trunc_f32x4_s: truncate32(true), i32x4_relaxed_trunc_f32x4_u: truncate32(false),
  i32x4_relaxed_trunc_f64x2_s_zero: truncate64(true), i32x4_relaxed_trunc_f64x2_u_zero: truncate64(false),
  f32x4_relaxed_madd: multiplyAdd32(1), f32x4_relaxed_nmadd: multiplyAdd32(-1),
  f64x2_relaxed_madd: multiplyAdd64(1), f64x2_relaxed_nmadd: multiplyAdd64(-1),
  f32x4_relaxed_min: each32(Math.min), f32x4_relaxed_max: each32(Math.max),
  f64x2_relaxed_min: each64(Math.min), f64x2_relaxed_max: each64(Math.max),
};
