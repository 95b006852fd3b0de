import { OP } from '../../wasm/opcodes.js';
import { nearest, popcnt32, wideToF32 } from '../interpret/numeric.js';
import type { MemoryInstance } from '../memory.js';
import { turnsLibrary } from './turns-library.js';

/** Words that a call hands over: results, and the index of an indirect call. */
export const EXCHANGE_WORDS = 2048;

const TWO_32 = 2 ** 32;
const SAFE = Number.MAX_SAFE_INTEGER;

/** The functions that generated code calls by name and that know no memory. `Q` takes results of two words. */
export function numericLibrary(Q: Int32Array): Record<string, unknown> {
  const F = new Float64Array(1);
  const S = new Float32Array(F.buffer);
  const W = new Int32Array(F.buffer);
  const wide = (value: number): void => {
    const high = Math.floor(value / TWO_32);
    Q[0] = value - high * TWO_32;
    Q[1] = high;
  };
  const ctz = (x: number): number => (x === 0 ? 32 : 31 - Math.clz32(x & -x));
  const rotl = (lo: number, hi: number, by: number): number => {
    const low = (by & 32) === 0 ? lo : hi;
    const high = (by & 32) === 0 ? hi : lo;
    return (by & 31) === 0 ? low : (low << by) | (high >>> -by);
  };
  return {
    nearest, wideToF32, ctz, rotl,
    popcnt: popcnt32,
    /** Words to numbers, and back with NaNs made canonical. */
    fd: (lo: number, hi: number): number => {
      W[0] = lo;
      W[1] = hi;
      return F[0]!;
    },
    fs: (bits: number): number => {
      W[0] = bits;
      return S[0]!;
    },
    dl: (value: number): number => {
      if (value !== value) return 0;
      F[0] = value;
      return W[0]!;
    },
    dh: (value: number): number => {
      if (value !== value) return 0x7ff80000;
      F[0] = value;
      return W[1]!;
    },
    sl: (value: number): number => {
      if (value !== value) return 0x7fc00000;
      S[0] = value;
      return W[0]!;
    },
    /** Is that a NaN other than the canonical one? */
    odd: (lo: number, hi: number): boolean => (hi & 0x7ff00000) === 0x7ff00000 && ((hi & 0xfffff) | lo) !== 0 && (hi !== 0x7ff80000 || lo !== 0),
    oddS: (bits: number): boolean => (bits & 0x7f800000) === 0x7f800000 && (bits & 0x7fffff) !== 0 && bits !== 0x7fc00000,
    clz64: (lo: number, hi: number): number => (hi === 0 ? 32 + Math.clz32(lo) : Math.clz32(hi)),
    ctz64: (lo: number, hi: number): number => (lo === 0 ? 32 + ctz(hi) : ctz(lo)),
    popcnt64: (lo: number, hi: number): number => popcnt32(lo) + popcnt32(hi),
    shl: (lo: number, _: number, by: number): number => ((by & 32) === 0 ? lo << by : 0),
    shlH: (lo: number, hi: number, by: number): number => ((by & 32) !== 0 ? lo << by : (by & 31) === 0 ? hi : (hi << by) | (lo >>> -by)),
    shrU: (lo: number, hi: number, by: number): number => ((by & 32) !== 0 ? (hi >>> by) | 0 : (by & 31) === 0 ? lo : (lo >>> by) | (hi << -by)),
    shrUH: (_: number, hi: number, by: number): number => ((by & 32) === 0 ? (hi >>> by) | 0 : 0),
    shrS: (lo: number, hi: number, by: number): number => ((by & 32) !== 0 ? hi >> by : (by & 31) === 0 ? lo : (lo >>> by) | (hi << -by)),
    shrSH: (_: number, hi: number, by: number): number => ((by & 32) === 0 ? hi >> by : hi >> 31),
    rotlH: (lo: number, hi: number, by: number): number => rotl(hi, lo, by),
    /** The four i64 divisions; false where they trap. */
    divide: (op: number, x: number, xh: number, y: number, yh: number): boolean => {
      if ((y | yh) === 0) return false;
      const signed = op === OP.i64_div_s || op === OP.i64_rem_s;
      const left = (signed ? xh : xh >>> 0) * TWO_32 + (x >>> 0);
      const right = (signed ? yh : yh >>> 0) * TWO_32 + (y >>> 0);
      const divides = op === OP.i64_div_s || op === OP.i64_div_u;
      if (left >= -SAFE && left <= SAFE && right >= -SAFE && right <= SAFE) {
        wide(divides ? Math.trunc(left / right) : left % right);
        return true;
      }
      if (op === OP.i64_div_s && x === 0 && xh === -0x80000000 && (y & yh) === -1) return false;
      const a = bigint(x, xh, signed);
      const b = bigint(y, yh, signed);
      const result = divides ? a / b : a % b;
      Q[0] = Number(BigInt.asIntN(32, result));
      Q[1] = Number(BigInt.asIntN(32, result >> 32n));
      return true;
    },
    /** The trapping truncations; false where they trap. */
    truncate: (op: number, value: number): boolean => {
      const to32 = op <= OP.i32_trunc_f64_u;
      const signed = op === OP.i32_trunc_f32_s || op === OP.i32_trunc_f64_s || op === OP.i64_trunc_f32_s || op === OP.i64_trunc_f64_s;
      const bits = to32 ? 32 : 64;
      const integral = Math.trunc(value);
      const least = signed ? -(2 ** (bits - 1)) : 0;
      if (!(integral >= least && integral < 2 ** (signed ? bits - 1 : bits))) return false;
      if (to32) Q[0] = integral;
      else wide(integral);
      return true;
    },
    saturate: (op: number, value: number): void => {
      const to32 = op <= OP.i32_trunc_sat_f64_u;
      const signed = (op & 1) === 0;
      const bits = to32 ? 32 : 64;
      const least = signed ? -(2 ** (bits - 1)) : 0;
      const beyond = 2 ** (signed ? bits - 1 : bits);
      if (value !== value) Q[0] = Q[1] = 0;
      else if (value >= beyond) {
        Q[1] = signed ? 0x7fffffff : -1;
        Q[0] = to32 ? Q[1] : -1;
      } else if (value < least) {
        Q[1] = signed ? -0x80000000 : 0;
        Q[0] = to32 ? Q[1] : 0;
      } else if (to32) Q[0] = Math.trunc(value);
      else wide(Math.trunc(value));
    },
  };
}

function bigint(lo: number, hi: number, signed: boolean): bigint {
  return (BigInt(signed ? hi : hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** What generated code does with a memory where its own views are not enough; undefined or false out of bounds. */
export function memoryLibrary(memory: MemoryInstance, Q: Int32Array): Record<string, unknown> {
  const inside = (a: number, offset: number, size: number): boolean => (a >>> 0) + offset + size <= memory.byteLength;
  return {
    ldB: (a: number, offset: number): number | undefined => (inside(a, offset, 1) ? memory.view.getUint8((a >>> 0) + offset) : undefined),
    ldC: (a: number, offset: number): number | undefined => (inside(a, offset, 1) ? memory.view.getInt8((a >>> 0) + offset) : undefined),
    ldM: (a: number, offset: number): number | undefined => (inside(a, offset, 4) ? memory.view.getInt32((a >>> 0) + offset, true) : undefined),
    ldH: (a: number, offset: number): number | undefined => (inside(a, offset, 2) ? memory.view.getUint16((a >>> 0) + offset, true) : undefined),
    ldK: (a: number, offset: number): number | undefined => (inside(a, offset, 2) ? memory.view.getInt16((a >>> 0) + offset, true) : undefined),
    ldW: (a: number, offset: number): boolean => {
      if (!inside(a, offset, 8)) return false;
      Q[0] = memory.view.getInt32((a >>> 0) + offset, true);
      Q[1] = memory.view.getInt32((a >>> 0) + offset + 4, true);
      return true;
    },
    stB: (a: number, offset: number, value: number): boolean => {
      if (!inside(a, offset, 1)) return false;
      memory.view.setInt8((a >>> 0) + offset, value);
      return true;
    },
    stH: (a: number, offset: number, value: number): boolean => {
      if (!inside(a, offset, 2)) return false;
      memory.view.setInt16((a >>> 0) + offset, value, true);
      return true;
    },
    stM: (a: number, offset: number, value: number): boolean => {
      if (!inside(a, offset, 4)) return false;
      memory.view.setInt32((a >>> 0) + offset, value, true);
      return true;
    },
    stW: (a: number, offset: number, lo: number, hi: number): boolean => {
      if (!inside(a, offset, 8)) return false;
      memory.view.setInt32((a >>> 0) + offset, lo, true);
      memory.view.setInt32((a >>> 0) + offset + 4, hi, true);
      return true;
    },
    pages: (): number => memory.pages,
    copy: (to: number, from: number, length: number): boolean => memory.copy(to >>> 0, from >>> 0, length >>> 0),
    fill: (at: number, value: number, length: number): boolean => memory.fill(at >>> 0, value & 0xff, length >>> 0),
    ...turnsLibrary(memory),
  };
}
