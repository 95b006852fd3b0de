import type { FuncType } from '../wasm/types.js';
import type { CellWindow } from './cells.js';
import type { GuestMemory } from './guest-memory.js';

/**
 * What a host function may do, declared when it is made:
 *
 * - `leaf`: data in, data out. It never re-enters the machine, suspends or stops; both tiers call it directly.
 * - `full`: the machine stops with the reason `host-call`, and whoever drives it answers with `finish` or `fail`,
 *   now or later; in between it may call exports, which run as new frames on the same flat stack.
 */
export type HostFunction = LeafFunction | FullFunction;

export interface LeafFunction {
  readonly kind: 'leaf';
  readonly type: FuncType;
  /** How traces and errors call it: `module.name`. */
  readonly name: string;
  /** `args` and `results` start at the same cell: read every argument before you write a result. */
  readonly call: (args: CellWindow, results: CellWindow, memory: GuestMemory) => void;
}

export interface FullFunction {
  readonly kind: 'full';
  readonly type: FuncType;
  readonly name: string;
  /**
   * Called by the driver (`engine/drive.ts`) after the machine has stopped. Answers by writing `results`; may throw
   * to end the whole run (`Trap` traps the guest here). A promise is awaited where the driver can wait.
   */
  readonly call: (context: HostCall) => void | Promise<void>;
}

/** One pending full call. */
export interface HostCall {
  readonly args: CellWindow;
  readonly results: CellWindow;
  readonly memory: GuestMemory;
}
