import type { CellWindow } from '../engine/cells.js';
import type { GuestMemory } from '../engine/guest-memory.js';

/** What a value is shown as: a number where the number is the meaning, else text. */
export type Shown = number | bigint | string;

/** A call in words: what went in, by parameter name, and after it returned what came out. */
export interface DescribedCall {
  readonly args: Readonly<Record<string, Shown>>;
  /** Ask when the call has returned, while the memory is as it left it. */
  result(results: CellWindow, memory: GuestMemory): Readonly<Record<string, Shown>>;
}
