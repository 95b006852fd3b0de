import type { GuestMemory } from '../../engine/guest-memory.js';
import { S_IF, type Stat } from '../fs.js';

/** Numbers and structures of WASI preview 1, as its `witx` files lay them out. */

export const FILETYPE = { unknown: 0, block: 1, char: 2, dir: 3, file: 4, datagram: 5, stream: 6, link: 7 } as const;
export const FDFLAG = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;
export const OFLAG = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;
export const LOOKUP = { follow: 1 } as const;
export const FSTFLAG = { atim: 1, atim_now: 2, mtim: 4, mtim_now: 8 } as const;
export const WHENCE = { set: 0, cur: 1, end: 2 } as const;
export const CLOCK = { realtime: 0, monotonic: 1, process_cputime: 2, thread_cputime: 3 } as const;
export const EVENT = { clock: 0, fd_read: 1, fd_write: 2 } as const;
export const SUBCLOCK = { abstime: 1 } as const;
export const ADVICES = 6;

/** The rights in the order of their bits. */
export const RIGHT_NAMES = [
  'fd_datasync',
  'fd_read',
  'fd_seek',
  'fd_fdstat_set_flags',
  'fd_sync',
  'fd_tell',
  'fd_write',
  'fd_advise',
  'fd_allocate',
  'path_create_directory',
  'path_create_file',
  'path_link_source',
  'path_link_target',
  'path_open',
  'fd_readdir',
  'path_readlink',
  'path_rename_source',
  'path_rename_target',
  'path_filestat_get',
  'path_filestat_set_size',
  'path_filestat_set_times',
  'fd_filestat_get',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'path_symlink',
  'path_remove_directory',
  'path_unlink_file',
  'poll_fd_readwrite',
  'sock_shutdown',
  'sock_accept',
] as const;
export type RightName = (typeof RIGHT_NAMES)[number];

function right(...names: RightName[]): number {
  return names.reduce((bits, name) => bits | (1 << RIGHT_NAMES.indexOf(name)), 0);
}

export const RIGHT: Readonly<Record<RightName, number>> = Object.fromEntries(RIGHT_NAMES.map((name) => [name, right(name)])) as Record<
  RightName,
  number
>;

const ALWAYS = right('fd_fdstat_set_flags', 'fd_filestat_get', 'poll_fd_readwrite');
/** What makes sense for a standard stream. C libraries take a character device without seek and tell for a terminal. */
export const STREAM_RIGHTS: number = ALWAYS | right('fd_read', 'fd_write');
export const FILE_RIGHTS: number =
  STREAM_RIGHTS |
  right('fd_datasync', 'fd_seek', 'fd_sync', 'fd_tell', 'fd_advise', 'fd_allocate', 'fd_filestat_set_size', 'fd_filestat_set_times');
export const DIR_RIGHTS: number =
  ALWAYS |
  right('fd_sync', 'fd_datasync', 'fd_readdir', 'fd_filestat_set_times') |
  RIGHT_NAMES.filter((name) => name.startsWith('path_')).reduce((bits, name) => bits | right(name), 0);

/** Sizes in bytes. */
export const SIZE = { iovec: 8, prestat: 8, fdstat: 24, filestat: 64, dirent: 24, subscription: 48, event: 32 } as const;

export function fileType(mode: number): number {
  switch (mode & S_IF.mask) {
    case S_IF.block:
      return FILETYPE.block;
    case S_IF.char:
      return FILETYPE.char;
    case S_IF.dir:
      return FILETYPE.dir;
    case S_IF.file:
      return FILETYPE.file;
    case S_IF.link:
      return FILETYPE.link;
    case S_IF.socket:
      return FILETYPE.stream;
    default:
      return FILETYPE.unknown;
  }
}

export function writeFilestat(memory: GuestMemory, at: number, stat: Stat): void {
  memory.setU64(at, stat.dev);
  memory.setU64(at + 8, stat.ino);
  memory.setU64(at + 16, BigInt(fileType(stat.mode)));
  memory.setU64(at + 24, BigInt(stat.nlink));
  memory.setU64(at + 32, BigInt(stat.size));
  memory.setU64(at + 40, BigInt.asUintN(64, stat.atime));
  memory.setU64(at + 48, BigInt.asUintN(64, stat.mtime));
  memory.setU64(at + 56, BigInt.asUintN(64, stat.ctime));
}

export interface Fdstat {
  readonly type: number;
  readonly flags: number;
  readonly rights: number;
  readonly inheriting: number;
}

export function writeFdstat(memory: GuestMemory, at: number, { type, flags, rights, inheriting }: Fdstat): void {
  memory.setU64(at, BigInt(type | (flags << 16)));
  memory.setU64(at + 8, BigInt(rights));
  memory.setU64(at + 16, BigInt(inheriting));
}

export interface Event {
  readonly userdata: bigint;
  readonly error: number;
  readonly type: number;
  readonly bytes: bigint;
}

export function writeEvent(memory: GuestMemory, at: number, { userdata, error, type, bytes }: Event): void {
  memory.setU64(at, userdata);
  memory.setU64(at + 8, BigInt(error | (type << 16)));
  memory.setU64(at + 16, bytes);
  memory.setU64(at + 24, 0n);
}
