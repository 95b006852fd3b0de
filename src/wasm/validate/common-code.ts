import { ADDR, INSTRUCTIONS } from '../instructions.js';
import { OP } from '../opcodes.js';
import { I32, type ValType } from '../types.js';
import type { Typing } from './typing.js';

/** How `passCommonCode` goes on at an opcode byte; 0: not at all. */
const HOW = new Uint8Array(256);
/** By opcode byte: type of its numeric operands, all the same, and of its result; log2 of the natural alignment. */
const OPERAND = new Uint8Array(256);
const RESULT = new Uint8Array(256);
const ALIGNMENT = new Uint8Array(256);

for (const { op, feature, imm, params, results, align } of INSTRUCTIONS) {
  if (op >= 256 || feature !== 'mvp' || params === undefined || results === undefined) continue;
  RESULT[op] = results[0] ?? 0;
  ALIGNMENT[op] = align ?? 0;
  if (imm === 'memarg') {
    HOW[op] = results.length === 1 ? 8 : 9;
    OPERAND[op] = params.at(-1)!;
  } else if (imm === 'none' && results.length === 1 && params.length > 0 && !params.includes(ADDR)) {
    HOW[op] = params.length === 1 ? 6 : 7;
    OPERAND[op] = params[0]!;
  }
}
HOW[OP.local_get] = 1;
HOW[OP.local_set] = 2;
HOW[OP.local_tee] = 3;
HOW[OP.i32_const] = 4;
HOW[OP.i64_const] = 5;
HOW[OP.global_get] = 10;
HOW[OP.global_set] = 11;
HOW[OP.br_if] = 12;
HOW[OP.nop] = 13;
HOW[OP.drop] = 14;
HOW[OP.block] = HOW[OP.loop] = HOW[OP.if] = 15;
HOW[OP.end] = 16;
HOW[OP.br] = 17;
HOW[OP.call] = 18;

/** A block type without parameters and results. */
const EMPTY = 0x40;
const NONE: readonly ValType[] = [];
/** Operands of a call that do not count towards what a body may move (`OPERANDS_PER_BYTE`). */
const FEW = 16;

/**
 * Types the instructions that most code consists of, in one loop, up to the first that is in any way unusual: that is
 * left to the rules, as are all errors. What passes here would pass there with the same effect.
 */
export function passCommonCode(typing: Typing): void {
  const { reader, types, localTypes, localCount, initialized, controls, context } = typing;
  const { bytes, end } = reader;
  const { globals, funcs } = context;
  const memory32 = context.memories.length > 0 && context.memories[0]!.address === I32;
  const inits = typing.inits.length;
  let { pos } = reader;
  let { height, depth, control } = typing;
  let bottom = control.height;
  common: for (;;) {
    const op = bytes[pos]!;
    // One byte of immediate is what most have.
    const x = bytes[pos + 1]!;
    let next = pos + 2;
    let pushed = 0;
    let popped = 0;
    switch (HOW[op]) {
      case 1: // local.get
        if (x >= localCount || x >= 0x80 || initialized[x] === 0) break common;
        pushed = localTypes[x]!;
        break;
      case 2: // local.set
        if (height === bottom || x >= localCount || x >= 0x80 || initialized[x] === 0 || types[height - 1] !== localTypes[x]) break common;
        popped = 1;
        break;
      case 3: // local.tee
        if (height === bottom || x >= localCount || x >= 0x80 || initialized[x] === 0 || types[height - 1] !== localTypes[x]) break common;
        break;
      case 4: // i32.const
        while (bytes[next - 1]! >= 0x80) next++;
        if (next - pos > 5) break common;
        pushed = 0x7f;
        break;
      case 5: // i64.const
        while (bytes[next - 1]! >= 0x80) next++;
        if (next - pos > 10) break common;
        pushed = 0x7e;
        break;
      case 6: // one number to another
        if (height === bottom || types[height - 1] !== OPERAND[op]) break common;
        popped = 1;
        pushed = RESULT[op]!;
        next--;
        break;
      case 7: // two numbers to another
        if (height - bottom < 2 || types[height - 1] !== OPERAND[op] || types[height - 2] !== OPERAND[op]) break common;
        popped = 2;
        pushed = RESULT[op]!;
        next--;
        break;
      case 8: // loads
        if (!memory32 || x > ALIGNMENT[op]! || height === bottom || types[height - 1] !== I32) break common;
        while (bytes[next]! >= 0x80) next++;
        if (++next - pos > 6) break common;
        popped = 1;
        pushed = RESULT[op]!;
        break;
      case 9: // stores
        if (!memory32 || x > ALIGNMENT[op]! || height - bottom < 2 || types[height - 1] !== OPERAND[op] || types[height - 2] !== I32) break common;
        while (bytes[next]! >= 0x80) next++;
        if (++next - pos > 6) break common;
        popped = 2;
        break;
      case 10: // global.get
        if (x >= globals.length || x >= 0x80) break common;
        pushed = globals[x]!.value;
        break;
      case 11: // global.set
        if (x >= globals.length || x >= 0x80 || !globals[x]!.mutable || height === bottom || types[height - 1] !== globals[x]!.value) break common;
        popped = 1;
        break;
      case 12: // br_if
        if (x >= depth || x >= 0x80 || height === bottom || types[height - 1] !== I32 || controls[depth - 1 - x]!.labelTypes.length > 0) break common;
        popped = 1;
        break;
      case 13: // nop
        next--;
        break;
      case 14: // drop
        if (height === bottom) break common;
        popped = 1;
        next--;
        break;
      case 15: // block, loop, if
        if (x !== EMPTY || next > end || depth === controls.length) break common;
        if (op === OP.if) {
          if (height === bottom || types[height - 1] !== I32) break common;
          height--;
        }
        control = controls[depth++]!;
        control.kind = op === OP.if ? 'if' : op === OP.loop ? 'loop' : 'block';
        control.start = pos;
        control.height = bottom = height;
        control.params = control.results = NONE;
        control.unreachable = false;
        control.inits = inits;
        break;
      case 16: // end
        if (pos >= end || depth === 1 || height !== bottom || control.results.length > 0 || control.params.length > 0 || control.inits !== inits) break common;
        control = controls[--depth - 1]!;
        bottom = control.height;
        next--;
        break;
      case 17: // br
        if (x >= depth || x >= 0x80 || next > end || controls[depth - 1 - x]!.labelTypes.length > 0) break common;
        height = bottom;
        control.unreachable = true;
        break;
      case 18: { // call
        const y = x < 0x80 ? 0 : bytes[next++]!;
        const type = funcs[(x & 0x7f) | (y << 7)];
        if (y >= 0x80 || type === undefined) break common;
        const { params, results } = type;
        popped = params.length;
        if (popped > FEW || height - bottom < popped || results.length > 1) break common;
        for (let i = 0; i < popped; i++) if (types[height - popped + i] !== params[i]) break common;
        if (results.length === 1) pushed = results[0]!;
        break;
      }
      default:
        break common;
    }
    if (next > end) break;
    height -= popped;
    if (pushed !== 0) {
      // The rules know how to grow the stack.
      if (height === types.length) break;
      types[height++] = pushed;
    }
    pos = next;
  }
  reader.pos = pos;
  typing.depth = depth;
  typing.control = control;
  typing.height = height;
}
