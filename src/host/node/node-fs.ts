import * as fs from 'node:fs';
import { FS_ERRORS, FsError, isLink, S_IF, type DirEntry, type FileSystem, type FsErrorCode, type OpenFlags, type Stat } from '../fs.js';
import type { StatView } from '../mask.js';
import { basename, parent } from '../resolve.js';
import { type Data, StateError } from '../state.js';
import { ExactTimes } from './exact-times.js';

const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_TRUNC } = fs.constants;
/** Missing on Windows, where links need privileges to be made. */
const O_DIRECTORY = fs.constants.O_DIRECTORY ?? 0;
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
/** Linux: a descriptor that only names a file and needs no permission on it. Node has no name for it. */
const O_PATH = 0o10000000;
/** Where Linux lets a path begin at a descriptor. */
const DESCRIPTORS = '/proc/self/fd';

interface OpenFile {
  /** The descriptor that the system gave. */
  fd: number;
  /** Its name, kept up to date when the guest renames it. */
  path: string;
  flags: OpenFlags;
  /** Whether reads and writes have a place; a FIFO or a terminal has none. */
  readonly seekable: boolean;
}

/**
 * A real folder. `resolve.ts` has followed the links of every path, so what is given here stays beneath the folder
 * unless another process swaps a directory for a link in between. Against that, where the system allows it (Linux),
 * the directory is opened first, found to be the one that was meant, and then used by its descriptor. `lstat` alone
 * always goes by path: losing that race tells a guest sizes and times, never content.
 */
export class NodeFs implements FileSystem {
  private readonly root: string;
  private readonly view: StatView;
  private readonly files = new Map<number, OpenFile>();

  /** `root`: an existing directory, else `FsError`. */
  constructor(root: string, view: StatView = new ExactTimes()) {
    this.root = attempt(() => fs.realpathSync(root), root);
    this.view = view;
    if (!attempt(() => fs.statSync(this.root), root).isDirectory()) throw new FsError('ENOTDIR', root);
  }

  private host(path: string): string {
    if (process.platform === 'win32' && /[\\:]/.test(path)) throw new FsError('EINVAL', path);
    if (path === '/') return this.root;
    return this.root.endsWith('/') ? this.root + path.slice(1) : this.root + path;
  }
  /** Runs `use` with a host path of the directory `path` that no race can lead elsewhere. */
  private inside<T>(path: string, use: (directory: string) => T): T {
    const directory = this.host(path);
    if (!byDescriptor) return attempt(() => use(directory));
    return attempt(() => {
      const fd = fs.openSync(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      try {
        const fixed = `${DESCRIPTORS}/${fd}`;
        if (fs.readlinkSync(fixed) !== directory) throw new FsError('ENOENT', path);
        return use(fixed);
      } finally {
        fs.closeSync(fd);
      }
    });
  }
  /** Runs `use` with a host path of `path` itself. */
  private named<T>(path: string, use: (host: string) => T): T {
    this.host(path);
    return this.inside(parent(path), (directory) => use(`${directory}/${basename(path) || '.'}`));
  }
  private shown(stat: fs.BigIntStats): Stat {
    return this.view.stat(fromNode(stat));
  }

  lstat(path: string): Stat {
    const stat = attempt(() => fs.lstatSync(this.host(path), { bigint: true, throwIfNoEntry: false }));
    if (stat === undefined) throw new FsError('ENOENT', path);
    return this.shown(stat);
  }
  readdir(path: string): DirEntry[] {
    const found = this.inside(path, (directory) => fs.readdirSync(`${directory}/`, { withFileTypes: true }));
    const entries = found.map((entry) => ({ name: entry.name, type: typeOf(entry) }));
    return !this.view.sorts ? entries : entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  readlink(path: string): string {
    return this.named(path, (host) => fs.readlinkSync(host));
  }
  mkdir(path: string, mode: number): void {
    this.named(path, (host) => fs.mkdirSync(host, { mode }));
  }
  rmdir(path: string): void {
    if (path === '/') throw new FsError('EBUSY', path);
    this.named(path, (host) => fs.rmdirSync(host));
  }
  unlink(path: string): void {
    this.named(path, (host) => fs.unlinkSync(host));
  }
  rename(from: string, to: string): void {
    if (from === '/' || to === '/') throw new FsError('EBUSY', from);
    this.named(from, (a) => this.named(to, (b) => fs.renameSync(a, b)));
    for (const file of this.files.values()) {
      if (file.path === from || file.path.startsWith(`${from}/`)) file.path = to + file.path.slice(from.length);
    }
  }
  link(from: string, to: string): void {
    this.named(from, (a) => this.named(to, (b) => fs.linkSync(a, b)));
  }
  symlink(target: string, path: string): void {
    this.named(path, (host) => fs.symlinkSync(target, host));
  }
  chmod(path: string, mode: number): void {
    if (isLink(this.lstat(path))) throw new FsError('ENOTSUP', path);
    this.named(path, (host) => fs.chmodSync(host, mode));
  }
  chown(path: string, uid: number, gid: number): void {
    this.named(path, (host) => fs.lchownSync(host, uid, gid));
  }
  utimes(path: string, atime: bigint, mtime: bigint): void {
    this.named(path, (host) => {
      fs.lutimesSync(host, seconds(atime), seconds(mtime));
      this.view.setTimes(fromNode(fs.lstatSync(host, { bigint: true })), atime, mtime);
    });
  }

  open(path: string, flags: OpenFlags, mode: number): number {
    const fd = this.named(path, (host) => fs.openSync(host, bitsOf(flags) | O_NOFOLLOW, mode));
    const stat = fs.fstatSync(fd);
    let handle = 0;
    while (this.files.has(handle)) handle++;
    this.files.set(handle, { fd, path, flags, seekable: stat.isFile() || stat.isBlockDevice() });
    return handle;
  }
  close(handle: number): void {
    const { fd } = this.opened(handle);
    this.files.delete(handle);
    attempt(() => fs.closeSync(fd));
  }
  private opened(handle: number): OpenFile {
    const file = this.files.get(handle);
    if (file === undefined) throw new FsError('EBADF');
    return file;
  }
  fstat(handle: number): Stat {
    const { fd } = this.opened(handle);
    return this.shown(attempt(() => fs.fstatSync(fd, { bigint: true })));
  }
  read(handle: number, into: Uint8Array, at: number): number {
    const { fd, seekable } = this.opened(handle);
    return attempt(() => fs.readSync(fd, into, 0, into.length, seekable ? at : null));
  }
  write(handle: number, bytes: Uint8Array, at: number): number {
    const { fd, seekable, flags } = this.opened(handle);
    return attempt(() => fs.writeSync(fd, bytes, 0, bytes.length, seekable && !flags.append ? at : null));
  }
  /** Node cannot change a descriptor, so that the same file is opened a second time. */
  setAppend(handle: number, append: boolean): void {
    const file = this.opened(handle);
    if (!file.seekable) return;
    const flags = { ...file.flags, create: false, exclusive: false, truncate: false, append };
    const open = (host: string): number => fs.openSync(host, bitsOf(flags));
    const fd = byDescriptor ? attempt(() => open(`${DESCRIPTORS}/${file.fd}`)) : this.named(file.path, open);
    const isSame = identity(fs.fstatSync(fd, { bigint: true })) === identity(fs.fstatSync(file.fd, { bigint: true }));
    fs.closeSync(isSame ? file.fd : fd);
    if (!isSame) throw new FsError('ENOTSUP', file.path);
    file.fd = fd;
    file.flags = flags;
  }
  truncate(handle: number, size: number): void {
    const { fd } = this.opened(handle);
    attempt(() => fs.ftruncateSync(fd, size));
  }
  fchmod(handle: number, mode: number): void {
    const { fd } = this.opened(handle);
    attempt(() => fs.fchmodSync(fd, mode));
  }
  fchown(handle: number, uid: number, gid: number): void {
    const { fd } = this.opened(handle);
    attempt(() => fs.fchownSync(fd, uid, gid));
  }
  futimes(handle: number, atime: bigint, mtime: bigint): void {
    const { fd } = this.opened(handle);
    attempt(() => {
      fs.futimesSync(fd, seconds(atime), seconds(mtime));
      this.view.setTimes(fromNode(fs.fstatSync(fd, { bigint: true })), atime, mtime);
    });
  }
  sync(handle: number): void {
    const { fd } = this.opened(handle);
    attempt(() => fs.fsyncSync(fd));
  }

  /** Which files are open, and how to know them again. Their content stays where it is. */
  save(): Data {
    const files = [...this.files].map(([handle, { fd, path, flags }]) => ({
      handle,
      path,
      flags: { ...flags, create: false, exclusive: false, truncate: false },
      identity: identity(fs.fstatSync(fd, { bigint: true })),
    }));
    return { files, view: this.view.save() };
  }
  /** Opens the same files again. Throws `StateError` if one is gone or was written to. */
  load(state: Data): void {
    type Saved = { handle: number; path: string; flags: OpenFlags; identity: string };
    const { files, view } = state as unknown as { files: readonly Saved[]; view: Data };
    for (const handle of [...this.files.keys()]) this.close(handle);
    for (const { handle, path, flags, identity: saved } of files) this.files.set(handle, this.reopen(path, flags, saved));
    this.view.load(view);
  }
  private reopen(path: string, flags: OpenFlags, saved: string): OpenFile {
    let handle: number;
    try {
      handle = this.open(path, flags, 0);
    } catch (error) {
      throw new StateError(`${this.host(path)} was open and cannot be opened again: ${(error as Error).message}`);
    }
    const file = this.opened(handle);
    this.files.delete(handle);
    if (identity(fs.fstatSync(file.fd, { bigint: true })) === saved) return file;
    fs.closeSync(file.fd);
    throw new StateError(`${this.host(path)} was open and is another file now, or was written to`);
  }
  /** The open files that could not be found again. */
  live(): string[] {
    return [...this.files.values()].filter((file) => !this.isNamed(file)).map(({ path }) => `the open file ${this.host(path)}`);
  }
  /** Whether its name still leads to that file, a plain one: what a FIFO or a terminal gave is gone. */
  private isNamed({ fd, path, seekable }: OpenFile): boolean {
    const here = fs.lstatSync(this.host(path), { bigint: true, throwIfNoEntry: false });
    const open = fs.fstatSync(fd, { bigint: true });
    return here !== undefined && here.ino === open.ino && here.dev === open.dev && (seekable || open.isDirectory());
  }
}

function bitsOf(flags: OpenFlags): number {
  let bits = flags.write ? (flags.read ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (flags.append) bits |= O_APPEND;
  if (flags.create) bits |= O_CREAT;
  if (flags.exclusive) bits |= O_EXCL;
  if (flags.truncate && flags.write) bits |= O_TRUNC;
  if (flags.directory) bits |= O_DIRECTORY;
  return bits;
}

/** What tells whether a file is still the same, with the same content. */
function identity({ dev, ino, size, mtimeNs }: fs.BigIntStats): string {
  return [dev, ino, size, mtimeNs].join(':');
}

const byDescriptor = process.platform === 'linux' && fs.existsSync(DESCRIPTORS);

const known: ReadonlySet<string> = new Set(FS_ERRORS);

/** Runs `operation`, turning Node's errors into ours. */
function attempt<T>(operation: () => T, about?: string): T {
  try {
    return operation();
  } catch (error) {
    throw fsError(error, about);
  }
}

/** What Node threw, as an `FsError` if it is an error of the system; `about` names what it concerns. */
export function fsError(error: unknown, about?: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof FsError || code === undefined || (error as NodeJS.ErrnoException).syscall === undefined) return error;
  if (code === 'EOPNOTSUPP') return new FsError('ENOTSUP', about);
  return known.has(code) ? new FsError(code as FsErrorCode, about) : new FsError('EIO', code);
}

function fromNode(stat: fs.BigIntStats): Stat {
  return {
    dev: stat.dev,
    ino: stat.ino,
    mode: Number(stat.mode),
    nlink: Number(stat.nlink),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    rdev: Number(stat.rdev),
    size: Number(stat.size),
    blksize: Number(stat.blksize),
    blocks: Number(stat.blocks),
    atime: stat.atimeNs,
    mtime: stat.mtimeNs,
    ctime: stat.ctimeNs,
  };
}

function typeOf(entry: fs.Dirent): number {
  if (entry.isFile()) return S_IF.file;
  if (entry.isDirectory()) return S_IF.dir;
  if (entry.isSymbolicLink()) return S_IF.link;
  if (entry.isCharacterDevice()) return S_IF.char;
  if (entry.isBlockDevice()) return S_IF.block;
  if (entry.isFIFO()) return S_IF.fifo;
  return entry.isSocket() ? S_IF.socket : 0;
}

/** For Node's `utimes`, whose double holds about a quarter of a microsecond today. */
function seconds(ns: bigint): number {
  return Number(ns) / 1e9;
}
