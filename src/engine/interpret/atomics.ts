import { OP } from '../../wasm/opcodes.js';
import { Crash } from '../errors.js';
import type { MemoryInstance } from '../memory.js';
import { effectiveAddress } from './access.js';
import type { ExecutionState } from './state.js';
import { TRAPS } from './traps.js';

/**
 * Instructions on shared memory (the threads proposal). There is one thread, so every access is atomic anyway. What is
 * left is alignment, and what waiting means: a wait with a timeout lets that much time pass, one without is a deadlock,
 * and there is nobody to be woken. Accesses and `notify` may name any memory, a wait only a shared one.
 */

/** Seven accesses a group, of these many bytes, and whether their values are i64. */
const SIZES = [4, 8, 1, 2, 1, 2, 4] as const;
const WIDE = [false, true, false, false, true, true, true] as const;
const FIRST = OP.i32_atomic_load;
/** Groups in the order of their opcodes. */
const LOAD = 0;
const STORE = 1;
const ADD = 2;
const SUB = 3;
const AND = 4;
const OR = 5;
const XOR = 6;
const XCHG = 7;
const CMPXCHG = 8;

/**
 * Operands stand in consecutive cells from word `base` on, the address first; the result replaces it. Answers 0 or a
 * number in `TRAPS`; the operands are unharmed then.
 */
export function atomic(state: ExecutionState, op: number, base: number, memory: MemoryInstance, offsetLo: number, offsetHi: number): number {
  const words = state.cells.i32;
  const waits = op === OP.memory_atomic_wait32 || op === OP.memory_atomic_wait64;
  const kind = (op - FIRST) % SIZES.length;
  const size = op < FIRST ? (op === OP.memory_atomic_wait64 ? 8 : 4) : SIZES[kind]!;
  // The offset may be as large as an address, but what is aligned shows in the low words.
  if (((words[base]! + offsetLo) & (size - 1)) !== 0) return TRAPS.unalignedAtomic;
  if (waits && !memory.type.shared) return TRAPS.expectedShared;
  const at = effectiveAddress(memory, words, base, offsetLo, offsetHi, size);
  if (at < 0) return TRAPS.memory;
  if (waits) return wait(state, base, memory, at, size === 8);
  if (op === OP.memory_atomic_notify) {
    words[base] = 0;
    return 0;
  }
  const group = Math.floor((op - FIRST) / SIZES.length);
  if (size === 8) access64(state, group, base, memory, at);
  else access32(words, group, base, memory, at, size, WIDE[kind]!);
  return 0;
}

function wait({ store, cells }: ExecutionState, base: number, { view }: MemoryInstance, at: number, wide: boolean): number {
  const words = cells.i32;
  const asExpected = view.getInt32(at, true) === words[base + 2] && (!wide || view.getInt32(at + 4, true) === words[base + 3]);
  const timeout = cells.i64[(base >> 1) + 2]!;
  if (asExpected && timeout < 0n) return TRAPS.deadlock;
  if (asExpected) store.onWait?.(timeout);
  words[base] = asExpected ? 2 : 1;
  return 0;
}

function access64({ cells }: ExecutionState, group: number, base: number, { view }: MemoryInstance, at: number): void {
  const { i64 } = cells;
  const cell = base >> 1;
  const old = view.getBigInt64(at, true);
  if (group === CMPXCHG) {
    if (old === i64[cell + 1]) view.setBigInt64(at, i64[cell + 2]!, true);
  } else if (group !== LOAD) view.setBigInt64(at, BigInt.asIntN(64, combined(group, old, i64[cell + 1]!)), true);
  if (group !== STORE) i64[cell] = old;
}
/** On at most 32 bits of memory, which are extended with zeros. */
function access32(words: Int32Array, group: number, base: number, { view }: MemoryInstance, at: number, size: number, wide: boolean): void {
  const old = size === 4 ? view.getInt32(at, true) : size === 2 ? view.getUint16(at, true) : view.getUint8(at);
  let value = words[base + 2]!;
  if (group === CMPXCHG) {
    // The whole of what is expected is compared, though only part of an integer is stored.
    const asExpected = old === value && (!wide || words[base + 3] === 0);
    value = asExpected ? words[base + 4]! : old;
  } else if (group !== LOAD) value = combined(group, old, value);
  if (group !== LOAD) {
    if (size === 4) view.setInt32(at, value, true);
    else if (size === 2) view.setInt16(at, value, true);
    else view.setInt8(at, value);
  }
  if (group === STORE) return;
  words[base] = old;
  words[base + 1] = 0;
}

/** What an access stores. The operators are the same for 32 bits as numbers and for 64 bits as bigints. */
function combined<T extends number | bigint>(group: number, old: T, value: T): T {
  const a = old as number;
  const b = value as number;
  switch (group) {
    case STORE:
    case XCHG:
      return value;
    case ADD:
      return (a + b) as T;
    case SUB:
      return (a - b) as T;
    case AND:
      return (a & b) as T;
    case OR:
      return (a | b) as T;
    case XOR:
      return (a ^ b) as T;
    default:
      throw new Crash('not an atomic access');
  }
}
