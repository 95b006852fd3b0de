import type { Frame } from '../engine/frames.js';
import type { Machine } from '../engine/machine.js';
import type { Instance } from '../engine/store.js';
import { Runtime } from './goroutines.js';
import { Peek } from './peek.js';
import { type GoModule, recognise } from './recognise.js';
import { Registers } from './registers.js';

/** What the readers need of the virtual CPU. */
export interface RegisterValues {
  readonly sp: number;
  readonly g: number;
  /** Set while the program unwinds to give the host control. */
  readonly pause: boolean;
}

/**
 * A Go program stopped somewhere: what everything that shows it reads. It is a window and not a copy: it shows the
 * program as it is at the time of asking, so one view serves a machine for its whole life, however often that is
 * restored to another moment.
 */
export interface GoView {
  readonly go: GoModule;
  readonly memory: Peek;
  readonly registers: RegisterValues;
  readonly runtime: Runtime;
  /** The frames on the wasm stack, innermost first; empty while the host has control and nothing is pending. */
  frames(): readonly Frame[];
  /** The store's address of a function, for telling our frames from those of other instances. */
  readonly instance: Instance | undefined;
  /** What `runtime.nanotime` would tell, where that is known: waiting times count from it. */
  nanotime?: () => bigint;
}

/** The view of an instance that runs on a machine; `undefined` if its module is not Go's. */
export function viewOf(machine: Machine, instance: Instance, nanotime?: () => bigint): GoView | undefined {
  const go = recognise(instance.module);
  if (go === undefined) return undefined;
  const registers = new Registers(machine.store, instance, go.globals);
  const view: GoView = { go, memory: registers.memory, registers, runtime: new Runtime(go, registers.memory), frames: () => machine.frames(), instance };
  return nanotime === undefined ? view : { ...view, nanotime };
}

/** A memory image alone (a core dump): all but the goroutine that was running can be seen. */
export function viewOfMemory(go: GoModule, bytes: Uint8Array, registers: RegisterValues = { sp: 0, g: 0, pause: false }): GoView {
  const memory = Peek.of(bytes);
  return { go, memory, registers, runtime: new Runtime(go, memory), frames: () => [], instance: undefined };
}
