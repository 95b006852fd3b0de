import { Crash } from '../errors.js';
import type { LeafFunction } from '../host-function.js';
import { loadAny, storeAny } from './access.js';
import { atomic } from './atomics.js';
import { bulk } from './bulk.js';
import { divide64, mulHigh, numeric } from './numeric.js';
import { callLeaf, type ExecutionState } from './state.js';
import { UNSEEN } from './unseen.js';
import { VECTORS } from './vector.js';

/** Why the loop came back. Everything from `STATUS_TRAP` on is a trap: subtract it for the number in `TRAPS`. */
export const STATUS_BUDGET = 0;
/** The innermost activation has returned: `pc` stands at its LEAVE. */
export const STATUS_RETURNED = 1;
/** A function of another instance has returned: `pc` stands at its BRIDGE. */
export const STATUS_BRIDGE = 2;
/** Exact code, and fused code may have an entry here. */
export const STATUS_SWITCH = 3;
/** At a PROBE, the instructions before it charged. */
export const STATUS_PROBE = 4;
/** At a call that the loop does not do itself; nothing has happened yet. Likewise a tail call. */
export const STATUS_CALL = 5;
export const STATUS_TAIL_CALL = 6;
/** A function in exact code has returned. */
export const STATUS_CALLER = 7;
/** At an ENTER: compiled code takes over. */
export const STATUS_ENTER = 10;
/** At a WATCH whose access may be one that somebody watches. */
export const STATUS_WATCH = 11;
export const STATUS_TRAP = 16;

const TRAPS_UNREACHABLE = 1;
const TRAPS_MEMORY = 5;
const TRAPS_UNDEFINED_ELEMENT = 7;
const TRAPS_UNINITIALIZED_ELEMENT = 8;
const TRAPS_NULL_FUNCTION = 12;

/**
 * Runs lowered code from `state.pc` until something is to be done that is not the loop's: see the statuses above.
 *
 * There is one loop for both lowerings, and it is never entered while it runs: V8 compiles it once. The case labels are
 * the numbers of `opcodes.ts` (literals, so that the switch becomes a jump table); the operands of each are listed there.
 * Word pairs are read completely before anything is written, because operands may overlap.
 *
 * @param entries Where functions start in the code heap, by function address; 0: not lowered, or not wasm.
 * @param left The budget of instructions. Fused code may overdraw it by less than `CodeHeap.longestPath`.
 * @param fused Whether exact code is to be left where fused code may have an entry.
 */
export function interpret(state: ExecutionState, entries: Int32Array, left: number, fused: boolean): number {
  const { code, cells, leaves, typeIds, tables, memories, memory, calls, cellEnd, recordEnd } = state;
  const I = cells.i32;
  const S = cells.f32;
  const F = cells.f64;
  const R = state.records;
  const G = state.store.globalCells.i32;
  const instance = state.instanceId;
  let M = memory.i32;
  let B = memory.u8;
  let SB = memory.i8;
  let H = memory.u16;
  let SH = memory.i16;
  let { pc, fp, rp } = state;
  let status = STATUS_BUDGET;
  let x = 0;
  let xh = 0;
  let y = 0;
  let yh = 0;
  let i = 0;
  let entry = 0;
  let d = 0;
  let v: number | undefined = 0;
  let leaf: LeafFunction | undefined;

  run: {
    for (;;) {
      switch (code[pc]) {
        // Control. `n`: instructions to charge; `t`: target.
        case 0: // LEAVE
          status = STATUS_RETURNED;
          break run;
        case 1: // BRIDGE
          status = STATUS_BRIDGE;
          break run;
        case 2: // TICK
          if (left <= 0) break run;
          left--;
          pc += 1;
          continue;
        case 3: // SWITCH
          if (fused) {
            status = STATUS_SWITCH;
            break run;
          }
          pc += 1;
          continue;
        case 4: // PROBE
          left -= code[pc + 1]!;
          status = STATUS_PROBE;
          break run;
        case 5: // NOP
          pc += 1;
          continue;
        case 6: // UNREACHABLE
          status = STATUS_TRAP + TRAPS_UNREACHABLE;
          break run;
        case 7: // JUMP
          left -= code[pc + 1]!;
          pc = code[pc + 2]!;
          if (left < 0) break run;
          continue;
        case 8: // SET_JUMP
          I[fp + code[pc + 3]!] = code[pc + 4]!;
          left -= code[pc + 1]!;
          pc = code[pc + 2]!;
          if (left < 0) break run;
          continue;
        case 9: // BR_NZ
          if (I[fp + code[pc + 3]!]! !== 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 4;
          continue;
        case 10: // BR_Z
          if (I[fp + code[pc + 3]!]! === 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 4;
          continue;
        case 11: // BR_TABLE
          x = I[fp + code[pc + 2]!]! >>> 0;
          y = code[pc + 1]!;
          i = pc + 3 + (x < y ? x : y) * 2;
          left -= code[i]!;
          pc = code[i + 1]!;
          if (left < 0) break run;
          continue;
        case 12: // RETURN
          left -= code[pc + 1]!;
          rp -= 4;
          fp = R[rp + 2]!;
          pc = R[rp + 1]!;
          if (left < 0) break run;
          continue;
        case 13: // RETURN_32
          I[fp] = I[fp + code[pc + 2]!]!;
          left -= code[pc + 1]!;
          rp -= 4;
          fp = R[rp + 2]!;
          pc = R[rp + 1]!;
          if (left < 0) break run;
          continue;
        case 14: // RETURN_64
          i = fp + code[pc + 2]!;
          I[fp] = I[i]!;
          I[fp + 1] = I[i + 1]!;
          left -= code[pc + 1]!;
          rp -= 4;
          fp = R[rp + 2]!;
          pc = R[rp + 1]!;
          if (left < 0) break run;
          continue;
        case 15: // RETURN_K
          I[fp] = code[pc + 2]!;
          left -= code[pc + 1]!;
          rp -= 4;
          fp = R[rp + 2]!;
          pc = R[rp + 1]!;
          if (left < 0) break run;
          continue;
        case 16: // RETURN_EXACT
          rp -= 4;
          fp = R[rp + 2]!;
          pc = R[rp + 1]!;
          if (!fused) {
            status = STATUS_CALLER;
            break run;
          }
          if (left < 0) break run;
          continue;
        case 17: // CALL
          x = code[pc + 2]!;
          entry = entries[x]!;
          if (entry === 0) {
            status = STATUS_CALL;
            break run;
          }
          i = fp + code[pc + 3]!;
          if (i + code[entry - 2]! > cellEnd || rp >= recordEnd) {
            status = STATUS_CALL;
            break run;
          }
          left -= code[pc + 1]!;
          calls[0]!++;
          R[rp + 1] = pc + 4;
          rp += 4;
          R[rp] = x;
          R[rp + 2] = fp = i;
          y = i + code[entry - 4]!;
          for (i += code[entry - 3]!; i < y; i++) I[i] = 0;
          pc = entry;
          if (left < 0) break run;
          continue;
        case 18: // CALL_IMPORT
          x = code[pc + 2]!;
          leaf = leaves[x];
          if (leaf === undefined) {
            status = STATUS_CALL;
            break run;
          }
          left -= code[pc + 1]!;
          calls[0]!++;
          state.pc = pc;
          state.fp = fp;
          state.rp = rp;
          state.left = left;
          callLeaf(state, leaf, fp + code[pc + 3]!);
          pc += 4;
          if (memory.i32 !== M) {
            M = memory.i32;
            B = memory.u8;
            SB = memory.i8;
            H = memory.u16;
            SH = memory.i16;
          }
          if (left < 0 || state.interrupted) break run;
          continue;
        case 19: // CALL_INDIRECT
          v = tables[code[pc + 2]!]!.elements[I[fp + code[pc + 5]!]! >>> 0];
          if (v === undefined) {
            status = STATUS_TRAP + TRAPS_UNDEFINED_ELEMENT;
            break run;
          }
          if (v === 0) {
            status = STATUS_TRAP + TRAPS_UNINITIALIZED_ELEMENT;
            break run;
          }
          x = (v >> 2) - 1;
          entry = entries[x]!;
          if (typeIds[x]! !== code[pc + 4]! || entry === 0 || code[entry - 5]! !== instance) {
            status = STATUS_CALL;
            break run;
          }
          i = fp + code[pc + 3]!;
          if (i + code[entry - 2]! > cellEnd || rp >= recordEnd) {
            status = STATUS_CALL;
            break run;
          }
          left -= code[pc + 1]!;
          calls[0]!++;
          R[rp + 1] = pc + 6;
          rp += 4;
          R[rp] = x;
          R[rp + 2] = fp = i;
          y = i + code[entry - 4]!;
          for (i += code[entry - 3]!; i < y; i++) I[i] = 0;
          pc = entry;
          if (left < 0) break run;
          continue;
        case 20: // TAIL_CALL
        case 21: // TAIL_CALL_INDIRECT
        case 185: // TAIL_CALL_REF
          x = code[pc + 2]!;
          if (code[pc] !== 20) {
            v = code[pc] === 21 ? tables[x]!.elements[I[fp + code[pc + 5]!]! >>> 0] : I[fp + x]!;
            x = v === undefined || v === 0 ? -1 : (v >> 2) - 1;
            if (code[pc] === 21 && x >= 0 && typeIds[x] !== code[pc + 4]) x = -1;
          }
          entry = x < 0 ? 0 : entries[x]!;
          if (entry === 0 || code[entry - 5]! !== instance || fp + code[entry - 2]! > cellEnd) {
            status = STATUS_TAIL_CALL;
            break run;
          }
          left -= code[pc + 1]!;
          calls[0]!++;
          i = fp + code[pc + 3]!;
          y = fp + code[entry - 3]!;
          xh = fp;
          while (xh < y) I[xh++] = I[i++]!;
          y = fp + code[entry - 4]!;
          while (xh < y) I[xh++] = 0;
          R[rp] = x;
          pc = entry;
          if (left < 0) break run;
          continue;

        // Moves
        case 22: // MOVE_32
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]!;
          pc += 3;
          continue;
        case 23: // MOVE_64
          i = fp + code[pc + 1]!;
          x = fp + code[pc + 2]!;
          I[i] = I[x]!;
          I[i + 1] = I[x + 1]!;
          pc += 3;
          continue;
        case 24: // CONST_32
          I[fp + code[pc + 1]!] = code[pc + 2]!;
          pc += 3;
          continue;
        case 25: // CONST_64
          i = fp + code[pc + 1]!;
          I[i] = code[pc + 2]!;
          I[i + 1] = code[pc + 3]!;
          pc += 4;
          continue;
        case 26: // SELECT_32
          I[fp + code[pc + 1]!] = I[fp + code[I[fp + code[pc + 4]!]! !== 0 ? pc + 2 : pc + 3]!]!;
          pc += 5;
          continue;
        case 27: // SELECT_64
          i = fp + code[pc + 1]!;
          x = fp + code[I[fp + code[pc + 4]!]! !== 0 ? pc + 2 : pc + 3]!;
          I[i] = I[x]!;
          I[i + 1] = I[x + 1]!;
          pc += 5;
          continue;
        case 28: // GLOBAL_GET_32
          I[fp + code[pc + 1]!] = G[code[pc + 2]!]!;
          pc += 3;
          continue;
        case 29: // GLOBAL_GET_64
          i = fp + code[pc + 1]!;
          x = code[pc + 2]!;
          I[i] = G[x]!;
          I[i + 1] = G[x + 1]!;
          pc += 3;
          continue;
        case 30: // GLOBAL_SET_32
          G[code[pc + 1]!] = I[fp + code[pc + 2]!]!;
          pc += 3;
          continue;
        case 31: // GLOBAL_SET_64
          i = code[pc + 1]!;
          x = fp + code[pc + 2]!;
          G[i] = I[x]!;
          G[i + 1] = I[x + 1]!;
          pc += 3;
          continue;

        // i32 arithmetic: d a b, or d a k with an immediate
        case 32: // I32_ADD
          I[fp + code[pc + 1]!] = (I[fp + code[pc + 2]!]! + I[fp + code[pc + 3]!]!) | 0;
          pc += 4;
          continue;
        case 33: // I32_ADD_K
          I[fp + code[pc + 1]!] = (I[fp + code[pc + 2]!]! + code[pc + 3]!) | 0;
          pc += 4;
          continue;
        case 34: // I32_SUB
          I[fp + code[pc + 1]!] = (I[fp + code[pc + 2]!]! - I[fp + code[pc + 3]!]!) | 0;
          pc += 4;
          continue;
        case 35: // I32_MUL
          I[fp + code[pc + 1]!] = Math.imul(I[fp + code[pc + 2]!]!, I[fp + code[pc + 3]!]!);
          pc += 4;
          continue;
        case 36: // I32_MUL_K
          I[fp + code[pc + 1]!] = Math.imul(I[fp + code[pc + 2]!]!, code[pc + 3]!);
          pc += 4;
          continue;
        case 37: // I32_AND
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! & I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 38: // I32_AND_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! & code[pc + 3]!;
          pc += 4;
          continue;
        case 39: // I32_OR
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! | I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 40: // I32_OR_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! | code[pc + 3]!;
          pc += 4;
          continue;
        case 41: // I32_XOR
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! ^ I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 42: // I32_XOR_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! ^ code[pc + 3]!;
          pc += 4;
          continue;
        case 43: // I32_SHL
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! << I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 44: // I32_SHL_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! << code[pc + 3]!;
          pc += 4;
          continue;
        case 45: // I32_SHR_S
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >> I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 46: // I32_SHR_S_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >> code[pc + 3]!;
          pc += 4;
          continue;
        case 47: // I32_SHR_U
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 48: // I32_SHR_U_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> code[pc + 3]!;
          pc += 4;
          continue;
        case 49: // I32_ROTL
          x = I[fp + code[pc + 2]!]!;
          y = I[fp + code[pc + 3]!]!;
          I[fp + code[pc + 1]!] = (x << y) | (x >>> -y);
          pc += 4;
          continue;
        case 50: // I32_ROTL_K
          x = I[fp + code[pc + 2]!]!;
          y = code[pc + 3]!;
          I[fp + code[pc + 1]!] = (x << y) | (x >>> -y);
          pc += 4;
          continue;

        // i32 comparisons: d a b, or d a k
        case 51: // I32_EQ
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! === I[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 52: // I32_NE
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! !== I[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 53: // I32_LT_S
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! < I[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 54: // I32_LE_S
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! <= I[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 55: // I32_LT_U
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> 0 < I[fp + code[pc + 3]!]! >>> 0 ? 1 : 0;
          pc += 4;
          continue;
        case 56: // I32_LE_U
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> 0 <= I[fp + code[pc + 3]!]! >>> 0 ? 1 : 0;
          pc += 4;
          continue;
        case 57: // I32_EQ_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! === code[pc + 3]! ? 1 : 0;
          pc += 4;
          continue;
        case 58: // I32_NE_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! !== code[pc + 3]! ? 1 : 0;
          pc += 4;
          continue;
        case 59: // I32_LT_S_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! < code[pc + 3]! ? 1 : 0;
          pc += 4;
          continue;
        case 60: // I32_LE_S_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! <= code[pc + 3]! ? 1 : 0;
          pc += 4;
          continue;
        case 61: // I32_LT_U_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> 0 < code[pc + 3]! >>> 0 ? 1 : 0;
          pc += 4;
          continue;
        case 62: // I32_LE_U_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> 0 <= code[pc + 3]! >>> 0 ? 1 : 0;
          pc += 4;
          continue;
        case 63: // I32_GT_S_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! > code[pc + 3]! ? 1 : 0;
          pc += 4;
          continue;
        case 64: // I32_GE_S_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >= code[pc + 3]! ? 1 : 0;
          pc += 4;
          continue;
        case 65: // I32_GT_U_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> 0 > code[pc + 3]! >>> 0 ? 1 : 0;
          pc += 4;
          continue;
        case 66: // I32_GE_U_K
          I[fp + code[pc + 1]!] = I[fp + code[pc + 2]!]! >>> 0 >= code[pc + 3]! >>> 0 ? 1 : 0;
          pc += 4;
          continue;

        // i32 comparisons that branch: n t a b, or n t a k
        case 67: // BR_I32_EQ
          if (I[fp + code[pc + 3]!]! === I[fp + code[pc + 4]!]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 68: // BR_I32_NE
          if (I[fp + code[pc + 3]!]! !== I[fp + code[pc + 4]!]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 69: // BR_I32_LT_S
          if (I[fp + code[pc + 3]!]! < I[fp + code[pc + 4]!]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 70: // BR_I32_LE_S
          if (I[fp + code[pc + 3]!]! <= I[fp + code[pc + 4]!]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 71: // BR_I32_LT_U
          if (I[fp + code[pc + 3]!]! >>> 0 < I[fp + code[pc + 4]!]! >>> 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 72: // BR_I32_LE_U
          if (I[fp + code[pc + 3]!]! >>> 0 <= I[fp + code[pc + 4]!]! >>> 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 73: // BR_I32_EQ_K
          if (I[fp + code[pc + 3]!]! === code[pc + 4]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 74: // BR_I32_NE_K
          if (I[fp + code[pc + 3]!]! !== code[pc + 4]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 75: // BR_I32_LT_S_K
          if (I[fp + code[pc + 3]!]! < code[pc + 4]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 76: // BR_I32_LE_S_K
          if (I[fp + code[pc + 3]!]! <= code[pc + 4]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 77: // BR_I32_LT_U_K
          if (I[fp + code[pc + 3]!]! >>> 0 < code[pc + 4]! >>> 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 78: // BR_I32_LE_U_K
          if (I[fp + code[pc + 3]!]! >>> 0 <= code[pc + 4]! >>> 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 79: // BR_I32_GT_S_K
          if (I[fp + code[pc + 3]!]! > code[pc + 4]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 80: // BR_I32_GE_S_K
          if (I[fp + code[pc + 3]!]! >= code[pc + 4]!) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 81: // BR_I32_GT_U_K
          if (I[fp + code[pc + 3]!]! >>> 0 > code[pc + 4]! >>> 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 82: // BR_I32_GE_U_K
          if (I[fp + code[pc + 3]!]! >>> 0 >= code[pc + 4]! >>> 0) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;

        // i32 and i64, one operand: d a
        case 83: // I32_EXTEND8_S
          I[fp + code[pc + 1]!] = (I[fp + code[pc + 2]!]! << 24) >> 24;
          pc += 3;
          continue;
        case 84: // I32_EXTEND16_S
          I[fp + code[pc + 1]!] = (I[fp + code[pc + 2]!]! << 16) >> 16;
          pc += 3;
          continue;
        case 85: // I32_CLZ
          I[fp + code[pc + 1]!] = Math.clz32(I[fp + code[pc + 2]!]!);
          pc += 3;
          continue;
        case 86: // I64_EXTEND_I32_S
          x = I[fp + code[pc + 2]!]!;
          i = fp + code[pc + 1]!;
          I[i] = x;
          I[i + 1] = x >> 31;
          pc += 3;
          continue;
        case 87: // I64_EXTEND_I32_U
          x = I[fp + code[pc + 2]!]!;
          i = fp + code[pc + 1]!;
          I[i] = x;
          I[i + 1] = 0;
          pc += 3;
          continue;

        // i64 arithmetic: d a b, or d a lo hi
        case 88: // I64_ADD
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          y = (x + y) | 0;
          I[i] = y;
          I[i + 1] = xh + yh + (y >>> 0 < x >>> 0 ? 1 : 0);
          pc += 4;
          continue;
        case 89: // I64_ADD_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          i = fp + code[pc + 1]!;
          y = (x + y) | 0;
          I[i] = y;
          I[i + 1] = xh + yh + (y >>> 0 < x >>> 0 ? 1 : 0);
          pc += 5;
          continue;
        case 90: // I64_SUB
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          I[i] = x - y;
          I[i + 1] = xh - yh - (x >>> 0 < y >>> 0 ? 1 : 0);
          pc += 4;
          continue;
        case 91: // I64_MUL
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          I[i] = Math.imul(x, y);
          I[i + 1] = (((mulHigh(x, y) + Math.imul(x, yh)) | 0) + Math.imul(xh, y)) | 0;
          pc += 4;
          continue;
        case 92: // I64_MUL_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          i = fp + code[pc + 1]!;
          I[i] = Math.imul(x, y);
          I[i + 1] = (((mulHigh(x, y) + Math.imul(x, yh)) | 0) + Math.imul(xh, y)) | 0;
          pc += 5;
          continue;
        case 93: // I64_AND
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          I[i] = x & y;
          I[i + 1] = xh & yh;
          pc += 4;
          continue;
        case 94: // I64_AND_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          i = fp + code[pc + 1]!;
          I[i] = x & y;
          I[i + 1] = xh & yh;
          pc += 5;
          continue;
        case 95: // I64_OR
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          I[i] = x | y;
          I[i + 1] = xh | yh;
          pc += 4;
          continue;
        case 96: // I64_OR_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          i = fp + code[pc + 1]!;
          I[i] = x | y;
          I[i + 1] = xh | yh;
          pc += 5;
          continue;
        case 97: // I64_XOR
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          I[i] = x ^ y;
          I[i + 1] = xh ^ yh;
          pc += 4;
          continue;
        case 98: // I64_XOR_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          i = fp + code[pc + 1]!;
          I[i] = x ^ y;
          I[i + 1] = xh ^ yh;
          pc += 5;
          continue;
        case 99: // I64_SHL
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = I[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if ((y & 32) !== 0) {
            I[i] = 0;
            I[i + 1] = x << y;
          } else {
            y &= 31;
            I[i] = x << y;
            I[i + 1] = y === 0 ? xh : (xh << y) | (x >>> (32 - y));
          }
          pc += 4;
          continue;
        case 100: // I64_SHL_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          i = fp + code[pc + 1]!;
          if ((y & 32) !== 0) {
            I[i] = 0;
            I[i + 1] = x << y;
          } else {
            y &= 31;
            I[i] = x << y;
            I[i + 1] = y === 0 ? xh : (xh << y) | (x >>> (32 - y));
          }
          pc += 5;
          continue;
        case 101: // I64_SHR_U
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = I[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if ((y & 32) !== 0) {
            I[i] = xh >>> y;
            I[i + 1] = 0;
          } else {
            y &= 31;
            I[i] = y === 0 ? x : (x >>> y) | (xh << (32 - y));
            I[i + 1] = xh >>> y;
          }
          pc += 4;
          continue;
        case 102: // I64_SHR_U_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          i = fp + code[pc + 1]!;
          if ((y & 32) !== 0) {
            I[i] = xh >>> y;
            I[i + 1] = 0;
          } else {
            y &= 31;
            I[i] = y === 0 ? x : (x >>> y) | (xh << (32 - y));
            I[i + 1] = xh >>> y;
          }
          pc += 5;
          continue;
        case 103: // I64_SHR_S
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = I[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if ((y & 32) !== 0) {
            I[i] = xh >> y;
            I[i + 1] = xh >> 31;
          } else {
            y &= 31;
            I[i] = y === 0 ? x : (x >>> y) | (xh << (32 - y));
            I[i + 1] = xh >> y;
          }
          pc += 4;
          continue;
        case 104: // I64_SHR_S_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          i = fp + code[pc + 1]!;
          if ((y & 32) !== 0) {
            I[i] = xh >> y;
            I[i + 1] = xh >> 31;
          } else {
            y &= 31;
            I[i] = y === 0 ? x : (x >>> y) | (xh << (32 - y));
            I[i + 1] = xh >> y;
          }
          pc += 5;
          continue;
        case 105: // I64_DIVIDE
          i = divide64(code[pc + 4]!, cells, fp + code[pc + 1]!, fp + code[pc + 2]!, fp + code[pc + 3]!);
          if (i !== 0) {
            status = STATUS_TRAP + i;
            break run;
          }
          pc += 5;
          continue;

        // Frequent pairs of Go code
        case 106: // I64_EXTEND_ADD_K
          x = I[fp + code[pc + 2]!]!;
          y = (x + code[pc + 3]!) | 0;
          i = fp + code[pc + 1]!;
          I[i] = y;
          I[i + 1] = code[pc + 4]! + (y >>> 0 < x >>> 0 ? 1 : 0);
          pc += 5;
          continue;
        case 107: // I64_EXTEND_ROTL_K
          x = I[fp + code[pc + 2]!]!;
          y = code[pc + 3]!;
          i = fp + code[pc + 1]!;
          I[i] = (x << y) | (x >>> -y);
          I[i + 1] = 0;
          pc += 4;
          continue;
        case 108: // I64_SHL_ADD_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          xh = (xh << y) | (x >>> (32 - y));
          x <<= y;
          i = fp + code[pc + 4]!;
          y = (x + I[i]!) | 0;
          yh = I[i + 1]!;
          i = fp + code[pc + 1]!;
          I[i] = y;
          I[i + 1] = xh + yh + (y >>> 0 < x >>> 0 ? 1 : 0);
          pc += 5;
          continue;
        case 109: // I32_SHL_ADD_K
          I[fp + code[pc + 1]!] = (I[fp + code[pc + 2]!]! << code[pc + 3]!) + I[fp + code[pc + 4]!]! | 0;
          pc += 5;
          continue;
        case 110: // I32_ADD_K_GLOBAL
          x = (I[fp + code[pc + 2]!]! + code[pc + 3]!) | 0;
          I[fp + code[pc + 1]!] = x;
          G[code[pc + 4]!] = x;
          pc += 5;
          continue;

        // i64 comparisons: d a b, or d a lo hi; then the same branching: n t a b, or n t a lo hi
        case 111: // I64_EQ
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          I[fp + code[pc + 1]!] = x === y && xh === yh ? 1 : 0;
          pc += 4;
          continue;
        case 112: // I64_NE
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          I[fp + code[pc + 1]!] = x !== y || xh !== yh ? 1 : 0;
          pc += 4;
          continue;
        case 113: // I64_LT_S
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          I[fp + code[pc + 1]!] = xh < yh || (xh === yh && x >>> 0 < y >>> 0) ? 1 : 0;
          pc += 4;
          continue;
        case 114: // I64_LE_S
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          I[fp + code[pc + 1]!] = xh < yh || (xh === yh && x >>> 0 <= y >>> 0) ? 1 : 0;
          pc += 4;
          continue;
        case 115: // I64_LT_U
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          I[fp + code[pc + 1]!] = xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 < y >>> 0) ? 1 : 0;
          pc += 4;
          continue;
        case 116: // I64_LE_U
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 3]!;
          y = I[i]!;
          yh = I[i + 1]!;
          I[fp + code[pc + 1]!] = xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 <= y >>> 0) ? 1 : 0;
          pc += 4;
          continue;
        case 117: // I64_EQ_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = x === y && xh === yh ? 1 : 0;
          pc += 5;
          continue;
        case 118: // I64_NE_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = x !== y || xh !== yh ? 1 : 0;
          pc += 5;
          continue;
        case 119: // I64_LT_S_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh < yh || (xh === yh && x >>> 0 < y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 120: // I64_LE_S_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh < yh || (xh === yh && x >>> 0 <= y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 121: // I64_LT_U_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 < y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 122: // I64_LE_U_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 <= y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 123: // I64_GT_S_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh > yh || (xh === yh && x >>> 0 > y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 124: // I64_GE_S_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh > yh || (xh === yh && x >>> 0 >= y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 125: // I64_GT_U_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh >>> 0 > yh >>> 0 || (xh === yh && x >>> 0 > y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 126: // I64_GE_U_K
          i = fp + code[pc + 2]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 3]!;
          yh = code[pc + 4]!;
          I[fp + code[pc + 1]!] = xh >>> 0 > yh >>> 0 || (xh === yh && x >>> 0 >= y >>> 0) ? 1 : 0;
          pc += 5;
          continue;
        case 127: // BR_I64_EQ
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 4]!;
          y = I[i]!;
          yh = I[i + 1]!;
          if (x === y && xh === yh) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 128: // BR_I64_NE
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 4]!;
          y = I[i]!;
          yh = I[i + 1]!;
          if (x !== y || xh !== yh) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 129: // BR_I64_LT_S
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 4]!;
          y = I[i]!;
          yh = I[i + 1]!;
          if (xh < yh || (xh === yh && x >>> 0 < y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 130: // BR_I64_LE_S
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 4]!;
          y = I[i]!;
          yh = I[i + 1]!;
          if (xh < yh || (xh === yh && x >>> 0 <= y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 131: // BR_I64_LT_U
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 4]!;
          y = I[i]!;
          yh = I[i + 1]!;
          if (xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 < y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 132: // BR_I64_LE_U
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          i = fp + code[pc + 4]!;
          y = I[i]!;
          yh = I[i + 1]!;
          if (xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 <= y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 5;
          continue;
        case 133: // BR_I64_EQ_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (x === y && xh === yh) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 134: // BR_I64_NE_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (x !== y || xh !== yh) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 135: // BR_I64_LT_S_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh < yh || (xh === yh && x >>> 0 < y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 136: // BR_I64_LE_S_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh < yh || (xh === yh && x >>> 0 <= y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 137: // BR_I64_LT_U_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 < y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 138: // BR_I64_LE_U_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh >>> 0 < yh >>> 0 || (xh === yh && x >>> 0 <= y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 139: // BR_I64_GT_S_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh > yh || (xh === yh && x >>> 0 > y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 140: // BR_I64_GE_S_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh > yh || (xh === yh && x >>> 0 >= y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 141: // BR_I64_GT_U_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh >>> 0 > yh >>> 0 || (xh === yh && x >>> 0 > y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;
        case 142: // BR_I64_GE_U_K
          i = fp + code[pc + 3]!;
          x = I[i]!;
          xh = I[i + 1]!;
          y = code[pc + 4]!;
          yh = code[pc + 5]!;
          if (xh >>> 0 > yh >>> 0 || (xh === yh && x >>> 0 >= y >>> 0)) {
            left -= code[pc + 1]!;
            pc = code[pc + 2]!;
            if (left < 0) break run;
            continue;
          }
          pc += 6;
          continue;

        // Loads of memory 0 at aligned offsets: d a offset, the offset in units of the access
        case 143: // LOAD_32
          x = I[fp + code[pc + 2]!]!;
          if ((x & 3) !== 0 || (v = M[(x >>> 2) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 4;
            if (i + 4 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getInt32(i, true);
          }
          I[fp + code[pc + 1]!] = v;
          pc += 4;
          continue;
        case 144: // LOAD_64
          x = I[fp + code[pc + 2]!]!;
          i = (x >>> 2) + code[pc + 3]!;
          if ((x & 3) !== 0 || (v = M[i + 1]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 4;
            if (i + 8 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            x = fp + code[pc + 1]!;
            I[x] = memory.view.getInt32(i, true);
            I[x + 1] = memory.view.getInt32(i + 4, true);
            pc += 4;
            continue;
          }
          x = fp + code[pc + 1]!;
          I[x] = M[i]!;
          I[x + 1] = v;
          pc += 4;
          continue;
        case 145: // LOAD_8U
          v = B[(I[fp + code[pc + 2]!]! >>> 0) + code[pc + 3]!];
          if (v === undefined) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          I[fp + code[pc + 1]!] = v;
          pc += 4;
          continue;
        case 146: // LOAD_8S
          v = SB[(I[fp + code[pc + 2]!]! >>> 0) + code[pc + 3]!];
          if (v === undefined) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          I[fp + code[pc + 1]!] = v;
          pc += 4;
          continue;
        case 147: // LOAD_16U
          x = I[fp + code[pc + 2]!]!;
          if ((x & 1) !== 0 || (v = H[(x >>> 1) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 2;
            if (i + 2 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getUint16(i, true);
          }
          I[fp + code[pc + 1]!] = v;
          pc += 4;
          continue;
        case 148: // LOAD_16S
          x = I[fp + code[pc + 2]!]!;
          if ((x & 1) !== 0 || (v = SH[(x >>> 1) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 2;
            if (i + 2 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getInt16(i, true);
          }
          I[fp + code[pc + 1]!] = v;
          pc += 4;
          continue;
        case 149: // LOAD_64_8U
          v = B[(I[fp + code[pc + 2]!]! >>> 0) + code[pc + 3]!];
          if (v === undefined) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          i = fp + code[pc + 1]!;
          I[i] = v;
          I[i + 1] = 0;
          pc += 4;
          continue;
        case 150: // LOAD_64_8S
          v = SB[(I[fp + code[pc + 2]!]! >>> 0) + code[pc + 3]!];
          if (v === undefined) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          i = fp + code[pc + 1]!;
          I[i] = v;
          I[i + 1] = v >> 31;
          pc += 4;
          continue;
        case 151: // LOAD_64_16U
          x = I[fp + code[pc + 2]!]!;
          if ((x & 1) !== 0 || (v = H[(x >>> 1) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 2;
            if (i + 2 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getUint16(i, true);
          }
          i = fp + code[pc + 1]!;
          I[i] = v;
          I[i + 1] = 0;
          pc += 4;
          continue;
        case 152: // LOAD_64_16S
          x = I[fp + code[pc + 2]!]!;
          if ((x & 1) !== 0 || (v = SH[(x >>> 1) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 2;
            if (i + 2 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getInt16(i, true);
          }
          i = fp + code[pc + 1]!;
          I[i] = v;
          I[i + 1] = v >> 31;
          pc += 4;
          continue;
        case 153: // LOAD_64_32U
          x = I[fp + code[pc + 2]!]!;
          if ((x & 3) !== 0 || (v = M[(x >>> 2) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 4;
            if (i + 4 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getInt32(i, true);
          }
          i = fp + code[pc + 1]!;
          I[i] = v;
          I[i + 1] = 0;
          pc += 4;
          continue;
        case 154: // LOAD_64_32S
          x = I[fp + code[pc + 2]!]!;
          if ((x & 3) !== 0 || (v = M[(x >>> 2) + code[pc + 3]!]) === undefined) {
            i = (x >>> 0) + code[pc + 3]! * 4;
            if (i + 4 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            v = memory.view.getInt32(i, true);
          }
          i = fp + code[pc + 1]!;
          I[i] = v;
          I[i + 1] = v >> 31;
          pc += 4;
          continue;

        // Stores to memory 0 at aligned offsets: a offset v
        case 155: // STORE_32
          x = I[fp + code[pc + 1]!]!;
          i = (x >>> 2) + code[pc + 2]!;
          if ((x & 3) !== 0 || i >= M.length) {
            i = (x >>> 0) + code[pc + 2]! * 4;
            if (i + 4 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            memory.view.setInt32(i, I[fp + code[pc + 3]!]!, true);
          } else M[i] = I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 156: // STORE_32_K
          x = I[fp + code[pc + 1]!]!;
          i = (x >>> 2) + code[pc + 2]!;
          if ((x & 3) !== 0 || i >= M.length) {
            i = (x >>> 0) + code[pc + 2]! * 4;
            if (i + 4 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            memory.view.setInt32(i, code[pc + 3]!, true);
          } else M[i] = code[pc + 3]!;
          pc += 4;
          continue;
        case 157: // STORE_64
          x = I[fp + code[pc + 1]!]!;
          y = fp + code[pc + 3]!;
          i = (x >>> 2) + code[pc + 2]!;
          if ((x & 3) !== 0 || i + 1 >= M.length) {
            i = (x >>> 0) + code[pc + 2]! * 4;
            if (i + 8 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            memory.view.setInt32(i, I[y]!, true);
            memory.view.setInt32(i + 4, I[y + 1]!, true);
          } else {
            M[i] = I[y]!;
            M[i + 1] = I[y + 1]!;
          }
          pc += 4;
          continue;
        case 158: // STORE_64_K
          x = I[fp + code[pc + 1]!]!;
          i = (x >>> 2) + code[pc + 2]!;
          if ((x & 3) !== 0 || i + 1 >= M.length) {
            i = (x >>> 0) + code[pc + 2]! * 4;
            if (i + 8 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            memory.view.setInt32(i, code[pc + 3]!, true);
            memory.view.setInt32(i + 4, code[pc + 4]!, true);
          } else {
            M[i] = code[pc + 3]!;
            M[i + 1] = code[pc + 4]!;
          }
          pc += 5;
          continue;
        case 159: // STORE_8
          i = (I[fp + code[pc + 1]!]! >>> 0) + code[pc + 2]!;
          if (i >= B.length) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          B[i] = I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;
        case 160: // STORE_16
          x = I[fp + code[pc + 1]!]!;
          i = (x >>> 1) + code[pc + 2]!;
          if ((x & 1) !== 0 || i >= H.length) {
            i = (x >>> 0) + code[pc + 2]! * 2;
            if (i + 2 > B.length) {
              status = STATUS_TRAP + TRAPS_MEMORY;
              break run;
            }
            memory.view.setInt16(i, I[fp + code[pc + 3]!]!, true);
          } else H[i] = I[fp + code[pc + 3]!]!;
          pc += 4;
          continue;

        // Floats: d a b. An arithmetic NaN becomes the canonical one.
        case 161: // F64_ADD
          d = F[(fp + code[pc + 2]!) >> 1]! + F[(fp + code[pc + 3]!) >> 1]!;
          i = fp + code[pc + 1]!;
          if (d !== d) {
            I[i] = 0;
            I[i + 1] = 0x7ff80000;
          } else F[i >> 1] = d;
          pc += 4;
          continue;
        case 162: // F64_SUB
          d = F[(fp + code[pc + 2]!) >> 1]! - F[(fp + code[pc + 3]!) >> 1]!;
          i = fp + code[pc + 1]!;
          if (d !== d) {
            I[i] = 0;
            I[i + 1] = 0x7ff80000;
          } else F[i >> 1] = d;
          pc += 4;
          continue;
        case 163: // F64_MUL
          d = F[(fp + code[pc + 2]!) >> 1]! * F[(fp + code[pc + 3]!) >> 1]!;
          i = fp + code[pc + 1]!;
          if (d !== d) {
            I[i] = 0;
            I[i + 1] = 0x7ff80000;
          } else F[i >> 1] = d;
          pc += 4;
          continue;
        case 164: // F64_DIV
          d = F[(fp + code[pc + 2]!) >> 1]! / F[(fp + code[pc + 3]!) >> 1]!;
          i = fp + code[pc + 1]!;
          if (d !== d) {
            I[i] = 0;
            I[i + 1] = 0x7ff80000;
          } else F[i >> 1] = d;
          pc += 4;
          continue;
        case 165: // F64_EQ
          I[fp + code[pc + 1]!] = F[(fp + code[pc + 2]!) >> 1]! === F[(fp + code[pc + 3]!) >> 1]! ? 1 : 0;
          pc += 4;
          continue;
        case 166: // F64_NE
          I[fp + code[pc + 1]!] = F[(fp + code[pc + 2]!) >> 1]! !== F[(fp + code[pc + 3]!) >> 1]! ? 1 : 0;
          pc += 4;
          continue;
        case 167: // F64_LT
          I[fp + code[pc + 1]!] = F[(fp + code[pc + 2]!) >> 1]! < F[(fp + code[pc + 3]!) >> 1]! ? 1 : 0;
          pc += 4;
          continue;
        case 168: // F64_LE
          I[fp + code[pc + 1]!] = F[(fp + code[pc + 2]!) >> 1]! <= F[(fp + code[pc + 3]!) >> 1]! ? 1 : 0;
          pc += 4;
          continue;
        case 169: // F32_ADD
          d = S[fp + code[pc + 2]!]! + S[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if (d !== d) I[i] = 0x7fc00000;
          else S[i] = d;
          pc += 4;
          continue;
        case 170: // F32_SUB
          d = S[fp + code[pc + 2]!]! - S[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if (d !== d) I[i] = 0x7fc00000;
          else S[i] = d;
          pc += 4;
          continue;
        case 171: // F32_MUL
          d = S[fp + code[pc + 2]!]! * S[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if (d !== d) I[i] = 0x7fc00000;
          else S[i] = d;
          pc += 4;
          continue;
        case 172: // F32_DIV
          d = S[fp + code[pc + 2]!]! / S[fp + code[pc + 3]!]!;
          i = fp + code[pc + 1]!;
          if (d !== d) I[i] = 0x7fc00000;
          else S[i] = d;
          pc += 4;
          continue;
        case 173: // F32_EQ
          I[fp + code[pc + 1]!] = S[fp + code[pc + 2]!]! === S[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 174: // F32_NE
          I[fp + code[pc + 1]!] = S[fp + code[pc + 2]!]! !== S[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 175: // F32_LT
          I[fp + code[pc + 1]!] = S[fp + code[pc + 2]!]! < S[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;
        case 176: // F32_LE
          I[fp + code[pc + 1]!] = S[fp + code[pc + 2]!]! <= S[fp + code[pc + 3]!]! ? 1 : 0;
          pc += 4;
          continue;

        // Everything else, through helpers
        case 177: // NUMERIC
          i = numeric(code[pc + 4]!, cells, fp + code[pc + 1]!, fp + code[pc + 2]!, fp + code[pc + 3]!);
          if (i !== 0) {
            status = STATUS_TRAP + i;
            break run;
          }
          pc += 5;
          continue;
        case 178: // LOAD_ANY
          if (!loadAny(memories[code[pc + 3]!]!, code[pc + 4]!, I, fp + code[pc + 1]!, fp + code[pc + 2]!, code[pc + 5]!, code[pc + 6]!)) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          pc += 7;
          continue;
        case 179: // STORE_ANY
          if (!storeAny(memories[code[pc + 3]!]!, code[pc + 4]!, I, fp + code[pc + 1]!, fp + code[pc + 2]!, code[pc + 5]!, code[pc + 6]!)) {
            status = STATUS_TRAP + TRAPS_MEMORY;
            break run;
          }
          pc += 7;
          continue;
        case 180: // BULK
          left -= code[pc + 5]!;
          state.pc = pc;
          state.fp = fp;
          state.rp = rp;
          state.left = left;
          i = bulk(state, code[pc + 1]!, fp + code[pc + 2]!, code[pc + 3]!, code[pc + 4]!);
          if (i !== 0) {
            status = STATUS_TRAP + i;
            break run;
          }
          if (memory.i32 !== M) {
            M = memory.i32;
            B = memory.u8;
            SB = memory.i8;
            H = memory.u16;
            SH = memory.i16;
          }
          pc += 6;
          if (state.interrupted) break run;
          continue;

        // Vectors
        case 181: // MOVE_128
          i = fp + code[pc + 1]!;
          x = fp + code[pc + 2]!;
          I[i] = I[x]!;
          I[i + 1] = I[x + 1]!;
          I[i + 2] = I[x + 2]!;
          I[i + 3] = I[x + 3]!;
          pc += 3;
          continue;
        case 182: // CONST_128
          i = fp + code[pc + 1]!;
          I[i] = code[pc + 2]!;
          I[i + 1] = code[pc + 3]!;
          I[i + 2] = code[pc + 4]!;
          I[i + 3] = code[pc + 5]!;
          pc += 6;
          continue;
        case 183: // VECTOR
          VECTORS[code[pc + 2]!]!(cells, fp + code[pc + 1]!, fp + code[pc + 3]!, fp + code[pc + 4]!, fp + code[pc + 5]!, code[pc + 6]!);
          pc += 7;
          continue;

        // References
        case 184: // CALL_REF
          i = I[fp + code[pc + 2]!]!;
          if (i === 0) {
            status = STATUS_TRAP + TRAPS_NULL_FUNCTION;
            break run;
          }
          x = (i >> 2) - 1;
          entry = entries[x]!;
          if (entry === 0 || code[entry - 5]! !== instance) {
            status = STATUS_CALL;
            break run;
          }
          i = fp + code[pc + 3]!;
          if (i + code[entry - 2]! > cellEnd || rp >= recordEnd) {
            status = STATUS_CALL;
            break run;
          }
          left -= code[pc + 1]!;
          calls[0]!++;
          R[rp + 1] = pc + 4;
          rp += 4;
          R[rp] = x;
          R[rp + 2] = fp = i;
          y = i + code[entry - 4]!;
          for (i += code[entry - 3]!; i < y; i++) I[i] = 0;
          pc = entry;
          if (left < 0) break run;
          continue;
        case 186: // ATOMIC
          left -= code[pc + 6]!;
          state.pc = pc;
          state.fp = fp;
          state.rp = rp;
          state.left = left;
          i = atomic(state, code[pc + 1]!, fp + code[pc + 2]!, memories[code[pc + 3]!]!, code[pc + 4]!, code[pc + 5]!);
          if (i !== 0) {
            status = STATUS_TRAP + i;
            break run;
          }
          pc += 7;
          if (state.interrupted) break run;
          continue;
        case 187: // ENTER
          status = STATUS_ENTER;
          break run;
        case 188: { // WATCH
          // In a variable of its own: it does not always fit into 32 bits.
          const at = code[pc + 2]! < 0 ? state.watchLow : (I[fp + code[pc + 2]!]! >>> 0) + (code[pc + 3]! >>> 0);
          if (at >= state.watchLow && at < state.watchHigh) {
            status = STATUS_WATCH;
            break run;
          }
          pc += 4;
          continue;
        }
        default:
          if (code[pc]! < UNSEEN) throw new Crash(`no opcode ${code[pc]}`);
          code[pc]! -= UNSEEN;
      }
    }
  }
  state.pc = pc;
  state.fp = fp;
  state.rp = rp;
  state.left = left;
  return status;
}
