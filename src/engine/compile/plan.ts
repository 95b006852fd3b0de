/** What experience says about a function before it is translated. The same plan gives the same blocks and sites. */
export interface Plan {
  /** Is the call of `callee` at this byte offset left out, because it has never been done? */
  cold(offset: number, callee: number): boolean;
  /** Is the access at this byte offset one that is often not aligned? Those through a stack pointer are only if they were seen to be. */
  unaligned(offset: number, stack: boolean): boolean;
  /** Is the block at this byte offset left out, because it has never run? */
  dead(offset: number): boolean;
}
