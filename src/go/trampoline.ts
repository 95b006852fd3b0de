import { TRAP, Trap } from '../engine/errors.js';
import type { HostCall, Turn, TurnFunction } from '../engine/host-function.js';
import type { Machine } from '../engine/machine.js';
import type { Instance } from '../engine/store.js';
import { funcAddress, i32, NULL_HANDLE, type Value } from '../engine/value.js';
import { AFTER, type After, type Loop, type LoopPart, loopPart } from './loop.js';
import type { GoModule } from './recognise.js';
import { Registers } from './registers.js';

/** What a trampoline needs to see of the machine to decide on its next turn. */
export interface LoopState {
  readonly pause: boolean;
  /** All bits that memory or the global holds; the loop looks at `Loop.pcFBits` of them. */
  readonly pcF: number;
  readonly pcB: number;
}

export type Decision = { readonly to: 'end' } | { readonly to: 'call'; readonly pcF: number; readonly pcB: number };

/** One turn of a trampoline as a function: what it does after `after`. `stop` is the PC_F that a stopping one was given. */
export function decide(loop: Loop, after: After, state: LoopState, stop?: number): Decision {
  if (partOf(loop, after, state, stop).to === 'end') return { to: 'end' };
  return { to: 'call', pcF: maskPcF(loop, state.pcF), pcB: state.pcB };
}

function partOf(loop: Loop, after: After, state: LoopState, stop: number | undefined): LoopPart {
  return loopPart(loop, after, state.pause, loop.stops && maskPcF(loop, state.pcF) === stop);
}

function maskPcF(loop: Loop, pcF: number): number {
  return loop.pcFBits === 16 ? pcF & 0xffff : pcF;
}

/** Hears each turn right before the call that it makes, with the clock that the module's own loop would show there. */
export type OnTurn = (loop: Loop, pcF: number, pcB: number) => void;

/**
 * The trampolines of a Go program as host functions: the saved stack in the guest's memory is driven from here, one
 * turn at a time, and takes the time that the module's own loop would take. All state is the guest's and the machine's,
 * so output, clock and memory are the same under either, and a program may change between them whenever neither is in
 * the middle of a loop; a loop in progress ends as it began.
 */
export class HostTrampoline {
  /** Hears every turn. */
  onTurn: OnTurn | undefined = undefined;
  readonly loops: readonly Loop[];
  private readonly machine: Machine;
  private readonly instance: Instance;
  private readonly registers: Registers;

  constructor(machine: Machine, instance: Instance, go: GoModule) {
    this.machine = machine;
    this.instance = instance;
    this.registers = new Registers(machine.store, instance, go.globals);
    this.loops = [go.loop, go.exportLoop].filter((loop) => loop !== undefined);
  }

  /** From the next call of a loop on; may be done at any stop. */
  install(): void {
    for (const loop of this.loops) this.machine.replace(this.instance.funcs[loop.func]!, this.function(loop));
  }
  /** From the next call of a loop on, the module's own ones run. */
  remove(): void {
    for (const loop of this.loops) this.machine.replace(this.instance.funcs[loop.func]!, undefined);
  }

  /** One of the loops as a host function. */
  function(loop: Loop): TurnFunction {
    const address = this.instance.funcs[loop.func]!;
    return {
      kind: 'turns',
      type: this.machine.store.funcs[address]!.type,
      name: loop.stops ? 'wasm_pc_f_loop_export' : 'wasm_pc_f_loop',
      begin: (call) => this.wait(loop, 'entry', call),
      next: (call, results) => this.wait(loop, isUnwind(results) ? 'unwind' : 'return', call),
      again: (call, stage) => (stage < AFTER.length ? this.tell(loop, stage, call) : this.act(loop, AFTER[stage - AFTER.length]!, call)),
    };
  }

  /** The time of a part up to its last instruction, before which a turn is told; that is the one that calls, returns or traps. */
  private wait(loop: Loop, after: After, call: HostCall): Turn {
    const part = this.part(loop, after, call);
    return { wait: (this.failingLoad(part)?.count ?? part.count) - 1, again: AFTER.indexOf(after) };
  }

  private tell(loop: Loop, stage: number, call: HostCall): Turn {
    const part = this.part(loop, AFTER[stage]!, call);
    if (part.to === 'call' && this.failingLoad(part) === undefined) this.onTurn?.(loop, maskPcF(loop, this.registers.pcF), this.registers.pcB);
    return { wait: 1, again: stage + AFTER.length };
  }

  private act(loop: Loop, after: After, call: HostCall): Turn {
    const { machine, registers } = this;
    const part = this.part(loop, after, call);
    if (this.failingLoad(part) !== undefined) throw new Trap(TRAP.memory);
    if (part.to === 'end') {
      registers.clearPause();
      return 'done';
    }
    const callee = this.callee(loop, maskPcF(loop, registers.pcF));
    machine.countCall();
    return { call: callee, args: loop.passesPcB ? [i32(registers.pcB)] : [] };
  }

  private part(loop: Loop, after: After, call: HostCall): LoopPart {
    return partOf(loop, after, this.registers, loop.stops ? call.args.u32(0) : undefined);
  }
  /** The read of the PC that traps. */
  private failingLoad({ loads }: LoopPart): LoopPart['loads'][number] | undefined {
    const { memory, pcAt } = this.registers;
    return loads.find(({ offset, bytes }) => !memory.contains(pcAt + offset, bytes));
  }

  /** As `call_indirect` does it, with its traps. */
  private callee(loop: Loop, slot: number): number {
    const { store } = this.machine;
    const table = store.tables[this.instance.tables[loop.table]!]!;
    const handle = table.elements[slot];
    if (handle === undefined) throw new Trap(TRAP.undefinedElement);
    if (handle === NULL_HANDLE) throw new Trap(`${TRAP.uninitializedElement} ${slot}`);
    const address = funcAddress(handle);
    if (!store.types.isSubtype(store.funcs[address]!.typeId, this.instance.typeIds[loop.type]!)) throw new Trap(TRAP.indirectCallType);
    return address;
  }
}

function isUnwind(results: readonly Value[]): boolean {
  const [result] = results;
  return result !== undefined && 'i32' in result && result.i32 !== 0;
}
