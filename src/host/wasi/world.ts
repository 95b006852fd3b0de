import type { CellWindow } from '../../engine/cells.js';
import type { GuestMemory } from '../../engine/guest-memory.js';
import type { Clock } from '../clock.js';
import type { Streams } from '../io.js';
import type { Random } from '../random.js';
import type { FdTable } from './fd-table.js';
import type { WasiName } from './signatures.js';

/** What the calls of one guest work on. */
export interface World {
  /** UTF-8, without the final NUL. */
  readonly args: readonly Uint8Array[];
  readonly env: readonly Uint8Array[];
  readonly clock: Clock;
  readonly random: Random;
  readonly streams: Streams;
  readonly fds: FdTable;
  /** By tree: whether it is the whole world, so that absolute link targets lead nowhere else. */
  readonly whole: readonly boolean[];
}

/**
 * One call. Arguments stand in `args` as `signatures.ts` lays them out; addresses and lengths that it declares have been
 * checked. Returning is success; it throws `WasiError` or `FsError` to answer with an error, and what `GuestMemory`
 * throws becomes `EFAULT`.
 */
export type Handler = (world: World, args: CellWindow, memory: GuestMemory) => void;

/** The handlers of all functions whose names match `Pattern`. */
export type Handlers<Pattern extends string> = Readonly<Record<Extract<WasiName, Pattern>, Handler>>;
