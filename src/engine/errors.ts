import type { Value } from './value.js';

/**
 * How running can fail: a closed set. `Trap` and `Exhaustion` are the program's, `LinkError` the embedder's and the
 * module's together, `Crash` ours ("cannot happen in validated code").
 */
export const TRAP = {
  unreachable: 'unreachable',
  integerDivideByZero: 'integer divide by zero',
  integerOverflow: 'integer overflow',
  invalidConversion: 'invalid conversion to integer',
  memory: 'out of bounds memory access',
  table: 'out of bounds table access',
  array: 'out of bounds array access',
  undefinedElement: 'undefined element',
  uninitializedElement: 'uninitialized element',
  indirectCallType: 'indirect call type mismatch',
  nullReference: 'null reference',
  nullFunction: 'null function reference',
  nullStructure: 'null structure reference',
  nullArray: 'null array reference',
  nullI31: 'null i31 reference',
  nullException: 'null exception reference',
  nullDescriptor: 'null descriptor reference',
  cast: 'cast failure',
  descriptorCast: 'descriptor cast failure',
  unalignedAtomic: 'unaligned atomic',
  expectedShared: 'expected shared memory',
} as const;

/** Of the `Exhaustion` where objects would take more than the heap may. */
export const OUT_OF_MEMORY = 'out of memory';

/** A trap (spec §4.3): the message begins with the specification's text. */
export class Trap extends Error {
  override readonly name = 'Trap';
}

/** A limit of ours was reached. The machine's state is whole: raise the limit and run on. */
export class Exhaustion extends Error {
  override readonly name = 'Exhaustion';
}

/** A module and what it is offered do not fit (spec §4.7.2). */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/** An exception of the program: its tag, as an address in the store, and the values that were thrown with it. */
export interface Exception {
  readonly tag: number;
  readonly values: readonly Value[];
}

/**
 * An exception that nothing caught. A host function that throws one with an `exception` throws that: handlers of the
 * program may catch it. Without, it is a failure of the host's own that no program can catch. References in it are not
 * kept alive.
 */
export class UncaughtException extends Error {
  override readonly name = 'UncaughtException';
  readonly exception: Exception | undefined;
  constructor(message: string, exception?: Exception) {
    super(message);
    this.exception = exception;
  }
}

/** How a program fails. */
export type GuestFailure = Trap | Exhaustion | UncaughtException;

export function isGuestFailure(error: unknown): error is GuestFailure {
  return error instanceof Trap || error instanceof Exhaustion || error instanceof UncaughtException;
}

/** A mistake of ours. */
export class Crash extends Error {
  override readonly name = 'Crash';
}
