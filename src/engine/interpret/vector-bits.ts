import type { OP } from '../../wasm/opcodes.js';
import type { Cells } from '../cells.js';
import { each32, give, scratch, setWords, type VectorOperation } from './vector-shape.js';

/** Vectors as bits and as rows of lanes that are only moved: no instruction here looks at what a lane means. */

function splatWords(cells: Cells, d: number, low: number, high: number): void {
  setWords(cells.i32, d, low, high, low, high);
}
const splat32: VectorOperation = (cells, d, a) => splatWords(cells, d, cells.i32[a]!, cells.i32[a]!);
const splat64: VectorOperation = (cells, d, a) => splatWords(cells, d, cells.i32[a]!, cells.i32[a + 1]!);

const extract32: VectorOperation = ({ i32 }, d, a, _b, _c, k) => {
  i32[d] = i32[a + k]!;
};
const extract64: VectorOperation = ({ i32 }, d, a, _b, _c, k) => {
  const high = i32[a + 2 * k + 1]!;
  i32[d] = i32[a + 2 * k]!;
  i32[d + 1] = high;
};

function move({ i32 }: Cells, d: number, a: number): void {
  setWords(i32, d, i32[a]!, i32[a + 1]!, i32[a + 2]!, i32[a + 3]!);
}
const replace32: VectorOperation = (cells, d, a, b, _c, k) => {
  const lane = cells.i32[b]!;
  move(cells, d, a);
  cells.i32[d + k] = lane;
};
const replace64: VectorOperation = (cells, d, a, b, _c, k) => {
  const low = cells.i32[b]!;
  const high = cells.i32[b + 1]!;
  move(cells, d, a);
  cells.i32[d + 2 * k] = low;
  cells.i32[d + 2 * k + 1] = high;
};

const swizzle: VectorOperation = (cells, d, a, b) => {
  const { u8 } = cells;
  for (let i = 0; i < 16; i++) {
    const from = u8[b * 4 + i]!;
    scratch.u8[i] = from < 16 ? u8[a * 4 + from]! : 0;
  }
  give(cells, d);
};
/** The lanes stand in a third operand, which lowering makes of the immediate. */
const shuffle: VectorOperation = (cells, d, a, b, c) => {
  const { u8 } = cells;
  for (let i = 0; i < 16; i++) {
    const from = u8[c * 4 + i]!;
    scratch.u8[i] = from < 16 ? u8[a * 4 + from]! : u8[b * 4 + from - 16]!;
  }
  give(cells, d);
};

const bitselect: VectorOperation = ({ i32 }, d, a, b, c) => {
  for (let i = 0; i < 4; i++) {
    const mask = i32[c + i]!;
    i32[d + i] = (i32[a + i]! & mask) | (i32[b + i]! & ~mask);
  }
};

/** `select` of vectors; `c` is an i32. */
export const selectVector: VectorOperation = (cells, d, a, b, c) => move(cells, d, cells.i32[c] !== 0 ? a : b);

/** The loads that fill up with zeros: the lane has been loaded to `a`. */
const zero32: VectorOperation = ({ i32 }, d, a) => setWords(i32, d, i32[a]!, 0, 0, 0);
const zero64: VectorOperation = ({ i32 }, d, a) => setWords(i32, d, i32[a]!, i32[a + 1]!, 0, 0);

export const BITS: Partial<Record<keyof typeof OP, VectorOperation>> = {
  v128_not: each32((x) => ~x),
  v128_and: each32((x, y) => x & y),
  v128_andnot: each32((x, y) => x & ~y),
  v128_or: each32((x, y) => x | y),
  v128_xor: each32((x, y) => x ^ y),
  v128_bitselect: bitselect,
  // In the deterministic profile the mask counts bit by bit, whatever the shape (§4.3.7, irelaxed_laneselect).
  i8x16_relaxed_laneselect: bitselect,
  i16x8_relaxed_laneselect: bitselect,
  i32x4_relaxed_laneselect: bitselect,
  i64x2_relaxed_laneselect: bitselect,
  v128_any_true({ i32 }, d, a) {
    i32[d] = (i32[a]! | i32[a + 1]! | i32[a + 2]! | i32[a + 3]!) === 0 ? 0 : 1;
  },
  v128_load32_zero: zero32,
  v128_load64_zero: zero64,

  i8x16_shuffle: shuffle,
  i8x16_swizzle: swizzle,
  i8x16_relaxed_swizzle: swizzle,

  i8x16_splat(cells, d, a) {
    const word = Math.imul(cells.i32[a]! & 0xff, 0x01010101);
    splatWords(cells, d, word, word);
  },
  i16x8_splat(cells, d, a) {
    const word = Math.imul(cells.i32[a]! & 0xffff, 0x00010001);
    splatWords(cells, d, word, word);
  },
  i32x4_splat: splat32,
  f32x4_splat: splat32,
  i64x2_splat: splat64,
  f64x2_splat: splat64,

  i8x16_extract_lane_s({ i32, i8 }, d, a, _b, _c, k) {
    i32[d] = i8[a * 4 + k]!;
  },
  i8x16_extract_lane_u({ i32, u8 }, d, a, _b, _c, k) {
    i32[d] = u8[a * 4 + k]!;
  },
  i16x8_extract_lane_s({ i32, i16 }, d, a, _b, _c, k) {
    i32[d] = i16[a * 2 + k]!;
  },
  i16x8_extract_lane_u({ i32, u16 }, d, a, _b, _c, k) {
    i32[d] = u16[a * 2 + k]!;
  },
  i32x4_extract_lane: extract32,
  f32x4_extract_lane: extract32,
  i64x2_extract_lane: extract64,
  f64x2_extract_lane: extract64,

  i8x16_replace_lane(cells, d, a, b, _c, k) {
    const lane = cells.i32[b]!;
    move(cells, d, a);
    cells.u8[d * 4 + k] = lane;
  },
  i16x8_replace_lane(cells, d, a, b, _c, k) {
    const lane = cells.i32[b]!;
    move(cells, d, a);
    cells.u16[d * 2 + k] = lane;
  },
  i32x4_replace_lane: replace32,
  f32x4_replace_lane: replace32,
  i64x2_replace_lane: replace64,
  f64x2_replace_lane: replace64,
};
