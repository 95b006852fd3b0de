import type { DefinedFunc, Module } from '../wasm/module.js';
import { I32, I64 } from '../wasm/types.js';
import type { GlobalLayout } from './abi.js';
import { DryRun, type Halt, NotUnderstood } from './dry-run.js';

/**
 * What a trampoline, `wasm_pc_f_loop` or `wasm_pc_f_loop_export` (runtime/asm_wasm.s), does and what that costs. It is
 * found out by trying: the body is run dry in every situation that it can meet, and has to behave like a trampoline
 * in each. So nothing depends on how a version of Go writes the loop, and what behaves otherwise is not taken for one.
 */
export interface Loop {
  /** Position in the module's function index space. */
  readonly func: number;
  /** Its parameter is the PC_F to stop at, once something returned there normally (`wasm_pc_f_loop_export`). */
  readonly stops: boolean;
  /** Bits of PC_F that it looks at: 16 up to Go 1.24, 32 since. */
  readonly pcFBits: 16 | 32;
  /** Are functions called with PC_B as argument? In Go 1.11 they find it in a global. */
  readonly passesPcB: boolean;
  /** Offset in the module of the `call_indirect` that every turn begins with. */
  readonly turnAt: number;
  /** The table that it calls through, and the index of the type that it expects there. */
  readonly table: number;
  readonly type: number;
  readonly parts: ReadonlyMap<string, LoopPart>;
}

/** What the loop does from its entry, or from the return of what it called, up to its next call or its end. */
export interface LoopPart {
  readonly to: 'call' | 'end';
  /** Counting instructions executed, the call included. */
  readonly count: number;
  /** Its reads of the PC below SP, which may trap: `offset` from SP − 8, and instructions up to and including it. */
  readonly loads: readonly { readonly offset: number; readonly bytes: number; readonly count: number }[];
}

/** `unwind`: what was called returned 1; `return`: 0. */
export type After = 'entry' | 'unwind' | 'return';

/** `atStop`: PC_F is the one to stop at; never for a loop that does not stop. */
export function loopPart(loop: Loop, after: After, paused: boolean, atStop: boolean): LoopPart {
  return loop.parts.get(key(after, paused, atStop))!;
}

function key(after: After, paused: boolean, atStop: boolean): string {
  return `${after} ${paused} ${atStop}`;
}

export const AFTER: readonly After[] = ['entry', 'unwind', 'return'];
const SP = 0x8000;
const STOP = 0x1234;
const PC_F = 0x54321;
const PC_B = 0x0765;

/** Understands defined function `defined` of the module as a trampoline; `undefined` if it is none. */
export function understandLoop(module: Module, defined: number, layout: GlobalLayout): Loop | undefined {
  try {
    return new Trial(module, defined, layout).loop();
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

class Trial {
  private readonly module: Module;
  private readonly defined: number;
  private readonly func: DefinedFunc;
  private readonly layout: GlobalLayout;
  private readonly stops: boolean;
  private pcFBits: 16 | 32 | undefined = undefined;
  private call: Halt | undefined = undefined;

  constructor(module: Module, defined: number, layout: GlobalLayout) {
    this.module = module;
    this.defined = defined;
    this.func = module.funcs[defined]!;
    this.layout = layout;
    const type = module.types[this.func.type]!.comp;
    if (type.kind !== 'func' || type.results.length > 0 || type.params.length > 1 || type.params.some((param) => param !== I32)) {
      throw new NotUnderstood('another type than a trampoline has');
    }
    this.stops = type.params.length === 1;
  }

  loop(): Loop {
    const parts = new Map<string, LoopPart>();
    for (const after of AFTER) {
      for (const paused of [false, true]) {
        for (const atStop of this.stops ? [false, true] : [false]) {
          // What came before must not matter: the state of a trampoline is Go's, not its own.
          const tried = this.prefixes(after).map((prefix) => this.attempt(prefix, after, paused, atStop));
          const [part] = tried;
          if (part === undefined || tried.some((other) => other.to !== part.to || other.count !== part.count)) {
            throw new NotUnderstood('depends on earlier turns');
          }
          const ends = after !== 'entry' && (paused || (atStop && after === 'return'));
          if ((part.to === 'end') !== ends && !(after === 'entry' && paused)) throw new NotUnderstood('stops at other times');
          parts.set(key(after, paused, atStop), part);
        }
      }
    }
    if (this.call === undefined || this.pcFBits === undefined) throw new NotUnderstood('calls nothing');
    return {
      func: this.module.imported.funcs + this.defined,
      stops: this.stops,
      pcFBits: this.pcFBits,
      passesPcB: this.call.operands.length === 1,
      turnAt: this.call.offset,
      table: this.call.table,
      type: this.call.type,
      parts,
    };
  }

  /** Results of the calls that bring the loop to the point after `after`. */
  private prefixes(after: After): number[][] {
    if (after === 'entry') return [[]];
    const last = after === 'unwind' ? 1 : 0;
    return [[last], [0, last], [1, last]];
  }

  private attempt(prefix: readonly number[], after: After, paused: boolean, atStop: boolean): LoopPart {
    const state = { paused: prefix.length === 0 && paused, pcF: prefix.length === 0 && atStop ? STOP : PC_F };
    const loads: { offset: number; bytes: number; count: number }[] = [];
    const pc = (): bigint => (BigInt(state.pcF) << 16n) | BigInt(PC_B);
    const { layout } = this;
    const run = new DryRun(this.module.bytes, this.func.body, this.locals(), {
      getGlobal: (index) => {
        if (index === layout.PAUSE) return state.paused ? 1 : 0;
        if (index === layout.SP) return SP;
        if (index === layout.PC_F) return state.pcF;
        if (index === layout.PC_B) return PC_B;
        throw new NotUnderstood(`reads global ${index}`);
      },
      setGlobal: (index, value) => {
        if (index !== layout.PAUSE || value !== 0) throw new NotUnderstood(`writes global ${index}`);
        state.paused = false;
      },
      load: (address, bytes) => {
        const offset = address - (SP - 8);
        if (offset < 0 || offset + bytes > 8 || layout.PC_F !== undefined) throw new NotUnderstood('reads elsewhere');
        loads.push({ offset, bytes, count: run.count });
        return BigInt.asUintN(bytes * 8, pc() >> BigInt(offset * 8));
      },
    });
    let halt = run.run();
    prefix.forEach((result, i) => {
      if (halt.at !== 'call') throw new NotUnderstood('ends early');
      if (i === prefix.length - 1) {
        state.paused = paused;
        state.pcF = atStop ? STOP : PC_F;
        loads.length = 0;
      }
      halt = run.run(result);
    });
    if (halt.at === 'end') {
      if (state.paused) throw new NotUnderstood('leaves PAUSE set');
    } else if (after === 'entry' || !paused) this.checkCall(halt, state.pcF);
    return { to: halt.at, count: halt.count, loads };
  }

  private checkCall(halt: Halt, pcF: number): void {
    const bits = halt.slot === pcF ? 32 : halt.slot === (pcF & 0xffff) ? 16 : undefined;
    // The PC_F to stop at fits both widths and tells nothing.
    if (bits === undefined || (pcF !== STOP && this.pcFBits !== undefined && bits !== this.pcFBits)) throw new NotUnderstood('calls another slot');
    if (pcF !== STOP) this.pcFBits = bits;
    if (this.layout.PC_B === undefined ? halt.operands.length !== 1 || halt.operands[0] !== PC_B : halt.operands.length > 0) {
      throw new NotUnderstood('passes another PC_B');
    }
    if (this.call !== undefined && this.call.offset !== halt.offset) throw new NotUnderstood('calls from several places');
    this.call = halt;
  }

  private locals(): (number | bigint)[] {
    const locals: (number | bigint)[] = this.stops ? [STOP] : [];
    const { locals: runs } = this.func;
    for (let i = 0; i < runs.length; i += 2) {
      const zero = runs[i + 1] === I32 ? 0 : runs[i + 1] === I64 ? 0n : undefined;
      if (zero === undefined || locals.length + runs[i]! > 64) throw new NotUnderstood('has other locals than a trampoline');
      for (let k = 0; k < runs[i]!; k++) locals.push(zero);
    }
    return locals;
  }
}
