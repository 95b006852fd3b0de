import { FsError, isDir, isFile, isLink, type FileSystem, type FsErrorCode, type OpenFlags, S_IF, type Stat } from '../fs.js';
import type { Streams } from '../io.js';
import { resolve, type Resolved } from '../resolve.js';
import type { Data, HostState } from '../state.js';
import { byteView } from './byte-view.js';
import type { FileError, FileResult } from './inside/globals.js';

type ConstantName =
  | 'O_RDONLY'
  | 'O_WRONLY'
  | 'O_RDWR'
  | 'O_CREAT'
  | 'O_EXCL'
  | 'O_TRUNC'
  | 'O_APPEND'
  | 'O_DIRECTORY'
  | 'O_NOFOLLOW'
  | 'S_IFMT'
  | 'S_IFREG'
  | 'S_IFDIR'
  | 'S_IFCHR'
  | 'S_IFBLK'
  | 'S_IFIFO'
  | 'S_IFLNK'
  | 'S_IFSOCK';

/** The numbers that `fs.constants` gives out: those of Linux, where Node takes them from the system. */
export const CONSTANTS: Readonly<Record<ConstantName, number>> = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  S_IFMT: S_IF.mask,
  S_IFREG: S_IF.file,
  S_IFDIR: S_IF.dir,
  S_IFCHR: S_IF.char,
  S_IFBLK: S_IF.block,
  S_IFIFO: S_IF.fifo,
  S_IFLNK: S_IF.link,
  S_IFSOCK: S_IF.socket,
};

/** The properties of a `Stats` object that are numbers, in the order in which `FileResult` gives them. */
export const STAT_FIELDS = [
  'dev',
  'mode',
  'nlink',
  'uid',
  'gid',
  'rdev',
  'blksize',
  'ino',
  'size',
  'blocks',
  'atimeMs',
  'mtimeMs',
  'ctimeMs',
  'birthtimeMs',
] as const;

/** Number (Linux) and text (libuv) of each error, as they stand in the `errno` and `message` of Node's errors. */
const ERRORS: Readonly<Record<FsErrorCode, readonly [errno: number, text: string]>> = {
  EPERM: [1, 'operation not permitted'],
  ENOENT: [2, 'no such file or directory'],
  EINTR: [4, 'interrupted system call'],
  EIO: [5, 'i/o error'],
  ENXIO: [6, 'no such device or address'],
  EBADF: [9, 'bad file descriptor'],
  EAGAIN: [11, 'resource temporarily unavailable'],
  ENOMEM: [12, 'not enough memory'],
  EACCES: [13, 'permission denied'],
  EBUSY: [16, 'resource busy or locked'],
  EEXIST: [17, 'file already exists'],
  EXDEV: [18, 'cross-device link not permitted'],
  ENODEV: [19, 'no such device'],
  ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'illegal operation on a directory'],
  EINVAL: [22, 'invalid argument'],
  ENFILE: [23, 'file table overflow'],
  EMFILE: [24, 'too many open files'],
  ETXTBSY: [26, 'text file is busy'],
  EFBIG: [27, 'file too large'],
  ENOSPC: [28, 'no space left on device'],
  ESPIPE: [29, 'invalid seek'],
  EROFS: [30, 'read-only file system'],
  EMLINK: [31, 'too many links'],
  EPIPE: [32, 'broken pipe'],
  ENAMETOOLONG: [36, 'name too long'],
  ENOSYS: [38, 'function not implemented'],
  ENOTEMPTY: [39, 'directory not empty'],
  ELOOP: [40, 'too many symbolic links encountered'],
  EOVERFLOW: [75, 'value too large for defined data type'],
  ENOTSUP: [95, 'operation not supported on socket'],
  EDQUOT: [122, 'disk quota exceeded'],
};

/** How many files a program may have open. */
const MAX_OPEN = 1 << 16;

/** An entry of the descriptor table: a standard stream, or a file with its position. */
type Open =
  | { readonly kind: 'stream'; readonly fd: 0 | 1 | 2 }
  | { readonly kind: 'file'; readonly handle: number; readonly path: string; position: number };

/** Standard input that does not hold up the rest of the program. */
export interface LateInput {
  /** One to `max` bytes (`max` > 0), or `eof`. One at a time. Rejects with `FsError`. */
  read(max: number): Promise<Uint8Array | 'eof'>;
}

export interface FilesOptions {
  readonly fs: FileSystem;
  readonly streams: Streams;
  /** Where relative paths start: absolute, existing. */
  readonly cwd: string;
}

/** Node's `fs` over a `FileSystem`: descriptors, positions, the working directory and the mask for new files. */
export class Files implements HostState {
  cwd: string;
  umask = 0o022;
  private readonly fs: FileSystem;
  private readonly streams: Streams;
  private open = new Map<number, Open>();

  constructor({ fs, streams, cwd }: FilesOptions) {
    this.fs = fs;
    this.streams = streams;
    this.cwd = cwd;
    for (const fd of [0, 1, 2] as const) this.open.set(fd, { kind: 'stream', fd });
  }

  /** Whether a `read` with these arguments asks for standard input. */
  readsInput(operation: string, args: readonly unknown[]): boolean {
    const open = this.open.get(args[0] as number);
    return operation === 'read' && open?.kind === 'stream' && open.fd === 0 && position(args[4]) === undefined;
  }

  /** The operation `read` with these arguments, from an input that is waited for. */
  async readInput([, buffer, offset, length]: readonly unknown[], input: LateInput): Promise<FileResult> {
    try {
      const part = range(buffer, offset, length);
      const chunk = part.length === 0 ? 'eof' : await input.read(part.length);
      if (chunk !== 'eof') part.set(chunk);
      return { kind: 'number', value: chunk === 'eof' ? 0 : chunk.length };
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      return fileError(error.code, 'read', []);
    }
  }

  perform(operation: string, args: readonly unknown[]): FileResult {
    const row = OPERATIONS[operation as Operation];
    try {
      return row.run(this, args);
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      const paths = args.slice(0, row.paths).map((path) => (typeof path === 'string' ? path : typeof path));
      return fileError(error.code, row.syscall, paths);
    }
  }

  chdir(path: string): FileResult {
    try {
      const { path: to, stat } = resolve(this.fs, this.cwd, path, { follow: true });
      if (stat === undefined) throw new FsError('ENOENT');
      if (!isDir(stat)) throw new FsError('ENOTDIR');
      this.cwd = to;
      return NOTHING;
    } catch (error) {
      if (error instanceof FsError) return fileError(error.code, 'chdir', [this.cwd, path]);
      throw error;
    }
  }

  // -- what the rows of OPERATIONS are made of

  /** Where a path leads; there must be something. */
  existing(path: unknown, follow: boolean): Resolved & { stat: Stat } {
    const found = this.resolve(path, follow);
    if (found.stat === undefined) throw new FsError('ENOENT');
    return found as Resolved & { stat: Stat };
  }
  resolve(path: unknown, follow: boolean): Resolved {
    if (typeof path !== 'string') throw new FsError('EINVAL');
    return resolve(this.fs, this.cwd, path, { follow });
  }

  openFile(path: unknown, flagBits: unknown, modeBits: unknown): number {
    const bits = number(flagBits ?? 0);
    const access = bits & 3;
    const has = (flag: number): boolean => (bits & flag) !== 0;
    const flags: OpenFlags = {
      read: access !== CONSTANTS.O_WRONLY,
      write: access !== CONSTANTS.O_RDONLY,
      append: has(CONSTANTS.O_APPEND),
      create: has(CONSTANTS.O_CREAT),
      exclusive: has(CONSTANTS.O_EXCL),
      truncate: has(CONSTANTS.O_TRUNC),
      directory: has(CONSTANTS.O_DIRECTORY),
    };
    const follow = !has(CONSTANTS.O_NOFOLLOW) && !(flags.create && flags.exclusive);
    const found = this.resolve(path, follow);
    if (found.slash && flags.create && (found.stat === undefined || isFile(found.stat))) throw new FsError('EISDIR');
    if (found.stat !== undefined && isDir(found.stat) && (flags.write || flags.create)) throw new FsError('EISDIR');
    if (this.open.size >= MAX_OPEN) throw new FsError('EMFILE');
    const mode = number(modeBits ?? 0o666) & 0o7777 & ~this.umask;
    const handle = this.fs.open(found.path, flags, mode);
    let fd = 0;
    while (this.open.has(fd)) fd++;
    this.open.set(fd, { kind: 'file', handle, path: found.path, position: 0 });
    return fd;
  }

  close(fd: unknown): void {
    const open = this.opened(fd);
    this.open.delete(fd as number);
    if (open.kind === 'file') this.fs.close(open.handle);
  }

  opened(fd: unknown): Open {
    const open = this.open.get(fd as number);
    if (open === undefined) throw new FsError('EBADF');
    return open;
  }
  /** The handle of an open file; a stream answers with `error`. */
  handle(fd: unknown, error: FsErrorCode = 'EINVAL'): number {
    const open = this.opened(fd);
    if (open.kind === 'stream') throw new FsError(error);
    return open.handle;
  }

  read(fd: unknown, buffer: unknown, offset: unknown, length: unknown, at: unknown): number {
    const open = this.opened(fd);
    const part = range(buffer, offset, length);
    const from = position(at);
    if (part.length === 0) return 0;
    if (open.kind === 'file') {
      const read = this.fs.read(open.handle, part, from ?? open.position);
      if (from === undefined) open.position += read;
      return read;
    }
    if (from !== undefined) throw new FsError('ESPIPE');
    if (open.fd !== 0) throw new FsError('EBADF');
    const chunk = this.streams.stdin.read(part.length);
    if (chunk === 'eof') return 0;
    part.set(chunk);
    return chunk.length;
  }

  write(fd: unknown, buffer: unknown, offset: unknown, length: unknown, at: unknown): number {
    const open = this.opened(fd);
    const part = range(buffer, offset, length);
    const to = position(at);
    if (open.kind === 'file') {
      const written = this.fs.write(open.handle, part, to ?? open.position);
      if (to === undefined) open.position += written;
      return written;
    }
    if (open.fd === 0) throw new FsError('EBADF');
    if (to !== undefined) throw new FsError('ESPIPE');
    this.streams.write(open.fd, part);
    return part.length;
  }

  stat(fd: unknown): Stat {
    const open = this.opened(fd);
    if (open.kind === 'file') return this.fs.fstat(open.handle);
    const mode = this.streams.isTerminal(open.fd) ? S_IF.char | 0o620 : S_IF.fifo | 0o600;
    const still = { atime: 0n, mtime: 0n, ctime: 0n };
    return { dev: 0n, ino: BigInt(open.fd), mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size: 0, blksize: 4096, blocks: 0, ...still };
  }

  names(path: unknown): string[] {
    const { path: directory, stat } = this.existing(path, true);
    if (!isDir(stat)) throw new FsError('ENOTDIR');
    return this.fs
      .readdir(directory)
      .map(({ name }) => name)
      .sort();
  }

  truncatePath(path: unknown, size: unknown): void {
    const { path: file, stat } = this.existing(path, true);
    if (isDir(stat)) throw new FsError('EISDIR');
    const handle = this.fs.open(file, { write: true }, 0);
    try {
      this.fs.truncate(handle, number(size ?? 0));
    } finally {
      this.fs.close(handle);
    }
  }

  readlink(path: unknown): string {
    const { path: link, stat } = this.existing(path, false);
    if (!isLink(stat)) throw new FsError('EINVAL');
    return this.fs.readlink(link);
  }

  get tree(): FileSystem {
    return this.fs;
  }

  save(): Data {
    return { cwd: this.cwd, umask: this.umask, open: [...this.open].map(([fd, open]) => ({ ...open, at: fd })) };
  }
  load(state: Data): void {
    const saved = state as unknown as { cwd: string; umask: number; open: readonly (Open & { at: number })[] };
    this.cwd = saved.cwd;
    this.umask = saved.umask;
    this.open = new Map(saved.open.map(({ at, ...open }) => [at, open]));
  }
  live(): string[] {
    return [];
  }
}

const NOTHING: FileResult = { kind: 'nothing' };

interface Row {
  /** How Node's errors call the operation. */
  readonly syscall: string;
  /** How many of the arguments are paths. */
  readonly paths: 0 | 1 | 2;
  readonly run: (files: Files, args: readonly unknown[]) => FileResult;
}

type Operation = keyof typeof OPERATIONS;

function act(syscall: string, paths: Row['paths'], run: (files: Files, args: readonly unknown[]) => void): Row {
  return {
    syscall,
    paths,
    run: (files, args) => {
      run(files, args);
      return NOTHING;
    },
  };
}
function count(syscall: string, paths: Row['paths'], run: (files: Files, args: readonly unknown[]) => number): Row {
  return { syscall, paths, run: (files, args) => ({ kind: 'number', value: run(files, args) }) };
}
function stat(syscall: string, paths: Row['paths'], run: (files: Files, args: readonly unknown[]) => Stat): Row {
  return { syscall, paths, run: (files, args) => ({ kind: 'stat', value: statNumbers(run(files, args)) }) };
}

/** Every operation of `fs` that Go's syscall package calls, by Node's name. */
const OPERATIONS = {
  open: count('open', 1, (files, [path, flags, mode]) => files.openFile(path, flags, mode)),
  close: act('close', 0, (files, [fd]) => files.close(fd)),
  read: count('read', 0, (files, [fd, buffer, offset, length, at]) => files.read(fd, buffer, offset, length, at)),
  write: count('write', 0, (files, [fd, buffer, offset, length, at]) => files.write(fd, buffer, offset, length, at)),
  fstat: stat('fstat', 0, (files, [fd]) => files.stat(fd)),
  stat: stat('stat', 1, (files, [path]) => files.existing(path, true).stat),
  lstat: stat('lstat', 1, (files, [path]) => files.existing(path, false).stat),
  readdir: { syscall: 'scandir', paths: 1, run: (files, [path]) => ({ kind: 'names', value: files.names(path) }) },
  readlink: { syscall: 'readlink', paths: 1, run: (files, [path]) => ({ kind: 'text', value: files.readlink(path) }) },
  mkdir: act('mkdir', 1, (files, [path, mode]) => {
    files.tree.mkdir(files.resolve(path, false).path, number(mode ?? 0o777) & 0o7777 & ~files.umask);
  }),
  rmdir: act('rmdir', 1, (files, [path]) => files.tree.rmdir(files.existing(path, false).path)),
  unlink: act('unlink', 1, (files, [path]) => files.tree.unlink(files.existing(path, false).path)),
  rename: act('rename', 2, (files, [from, to]) => files.tree.rename(files.existing(from, false).path, files.resolve(to, false).path)),
  link: act('link', 2, (files, [from, to]) => files.tree.link(files.existing(from, false).path, files.resolve(to, false).path)),
  symlink: act('symlink', 2, (files, [target, path]) => {
    if (typeof target !== 'string') throw new FsError('EINVAL');
    files.tree.symlink(target, files.resolve(path, false).path);
  }),
  chmod: act('chmod', 1, (files, [path, mode]) => files.tree.chmod(files.existing(path, true).path, number(mode) & 0o7777)),
  fchmod: act('fchmod', 0, (files, [fd, mode]) => files.tree.fchmod(files.handle(fd), number(mode) & 0o7777)),
  chown: act('chown', 1, (files, [path, uid, gid]) => files.tree.chown(files.existing(path, true).path, number(uid), number(gid))),
  lchown: act('lchown', 1, (files, [path, uid, gid]) => files.tree.chown(files.existing(path, false).path, number(uid), number(gid))),
  fchown: act('fchown', 0, (files, [fd, uid, gid]) => files.tree.fchown(files.handle(fd), number(uid), number(gid))),
  utimes: act('utime', 1, (files, [path, atime, mtime]) => files.tree.utimes(files.existing(path, true).path, nanoseconds(atime), nanoseconds(mtime))),
  truncate: act('open', 1, (files, [path, size]) => files.truncatePath(path, size)),
  ftruncate: act('ftruncate', 0, (files, [fd, size]) => files.tree.truncate(files.handle(fd), number(size ?? 0))),
  fsync: act('fsync', 0, (files, [fd]) => files.tree.sync(files.handle(fd))),
} satisfies Readonly<Record<string, Row>>;

export const FILE_OPERATIONS: readonly string[] = Object.keys(OPERATIONS);

function statNumbers(from: Stat): number[] {
  const milliseconds = (ns: bigint): number => Number(ns / 1000n) / 1000;
  const { atime, mtime, ctime } = from;
  const values: Record<(typeof STAT_FIELDS)[number], number> = {
    dev: Number(from.dev),
    mode: from.mode,
    nlink: from.nlink,
    uid: from.uid,
    gid: from.gid,
    rdev: from.rdev,
    blksize: from.blksize,
    ino: Number(from.ino),
    size: from.size,
    blocks: from.blocks,
    atimeMs: milliseconds(atime),
    mtimeMs: milliseconds(mtime),
    ctimeMs: milliseconds(ctime),
    birthtimeMs: milliseconds(ctime),
  };
  return STAT_FIELDS.map((field) => values[field]);
}

/** How Node words an error of the system; `paths` are the arguments that name files. */
export function fileError(code: FsErrorCode, syscall: string, paths: readonly string[]): FileError {
  const [errno, text] = ERRORS[code];
  const [path, dest] = paths;
  const where = path === undefined ? '' : dest === undefined ? ` '${path}'` : ` '${path}' -> '${dest}'`;
  return { kind: 'error', code, errno: -errno, message: `${code}: ${text}, ${syscall}${where}`, syscall, path, dest };
}

/** A whole number from a program's hands. */
function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new FsError('EINVAL');
  return value;
}

function nanoseconds(seconds: unknown): bigint {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw new FsError('EINVAL');
  const whole = Math.floor(seconds);
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e9));
}

/** Undefined: the descriptor's own position. */
function position(value: unknown): number | undefined {
  if (value === null || value === undefined || value === -1) return undefined;
  const at = typeof value === 'bigint' ? Number(value) : number(value);
  if (at < 0) throw new FsError('EINVAL');
  return at;
}

function range(buffer: unknown, offset: unknown, length: unknown): Uint8Array {
  const bytes = byteView(buffer);
  if (bytes === undefined) throw new FsError('EINVAL');
  const start = number(offset ?? 0);
  const size = number(length ?? bytes.length - start);
  if (start < 0 || size < 0 || start + size > bytes.length) throw new FsError('EINVAL');
  return bytes.subarray(start, start + size);
}
