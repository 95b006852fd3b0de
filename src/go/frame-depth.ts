import { InstructionReader } from '../wasm/binary/code-reader.js';
import type { Module } from '../wasm/module.js';
import { OP } from '../wasm/opcodes.js';
import type { GoModule } from './recognise.js';
import type { CodeSegments } from './segments.js';

/**
 * How many bytes lie between SP and the return-address slot of a function at one of its instructions. The tables say
 * it per PC_B, which is too coarse for a stop in the middle: the prologue, the push of a return address and the
 * epilogue move SP one instruction at a time. All of these are `SP ± constant`, so the code itself says it exactly.
 * `'moved'` where the code has set SP in another way: it belongs to another stack now (the assembly of the scheduler).
 */
export function frameDepth(go: GoModule, segments: CodeSegments, funcIndex: number, offset: number): number | 'moved' | undefined {
  const pcF = go.code?.pcFOf(funcIndex);
  const func = pcF === undefined ? undefined : go.pclntab?.funcOf(pcF * 65536);
  const segment = segments.segments.find(({ start, end }) => start <= offset && offset < end);
  if (func === undefined || segment === undefined) return undefined;
  const reader = new InstructionReader(go.module.bytes, segment.start, segment.end);
  let depth: number | 'moved' | undefined = func.spDelta(segment.lo);
  /** Depth where each open block began: what stands behind a `return` or a branch goes on from there. */
  const open: (number | 'moved' | undefined)[] = [];
  let constant = 0;
  let change: number | undefined;
  while (reader.pos < segment.end && reader.pos <= offset) {
    const op = reader.next();
    if (reader.start >= offset) break;
    if (op === OP.i32_const) constant = reader.x;
    else if (op === OP.i32_add) change = -constant;
    else if (op === OP.i32_sub) change = constant;
    else if (op === OP.global_set && reader.x === go.globals.SP) {
      depth = change === undefined || typeof depth !== 'number' ? 'moved' : depth + change;
      change = undefined;
    } else if (op === OP.local_set || op === OP.local_get || op === OP.global_get) {
      // SP is computed and stored in one go, through `local.tee`.
      change = undefined;
    } else if (op === OP.call || op === OP.call_indirect) {
      // A Go function takes its return address off; of a tail call, that of the caller.
      const type = op === OP.call ? typeOf(go.module, reader.x) : reader.x;
      if (type === go.module.funcs[funcIndex - go.module.imported.funcs]!.type && typeof depth === 'number') depth -= 8;
    } else if (op === OP.block || op === OP.loop || op === OP.if) open.push(depth);
    else if (op === OP.else) depth = open.at(-1);
    else if (op === OP.end) {
      const before = open.pop();
      if (before !== undefined) depth = before;
    }
  }
  return depth;
}

function typeOf(module: Module, func: number): number | undefined {
  return module.funcs[func - module.imported.funcs]?.type;
}
