import type { GuestMemory } from '../../engine/guest-memory.js';
import type { OpenFlags, Stat } from '../fs.js';
import { resolve, type Resolved } from '../resolve.js';
import { WasiError } from './errno.js';
import type { DirEntryOpen } from './fd-table.js';
import { fdflags, isDirectory, newTimes } from './files.js';
import { DIR_RIGHTS, FDFLAG, FILE_RIGHTS, LOOKUP, OFLAG, RIGHT, writeFilestat } from './layout.js';
import type { Handlers, World } from './world.js';

const MAX_PATH = 4096;
const ALL_OFLAGS = OFLAG.creat | OFLAG.directory | OFLAG.excl | OFLAG.trunc;

/** What WASI does not let a guest say; the umask of the host's process applies. */
const FILE_MODE = 0o666;
const DIR_MODE = 0o777;

/** The calls on paths: each relative to an open directory that it cannot leave. */
export const pathCalls: Handlers<`path_${string}`> = {
  path_create_directory: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.path_create_directory);
    const { path } = walk(world, dir, readPath(memory, args.u32(1), args.u32(2)), false);
    world.fds.tree(dir).mkdir(path, DIR_MODE);
  },
  path_filestat_get: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.path_filestat_get);
    const { stat } = existing(walk(world, dir, readPath(memory, args.u32(2), args.u32(3)), follows(args.u32(1))));
    writeFilestat(memory, args.u32(4), stat);
  },
  path_filestat_set_times: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.path_filestat_set_times);
    const { path, stat } = existing(walk(world, dir, readPath(memory, args.u32(2), args.u32(3)), follows(args.u32(1))));
    const [atime, mtime] = newTimes(world, args, 4, stat);
    world.fds.tree(dir).utimes(path, atime, mtime);
  },
  path_link: (world, args, memory) => {
    const from = world.fds.dir(args.u32(0), RIGHT.path_link_source);
    const to = world.fds.dir(args.u32(4), RIGHT.path_link_target);
    const source = existing(walk(world, from, readPath(memory, args.u32(2), args.u32(3)), follows(args.u32(1))));
    const target = walk(world, to, readPath(memory, args.u32(5), args.u32(6)), false);
    if (from.tree !== to.tree) throw new WasiError('EXDEV');
    if (target.slash && target.stat === undefined) throw new WasiError('ENOENT');
    world.fds.tree(from).link(source.path, target.path);
  },
  path_open: (world, args, memory) => {
    const oflags = args.u32(4);
    const creating = oflags & OFLAG.creat ? RIGHT.path_create_file : 0;
    const truncating = oflags & OFLAG.trunc ? RIGHT.path_filestat_set_size : 0;
    const dir = world.fds.dir(args.u32(0), RIGHT.path_open | creating | truncating);
    const path = readPath(memory, args.u32(2), args.u32(3));
    const wish: Wish = {
      follow: follows(args.u32(1)),
      oflags,
      rights: Number(BigInt.asUintN(30, args.u64(5))),
      inheriting: Number(BigInt.asUintN(30, args.u64(6))),
      fdflags: fdflags(args.u32(7)),
    };
    memory.setU32(args.u32(8), open(world, dir, path, wish));
  },
  path_readlink: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.path_readlink);
    const { path } = existing(walk(world, dir, readPath(memory, args.u32(1), args.u32(2)), false));
    const target = new TextEncoder().encode(world.fds.tree(dir).readlink(path)).subarray(0, args.u32(4));
    memory.write(args.u32(3), target);
    memory.setU32(args.u32(5), target.length);
  },
  path_remove_directory: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.path_remove_directory);
    world.fds.tree(dir).rmdir(member(dir, existing(walk(world, dir, readPath(memory, args.u32(1), args.u32(2)), false))));
  },
  path_rename: (world, args, memory) => {
    const from = world.fds.dir(args.u32(0), RIGHT.path_rename_source);
    const to = world.fds.dir(args.u32(3), RIGHT.path_rename_target);
    const source = existing(walk(world, from, readPath(memory, args.u32(1), args.u32(2)), false));
    const target = walk(world, to, readPath(memory, args.u32(4), args.u32(5)), false);
    if (from.tree !== to.tree) throw new WasiError('EXDEV');
    if (target.slash && !isDirectory(source.stat)) throw new WasiError('ENOTDIR');
    world.fds.tree(from).rename(member(from, source), member(to, target));
    world.fds.moved(from.tree, source.path, target.path);
  },
  path_symlink: (world, args, memory) => {
    const target = readPath(memory, args.u32(0), args.u32(1));
    const dir = world.fds.dir(args.u32(2), RIGHT.path_symlink);
    const { path, stat, slash } = walk(world, dir, readPath(memory, args.u32(3), args.u32(4)), false);
    if (target.startsWith('/') && !world.whole[dir.tree]) throw new WasiError('EPERM');
    if (slash && stat === undefined) throw new WasiError('ENOENT');
    world.fds.tree(dir).symlink(target, path);
  },
  path_unlink_file: (world, args, memory) => {
    const dir = world.fds.dir(args.u32(0), RIGHT.path_unlink_file);
    const { path } = existing(walk(world, dir, readPath(memory, args.u32(1), args.u32(2)), false));
    world.fds.tree(dir).unlink(path);
  },
};

function follows(flags: number): boolean {
  return (flags & LOOKUP.follow) !== 0;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readPath(memory: GuestMemory, at: number, length: number): string {
  if (length > MAX_PATH) throw new WasiError('ENAMETOOLONG');
  try {
    return utf8.decode(memory.bytes(at, length));
  } catch (error) {
    if (error instanceof TypeError) throw new WasiError('EILSEQ');
    throw error;
  }
}

function walk(world: World, dir: DirEntryOpen, path: string, follow: boolean): Resolved {
  if (path.startsWith('/')) throw new WasiError('EPERM');
  const tree = world.fds.tree(dir);
  return world.whole[dir.tree] ? resolve(tree, dir.path, path, { follow }) : resolve(tree, dir.path, path, { follow, beneath: dir.path });
}

function existing(found: Resolved): Resolved & { readonly stat: Stat } {
  if (found.stat === undefined) throw new WasiError('ENOENT');
  return found as Resolved & { stat: Stat };
}

/** What can be removed or moved: not the directory itself whose members are spoken of. */
function member(dir: DirEntryOpen, { path }: Resolved): string {
  if (path === dir.path) throw new WasiError('EINVAL');
  return path;
}

interface Wish {
  readonly follow: boolean;
  readonly oflags: number;
  readonly rights: number;
  readonly inheriting: number;
  readonly fdflags: number;
}

function open(world: World, dir: DirEntryOpen, path: string, wish: Wish): number {
  const { oflags } = wish;
  const create = (oflags & OFLAG.creat) !== 0;
  const exclusive = (oflags & OFLAG.excl) !== 0;
  const truncate = (oflags & OFLAG.trunc) !== 0;
  const directory = (oflags & OFLAG.directory) !== 0;
  if (oflags & ~ALL_OFLAGS || (create && directory)) throw new WasiError('EINVAL');
  const tree = world.fds.tree(dir);
  const found = walk(world, dir, path, wish.follow && !(create && exclusive));
  if (found.slash && create && found.stat === undefined) throw new WasiError('EISDIR');

  const write = (wish.rights & RIGHT.fd_write) !== 0;
  const inheriting = wish.inheriting & dir.inheriting;
  if (isDirectory(found.stat) && !(write || create || truncate)) {
    const rights = wish.rights & dir.inheriting & DIR_RIGHTS;
    return world.fds.add({ kind: 'dir', tree: dir.tree, path: found.path, flags: wish.fdflags, rights, inheriting, dropped: 0 });
  }
  const read = (wish.rights & RIGHT.fd_read) !== 0 || !write;
  // Truncating takes a right of the directory, not that to write.
  const flags: OpenFlags = { read, write: write || truncate, create, exclusive, truncate, directory, append: (wish.fdflags & FDFLAG.append) !== 0 };
  const handle = tree.open(found.path, flags, FILE_MODE);
  const rights = wish.rights & dir.inheriting & FILE_RIGHTS;
  return world.fds.add({ kind: 'file', tree: dir.tree, handle, read, write, position: 0, flags: wish.fdflags, rights, inheriting, dropped: 0 });
}
