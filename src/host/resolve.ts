import { FsError, isDir, isLink, type FileSystem, type Stat } from './fs.js';

/** How many symbolic links one path may go through, as Linux has it. */
const MAX_LINKS = 40;
/** Longest path and component, in UTF-16 units: a bound on the work for one path. */
const MAX_PATH = 4096;

export interface ResolveOptions {
  /** Whether a symbolic link in last place is followed. A trailing slash always follows it. */
  readonly follow: boolean;
  /**
   * The directory that cannot be left: `..` beyond it, an absolute path, and an absolute link target are `EPERM`. When
   * absent, the tree is the world, as after `chroot`: absolute means from its root, whose `..` is itself.
   */
  readonly beneath?: string;
}

/** Where a path leads. */
export interface Resolved {
  /** Fit for the operations of `FileSystem`. */
  readonly path: string;
  /** What is there (of the link itself if it was not followed); undefined if nothing is, in an existing directory. */
  readonly stat: Stat | undefined;
  /** The path named a directory by a trailing slash. */
  readonly slash: boolean;
}

/**
 * Walks `path` from the directory `base` (already resolved) component by component, so that every symbolic link on the
 * way is seen and none can lead outside. Throws `ENOENT` when a directory on the way is missing, `ENOTDIR`, `ELOOP`,
 * `EPERM` (see `beneath`), `ENAMETOOLONG`, and `EINVAL` for a NUL in the path.
 */
export function resolve(fs: FileSystem, base: string, path: string, options: ResolveOptions): Resolved {
  const { follow, beneath } = options;
  if (path === '') throw new FsError('ENOENT');
  if (path.length > MAX_PATH) throw new FsError('ENAMETOOLONG');
  if (path.includes('\0')) throw new FsError('EINVAL');

  /** Components still to walk, next one last. */
  const todo: string[] = [];
  let at = base;
  const push = (text: string): void => {
    if (text.startsWith('/')) {
      if (beneath !== undefined) throw new FsError('EPERM', path);
      at = '/';
    }
    const parts = text.split('/');
    for (let i = parts.length - 1; i >= 0; i--) if (parts[i] !== '') todo.push(parts[i]!);
  };

  push(path);
  const slash = path.endsWith('/') || path.endsWith('/.') || path.endsWith('/..') || path === '.' || path === '..';
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop()!;
    if (name === '.') continue;
    if (name === '..') {
      if (at === beneath) throw new FsError('EPERM', path);
      at = parent(at);
      continue;
    }
    const here = join(at, name);
    const stat = lstat(fs, here);
    const last = todo.length === 0;
    if (stat !== undefined && isLink(stat) && (!last || follow || slash)) {
      if (++links > MAX_LINKS) throw new FsError('ELOOP', path);
      const target = fs.readlink(here);
      if (target === '') throw new FsError('ENOENT', path);
      push(target);
      continue;
    }
    if (last) {
      if (slash && stat !== undefined && !isDir(stat)) throw new FsError('ENOTDIR', path);
      return { path: here, stat, slash };
    }
    if (stat === undefined) throw new FsError('ENOENT', path);
    if (!isDir(stat)) throw new FsError('ENOTDIR', path);
    at = here;
  }
  return { path: at, stat: fs.lstat(at), slash };
}

function lstat(fs: FileSystem, path: string): Stat | undefined {
  try {
    return fs.lstat(path);
  } catch (error) {
    if (error instanceof FsError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The directory of a resolved path; that of `/` is `/`. */
export function parent(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** The last component of a resolved path; empty for `/`. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The member `name` of a resolved directory. */
export function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
