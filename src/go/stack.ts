import type { GoFunc, Pclntab } from './pclntab.js';
import type { Peek } from './peek.js';

/** One physical frame of a Go stack. `pc` is where it goes on; `callPcB` the PC_B whose file and line are the call's. */
export interface GoFrame {
  readonly func: GoFunc;
  readonly pc: number;
  readonly pcB: number;
  readonly callPcB: number;
  readonly sp: number;
  /** Address just above the return-address slot: the first argument. */
  readonly fp: number;
}

/** As Go's own limit on tracebacks, generously. */
const MAX_FRAMES = 1_000_000;

/**
 * Walks a Go stack in memory outwards from a saved PC and SP (runtime/traceback.go). Stops at the bottom of the stack
 * or at the first word that is no return address. `exact`: the first PC is where execution stands, not a return
 * address, so it is its own line; `depth` says then how far the first frame's return-address slot is from SP, where
 * that is not what holds for its whole PC_B.
 */
export function* walkStack(memory: Peek, table: Pclntab, pc: number, sp: number, exact = false, depth?: number): Generator<GoFrame> {
  let own = exact;
  let known = depth;
  for (let count = 0; count < MAX_FRAMES; count++) {
    const func = table.funcOf(pc);
    if (func === undefined) return;
    const pcB = pc % 65536;
    const delta = known ?? func.spDelta(pcB);
    if (delta === undefined || delta < -8) return;
    known = undefined;
    const fp = sp + delta + 8;
    yield { func, pc, pcB, callPcB: pcB > 0 && !own ? pcB - 1 : pcB, sp, fp };
    if (func.isTopFrame || !memory.contains(fp - 8, 8)) return;
    own = func.name === 'runtime.sigpanic';
    pc = memory.word(fp - 8);
    sp = fp;
  }
}
