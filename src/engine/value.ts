import { F32, F64, I32, I64, V128, type ValType } from '../wasm/types.js';
import type { Cells } from './cells.js';

/**
 * A value outside the machine: bit-exact, so floats are their bits. References are int32 handles:
 *
 *     0                 null
 *     odd               i31: value << 1 | 1
 *     2 mod 4           host value: index of the store's host-value table << 2 | 2
 *     0 mod 4, not 0    function: (address + 1) << 2 — or, in the other hierarchies, heap object: index << 2
 *
 * A static type always tells functions and heap objects apart (§2.3.3: the hierarchies are disjoint), and
 * `extern.convert_any` is the identity on handles.
 */
export type Value =
  | { readonly type: typeof I32; readonly i32: number }
  | { readonly type: typeof I64; readonly i64: bigint }
  | { readonly type: typeof F32; readonly bits: number }
  | { readonly type: typeof F64; readonly bits: bigint }
  | { readonly type: typeof V128; readonly low: bigint; readonly high: bigint }
  | { readonly type: ValType; readonly handle: number };

export const NULL_HANDLE = 0;

export function funcHandle(address: number): number {
  return (address + 1) << 2;
}
export function funcAddress(handle: number): number {
  return (handle >> 2) - 1;
}
export function i31Handle(value: number): number {
  return (value << 1) | 1;
}
export function hostHandle(index: number): number {
  return (index << 2) | 2;
}
export function isHostHandle(handle: number): boolean {
  return (handle & 3) === 2;
}
export function hostIndex(handle: number): number {
  return handle >>> 2;
}

export function i32(value: number): Value {
  return { type: I32, i32: value | 0 };
}
export function i64(value: bigint): Value {
  return { type: I64, i64: BigInt.asIntN(64, value) };
}

const scratch = new DataView(new ArrayBuffer(8));

/** From a JavaScript number; a NaN becomes the positive canonical one. Use the `bits` form to keep another. */
export function f32(value: number): Value {
  scratch.setFloat32(0, value);
  return { type: F32, bits: Number.isNaN(value) ? 0x7fc00000 : scratch.getInt32(0) };
}
/** From a JavaScript number; a NaN becomes the positive canonical one. Use the `bits` form to keep another. */
export function f64(value: number): Value {
  scratch.setFloat64(0, value);
  return { type: F64, bits: Number.isNaN(value) ? 0x7ff8000000000000n : scratch.getBigInt64(0) };
}

/** Reads the value of type `type` that starts at cell `at`. */
export function loadValue(cells: Cells, at: number, type: ValType): Value {
  switch (type) {
    case I32:
      return { type: I32, i32: cells.i32[at * 2]! };
    case I64:
      return { type: I64, i64: cells.i64[at]! };
    case F32:
      return { type: F32, bits: cells.i32[at * 2]! };
    case F64:
      return { type: F64, bits: cells.i64[at]! };
    case V128:
      return { type: V128, low: cells.i64[at]!, high: cells.i64[at + 1]! };
    default:
      return { type, handle: cells.i32[at * 2]! };
  }
}

/** Writes `value` at cell `at`; the unused high word of a narrow value becomes 0. */
export function storeValue(cells: Cells, at: number, value: Value): void {
  if ('i64' in value) cells.i64[at] = value.i64;
  else if ('low' in value) {
    cells.i64[at] = value.low;
    cells.i64[at + 1] = value.high;
  } else if (value.type === F64) cells.i64[at] = (value as { bits: bigint }).bits;
  else {
    cells.i32[at * 2] = 'i32' in value ? value.i32 : 'handle' in value ? value.handle : (value as { bits: number }).bits;
    cells.i32[at * 2 + 1] = 0;
  }
}
