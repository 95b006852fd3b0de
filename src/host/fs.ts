import type { HostState } from './state.js';

/** The errors that a file system gives, by their POSIX names: a closed set. */
export const FS_ERRORS = [
  'EACCES',
  'EAGAIN',
  'EBADF',
  'EBUSY',
  'EDQUOT',
  'EEXIST',
  'EFBIG',
  'EINTR',
  'EINVAL',
  'EIO',
  'EISDIR',
  'ELOOP',
  'EMFILE',
  'EMLINK',
  'ENAMETOOLONG',
  'ENFILE',
  'ENODEV',
  'ENOENT',
  'ENOMEM',
  'ENOSPC',
  'ENOSYS',
  'ENOTDIR',
  'ENOTEMPTY',
  'ENOTSUP',
  'ENXIO',
  'EOVERFLOW',
  'EPERM',
  'EPIPE',
  'EROFS',
  'ESPIPE',
  'ETXTBSY',
  'EXDEV',
] as const;
export type FsErrorCode = (typeof FS_ERRORS)[number];

/** What the operations of a `FileSystem` throw. */
export class FsError extends Error {
  override readonly name = 'FsError';
  readonly code: FsErrorCode;

  constructor(code: FsErrorCode, about?: string) {
    super(about === undefined ? code : `${code}: ${about}`);
    this.code = code;
  }
}

/** The type bits of `Stat.mode` (POSIX `S_IF*`). */
export const S_IF = {
  mask: 0o170000,
  fifo: 0o010000,
  char: 0o020000,
  dir: 0o040000,
  block: 0o060000,
  file: 0o100000,
  link: 0o120000,
  socket: 0o140000,
} as const;

/** As POSIX `struct stat`. Times are nanoseconds since 1970; sizes are bytes; `blocks` counts 512 bytes. */
export interface Stat {
  readonly dev: bigint;
  readonly ino: bigint;
  /** One of `S_IF` and the permission bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

export function isDir(stat: Stat): boolean {
  return (stat.mode & S_IF.mask) === S_IF.dir;
}
export function isLink(stat: Stat): boolean {
  return (stat.mode & S_IF.mask) === S_IF.link;
}
export function isFile(stat: Stat): boolean {
  return (stat.mode & S_IF.mask) === S_IF.file;
}

/** What a directory says of one member. `.` and `..` are never among them. */
export interface DirEntry {
  readonly name: string;
  /** One of `S_IF`, 0 if unknown. */
  readonly type: number;
}

export interface OpenFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  /** Every write goes to the end. */
  readonly append?: boolean;
  /** Makes the file if it is missing; with `exclusive` it must be missing. */
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  /** `ENOTDIR` unless it is a directory. */
  readonly directory?: boolean;
}

/**
 * A tree of files, synchronous and free of any host.
 *
 * Every `path` is absolute in this tree and already resolved by `resolve.ts`: `/` or `/a/b`, without `.`, `..`, empty
 * components, or symbolic links among its directories. A symbolic link in last place is never followed here; `open`
 * answers it with `ELOOP`, the others mean the link itself. Everything throws `FsError`.
 *
 * A handle is a small number, data like everything else, so that tables of open files can be part of a snapshot. Reads
 * and writes say where (`at`, a byte offset); whoever keeps the table keeps the positions. What cannot seek (a FIFO, a
 * terminal) ignores `at`. A directory can be opened for reading; then `fstat`, `sync`, `futimes`, `fchmod`, `fchown`
 * and `close` work on it.
 */
export interface FileSystem extends HostState {
  lstat(path: string): Stat;
  /** In no order that means anything, but the same for an unchanged directory. */
  readdir(path: string): DirEntry[];
  readlink(path: string): string;
  mkdir(path: string, mode: number): void;
  rmdir(path: string): void;
  unlink(path: string): void;
  rename(from: string, to: string): void;
  /** A hard link `to` the same file, also if that is a symbolic link. */
  link(from: string, to: string): void;
  symlink(target: string, path: string): void;
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  utimes(path: string, atime: bigint, mtime: bigint): void;

  open(path: string, flags: OpenFlags, mode: number): number;
  close(handle: number): void;
  fstat(handle: number): Stat;
  /** How many bytes were read; 0 at the end of the file. */
  read(handle: number, into: Uint8Array, at: number): number;
  /** How many bytes were written. A handle in append mode ignores `at`. */
  write(handle: number, bytes: Uint8Array, at: number): number;
  /** Changes the append mode that `open` set; `ENOTSUP` if this tree cannot. */
  setAppend(handle: number, append: boolean): void;
  /** Cuts or extends with zeros. */
  truncate(handle: number, size: number): void;
  fchmod(handle: number, mode: number): void;
  fchown(handle: number, uid: number, gid: number): void;
  futimes(handle: number, atime: bigint, mtime: bigint): void;
  sync(handle: number): void;
}
