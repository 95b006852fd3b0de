import { VIRTUAL_START } from './clock.js';
import { isDir, type Stat } from './fs.js';
import { VIRTUAL_UID } from './memory-fs.js';
import type { Data, HostState } from './state.js';

const BLOCK = 4096;

interface Entry {
  readonly ino: bigint;
  atime: bigint;
  mtime: bigint;
}

/** What a guest is shown of the real files' metadata. */
export interface StatView extends HostState {
  stat(real: Stat): Stat;
  /** The guest has set the times of that file; `real` is what the system made of it. */
  setTimes(real: Stat, atime: bigint, mtime: bigint): void;
  /** Whether directories are listed in order. */
  readonly sorts: boolean;
}

/**
 * Hides of a real folder what differs from one machine or run to the next: inode numbers are counted in the order in
 * which files are first seen, times are the virtual start unless the guest has set them, the owner is the virtual one.
 * Content, names, sizes of files and permissions stay.
 */
export class Mask implements StatView {
  readonly sorts = true;
  private seen = new Map<string, Entry>();

  private entry(real: Stat): Entry {
    const key = `${real.dev}:${real.ino}`;
    const known = this.seen.get(key);
    if (known !== undefined) return known;
    const entry = { ino: BigInt(this.seen.size + 1), atime: VIRTUAL_START, mtime: VIRTUAL_START };
    this.seen.set(key, entry);
    return entry;
  }

  stat(real: Stat): Stat {
    const { ino, atime, mtime } = this.entry(real);
    const size = isDir(real) ? BLOCK : real.size;
    return {
      dev: 1n,
      ino,
      mode: real.mode,
      nlink: isDir(real) ? 1 : real.nlink,
      uid: VIRTUAL_UID,
      gid: VIRTUAL_UID,
      rdev: 0,
      size,
      blksize: BLOCK,
      blocks: Math.ceil(size / BLOCK) * (BLOCK / 512),
      atime,
      mtime,
      ctime: VIRTUAL_START,
    };
  }

  setTimes(real: Stat, atime: bigint, mtime: bigint): void {
    const entry = this.entry(real);
    entry.atime = atime;
    entry.mtime = mtime;
  }

  save(): Data {
    return [...this.seen].map(([key, { ino, atime, mtime }]) => [key, ino, atime, mtime]);
  }
  load(state: Data): void {
    const entries = state as readonly (readonly [string, bigint, bigint, bigint])[];
    this.seen = new Map(entries.map(([key, ino, atime, mtime]) => [key, { ino, atime, mtime }]));
  }
  live(): string[] {
    return [];
  }
}
