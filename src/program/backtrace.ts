import type { Frame } from '../engine/frames.js';
import { FUNC_VALUE_OFFSET } from '../go/abi.js';
import type { GoCall } from '../go/pclntab.js';
import { type GoModule, recognise } from '../go/recognise.js';
import { Registers } from '../go/registers.js';
import { CodeSegments } from '../go/segments.js';
import { walkStack } from '../go/stack.js';
import type { Program } from './program.js';
import { functionNaming } from './inspect.js';

/** What of a program is needed to explain its frames. */
export type Explained = Pick<Program, 'module' | 'store' | 'instance'>;

/** One line for each frame, innermost first: `main.div (function 12, at byte 0x5a3f)`. */
export function showFrames(program: Explained, frames: readonly Frame[]): string[] {
  const name = functionNaming(program.module);
  return frames.map((frame) => {
    if (frame.kind === 'host') return `${frame.name} (host function)`;
    const known = frame.instance === program.instance ? name(frame.funcIndex) : undefined;
    return `${known ?? '(no name)'} (function ${frame.funcIndex}, at byte 0x${frame.offset.toString(16)})`;
  });
}

/**
 * The logical Go calls at the moment of a failure, innermost first: what is on the wasm stack and what would have been
 * resumed after it. Empty where the module is not Go's.
 */
export function goCalls(program: Explained, frames: readonly Frame[]): GoCall[] {
  const go = recognise(program.module);
  const table = go?.pclntab;
  if (go === undefined || table === undefined) return [];
  // Innermost there may be helpers outside of Go's calling convention, such as memory comparison.
  let top: { index: number; pcB: number } | undefined;
  for (const frame of frames) if ((top = goPlace(program, go, frame)) !== undefined) break;
  if (top === undefined) return [];
  const { sp, memory } = new Registers(program.store, program.instance, go.globals);
  const func = table.func(top.index);
  if (func === undefined) return [];
  const stack = [...walkStack(memory, table, func.pcF * 65536 + top.pcB, sp, true)];
  return stack.flatMap((frame) => frame.func.calls(frame.callPcB));
}

/** A frame of a function with Go's own calling convention: its number in the table of functions, and its PC_B. */
function goPlace(program: Explained, go: GoModule, frame: Frame): { index: number; pcB: number } | undefined {
  if (frame.kind !== 'wasm' || frame.instance !== program.instance) return undefined;
  const pcB = CodeSegments.of(go, frame.funcIndex)?.at(frame.offset);
  const pcF = go.code?.pcFOf(frame.funcIndex);
  return pcB === undefined || pcF === undefined ? undefined : { index: pcF - FUNC_VALUE_OFFSET, pcB: pcB.lo };
}

/** As Go's own tracebacks show a call, on two lines. */
export function showGoCall({ name, file, line }: GoCall): string {
  return `${name}(...)\n    ${file ?? '?'}:${line ?? '?'}`;
}
