/** A value that addresses are counted from, whatever it is; for as long as blocks follow each other without a way in. */
export interface Base {
  /** A stack pointer: all but always aligned, and inside. */
  readonly stack: boolean;
  guard: Guard | undefined;
}

/** What makes the checks of several accesses needless: one for all of them, where the first is. */
export interface Guard {
  /** The lines of its block, and which of them it is. */
  readonly lines: string[];
  readonly at: number;
  readonly leave: string;
  /** The value that it checks, and what that is more than the base. */
  readonly value: string;
  readonly by: number;
  /** Its variable holds the position of that value, in words. */
  readonly variable: string;
  /** The first and the last word that are accessed, counted from there. */
  first: number;
  last: number;
  /** Bits of the value that must be 0. */
  mask: number;
  /** Byte offsets of the accesses. */
  readonly accesses: number[];
}

/** What is known of an address: its low word is so much more than the base, without regard to overflow. */
export interface Location {
  readonly base: Base;
  readonly by: number;
}
