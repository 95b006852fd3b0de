import { OP } from '../../wasm/opcodes.js';

/**
 * How numeric instructions read in JavaScript. Operands are expressions of int32 words, or of numbers for floats; names
 * of functions are those of `library.ts`.
 */

/** i32 instructions with two operands; the operands of rotations are simple. */
export const I32_BINARY: Readonly<Record<number, (a: string, b: string) => string>> = {
  [OP.i32_add]: (a, b) => `(${a}+${b}|0)`,
  [OP.i32_sub]: (a, b) => `(${a}-${b}|0)`,
  [OP.i32_mul]: (a, b) => `Math.imul(${a},${b})`,
  [OP.i32_and]: (a, b) => `(${a}&${b})`,
  [OP.i32_or]: (a, b) => `(${a}|${b})`,
  [OP.i32_xor]: (a, b) => `(${a}^${b})`,
  [OP.i32_shl]: (a, b) => `(${a}<<${b})`,
  [OP.i32_shr_s]: (a, b) => `(${a}>>${b})`,
  [OP.i32_shr_u]: (a, b) => `(${a}>>>${b}|0)`,
};

const COMPARE = ['===', '!==', '<', '<', '>', '>', '<=', '<=', '>=', '>='] as const;

/** An i32 comparison as a condition. */
export function compare32(op: number, a: string, b: string): string {
  const relation = op - OP.i32_eq;
  const unsigned = relation >= 2 && (relation & 1) === 1;
  return unsigned ? `(${a}>>>0)${COMPARE[relation]}(${b}>>>0)` : `${a}${COMPARE[relation]}${b}`;
}

/** An i64 comparison as a condition; all words are simple. */
export function compare64(op: number, a: string, ah: string, b: string, bh: string): string {
  const relation = op - OP.i64_eq;
  if (relation === 0) return ah === bh ? `${a}===${b}` : `(${a}===${b}&&${ah}===${bh})`;
  if (relation === 1) return ah === bh ? `${a}!==${b}` : `(${a}!==${b}||${ah}!==${bh})`;
  const low = `(${a}>>>0)${COMPARE[relation]}(${b}>>>0)`;
  if (ah === bh) return low;
  const strict = relation < 4 || (relation >= 6 && relation < 8) ? '<' : '>';
  const [x, y] = (relation & 1) === 1 ? [`(${ah}>>>0)`, `(${bh}>>>0)`] : [ah, bh];
  return `(${x}${strict}${y}||${ah}===${bh}&&${low})`;
}

const FLOAT_COMPARE = ['===', '!==', '<', '>', '<=', '>='] as const;
export function compareFloats(op: number, a: string, b: string): string {
  const relation = op - (op >= OP.f64_eq ? OP.f64_eq : OP.f32_eq);
  return `${a}${FLOAT_COMPARE[relation]}${b}`;
}

/** Float arithmetic by the distance of the opcode from `abs`; NaNs are made canonical where their bits are looked at. */
export function floatArithmetic(distance: number, a: string, b: string): string | undefined {
  switch (distance) {
    case OP.f32_ceil - OP.f32_abs:
      return `Math.ceil(${a})`;
    case OP.f32_floor - OP.f32_abs:
      return `Math.floor(${a})`;
    case OP.f32_trunc - OP.f32_abs:
      return `Math.trunc(${a})`;
    case OP.f32_nearest - OP.f32_abs:
      return `nearest(${a})`;
    case OP.f32_sqrt - OP.f32_abs:
      return `Math.sqrt(${a})`;
    case OP.f32_add - OP.f32_abs:
      return `${a}+${b}`;
    case OP.f32_sub - OP.f32_abs:
      return `${a}-${b}`;
    case OP.f32_mul - OP.f32_abs:
      return `${a}*${b}`;
    case OP.f32_div - OP.f32_abs:
      return `${a}/${b}`;
    case OP.f32_min - OP.f32_abs:
      return `Math.min(${a},${b})`;
    case OP.f32_max - OP.f32_abs:
      return `Math.max(${a},${b})`;
    default:
      return undefined;
  }
}
