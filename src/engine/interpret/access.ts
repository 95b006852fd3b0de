import { OP } from '../../wasm/opcodes.js';
import { Crash } from '../errors.js';
import type { MemoryInstance } from '../memory.js';

/**
 * Loads and stores in their general form: any memory, any address type, any offset. The loop holds the frequent ones
 * itself: memory 0 with 32-bit addresses and an offset that is a multiple of the access.
 */

/** The effective address, or −1 where `size` bytes from there are not all inside. */
export function effectiveAddress(memory: MemoryInstance, words: Int32Array, a: number, offsetLo: number, offsetHi: number, size: number): number {
  const index = memory.is64 ? (words[a + 1]! >>> 0) * 2 ** 32 + (words[a]! >>> 0) : words[a]! >>> 0;
  const at = index + (offsetHi >>> 0) * 2 ** 32 + (offsetLo >>> 0);
  return at + size <= memory.byteLength ? at : -1;
}

function sizeOf(op: number): number {
  switch (op) {
    case OP.i64_load:
    case OP.f64_load:
    case OP.i64_store:
    case OP.f64_store:
      return 8;
    case OP.v128_load:
    case OP.v128_store:
      return 16;
    case OP.i32_load8_s:
    case OP.i32_load8_u:
    case OP.i64_load8_s:
    case OP.i64_load8_u:
    case OP.i32_store8:
    case OP.i64_store8:
      return 1;
    case OP.i32_load16_s:
    case OP.i32_load16_u:
    case OP.i64_load16_s:
    case OP.i64_load16_u:
    case OP.i32_store16:
    case OP.i64_store16:
      return 2;
    default:
      return 4;
  }
}

/** False where the access is out of bounds. */
export function loadAny(memory: MemoryInstance, op: number, words: Int32Array, d: number, a: number, offsetLo: number, offsetHi: number): boolean {
  const at = effectiveAddress(memory, words, a, offsetLo, offsetHi, sizeOf(op));
  if (at < 0) return false;
  const { view } = memory;
  switch (op) {
    case OP.i32_load:
    case OP.f32_load:
      words[d] = view.getInt32(at, true);
      return true;
    case OP.i64_load:
    case OP.f64_load:
      words[d] = view.getInt32(at, true);
      words[d + 1] = view.getInt32(at + 4, true);
      return true;
    case OP.v128_load:
      for (let i = 0; i < 4; i++) words[d + i] = view.getInt32(at + 4 * i, true);
      return true;
    case OP.i32_load8_s:
      words[d] = view.getInt8(at);
      return true;
    case OP.i32_load8_u:
      words[d] = view.getUint8(at);
      return true;
    case OP.i32_load16_s:
      words[d] = view.getInt16(at, true);
      return true;
    case OP.i32_load16_u:
      words[d] = view.getUint16(at, true);
      return true;
    default:
      loadExtended(view, op, words, d, at);
      return true;
  }
}

function loadExtended(view: DataView, op: number, words: Int32Array, d: number, at: number): void {
  let value: number;
  let signed = true;
  switch (op) {
    case OP.i64_load8_s:
      value = view.getInt8(at);
      break;
    case OP.i64_load16_s:
      value = view.getInt16(at, true);
      break;
    case OP.i64_load32_s:
      value = view.getInt32(at, true);
      break;
    case OP.i64_load8_u:
      value = view.getUint8(at);
      signed = false;
      break;
    case OP.i64_load16_u:
      value = view.getUint16(at, true);
      signed = false;
      break;
    case OP.i64_load32_u:
      value = view.getInt32(at, true);
      signed = false;
      break;
    default:
      throw new Crash('not a load');
  }
  words[d] = value;
  words[d + 1] = signed ? value >> 31 : 0;
}

/** Stores the value at word `v`. False where the access is out of bounds. */
export function storeAny(memory: MemoryInstance, op: number, words: Int32Array, a: number, v: number, offsetLo: number, offsetHi: number): boolean {
  const size = sizeOf(op);
  const at = effectiveAddress(memory, words, a, offsetLo, offsetHi, size);
  if (at < 0) return false;
  const { view } = memory;
  if (size === 1) view.setInt8(at, words[v]!);
  else if (size === 2) view.setInt16(at, words[v]!, true);
  else {
    for (let i = 0; i < size / 4; i++) view.setInt32(at + 4 * i, words[v + i]!, true);
  }
  return true;
}
