import { FsError, S_IF, type DirEntry, type FileSystem, type OpenFlags, type Stat } from './fs.js';
import { basename, parent } from './resolve.js';
import type { Data } from './state.js';

export interface Mount {
  /** Where it appears: an absolute path without `.`, `..` or a trailing slash; `/` for the whole tree. */
  readonly at: string;
  readonly fs: FileSystem;
}

/** A file system and a path in it. */
type Place = readonly [fs: FileSystem, path: string, mount: number];

/**
 * Several trees as one. The directories that lead to a mount exist and are read-only; a mount hides what is beneath it.
 * For hosts whose guests know one tree (gojs); WASI knows its preopened directories one by one.
 */
export class MountFs implements FileSystem {
  private readonly mounts: readonly Mount[];
  /** The directories that lead to the mounts, each with the names in it. */
  private readonly stems = new Map<string, Set<string>>();
  /** By our handle: the mount (or a stem) and its own handle. */
  private handles = new Map<number, { mount: number; inner: number; stem: string }>();

  constructor(mounts: readonly Mount[]) {
    this.mounts = [...mounts].sort((a, b) => b.at.length - a.at.length);
    this.stems.set('/', new Set());
    for (const { at } of mounts) {
      for (let path = at; path !== '/'; path = parent(path)) {
        const names = this.stems.get(parent(path)) ?? new Set();
        this.stems.set(parent(path), names.add(basename(path)));
      }
    }
  }

  private place(path: string): Place | undefined {
    for (const [index, { at, fs }] of this.mounts.entries()) {
      if (at === '/') return [fs, path, index];
      if (path === at) return [fs, '/', index];
      if (path.startsWith(`${at}/`)) return [fs, path.slice(at.length), index];
    }
    return undefined;
  }
  /** For what must be inside a mount. `missing`: the error if it is not. */
  private inside(path: string, missing: 'ENOENT' | 'EROFS'): Place {
    const place = this.place(path);
    if (place === undefined) throw new FsError(this.stems.has(path) ? 'EROFS' : missing, path);
    return place;
  }
  /** For what changes a name: a mount point itself cannot be removed or replaced. */
  private named(path: string, missing: 'ENOENT' | 'EROFS'): Place {
    if (this.mounts.some(({ at }) => at === path) || this.stems.has(path)) throw new FsError('EBUSY', path);
    return this.inside(path, missing);
  }
  private both(from: string, to: string): [FileSystem, string, string] {
    const [fs, a, first] = this.named(from, 'ENOENT');
    const [, b, second] = this.named(to, 'EROFS');
    if (first !== second) throw new FsError('EXDEV', to);
    return [fs, a, b];
  }

  lstat(path: string): Stat {
    const place = this.place(path);
    if (place !== undefined) return place[0].lstat(place[1]);
    if (!this.stems.has(path)) throw new FsError('ENOENT', path);
    return this.stemStat(path);
  }
  private stemStat(path: string): Stat {
    const ino = BigInt([...this.stems.keys()].indexOf(path) + 1);
    const nlink = 2 + this.stems.get(path)!.size;
    const still = { atime: 0n, mtime: 0n, ctime: 0n };
    return { dev: 0n, ino, mode: S_IF.dir | 0o555, nlink, uid: 0, gid: 0, rdev: 0, size: 0, blksize: 4096, blocks: 0, ...still };
  }
  readdir(path: string): DirEntry[] {
    const place = this.place(path);
    const mounted = this.stems.get(path);
    const own = place === undefined ? [] : place[0].readdir(place[1]);
    if (place === undefined && mounted === undefined) throw new FsError('ENOENT', path);
    if (mounted === undefined) return own;
    const names = [...mounted].sort();
    return [...own.filter(({ name }) => !mounted.has(name)), ...names.map((name) => ({ name, type: S_IF.dir }))];
  }
  readlink(path: string): string {
    if (this.place(path) === undefined && this.stems.has(path)) throw new FsError('EINVAL', path);
    const [fs, inner] = this.inside(path, 'ENOENT');
    return fs.readlink(inner);
  }
  mkdir(path: string, mode: number): void {
    if (this.stems.has(path)) throw new FsError('EEXIST', path);
    const [fs, inner] = this.inside(path, 'EROFS');
    fs.mkdir(inner, mode);
  }
  rmdir(path: string): void {
    const [fs, inner] = this.named(path, 'ENOENT');
    fs.rmdir(inner);
  }
  unlink(path: string): void {
    const [fs, inner] = this.named(path, 'ENOENT');
    fs.unlink(inner);
  }
  rename(from: string, to: string): void {
    const [fs, a, b] = this.both(from, to);
    fs.rename(a, b);
  }
  link(from: string, to: string): void {
    const [fs, a, b] = this.both(from, to);
    fs.link(a, b);
  }
  symlink(target: string, path: string): void {
    if (this.stems.has(path)) throw new FsError('EEXIST', path);
    const [fs, inner] = this.inside(path, 'EROFS');
    fs.symlink(target, inner);
  }
  chmod(path: string, mode: number): void {
    const [fs, inner] = this.inside(path, 'ENOENT');
    fs.chmod(inner, mode);
  }
  chown(path: string, uid: number, gid: number): void {
    const [fs, inner] = this.inside(path, 'ENOENT');
    fs.chown(inner, uid, gid);
  }
  utimes(path: string, atime: bigint, mtime: bigint): void {
    const [fs, inner] = this.inside(path, 'ENOENT');
    fs.utimes(inner, atime, mtime);
  }

  open(path: string, flags: OpenFlags, mode: number): number {
    const place = this.place(path);
    if (place === undefined && (!this.stems.has(path) || flags.write || flags.create)) {
      if (this.stems.has(path)) throw new FsError('EISDIR', path);
      throw new FsError(flags.create ? 'EROFS' : 'ENOENT', path);
    }
    let handle = 0;
    while (this.handles.has(handle)) handle++;
    if (place === undefined) this.handles.set(handle, { mount: -1, inner: 0, stem: path });
    else this.handles.set(handle, { mount: place[2], inner: place[0].open(place[1], flags, mode), stem: '' });
    return handle;
  }
  close(handle: number): void {
    const open = this.opened(handle);
    this.handles.delete(handle);
    if (open.mount >= 0) this.mounts[open.mount]!.fs.close(open.inner);
  }
  fstat(handle: number): Stat {
    const { mount, inner, stem } = this.opened(handle);
    return mount < 0 ? this.stemStat(stem) : this.mounts[mount]!.fs.fstat(inner);
  }
  private opened(handle: number): { mount: number; inner: number; stem: string } {
    const open = this.handles.get(handle);
    if (open === undefined) throw new FsError('EBADF');
    return open;
  }
  /** For what needs a real file; the directories that lead to the mounts answer with `error`. */
  private real(handle: number, error: 'EISDIR' | 'EROFS'): [FileSystem, number] {
    const { mount, inner } = this.opened(handle);
    if (mount < 0) throw new FsError(error);
    return [this.mounts[mount]!.fs, inner];
  }
  read(handle: number, into: Uint8Array, at: number): number {
    const [fs, inner] = this.real(handle, 'EISDIR');
    return fs.read(inner, into, at);
  }
  write(handle: number, bytes: Uint8Array, at: number): number {
    const [fs, inner] = this.real(handle, 'EISDIR');
    return fs.write(inner, bytes, at);
  }
  setAppend(handle: number, append: boolean): void {
    const [fs, inner] = this.real(handle, 'EISDIR');
    fs.setAppend(inner, append);
  }
  truncate(handle: number, size: number): void {
    const [fs, inner] = this.real(handle, 'EISDIR');
    fs.truncate(inner, size);
  }
  fchmod(handle: number, mode: number): void {
    const [fs, inner] = this.real(handle, 'EROFS');
    fs.fchmod(inner, mode);
  }
  fchown(handle: number, uid: number, gid: number): void {
    const [fs, inner] = this.real(handle, 'EROFS');
    fs.fchown(inner, uid, gid);
  }
  futimes(handle: number, atime: bigint, mtime: bigint): void {
    const [fs, inner] = this.real(handle, 'EROFS');
    fs.futimes(inner, atime, mtime);
  }
  sync(handle: number): void {
    const { mount, inner } = this.opened(handle);
    if (mount >= 0) this.mounts[mount]!.fs.sync(inner);
  }

  save(): Data {
    return { handles: [...this.handles].map(([handle, open]) => ({ handle, ...open })), trees: this.mounts.map(({ fs }) => fs.save()) };
  }
  load(state: Data): void {
    type Saved = { handles: readonly { handle: number; mount: number; inner: number; stem: string }[]; trees: readonly Data[] };
    const { handles, trees } = state as unknown as Saved;
    this.handles = new Map(handles.map(({ handle, ...open }) => [handle, open]));
    for (const [index, { fs }] of this.mounts.entries()) fs.load(trees[index]!);
  }
  live(): string[] {
    return this.mounts.flatMap(({ fs }) => fs.live());
  }
}
