import type { CellWindow } from '../../engine/cells.js';
import type { GuestMemory } from '../../engine/guest-memory.js';
import { isDir, type Stat } from '../fs.js';
import { join, parent } from '../resolve.js';
import { WasiError } from './errno.js';
import type { DirEntryOpen, FileEntry, StreamEntry } from './fd-table.js';
import {
  ADVICES,
  FDFLAG,
  FILETYPE,
  fileType,
  FSTFLAG,
  RIGHT,
  SIZE,
  WHENCE,
  writeFdstat,
  writeFilestat,
} from './layout.js';
import { Vectors } from './vectors.js';
import type { Handlers, World } from './world.js';

const ALL_FDFLAGS = FDFLAG.append | FDFLAG.dsync | FDFLAG.nonblock | FDFLAG.rsync | FDFLAG.sync;

/** The calls on descriptors. */
export const fileCalls: Handlers<`fd_${string}`> = {
  fd_advise: ({ fds }, args) => {
    fds.file(args.u32(0), RIGHT.fd_advise, 'ESPIPE');
    if (args.u32(3) >= ADVICES) throw new WasiError('EINVAL');
  },
  fd_allocate: ({ fds }, args) => {
    const file = writable(fds.file(args.u32(0), RIGHT.fd_allocate, 'ESPIPE'));
    const end = offset(args.u64(1)) + offset(args.u64(2));
    if (args.u64(2) === 0n) throw new WasiError('EINVAL');
    if (end > fds.tree(file).fstat(file.handle).size) fds.tree(file).truncate(file.handle, end);
  },
  fd_close: ({ fds }, args) => fds.close(args.u32(0)),
  fd_datasync: (world, args) => sync(world, args.u32(0), RIGHT.fd_datasync),
  fd_sync: (world, args) => sync(world, args.u32(0), RIGHT.fd_sync),

  fd_fdstat_get: ({ fds, streams }, args, memory) => {
    const entry = fds.get(args.u32(0), 0);
    const { flags, rights, inheriting } = entry;
    let type: number = FILETYPE.dir;
    if (entry.kind === 'file') type = fileType(fds.tree(entry).fstat(entry.handle).mode);
    else if (entry.kind === 'stream') type = streamType(streams.isTerminal(entry.stream));
    writeFdstat(memory, args.u32(1), { type, flags, rights, inheriting });
  },
  fd_fdstat_set_flags: ({ fds }, args) => {
    const entry = fds.get(args.u32(0), RIGHT.fd_fdstat_set_flags);
    const flags = fdflags(args.u32(1));
    // A read of a standard stream waits for input, so it cannot promise not to block.
    if (entry.kind === 'stream' && flags !== entry.flags) throw new WasiError('ENOTSUP');
    if (entry.kind === 'file' && (flags ^ entry.flags) & FDFLAG.append) {
      fds.tree(entry).setAppend(entry.handle, (flags & FDFLAG.append) !== 0);
    }
    entry.flags = flags;
  },
  fd_fdstat_set_rights: ({ fds }, args) => {
    const entry = fds.get(args.u32(0), 0);
    const base = args.u64(1);
    const inheriting = args.u64(2);
    if (base & ~BigInt(entry.rights) || inheriting & ~BigInt(entry.inheriting)) throw new WasiError('ENOTCAPABLE');
    entry.dropped |= entry.rights & ~Number(base);
    entry.rights = Number(base);
    entry.inheriting = Number(inheriting);
  },

  fd_filestat_get: (world, args, memory) => {
    const entry = world.fds.get(args.u32(0), RIGHT.fd_filestat_get);
    const at = args.u32(1);
    if (entry.kind !== 'stream') writeFilestat(memory, at, stat(world, entry));
    else {
      memory.write(at, new Uint8Array(SIZE.filestat));
      memory.setU8(at + 16, streamType(world.streams.isTerminal(entry.stream)));
      memory.setU64(at + 24, 1n);
    }
  },
  fd_filestat_set_size: ({ fds }, args) => {
    const file = writable(fds.file(args.u32(0), RIGHT.fd_filestat_set_size));
    fds.tree(file).truncate(file.handle, offset(args.u64(1)));
  },
  fd_filestat_set_times: (world, args) => {
    const entry = world.fds.get(args.u32(0), RIGHT.fd_filestat_set_times);
    if (entry.kind === 'stream') throw new WasiError('EINVAL');
    const [atime, mtime] = newTimes(world, args, 1, stat(world, entry));
    const tree = world.fds.tree(entry);
    if (entry.kind === 'file') tree.futimes(entry.handle, atime, mtime);
    else tree.utimes(entry.path, atime, mtime);
  },

  fd_prestat_get: ({ fds }, args, memory) => {
    memory.setU32(args.u32(1), 0);
    memory.setU32(args.u32(1) + 4, preopenName(fds.get(args.u32(0), 0)).length);
  },
  fd_prestat_dir_name: ({ fds }, args, memory) => {
    const name = preopenName(fds.get(args.u32(0), 0));
    if (args.u32(2) < name.length) throw new WasiError('ENAMETOOLONG');
    memory.write(args.u32(1), name);
  },

  fd_read: (world, args, memory) => {
    const entry = world.fds.get(args.u32(0), RIGHT.fd_read);
    const vectors = new Vectors(memory, args.u32(1), args.u32(2));
    let total: number;
    if (entry.kind === 'stream') total = readStream(world, entry, vectors);
    else if (entry.kind === 'dir') throw new WasiError('EISDIR');
    else {
      total = readFile(world, entry, vectors, entry.position);
      entry.position += total;
    }
    memory.setU32(args.u32(3), total);
  },
  fd_pread: (world, args, memory) => {
    const file = world.fds.file(args.u32(0), RIGHT.fd_read | RIGHT.fd_seek, 'ESPIPE', 'EISDIR');
    const vectors = new Vectors(memory, args.u32(1), args.u32(2));
    memory.setU32(args.u32(4), readFile(world, file, vectors, offset(args.u64(3))));
  },
  fd_write: (world, args, memory) => {
    const entry = world.fds.get(args.u32(0), RIGHT.fd_write);
    const vectors = new Vectors(memory, args.u32(1), args.u32(2));
    let total: number;
    if (entry.kind === 'stream') total = writeStream(world, entry, vectors);
    else if (entry.kind === 'dir') throw new WasiError('EISDIR');
    else {
      total = writeFile(world, entry, vectors, entry.position);
      if (entry.flags & FDFLAG.append) entry.position = world.fds.tree(entry).fstat(entry.handle).size;
      else entry.position += total;
    }
    memory.setU32(args.u32(3), total);
  },
  fd_pwrite: (world, args, memory) => {
    const file = world.fds.file(args.u32(0), RIGHT.fd_write | RIGHT.fd_seek, 'ESPIPE', 'EISDIR');
    const vectors = new Vectors(memory, args.u32(1), args.u32(2));
    memory.setU32(args.u32(4), writeFile(world, file, vectors, offset(args.u64(3))));
  },

  fd_readdir: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.fd_readdir);
    memory.setU32(args.u32(4), listDirectory(world, dir, memory, args.u32(1), args.u32(2), args.u64(3)));
  },
  fd_renumber: ({ fds }, args) => fds.renumber(args.u32(0), args.u32(1)),

  fd_seek: ({ fds }, args, memory) => {
    const by = args.i64(1);
    const whence = args.u32(2);
    const telling = by === 0n && whence === WHENCE.cur;
    const file = fds.file(args.u32(0), telling ? RIGHT.fd_tell : RIGHT.fd_seek, 'ESPIPE');
    let from = 0;
    if (whence === WHENCE.cur) from = file.position;
    else if (whence === WHENCE.end) from = fds.tree(file).fstat(file.handle).size;
    else if (whence !== WHENCE.set) throw new WasiError('EINVAL');
    file.position = offset(BigInt(from) + by);
    memory.setU64(args.u32(3), BigInt(file.position));
  },
  fd_tell: ({ fds }, args, memory) => {
    const file = fds.file(args.u32(0), RIGHT.fd_tell, 'ESPIPE');
    memory.setU64(args.u32(1), BigInt(file.position));
  },
};

/** A place in a file; beyond what a JavaScript number counts there is none. */
function offset(value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WasiError('EINVAL');
  return Number(value);
}

export function fdflags(flags: number): number {
  if (flags & ~ALL_FDFLAGS) throw new WasiError('EINVAL');
  return flags;
}

function streamType(terminal: boolean): number {
  return terminal ? FILETYPE.char : FILETYPE.unknown;
}

function writable(file: FileEntry): FileEntry {
  if (!file.write) throw new WasiError('EBADF');
  return file;
}

function stat({ fds }: World, entry: FileEntry | DirEntryOpen): Stat {
  return entry.kind === 'file' ? fds.tree(entry).fstat(entry.handle) : fds.tree(entry).lstat(entry.path);
}

function sync({ fds }: World, fd: number, right: number): void {
  const entry = fds.get(fd, right);
  if (entry.kind === 'stream') throw new WasiError('EINVAL');
  if (entry.kind === 'file') fds.tree(entry).sync(entry.handle);
}

const encoder = new TextEncoder();

function preopenName(entry: StreamEntry | FileEntry | DirEntryOpen): Uint8Array {
  if (entry.kind !== 'dir' || entry.preopen === undefined) throw new WasiError('EBADF');
  return encoder.encode(entry.preopen);
}

/** The times to set: `atim`, `mtim` and `fst_flags` from cell `at` on; those not named stay as in `old`. */
export function newTimes({ clock }: World, args: CellWindow, at: number, old: Stat): [atime: bigint, mtime: bigint] {
  const flags = args.u32(at + 2);
  const both = (a: number, b: number): boolean => (flags & a) !== 0 && (flags & b) !== 0;
  if (flags > 15 || both(FSTFLAG.atim, FSTFLAG.atim_now) || both(FSTFLAG.mtim, FSTFLAG.mtim_now)) throw new WasiError('EINVAL');
  const now = clock.realtime();
  const pick = (given: number, current: number, value: bigint, before: bigint): bigint => {
    if (flags & given) return value;
    return flags & current ? now : before;
  };
  return [
    pick(FSTFLAG.atim, FSTFLAG.atim_now, args.u64(at), old.atime),
    pick(FSTFLAG.mtim, FSTFLAG.mtim_now, args.u64(at + 1), old.mtime),
  ];
}

function readStream({ streams }: World, { stream }: StreamEntry, vectors: Vectors): number {
  if (stream !== 0) throw new WasiError('EBADF');
  let waited = false;
  return vectors.fill((into) => {
    if (waited) return 0;
    waited = true;
    const bytes = streams.stdin.read(into.length);
    if (bytes === 'eof') return 0;
    into.set(bytes);
    return bytes.length;
  });
}

function writeStream({ streams }: World, { stream }: StreamEntry, vectors: Vectors): number {
  if (stream === 0) throw new WasiError('EBADF');
  return vectors.drain((bytes) => {
    streams.write(stream, bytes);
    return bytes.length;
  });
}

function readFile({ fds }: World, file: FileEntry, vectors: Vectors, from: number): number {
  if (!file.read) throw new WasiError('EBADF');
  let at = from;
  return vectors.fill((into) => {
    const got = fds.tree(file).read(file.handle, into, at);
    at += got;
    return got;
  });
}

function writeFile({ fds }: World, file: FileEntry, vectors: Vectors, from: number): number {
  const tree = fds.tree(writable(file));
  let at = from;
  const total = vectors.drain((bytes) => {
    const taken = tree.write(file.handle, bytes, at);
    at += taken;
    return taken;
  });
  if (file.flags & (FDFLAG.dsync | FDFLAG.sync)) tree.sync(file.handle);
  return total;
}

/**
 * Writes entries from `cookie` on until the buffer is full, the last one cut off, and answers the bytes used: less
 * than the buffer means the end. A cookie is the number of entries before.
 */
function listDirectory({ fds }: World, dir: DirEntryOpen, memory: GuestMemory, at: number, size: number, cookie: bigint): number {
  const tree = fds.tree(dir);
  if (cookie === 0n || dir.listing === undefined) {
    const members = tree.readdir(dir.path).map(({ name, type }) => [name, fileType(type)] as const);
    dir.listing = [['.', FILETYPE.dir], ['..', FILETYPE.dir], ...members];
  }
  let used = 0;
  for (let index = cookie > BigInt(dir.listing.length) ? dir.listing.length : Number(cookie); index < dir.listing.length; index++) {
    const [name, type] = dir.listing[index]!;
    const entry = encodeEntry(index + 1, inodeOf(name), name, type);
    const fits = entry.subarray(0, size - used);
    memory.write(at + used, fits);
    used += fits.length;
    if (used === size) break;
  }
  return used;

  function inodeOf(name: string): bigint {
    try {
      if (name === '.') return tree.lstat(dir.path).ino;
      if (name === '..') return tree.lstat(dir.preopen === undefined ? parent(dir.path) : dir.path).ino;
      return tree.lstat(join(dir.path, name)).ino;
    } catch {
      // Gone since it was listed.
      return 0n;
    }
  }
}

function encodeEntry(next: number, ino: bigint, name: string, type: number): Uint8Array {
  const text = encoder.encode(name);
  const bytes = new Uint8Array(SIZE.dirent + text.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setBigUint64(8, ino, true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, type);
  bytes.set(text, SIZE.dirent);
  return bytes;
}

/** Whether what is there is a directory; nothing is not. */
export function isDirectory(found: Stat | undefined): boolean {
  return found !== undefined && isDir(found);
}
