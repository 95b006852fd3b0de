import type { GuestFailure } from './errors.js';
import type { HostCall, StoppingFunction } from './host-function.js';
import type { Probe } from './probes.js';
import type { Value } from './value.js';

/** Why `Machine.run` and `Machine.step` came back: a closed union. */
export type StopReason =
  /** The activation started last has returned; its frames are gone. */
  | { readonly kind: 'returned'; readonly results: readonly Value[] }
  /**
   * A `full` or `turns` host function is called: answer with `finishHostCall` or `failHostCall`, now or later. `again`
   * is there when it has been called before, and what it waited for is over.
   */
  | { readonly kind: 'host-call'; readonly call: PendingCall; readonly again?: number }
  /**
   * The program failed. The frames stay for inspection until `abandon`. After an `Exhaustion` the state is whole:
   * raise the limit and run on.
   */
  | { readonly kind: 'trap'; readonly error: GuestFailure }
  /** A probe asked to stop before the instruction that it watches; running on does not fire it again there. */
  | { readonly kind: 'probe'; readonly probe: Probe }
  /** The clock reached the given limit. */
  | { readonly kind: 'limit' }
  /** `pause` was called. */
  | { readonly kind: 'paused' }
  /** An infinite `memory.atomic.wait` on the only thread there is. */
  | { readonly kind: 'deadlock' };

/** A host call in progress: one of an import, or of a function that `Machine.replace` made the host's. */
export interface PendingCall extends HostCall {
  readonly host: StoppingFunction;
  /** Address in the store of the function that was called. */
  readonly address: number;
}
