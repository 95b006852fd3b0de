import type { Stat } from '../fs.js';
import type { StatView } from '../mask.js';
import type { Data } from '../state.js';

interface Times {
  readonly atime: bigint;
  readonly mtime: bigint;
}

/**
 * Shows files as they are, except that times which the guest has set read as it set them: Node sets whole microseconds
 * only, and programs compare.
 */
export class ExactTimes implements StatView {
  readonly sorts = false;
  /** By file: what was asked for, and what the system made of it. */
  private readonly set = new Map<string, { asked: Times; real: Times }>();

  stat(real: Stat): Stat {
    const known = this.set.get(`${real.dev}:${real.ino}`);
    if (known === undefined) return real;
    return {
      ...real,
      atime: real.atime === known.real.atime ? known.asked.atime : real.atime,
      mtime: real.mtime === known.real.mtime ? known.asked.mtime : real.mtime,
    };
  }
  setTimes(real: Stat, atime: bigint, mtime: bigint): void {
    const { atime: realAtime, mtime: realMtime } = real;
    this.set.set(`${real.dev}:${real.ino}`, { asked: { atime, mtime }, real: { atime: realAtime, mtime: realMtime } });
  }

  save(): Data {
    return null;
  }
  load(): void {
    this.set.clear();
  }
  live(): string[] {
    return [];
  }
}
