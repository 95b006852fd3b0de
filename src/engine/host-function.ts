import type { FuncType } from '../wasm/types.js';
import type { CellWindow } from './cells.js';
import type { GuestMemory } from './guest-memory.js';
import type { Value } from './value.js';

/**
 * What a host function may do, declared when it is made:
 *
 * - `leaf`: data in, data out. It never re-enters the machine, suspends or stops, nor looks at frames; both tiers call
 *   it directly.
 * - `full`: the machine stops with the reason `host-call`, and whoever drives it answers with `finishHostCall` or
 *   `failHostCall`, now or later; in between it may call exports, which run as new frames on the same flat stack.
 * - `turns`: as `full`, but without a JavaScript frame that lives while the guest runs, so that a snapshot may be
 *   taken in the middle: whenever an activation that it asked for has returned, it is asked for the next one.
 */
export type HostFunction = LeafFunction | FullFunction | TurnFunction;
export type StoppingFunction = FullFunction | TurnFunction;

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
  /** Answers by writing `results`. Throwing a `Trap` traps the guest here; any other error ends the whole run. */
  readonly call: (context: HostCall) => void;
}

/** All its state lives in the guest: globals, memory, and the flat stack that says it is pending. */
export interface TurnFunction {
  readonly kind: 'turns';
  readonly type: FuncType;
  readonly name: string;
  readonly begin: (context: HostCall) => Turn;
  readonly next: (context: HostCall, results: readonly Value[]) => Turn;
  /** After a wait, with what that said. */
  readonly again?: (context: HostCall, again: number) => Turn;
  /** Instead of `next`, when the activation failed; without it the call fails with the same error. */
  readonly failed?: (context: HostCall, error: Error) => Turn;
}

/** What to do next: run a function of the store, wait, or return (with `HostCall.results` written). */
export type Turn = { readonly call: number; readonly args: readonly Value[] } | Wait | 'done';

/**
 * The call takes the time of so many instructions, in which the machine may stop as in any others; then it is asked
 * `again`, with this number, which is all that it remembers.
 */
export interface Wait {
  readonly wait: number;
  readonly again: number;
}

/** One pending call. The windows stay valid, also while callbacks run above it. */
export interface HostCall {
  readonly args: CellWindow;
  readonly results: CellWindow;
  /** Memory 0 of the calling instance; of no bytes where it has none. */
  readonly memory: GuestMemory;
}
