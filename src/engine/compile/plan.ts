/** What experience says about a function before it is translated. The same plan gives the same blocks and sites. */
export interface Plan {
  /** Is the call of `callee` at this byte offset left out, because it has never been done? */
  cold(offset: number, callee: number): boolean;
  /** Is the access at this byte offset one that is often not aligned? */
  unaligned(offset: number): boolean;
  /** Is the block at this byte offset left out, because a profile has not seen it run? */
  dead(offset: number): boolean;
  /** Does the code write down which blocks run, and leave after so many calls? */
  readonly profile: boolean;
}

/** Calls of a function that make its profile. */
export const PROFILED_CALLS = 1000;
