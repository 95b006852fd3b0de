import { beforeEach, expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { MemoryFs } from '../memory-fs.js';
import { DIR_RIGHTS, FDFLAG, FILE_RIGHTS, FSTFLAG, LOOKUP, OFLAG, RIGHT } from './layout.js';

let guest: WasiGuest;
beforeEach(() => {
  guest = new WasiGuest();
});

function make(path: string, content = ''): void {
  const fd = guest.opened(path, OFLAG.creat);
  guest.write(fd, content);
  guest.call('fd_close', fd);
}
function content(path: string): string {
  const fd = guest.open(path);
  if (typeof fd === 'string') return fd;
  const text = guest.read(fd, 1000);
  guest.call('fd_close', fd);
  return text;
}
function readlink(path: string, size = 100): string {
  const buffer = guest.put(new Uint8Array(size));
  const errno = guest.call('path_readlink', 3, path, buffer, size, 0);
  return errno === 'ESUCCESS' ? guest.view.text(buffer, guest.u32(0)) : errno;
}

test('opening: what exists, what does not, and what must not', () => {
  expect(guest.open('f')).toBe('ENOENT');
  expect(guest.open('f', { oflags: OFLAG.creat })).toBeTypeOf('number');
  expect(guest.open('f', { oflags: OFLAG.creat | OFLAG.excl })).toBe('EEXIST');
  expect(guest.open('f', { oflags: OFLAG.directory })).toBe('ENOTDIR');
  expect(guest.open('f/', {})).toBe('ENOTDIR');
  expect(guest.open('new/', { oflags: OFLAG.creat })).toBe('EISDIR');
  expect(guest.open('no/f', { oflags: OFLAG.creat })).toBe('ENOENT');
  expect(guest.open('f/g', { oflags: OFLAG.creat })).toBe('ENOTDIR');
  expect(guest.open('')).toBe('ENOENT');
  expect(guest.open('d', { oflags: OFLAG.creat | OFLAG.directory })).toBe('EINVAL');
  expect(guest.open('f', { oflags: 16 })).toBe('EINVAL');
  expect(guest.open('f', { fdflags: 32 })).toBe('EINVAL');
  expect(guest.open('f', { fd: 1 })).toBe('ENOTDIR');
  expect(guest.open('f', { fd: -1 })).toBe('EBADF');
});

test('truncating takes a right of the directory, not that to write', () => {
  make('f', 'content');
  const fd = guest.open('f', { oflags: OFLAG.trunc, rights: RIGHT.fd_read }) as number;
  expect(content('f')).toBe('');
  expect(guest.write(fd, 'x')).toBe('EBADF');
  make('f', 'content');
  const without = BigInt(DIR_RIGHTS & ~RIGHT.path_filestat_set_size);
  expect(guest.call('fd_fdstat_set_rights', 3, without, without)).toBe('ESUCCESS');
  expect(guest.open('f', { oflags: OFLAG.trunc, rights: FILE_RIGHTS })).toBe('ENOTCAPABLE');
  expect(content('f')).toBe('content');
});

test('directories open for reading, not for writing', () => {
  guest.call('path_create_directory', 3, 'd');
  expect(guest.open('d')).toBeTypeOf('number');
  expect(guest.open('d', { rights: FILE_RIGHTS })).toBe('EISDIR');
  expect(guest.open('d', { rights: FILE_RIGHTS, oflags: OFLAG.directory })).toBe('EISDIR');
  expect(guest.open('d', { oflags: OFLAG.directory })).toBeTypeOf('number');
  expect(guest.open('d', { oflags: OFLAG.creat })).toBe('EISDIR');
  const fd = guest.open('d') as number;
  expect(guest.read(fd, 1)).toBe('EISDIR');
  expect(guest.write(fd, 'x')).toBe('EISDIR');
  expect(guest.open('../x', { fd, oflags: OFLAG.creat })).toBe('EPERM');
});

test('nothing leads out of a directory', () => {
  guest.call('path_create_directory', 3, 'd');
  make('d/f', 'inside');
  for (const path of ['/d/f', '..', '../d/f', 'd/../../d/f', 'd/./.././..', '/']) {
    expect([path, guest.open(path)]).toEqual([path, 'EPERM']);
    expect([path, guest.stat(path)]).toEqual([path, 'EPERM']);
    expect([path, guest.call('path_create_directory', 3, `${path}/x`)]).toEqual([path, 'EPERM']);
    expect([path, guest.call('path_unlink_file', 3, path)]).toEqual([path, 'EPERM']);
    expect([path, guest.call('path_rename', 3, 'd/f', 3, path)]).toEqual([path, 'EPERM']);
    expect([path, guest.call('path_link', 3, 0, 'd/f', 3, path)]).toEqual([path, 'EPERM']);
    expect([path, guest.call('path_symlink', 'x', 3, path)]).toEqual([path, 'EPERM']);
  }
  expect(guest.call('path_symlink', '/d/f', 3, 'absolute')).toBe('EPERM');
  for (const [name, target] of [['up', '..'], ['up-file', '../d/f'], ['chain', 'up-file'], ['deep', 'd/../up/d/f']] as const) {
    expect(guest.call('path_symlink', target, 3, name)).toBe('ESUCCESS');
    expect([name, content(name)]).toEqual([name, 'EPERM']);
    expect([name, guest.stat(name)]).toEqual([name, 'EPERM']);
    expect([name, guest.stat(name, false)]).toEqual([name, `type 7 size ${target.length}`]);
  }
  expect(content('d/../d/f')).toBe('inside');
  const fd = guest.open('d') as number;
  expect(guest.call('path_symlink', '../d/f', fd, 'out-of-d')).toBe('ESUCCESS');
  expect(guest.open('out-of-d', { fd })).toBe('EPERM');
  expect(content('d/out-of-d')).toBe('inside');
});

test('in a tree that is the world, absolute targets are followed in it', () => {
  const fs = new MemoryFs(guest.clock);
  fs.put('/etc/name', 'deep');
  fs.symlink('/etc/name', '/link');
  fs.symlink('../../../etc/name', '/etc/up');
  const whole = new WasiGuest({ preopens: [{ name: '/', fs, whole: true }] });
  expect(whole.stat('link')).toBe('type 4 size 4');
  expect(whole.stat('etc/up')).toBe('type 4 size 4');
  expect(whole.stat('/link')).toBe('EPERM');
});

test('links: followed when asked, made, read, and counted', () => {
  make('f', 'text');
  expect(guest.call('path_symlink', 'f', 3, 's')).toBe('ESUCCESS');
  expect(guest.call('path_symlink', 's', 3, 'ss')).toBe('ESUCCESS');
  expect(guest.call('path_symlink', 'x', 3, 's')).toBe('EEXIST');
  expect(guest.call('path_symlink', '', 3, 'e')).toBe('ENOENT');
  expect(content('ss')).toBe('text');
  expect(guest.open('ss', { follow: false })).toBe('ELOOP');
  expect(readlink('ss')).toBe('s');
  expect(readlink('f')).toBe('EINVAL');
  expect(readlink('none')).toBe('ENOENT');
  guest.call('path_symlink', 'a-long-target', 3, 'long');
  expect(readlink('long', 6)).toBe('a-long');
  guest.call('path_symlink', 'loop2', 3, 'loop1');
  guest.call('path_symlink', 'loop1', 3, 'loop2');
  expect(guest.open('loop1')).toBe('ELOOP');
  expect(guest.open('missing-target', { oflags: OFLAG.creat })).toBeTypeOf('number');
  guest.call('path_symlink', 'made-through-link', 3, 'dangling');
  expect(guest.open('dangling', { oflags: OFLAG.creat | OFLAG.excl })).toBe('EEXIST');
  expect(guest.open('dangling', { oflags: OFLAG.creat })).toBeTypeOf('number');
  expect(guest.stat('made-through-link')).toBe('type 4 size 0');
});

test('hard links share content; directories have none', () => {
  make('f', 'text');
  guest.call('path_create_directory', 3, 'd');
  expect(guest.call('path_link', 3, 0, 'f', 3, 'd/g')).toBe('ESUCCESS');
  expect(guest.call('path_unlink_file', 3, 'f')).toBe('ESUCCESS');
  expect(content('d/g')).toBe('text');
  expect(guest.call('path_link', 3, 0, 'd', 3, 'e')).toBe('EPERM');
  expect(guest.call('path_link', 3, 0, 'd/g', 3, 'd')).toBe('EEXIST');
  expect(guest.call('path_link', 3, 0, 'd/g', 3, 'new/')).toBe('ENOENT');
  guest.call('path_symlink', 'd/g', 3, 's');
  expect(guest.call('path_link', 3, LOOKUP.follow, 's', 3, 'h')).toBe('ESUCCESS');
  expect(guest.stat('h', false)).toBe('type 4 size 4');
});

test('removing: files with one call, empty directories with the other', () => {
  make('f');
  guest.call('path_create_directory', 3, 'd');
  guest.call('path_create_directory', 3, 'd/e');
  expect(guest.call('path_unlink_file', 3, 'd')).toBe('EISDIR');
  expect(guest.call('path_unlink_file', 3, 'f/')).toBe('ENOTDIR');
  expect(guest.call('path_remove_directory', 3, 'f')).toBe('ENOTDIR');
  expect(guest.call('path_remove_directory', 3, 'd')).toBe('ENOTEMPTY');
  expect(guest.call('path_remove_directory', 3, 'd/e/')).toBe('ESUCCESS');
  expect(guest.call('path_remove_directory', 3, 'd')).toBe('ESUCCESS');
  expect(guest.call('path_remove_directory', 3, 'd')).toBe('ENOENT');
  expect(guest.call('path_remove_directory', 3, '.')).toBe('EINVAL');
  expect(guest.call('path_unlink_file', 3, 'f')).toBe('ESUCCESS');
  expect(guest.call('path_unlink_file', 3, 'f')).toBe('ENOENT');
});

test('an open file outlives its name', () => {
  const fd = guest.opened('f', OFLAG.creat);
  guest.write(fd, 'alive');
  guest.call('path_unlink_file', 3, 'f');
  guest.call('fd_seek', fd, 0n, 0, 64);
  expect(guest.read(fd, 10)).toBe('alive');
});

test('renaming: replaces files, empty directories, and takes open directories along', () => {
  make('f', 'new');
  make('g', 'old');
  expect(guest.call('path_rename', 3, 'f', 3, 'g')).toBe('ESUCCESS');
  expect(content('g')).toBe('new');
  for (const dir of ['d', 'd/sub', 'empty']) guest.call('path_create_directory', 3, dir);
  make('d/sub/x', 'kept');
  const fd = guest.open('d/sub') as number;
  expect(guest.call('path_rename', 3, 'g', 3, 'd')).toBe('EISDIR');
  expect(guest.call('path_rename', 3, 'd', 3, 'g')).toBe('ENOTDIR');
  expect(guest.call('path_rename', 3, 'empty', 3, 'd')).toBe('ENOTEMPTY');
  expect(guest.call('path_rename', 3, 'd', 3, 'd/sub/d')).toBe('EINVAL');
  expect(guest.call('path_rename', 3, '.', 3, 'x')).toBe('EINVAL');
  expect(guest.call('path_rename', 3, 'g', 3, 'h/')).toBe('ENOTDIR');
  expect(guest.call('path_rename', 3, 'd', 3, 'empty')).toBe('ESUCCESS');
  expect(guest.open('x', { fd })).toBeTypeOf('number');
  expect(guest.open('d')).toBe('ENOENT');
});

test('two trees are two devices', () => {
  const two = new WasiGuest({ preopens: [{ name: 'a', fs: new MemoryFs(guest.clock) }, { name: 'b', fs: new MemoryFs(guest.clock) }] });
  two.opened('f', OFLAG.creat);
  expect(two.call('path_rename', 3, 'f', 4, 'f')).toBe('EXDEV');
  expect(two.call('path_link', 3, 0, 'f', 4, 'f')).toBe('EXDEV');
});

test('times of a path, followed or not', () => {
  make('f');
  guest.call('path_symlink', 'f', 3, 's');
  const set = FSTFLAG.atim | FSTFLAG.mtim;
  expect(guest.call('path_filestat_set_times', 3, LOOKUP.follow, 's', 1n, 2n, set)).toBe('ESUCCESS');
  expect(guest.call('path_filestat_set_times', 3, 0, 's', 3n, 4n, set)).toBe('ESUCCESS');
  guest.call('path_filestat_get', 3, 0, 'f', 64);
  expect([guest.u64(104), guest.u64(112)]).toEqual([1n, 2n]);
  guest.call('path_filestat_get', 3, 0, 's', 64);
  expect([guest.u64(104), guest.u64(112)]).toEqual([3n, 4n]);
});

test('hostile paths: too long, not UTF-8, with a NUL', () => {
  expect(guest.open('x'.repeat(5000))).toBe('ENAMETOOLONG');
  expect(guest.open('x'.repeat(300), { oflags: OFLAG.creat })).toBe('ENAMETOOLONG');
  expect(guest.open('a\0b', { oflags: OFLAG.creat })).toBe('EINVAL');
  const at = guest.put(Uint8Array.of(0xff, 0xfe));
  expect(guest.call('path_create_directory', 3, at, 2)).toBe('EILSEQ');
  expect(guest.call('path_create_directory', 3, at, -1)).toBe('EFAULT');
});

test('not more descriptors than there may be', () => {
  make('f');
  let last: number | string = 0;
  for (let i = 0; typeof last === 'number' && i < 20000; i++) {
    const window = guest.call('path_open', 3, 0, '.', OFLAG.directory, 0n, 0n, 0, 0);
    last = window === 'ESUCCESS' ? guest.u32(0) : window;
    if (i % 1000 === 0) guest.rewind();
  }
  expect(last).toBe('EMFILE');
});

test('flags given at opening are reported', () => {
  const fd = guest.opened('f', OFLAG.creat, FDFLAG.append | FDFLAG.nonblock);
  guest.call('fd_fdstat_get', fd, 64);
  expect(guest.view.u16(66)).toBe(FDFLAG.append | FDFLAG.nonblock);
});
