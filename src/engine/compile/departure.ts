import type { GuestFailure } from '../errors.js';

/** What compiled code returns instead of its budget when its frames are to be written down. */
export const MARK: number = -(2 ** 31);

/** What a version that begins behind the entry returns instead where a local holds what it cannot represent. */
export const REFUSED: number = MARK + 1;

/** One frame that compiled code has left. */
export interface LeftFrame {
  readonly func: number;
  readonly site: number;
  /** A call is under way: the frame comes back by it. */
  readonly calling: boolean;
  /** Stands before the call of the site `after`, which has not begun. */
  readonly before: boolean;
  /** Words of the cells: locals first, then operands. */
  readonly words: readonly number[];
}

/** What compiled code writes down while it leaves, innermost frame first. */
export class Departure {
  readonly frames: LeftFrame[] = [];
  /** Operand words of the frame that is being left. */
  operands: readonly number[] = NONE;
  /** The budget when the innermost frame left. */
  budget = 0;
  /** Arguments of a call that compiled code cannot do. */
  refused: readonly number[] | undefined = undefined;
  /** A host function has returned, and wants the machine to stop. */
  interrupted = false;
  failure: GuestFailure | undefined = undefined;

  clear(): void {
    this.frames.length = 0;
    this.operands = NONE;
    this.refused = undefined;
    this.interrupted = false;
    this.failure = undefined;
  }
}

const NONE: readonly number[] = [];
