import type { StopReason } from '../engine/stop-reason.js';

/**
 * A moment of a recorded run: before the instruction that makes the clock `clock + 1`. `offset` tells apart what lies
 * between two instructions: how much of the recording's stream has been taken in.
 */
export interface Position {
  readonly clock: number;
  readonly offset: number;
}

/** How a long search stays in touch with whoever asked for it. It is called many times a second, and others may run in between. */
export interface Search {
  /** How much is done, 0 to 1. */
  readonly progress?: (done: number) => void;
  /** `true` ends the search: the timeline goes back to where it was and the search throws `Cancelled`. */
  readonly cancelled?: () => boolean;
}

/** A search was ended by whoever asked for it. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  constructor() {
    super('the search was cancelled');
  }
}

/** Why a run along the timeline stopped. */
export type Stop =
  /** A probe asked for it, `limit` was reached, or the guest failed. */
  | StopReason
  /** The end of the recording, and of the live session if there is one. */
  | { readonly kind: 'edge' };

/** Something that was found by running backwards. */
export interface Hit<T> {
  readonly position: Position;
  readonly value: T;
}

/** Who last wrote to an address. */
export interface LastWrite {
  /** Before the instruction that wrote, or that called the host. */
  readonly position: Position;
  /** Address in the store of that instruction's function; undefined where the host wrote while nothing of the guest ran. */
  readonly func: number | undefined;
  /** Byte offset of the instruction in the module. */
  readonly offset: number | undefined;
  /** The host wrote, on behalf of the guest. */
  readonly host: boolean;
}
