import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { GoModule } from './recognise.js';
import type { CodeSegments } from './segments.js';

/** What the code of a PC_B does, as far as it matters for stopping there. */
export interface PcBlock {
  /** Offset of its first instruction, or of the stretch of code that it lies in. */
  readonly offset: number;
  /** Its first instruction is known: the code tells where this PC_B begins. */
  readonly located: boolean;
  /** From its first instruction on all of its code is executed: nothing leaves it in the middle. */
  readonly straight: boolean;
  /** It ends in a call that only raises a panic: a bounds check that failed, a nil pointer. */
  readonly cold: boolean;
}

/** What control flow inside one function says about its PC_Bs. */
export class FunctionBlocks {
  private readonly jumps: { readonly from: number; readonly to: number }[] = [];
  private readonly blocks = new Map<number, PcBlock>();

  constructor(go: GoModule, segments: CodeSegments) {
    const { stretches } = segments;
    const panics = panicFunctions(go);
    for (const { start, end, lo, hi } of stretches) {
      const { straight, cold, targets } = follow(go, start, end, panics);
      for (const to of targets) this.jumps.push({ from: lo, to });
      for (let pcB = lo; pcB <= hi; pcB++) {
        const known = this.blocks.get(pcB);
        // A stretch of several PC_Bs begins with the first one; the rest of a PC_B that began before may follow: a call behind its arguments.
        if (known === undefined) this.blocks.set(pcB, { offset: start, located: pcB === lo, straight, cold });
        else this.blocks.set(pcB, { ...known, straight: known.straight && straight, cold: known.cold || cold });
      }
    }
  }

  /** Does a jump from elsewhere in the function lead into the PC_Bs from `start` to `end`, past the first one? */
  enteredInside(start: number, end: number): boolean {
    return this.jumps.some(({ from, to }) => to > start && to < end && (from < start || from >= end));
  }

  at(pcB: number): PcBlock | undefined {
    return this.blocks.get(pcB);
  }
}

/** Reads a stretch of code: does anything leave it before its end, and what does it call? */
function follow(go: GoModule, start: number, end: number, panics: ReadonlySet<number>): { straight: boolean; cold: boolean; targets: number[] } {
  const targets: number[] = [];
  const reader = new InstructionReader(go.module.bytes, start, end);
  const ifs: boolean[] = [];
  let constant: number | undefined;
  let target: number | undefined;
  let left = false;
  let straight = true;
  let cold = false;
  while (reader.pos < end) {
    const op = reader.next();
    const jumps = op === OP.br || op === OP.return;
    if (op === OP.br && target !== undefined) targets.push(target);
    if (left && ifs.length === 0 && !jumps && op !== OP.i32_const && op !== OP.end && !(op === OP.local_set && reader.x === 0)) straight = false;
    target = op === OP.local_set && reader.x === 0 ? constant : undefined;
    constant = op === OP.i32_const ? reader.x : undefined;
    if (op === OP.if || op === OP.block || op === OP.loop) ifs.push(op === OP.if);
    else if (op === OP.end) ifs.pop();
    else if (jumps && ifs.includes(true)) left = true;
    else if (op === OP.call && panics.has(reader.x)) cold = true;
  }
  return { straight, cold, targets };
}

const known = new WeakMap<GoModule, ReadonlySet<number>>();

/** Functions that the compiler calls only to raise a panic. */
function panicFunctions(go: GoModule): ReadonlySet<number> {
  let found = known.get(go);
  if (found === undefined) {
    const functions = new Set<number>();
    for (let i = 0; i < (go.pclntab?.count ?? 0); i++) {
      const { name, pcF } = go.pclntab!.func(i)!;
      const index = /^runtime\.(goPanic|panic(Index|Slice|divide|shift|nil|wrap|dottype|Bounds|Unsafe)|sigpanic|panicSlice|unsafe(slice|string)len)/.test(name) ? go.code?.funcOf(pcF) : undefined;
      if (index !== undefined) functions.add(index);
    }
    known.set(go, (found = functions));
  }
  return found;
}
