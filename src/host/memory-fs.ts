import type { Clock } from './clock.js';
import { FsError, S_IF, type DirEntry, type FileSystem, type OpenFlags, type Stat } from './fs.js';
import { basename, parent } from './resolve.js';
import type { Data } from './state.js';

/** Who owns everything in the virtual world. */
export const VIRTUAL_UID = 1000;

const DEVICE = 1n;
const BLOCK = 4096;
const ROOT = 1;
const DEFAULT_CAPACITY = 2 ** 30;
const MAX_NAME = 255;
/** What a file counts beside its content, so that empty files are not free. */
const INODE_COST = 512;

/** A file, directory or link, named by its number. Exactly one of the three contents is used. */
interface Inode {
  readonly ino: number;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  /** Content of a file; only the first `size` bytes count. */
  bytes: Uint8Array;
  size: number;
  /** Members of a directory. */
  entries: Map<string, number>;
  /** Target of a symbolic link. */
  target: string;
}

interface Handle {
  readonly ino: number;
  readonly read: boolean;
  readonly write: boolean;
  append: boolean;
}

/**
 * Files in memory, as data. Numbers and times follow from what the program did and from the clock alone, and
 * directories list their members sorted. Permissions are kept but not enforced.
 */
export class MemoryFs implements FileSystem {
  private readonly clock: Pick<Clock, 'realtime'>;
  private readonly capacity: number;
  private inodes = new Map<number, Inode>();
  private handles = new Map<number, Handle>();
  private nextInode = ROOT;
  private used = 0;

  /** `capacity`: bytes of content that all files together may have; beyond, `ENOSPC`. */
  constructor(clock: Pick<Clock, 'realtime'>, capacity: number = DEFAULT_CAPACITY) {
    this.clock = clock;
    this.capacity = capacity;
    this.make(S_IF.dir | 0o755).nlink = 2;
  }

  /** Puts a file where `path` says, with the directories on the way; for filling the tree before a run. */
  put(path: string, content: Uint8Array | string, mode = 0o644): void {
    this.putDirectory(parent(path));
    const handle = this.open(path, { write: true, create: true, truncate: true }, mode);
    try {
      this.write(handle, typeof content === 'string' ? new TextEncoder().encode(content) : content, 0);
    } finally {
      this.close(handle);
    }
  }
  /** Makes a directory and those on the way, unless they exist. */
  putDirectory(path: string): void {
    if (path === '/') return;
    this.putDirectory(parent(path));
    if (this.find(path) === undefined) this.mkdir(path, 0o755);
  }

  lstat(path: string): Stat {
    return describe(this.at(path));
  }
  readdir(path: string): DirEntry[] {
    const names = [...this.directory(path).entries].sort(([a], [b]) => (a < b ? -1 : 1));
    return names.map(([name, ino]) => ({ name, type: this.inodes.get(ino)!.mode & S_IF.mask }));
  }
  readlink(path: string): string {
    const inode = this.at(path);
    if (kind(inode) !== S_IF.link) throw new FsError('EINVAL', path);
    return inode.target;
  }

  mkdir(path: string, mode: number): void {
    const into = this.place(path);
    const inode = this.make(S_IF.dir | (mode & 0o7777));
    this.enter(into, basename(path), inode);
    inode.nlink = 2;
    into.nlink++;
  }
  rmdir(path: string): void {
    const inode = this.at(path);
    if (kind(inode) !== S_IF.dir) throw new FsError('ENOTDIR', path);
    if (inode.ino === ROOT) throw new FsError('EBUSY', path);
    if (inode.entries.size > 0) throw new FsError('ENOTEMPTY', path);
    this.leave(this.directory(parent(path)), basename(path), inode);
  }
  unlink(path: string): void {
    const inode = this.at(path);
    if (kind(inode) === S_IF.dir) throw new FsError('EISDIR', path);
    this.leave(this.directory(parent(path)), basename(path), inode);
  }
  rename(from: string, to: string): void {
    if (from === '/' || to === '/') throw new FsError('EBUSY', from);
    const inode = this.at(from);
    const source = this.directory(parent(from));
    const into = this.directory(parent(to));
    if (basename(to).length > MAX_NAME) throw new FsError('ENAMETOOLONG', to);
    if (to.startsWith(`${from}/`)) throw new FsError('EINVAL', to);
    const existing = this.find(to);
    if (existing === inode) return;
    const moved = kind(inode) === S_IF.dir;
    if (existing !== undefined) {
      const replaced = kind(existing) === S_IF.dir;
      if (moved && !replaced) throw new FsError('ENOTDIR', to);
      if (!moved && replaced) throw new FsError('EISDIR', to);
      if (replaced && existing.entries.size > 0) throw new FsError('ENOTEMPTY', to);
      this.leave(into, basename(to), existing);
    }
    const now = this.clock.realtime();
    source.entries.delete(basename(from));
    into.entries.set(basename(to), inode.ino);
    if (moved) {
      source.nlink--;
      into.nlink++;
    }
    for (const changed of [source, into]) changed.mtime = changed.ctime = now;
    inode.ctime = now;
  }
  link(from: string, to: string): void {
    const inode = this.at(from);
    const into = this.place(to);
    if (kind(inode) === S_IF.dir) throw new FsError('EPERM', from);
    this.enter(into, basename(to), inode);
  }
  symlink(target: string, path: string): void {
    if (target === '') throw new FsError('ENOENT', path);
    const into = this.place(path);
    const size = new TextEncoder().encode(target).length;
    this.take(size);
    const inode = this.make(S_IF.link | 0o777);
    inode.target = target;
    inode.size = size;
    this.enter(into, basename(path), inode);
  }

  chmod(path: string, mode: number): void {
    this.setMode(this.at(path), mode);
  }
  chown(path: string, uid: number, gid: number): void {
    this.setOwner(this.at(path), uid, gid);
  }
  utimes(path: string, atime: bigint, mtime: bigint): void {
    this.setTimes(this.at(path), atime, mtime);
  }

  open(path: string, flags: OpenFlags, mode: number): number {
    let inode = this.find(path);
    if (inode === undefined) {
      if (!flags.create) throw new FsError('ENOENT', path);
      if (flags.directory) throw new FsError('EINVAL', path);
      const into = this.place(path);
      inode = this.make(S_IF.file | (mode & 0o7777));
      this.enter(into, basename(path), inode);
    } else if (flags.create && flags.exclusive) throw new FsError('EEXIST', path);
    const type = kind(inode);
    if (type === S_IF.link) throw new FsError(flags.directory ? 'ENOTDIR' : 'ELOOP', path);
    if (type !== S_IF.dir && flags.directory) throw new FsError('ENOTDIR', path);
    if (type === S_IF.dir && (flags.write || flags.create || flags.truncate)) throw new FsError('EISDIR', path);
    if (flags.truncate && flags.write) this.resize(inode, 0);
    let handle = 0;
    while (this.handles.has(handle)) handle++;
    this.handles.set(handle, {
      ino: inode.ino,
      read: flags.read === true,
      write: flags.write === true,
      append: flags.append === true,
    });
    return handle;
  }
  close(handle: number): void {
    const inode = this.opened(handle);
    this.handles.delete(handle);
    this.forget(inode);
  }
  fstat(handle: number): Stat {
    return describe(this.opened(handle));
  }
  read(handle: number, into: Uint8Array, at: number): number {
    const inode = this.file(handle);
    if (!this.handles.get(handle)!.read) throw new FsError('EBADF');
    if (at >= inode.size) return 0;
    const chunk = inode.bytes.subarray(at, Math.min(at + into.length, inode.size));
    into.set(chunk);
    return chunk.length;
  }
  write(handle: number, bytes: Uint8Array, at: number): number {
    const inode = this.file(handle);
    const { write, append } = this.handles.get(handle)!;
    if (!write) throw new FsError('EBADF');
    if (bytes.length === 0) return 0;
    const start = append ? inode.size : at;
    if (start + bytes.length > inode.size) this.resize(inode, start + bytes.length);
    inode.bytes.set(bytes, start);
    inode.mtime = inode.ctime = this.clock.realtime();
    return bytes.length;
  }
  setAppend(handle: number, append: boolean): void {
    this.opened(handle);
    this.handles.get(handle)!.append = append;
  }
  truncate(handle: number, size: number): void {
    const inode = this.file(handle);
    if (!this.handles.get(handle)!.write) throw new FsError('EINVAL');
    this.resize(inode, size);
  }
  fchmod(handle: number, mode: number): void {
    this.setMode(this.opened(handle), mode);
  }
  fchown(handle: number, uid: number, gid: number): void {
    this.setOwner(this.opened(handle), uid, gid);
  }
  futimes(handle: number, atime: bigint, mtime: bigint): void {
    this.setTimes(this.opened(handle), atime, mtime);
  }
  sync(handle: number): void {
    this.opened(handle);
  }

  save(): Data {
    const inodes = [...this.inodes.values()].map((inode) => ({
      ...inode,
      bytes: kind(inode) === S_IF.file ? inode.bytes.slice(0, inode.size) : new Uint8Array(),
      entries: [...inode.entries],
    }));
    return { inodes, handles: [...this.handles].map(([handle, open]) => ({ handle, ...open })), nextInode: this.nextInode };
  }
  load(state: Data): void {
    type SavedInode = Omit<Inode, 'entries'> & { entries: readonly [string, number][] };
    type Saved = { inodes: readonly SavedInode[]; handles: readonly (Handle & { handle: number })[]; nextInode: number };
    const { inodes, handles, nextInode } = state as unknown as Saved;
    this.inodes = new Map(
      inodes.map((saved) => [saved.ino, { ...saved, bytes: saved.bytes.slice(), entries: new Map(saved.entries) }]),
    );
    this.handles = new Map(handles.map(({ handle, ...open }) => [handle, open]));
    this.nextInode = nextInode;
    this.used = inodes.reduce((sum, inode) => sum + INODE_COST + inode.size, 0);
  }
  live(): string[] {
    return [];
  }

  private find(path: string): Inode | undefined {
    if (path === '/') return this.inodes.get(ROOT);
    const ino = this.directory(parent(path)).entries.get(basename(path));
    return ino === undefined ? undefined : this.inodes.get(ino);
  }
  private at(path: string): Inode {
    const inode = this.find(path);
    if (inode === undefined) throw new FsError('ENOENT', path);
    return inode;
  }
  private directory(path: string): Inode {
    const inode = this.at(path);
    if (kind(inode) !== S_IF.dir) throw new FsError('ENOTDIR', path);
    return inode;
  }
  private opened(handle: number): Inode {
    const open = this.handles.get(handle);
    if (open === undefined) throw new FsError('EBADF');
    return this.inodes.get(open.ino)!;
  }
  private file(handle: number): Inode {
    const inode = this.opened(handle);
    if (kind(inode) === S_IF.dir) throw new FsError('EISDIR');
    return inode;
  }

  /** The directory that is to get the new member `path`. */
  private place(path: string): Inode {
    if (this.find(path) !== undefined) throw new FsError('EEXIST', path);
    const name = basename(path);
    if (name.length > MAX_NAME) throw new FsError('ENAMETOOLONG', path);
    return this.directory(parent(path));
  }
  private make(mode: number): Inode {
    this.take(INODE_COST);
    const now = this.clock.realtime();
    const inode: Inode = {
      ino: this.nextInode++,
      mode,
      uid: VIRTUAL_UID,
      gid: VIRTUAL_UID,
      nlink: 0,
      atime: now,
      mtime: now,
      ctime: now,
      bytes: new Uint8Array(),
      size: 0,
      entries: new Map(),
      target: '',
    };
    this.inodes.set(inode.ino, inode);
    return inode;
  }
  private enter(into: Inode, name: string, inode: Inode): void {
    into.entries.set(name, inode.ino);
    inode.nlink++;
    into.mtime = into.ctime = inode.ctime = this.clock.realtime();
  }
  private leave(from: Inode, name: string, inode: Inode): void {
    from.entries.delete(name);
    inode.nlink--;
    if (kind(inode) === S_IF.dir) {
      inode.nlink = 0;
      from.nlink--;
    }
    from.mtime = from.ctime = inode.ctime = this.clock.realtime();
    this.forget(inode);
  }
  /** Frees what has no name and no handle any more. */
  private forget(inode: Inode): void {
    if (inode.nlink > 0) return;
    for (const open of this.handles.values()) if (open.ino === inode.ino) return;
    this.used -= INODE_COST + inode.size;
    this.inodes.delete(inode.ino);
  }

  private take(bytes: number): void {
    if (this.used + bytes > this.capacity) throw new FsError('ENOSPC');
    this.used += bytes;
  }
  private resize(inode: Inode, size: number): void {
    this.take(size - inode.size);
    if (size > inode.bytes.length) {
      const bytes = new Uint8Array(Math.max(size, Math.min(inode.bytes.length * 2, this.capacity)));
      bytes.set(inode.bytes.subarray(0, inode.size));
      inode.bytes = bytes;
    } else if (size < inode.size) inode.bytes.fill(0, size, inode.size);
    inode.size = size;
    inode.mtime = inode.ctime = this.clock.realtime();
  }
  private setMode(inode: Inode, mode: number): void {
    inode.mode = kind(inode) | (mode & 0o7777);
    inode.ctime = this.clock.realtime();
  }
  private setOwner(inode: Inode, uid: number, gid: number): void {
    inode.uid = uid;
    inode.gid = gid;
    inode.ctime = this.clock.realtime();
  }
  private setTimes(inode: Inode, atime: bigint, mtime: bigint): void {
    inode.atime = atime;
    inode.mtime = mtime;
    inode.ctime = this.clock.realtime();
  }
}

function kind(inode: Inode): number {
  return inode.mode & S_IF.mask;
}

function describe(inode: Inode): Stat {
  const { mode, nlink, uid, gid, atime, mtime, ctime } = inode;
  const size = kind(inode) === S_IF.dir ? BLOCK : inode.size;
  const blocks = Math.ceil(size / BLOCK) * (BLOCK / 512);
  return { dev: DEVICE, ino: BigInt(inode.ino), mode, nlink, uid, gid, rdev: 0, size, blksize: BLOCK, blocks, atime, mtime, ctime };
}
