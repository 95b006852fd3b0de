import { OP } from '../../wasm/opcodes.js';
import type { Cells } from '../cells.js';
import { Crash } from '../errors.js';
import { TRAPS } from './traps.js';

/**
 * The numeric instructions that the loop does not hold itself, and the 64-bit arithmetic on word pairs. Positions
 * count words of `Cells.i32`; a result of 0 means done, another is a trap's number. Operands are read before the
 * result is written, so they may overlap.
 */
const TWO_32 = 2 ** 32;
const CANONICAL_F32 = 0x7fc00000;
const CANONICAL_F64_HIGH = 0x7ff80000;

/** High word of the unsigned 64-bit product of two words. */
export function mulHigh(x: number, y: number): number {
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  // No sum is above 32 bits: (2^16-1)^2 + 2^16-1 < 2^32.
  const middle = Math.imul(x1, y0) + (Math.imul(x0, y0) >>> 16) | 0;
  const low = Math.imul(x0, y1) + (middle & 0xffff) | 0;
  return (Math.imul(x1, y1) + (middle >>> 16) + (low >>> 16)) | 0;
}

/** The four i64 divisions. Doubles are exact where both operands are below 2^53, which is nearly always. */
export function divide64(op: number, cells: Cells, d: number, a: number, b: number): number {
  const words = cells.i32;
  const x = words[a]!;
  const xh = words[a + 1]!;
  const y = words[b]!;
  const yh = words[b + 1]!;
  if ((y | yh) === 0) return TRAPS.divideByZero;
  const signed = op === OP.i64_div_s || op === OP.i64_rem_s;
  const left = (signed ? xh : xh >>> 0) * TWO_32 + (x >>> 0);
  const right = (signed ? yh : yh >>> 0) * TWO_32 + (y >>> 0);
  const divides = op === OP.i64_div_s || op === OP.i64_div_u;
  if (left >= -Number.MAX_SAFE_INTEGER && left <= Number.MAX_SAFE_INTEGER && right >= -Number.MAX_SAFE_INTEGER && right <= Number.MAX_SAFE_INTEGER) {
    setInteger(words, d, divides ? Math.trunc(left / right) : left % right);
    return 0;
  }
  const wideLeft = signed ? cells.i64[a >> 1]! : BigInt.asUintN(64, cells.i64[a >> 1]!);
  const wideRight = signed ? cells.i64[b >> 1]! : BigInt.asUintN(64, cells.i64[b >> 1]!);
  if (op === OP.i64_div_s && x === 0 && xh === -0x80000000 && (y & yh) === -1) return TRAPS.overflow;
  cells.i64[d >> 1] = divides ? wideLeft / wideRight : wideLeft % wideRight;
  return 0;
}

/** Writes an integral double as 64 bits, modulo 2^64. */
function setInteger(words: Int32Array, d: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  words[d] = value - high * TWO_32;
  words[d + 1] = high;
}

export function setF32(cells: Cells, d: number, value: number): void {
  if (value !== value) cells.i32[d] = CANONICAL_F32;
  else cells.f32[d] = value;
}
export function setF64(cells: Cells, d: number, value: number): void {
  if (value !== value) {
    cells.i32[d] = 0;
    cells.i32[d + 1] = CANONICAL_F64_HIGH;
  } else cells.f64[d >> 1] = value;
}

/** Round to the nearest integer, ties to even (§4.3.3, fnearest). */
export function nearest(x: number): number {
  if (!(Math.abs(x) < 2 ** 52) || x === 0) return x;
  const rounded = Math.abs(x) + 2 ** 52 - 2 ** 52;
  return x < 0 ? -rounded : rounded;
}

/** A 64-bit integer rounded once to f32: bits that only decide about ties are gathered into one sticky bit first. */
export function wideToF32(lo: number, high: number): number {
  const value = high * TWO_32 + (lo >>> 0);
  if (Math.abs(value) < 2 ** 53) return Math.fround(value);
  const sticky = (lo & ~0xfff) | ((lo & 0xfff) === 0 ? 0 : 0x800);
  return Math.fround(high * TWO_32 + (sticky >>> 0));
}

/** Any numeric instruction by its WebAssembly opcode; `b` means nothing where there is one operand. */
export function numeric(op: number, cells: Cells, d: number, a: number, b: number): number {
  if (op >= OP.f32_eq && op <= OP.f64_ge) compareFloats(op, cells, d, a, b);
  else if (op >= OP.f32_abs && op <= OP.f32_copysign) float32(op, cells, d, a, b);
  else if (op >= OP.f64_abs && op <= OP.f64_copysign) float64(op, cells, d, a, b);
  else if (op <= OP.i32_rotr) return integer32(op, cells.i32, d, a, b);
  else if (op <= OP.i64_rotr) integer64(op, cells.i32, d, a, b);
  else return convert(op, cells, d, a);
  return 0;
}

function compareFloats(op: number, cells: Cells, d: number, a: number, b: number): void {
  const wide = op >= OP.f64_eq;
  const x = wide ? cells.f64[a >> 1]! : cells.f32[a]!;
  const y = wide ? cells.f64[b >> 1]! : cells.f32[b]!;
  cells.i32[d] = Number(floatsCompare(wide ? op - OP.f64_eq : op - OP.f32_eq, x, y));
}
function floatsCompare(relation: number, x: number, y: number): boolean {
  switch (relation) {
    case 0:
      return x === y;
    case 1:
      return x !== y;
    case 2:
      return x < y;
    case 3:
      return x > y;
    case 4:
      return x <= y;
    default:
      return x >= y;
  }
}

function float32(op: number, cells: Cells, d: number, a: number, b: number): void {
  const words = cells.i32;
  switch (op) {
    case OP.f32_abs:
      words[d] = words[a]! & 0x7fffffff;
      return;
    case OP.f32_neg:
      words[d] = words[a]! ^ -0x80000000;
      return;
    case OP.f32_copysign:
      words[d] = (words[a]! & 0x7fffffff) | (words[b]! & -0x80000000);
      return;
    default:
      setF32(cells, d, arithmetic(op - OP.f32_abs, cells.f32[a]!, cells.f32[b]!));
  }
}

function float64(op: number, cells: Cells, d: number, a: number, b: number): void {
  const words = cells.i32;
  switch (op) {
    case OP.f64_abs:
      move64(words, d, words[a]!, words[a + 1]! & 0x7fffffff);
      return;
    case OP.f64_neg:
      move64(words, d, words[a]!, words[a + 1]! ^ -0x80000000);
      return;
    case OP.f64_copysign:
      move64(words, d, words[a]!, (words[a + 1]! & 0x7fffffff) | (words[b + 1]! & -0x80000000));
      return;
    default:
      setF64(cells, d, arithmetic(op - OP.f64_abs, cells.f64[a >> 1]!, cells.f64[b >> 1]!));
  }
}

/** By the position of the opcode after `abs`. For f32 the caller's rounding of the exact or double result is the only one that shows. */
function arithmetic(kind: number, x: number, y: number): number {
  switch (kind) {
    case OP.f32_ceil - OP.f32_abs:
      return Math.ceil(x);
    case OP.f32_floor - OP.f32_abs:
      return Math.floor(x);
    case OP.f32_trunc - OP.f32_abs:
      return Math.trunc(x);
    case OP.f32_nearest - OP.f32_abs:
      return nearest(x);
    case OP.f32_sqrt - OP.f32_abs:
      return Math.sqrt(x);
    case OP.f32_add - OP.f32_abs:
      return x + y;
    case OP.f32_sub - OP.f32_abs:
      return x - y;
    case OP.f32_mul - OP.f32_abs:
      return x * y;
    case OP.f32_div - OP.f32_abs:
      return x / y;
    case OP.f32_min - OP.f32_abs:
      return Math.min(x, y);
    case OP.f32_max - OP.f32_abs:
      return Math.max(x, y);
    default:
      throw new Crash('not a float operation');
  }
}

function ctz32(x: number): number {
  return x === 0 ? 32 : 31 - Math.clz32(x & -x);
}
export function popcnt32(x: number): number {
  let bits = x - ((x >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function integer32(op: number, words: Int32Array, d: number, a: number, b: number): number {
  const x = words[a]!;
  const y = words[b]!;
  switch (op) {
    case OP.i32_ctz:
      words[d] = ctz32(x);
      return 0;
    case OP.i32_popcnt:
      words[d] = popcnt32(x);
      return 0;
    case OP.i32_div_s:
      if (y === 0) return TRAPS.divideByZero;
      if (x === -0x80000000 && y === -1) return TRAPS.overflow;
      words[d] = x / y;
      return 0;
    case OP.i32_div_u:
      if (y === 0) return TRAPS.divideByZero;
      words[d] = (x >>> 0) / (y >>> 0);
      return 0;
    case OP.i32_rem_s:
      if (y === 0) return TRAPS.divideByZero;
      words[d] = x % y;
      return 0;
    case OP.i32_rem_u:
      if (y === 0) return TRAPS.divideByZero;
      words[d] = (x >>> 0) % (y >>> 0);
      return 0;
    case OP.i32_rotr:
      words[d] = (x >>> y) | (x << -y);
      return 0;
    default:
      throw new Crash('not an i32 operation of the helper');
  }
}

function move64(words: Int32Array, d: number, lo: number, hi: number): void {
  words[d] = lo;
  words[d + 1] = hi;
}

function rotateLeft64(words: Int32Array, d: number, lo: number, hi: number, by: number): void {
  const low = (by & 32) === 0 ? lo : hi;
  const high = (by & 32) === 0 ? hi : lo;
  const shift = by & 31;
  if (shift === 0) move64(words, d, low, high);
  else move64(words, d, (low << shift) | (high >>> (32 - shift)), (high << shift) | (low >>> (32 - shift)));
}

function integer64(op: number, words: Int32Array, d: number, a: number, b: number): void {
  const lo = words[a]!;
  const hi = words[a + 1]!;
  switch (op) {
    case OP.i64_clz:
      move64(words, d, hi === 0 ? 32 + Math.clz32(lo) : Math.clz32(hi), 0);
      return;
    case OP.i64_ctz:
      move64(words, d, lo === 0 ? 32 + ctz32(hi) : ctz32(lo), 0);
      return;
    case OP.i64_popcnt:
      move64(words, d, popcnt32(lo) + popcnt32(hi), 0);
      return;
    case OP.i64_rotl:
      rotateLeft64(words, d, lo, hi, words[b]! & 63);
      return;
    case OP.i64_rotr:
      rotateLeft64(words, d, lo, hi, -words[b]! & 63);
      return;
    default:
      throw new Crash('not an i64 operation of the helper');
  }
}

/** Conversions and sign extensions. */
function convert(op: number, cells: Cells, d: number, a: number): number {
  const words = cells.i32;
  const lo = words[a]!;
  const hi = words[a + 1]!;
  switch (op) {
    case OP.i32_trunc_f32_s:
    case OP.i32_trunc_f32_u:
      return truncate(words, d, cells.f32[a]!, 32, op === OP.i32_trunc_f32_s);
    case OP.i32_trunc_f64_s:
    case OP.i32_trunc_f64_u:
      return truncate(words, d, cells.f64[a >> 1]!, 32, op === OP.i32_trunc_f64_s);
    case OP.i64_trunc_f32_s:
    case OP.i64_trunc_f32_u:
      return truncate(words, d, cells.f32[a]!, 64, op === OP.i64_trunc_f32_s);
    case OP.i64_trunc_f64_s:
    case OP.i64_trunc_f64_u:
      return truncate(words, d, cells.f64[a >> 1]!, 64, op === OP.i64_trunc_f64_s);
    case OP.i32_trunc_sat_f32_s:
    case OP.i32_trunc_sat_f32_u:
      return saturate(words, d, cells.f32[a]!, 32, op === OP.i32_trunc_sat_f32_s);
    case OP.i32_trunc_sat_f64_s:
    case OP.i32_trunc_sat_f64_u:
      return saturate(words, d, cells.f64[a >> 1]!, 32, op === OP.i32_trunc_sat_f64_s);
    case OP.i64_trunc_sat_f32_s:
    case OP.i64_trunc_sat_f32_u:
      return saturate(words, d, cells.f32[a]!, 64, op === OP.i64_trunc_sat_f32_s);
    case OP.i64_trunc_sat_f64_s:
    case OP.i64_trunc_sat_f64_u:
      return saturate(words, d, cells.f64[a >> 1]!, 64, op === OP.i64_trunc_sat_f64_s);
    case OP.f32_convert_i32_s:
      cells.f32[d] = lo;
      return 0;
    case OP.f32_convert_i32_u:
      cells.f32[d] = lo >>> 0;
      return 0;
    case OP.f32_convert_i64_s:
      cells.f32[d] = wideToF32(lo, hi);
      return 0;
    case OP.f32_convert_i64_u:
      cells.f32[d] = wideToF32(lo, hi >>> 0);
      return 0;
    case OP.f64_convert_i32_s:
      cells.f64[d >> 1] = lo;
      return 0;
    case OP.f64_convert_i32_u:
      cells.f64[d >> 1] = lo >>> 0;
      return 0;
    case OP.f64_convert_i64_s:
      cells.f64[d >> 1] = hi * TWO_32 + (lo >>> 0);
      return 0;
    case OP.f64_convert_i64_u:
      cells.f64[d >> 1] = (hi >>> 0) * TWO_32 + (lo >>> 0);
      return 0;
    case OP.f32_demote_f64:
      setF32(cells, d, cells.f64[a >> 1]!);
      return 0;
    case OP.f64_promote_f32:
      setF64(cells, d, cells.f32[a]!);
      return 0;
    case OP.i64_extend8_s:
      move64(words, d, (lo << 24) >> 24, (lo << 24) >> 31);
      return 0;
    case OP.i64_extend16_s:
      move64(words, d, (lo << 16) >> 16, (lo << 16) >> 31);
      return 0;
    default:
      throw new Crash('not a conversion of the helper');
  }
}

function truncate(words: Int32Array, d: number, value: number, bits: 32 | 64, signed: boolean): number {
  if (value !== value) return TRAPS.conversion;
  const integral = Math.trunc(value);
  const least = signed ? -(2 ** (bits - 1)) : 0;
  if (integral < least || integral >= 2 ** (signed ? bits - 1 : bits)) return TRAPS.overflow;
  if (bits === 32) words[d] = integral;
  else setInteger(words, d, integral);
  return 0;
}

/** As `trunc_sat` does (§4.3.4). */
export function saturate(words: Int32Array, d: number, value: number, bits: 32 | 64, signed: boolean): number {
  const least = signed ? -(2 ** (bits - 1)) : 0;
  if (value !== value) setSaturated(words, d, bits, 0, 0);
  else if (value >= 2 ** (signed ? bits - 1 : bits)) setSaturated(words, d, bits, -1, signed ? 0x7fffffff : -1);
  else if (value < least) setSaturated(words, d, bits, 0, signed ? -0x80000000 : 0);
  else if (bits === 32) words[d] = Math.trunc(value);
  else setInteger(words, d, Math.trunc(value));
  return 0;
}
function setSaturated(words: Int32Array, d: number, bits: 32 | 64, lo: number, hi: number): void {
  if (bits === 64) move64(words, d, lo, hi);
  else words[d] = hi;
}
