import type { Driver } from '../../engine/drive.js';
import { Crash } from '../../engine/errors.js';
import { type GuestMemory, MemoryView } from '../../engine/guest-memory.js';
import type { Instance } from '../../engine/store.js';
import type { Value } from '../../engine/value.js';
import { STACK_PC_GLOBALS } from '../../go/abi.js';

/** What the host needs of the machine that runs the program. */
export interface Guest {
  readonly memory: GuestMemory;
  /** Go's stack pointer: what the export `getsp` answers. */
  stackPointer(): number;
  /** Runs an export to its end, within the host call in progress if there is one. */
  call(name: string, args: readonly Value[]): readonly Value[];
}

/** The guest that `driver` runs. */
export function guestOf(driver: Driver, instance: Instance): Guest {
  const { store } = driver.machine;
  const memory = new MemoryView(store.memories[instance.memories[0]!]!);
  const { cell } = store.globals[instance.globals[STACK_PC_GLOBALS.SP]!]!;
  return {
    memory,
    stackPointer: () => store.globalCells.i32[cell * 2]! >>> 0,
    call: (name, args) => driver.call(exportedFunction(instance, name), args),
  };
}

/** The store address of an exported function. */
export function exportedFunction(instance: Instance, name: string): number {
  const found = instance.exports.get(name);
  if (found?.kind !== 'func') throw new Crash(`the module exports no function "${name}"`);
  return found.address;
}
