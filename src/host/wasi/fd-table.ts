import type { FileSystem } from '../fs.js';
import type { Data } from '../state.js';
import { WasiError, type Errno } from './errno.js';

/** How many descriptors a guest may have at once. */
const MAX_FDS = 16384;

interface Common {
  /** `FDFLAG` bits. */
  flags: number;
  /** `RIGHT` bits as reported. They are not enforced (as in other hosts: the standard has dropped them), ... */
  rights: number;
  inheriting: number;
  /** ... except those that the guest itself has given up with `fd_fdstat_set_rights`. */
  dropped: number;
}

export interface StreamEntry extends Common {
  readonly kind: 'stream';
  readonly stream: 0 | 1 | 2;
}

export interface FileEntry extends Common {
  readonly kind: 'file';
  readonly tree: number;
  readonly handle: number;
  readonly read: boolean;
  readonly write: boolean;
  /** Byte offset of the next read or write. */
  position: number;
}

export interface DirEntryOpen extends Common {
  readonly kind: 'dir';
  readonly tree: number;
  /** Resolved path in the tree. The directory is found by it again each time, and follows renames by the guest. */
  path: string;
  /** The guest's name for it if it is preopened. */
  readonly preopen?: string;
  /** What `fd_readdir` listed last: names and file types, so that its cookies stay good while files come and go. */
  listing?: readonly (readonly [name: string, type: number])[];
}

export type Entry = StreamEntry | FileEntry | DirEntryOpen;

/** What a guest's descriptors mean: data, but for the trees, which are named by number. */
export class FdTable {
  readonly trees: readonly FileSystem[];
  private entries: (Entry | undefined)[] = [];

  constructor(trees: readonly FileSystem[]) {
    this.trees = trees;
  }

  /** The entry of `fd`, which must not have given up any of `rights`. Throws `WasiError`. */
  get(fd: number, rights: number): Entry {
    const entry = this.entries[fd];
    if (entry === undefined) throw new WasiError('EBADF');
    if ((entry.dropped & rights) !== 0) throw new WasiError('ENOTCAPABLE');
    return entry;
  }
  dir(fd: number, rights: number): DirEntryOpen {
    const entry = this.get(fd, rights);
    if (entry.kind !== 'dir') throw new WasiError('ENOTDIR');
    return entry;
  }
  /** An open file; `stream` and `dir` are the errors if it is something else. */
  file(fd: number, rights: number, stream: Errno = 'EINVAL', dir: Errno = 'EBADF'): FileEntry {
    const entry = this.get(fd, rights);
    if (entry.kind === 'stream') throw new WasiError(stream);
    if (entry.kind === 'dir') throw new WasiError(dir);
    return entry;
  }
  tree(entry: FileEntry | DirEntryOpen): FileSystem {
    return this.trees[entry.tree]!;
  }

  /** Gives `entry` the lowest free number. */
  add(entry: Entry): number {
    let fd = 0;
    while (this.entries[fd] !== undefined) fd++;
    if (fd >= MAX_FDS) throw new WasiError('EMFILE');
    this.entries[fd] = entry;
    return fd;
  }
  close(fd: number): void {
    const entry = this.get(fd, 0);
    this.entries[fd] = undefined;
    if (entry.kind === 'file') this.tree(entry).close(entry.handle);
  }
  /** Moves `from` to the open number `to`, closing what was there. */
  renumber(from: number, to: number): void {
    const entry = this.get(from, 0);
    this.get(to, 0);
    if (from === to) return;
    this.close(to);
    this.entries[to] = entry;
    this.entries[from] = undefined;
  }
  /** Open directories at or beneath `from` are at `to` now. */
  moved(tree: number, from: string, to: string): void {
    for (const entry of this.entries) {
      if (entry?.kind !== 'dir' || entry.tree !== tree) continue;
      if (entry.path === from || entry.path.startsWith(`${from}/`)) entry.path = to + entry.path.slice(from.length);
    }
  }

  save(): Data {
    return this.entries.map((entry) => (entry === undefined ? null : ({ ...entry } as unknown as Data)));
  }
  load(state: Data): void {
    this.entries = (state as readonly (Entry | null)[]).map((entry) => (entry === null ? undefined : { ...entry }));
  }
  /** The trees say what is live; a table is only data. */
  live(): string[] {
    return [];
  }
}
