import { beforeEach, expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { VIRTUAL_START } from '../clock.js';
import { FDFLAG, FSTFLAG, OFLAG, RIGHT, WHENCE } from './layout.js';

let guest: WasiGuest;
beforeEach(() => {
  guest = new WasiGuest({ stdin: 'first line\nsecond' });
});

function size(fd: number): bigint {
  expect(guest.call('fd_filestat_get', fd, 64)).toBe('ESUCCESS');
  return guest.u64(96);
}
function tell(fd: number): bigint {
  expect(guest.call('fd_tell', fd, 64)).toBe('ESUCCESS');
  return guest.u64(64);
}
function flags(fd: number): number {
  expect(guest.call('fd_fdstat_get', fd, 64)).toBe('ESUCCESS');
  return guest.view.u16(66);
}
function rights(fd: number): [bigint, bigint] {
  expect(guest.call('fd_fdstat_get', fd, 64)).toBe('ESUCCESS');
  return [guest.u64(72), guest.u64(80)];
}

test('writes gather, reads scatter, and both move the position', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(guest.call('fd_write', fd, guest.vectors('hel', '', 'lo world'), 3, 0)).toBe('ESUCCESS');
  expect(guest.u32(0)).toBe(11);
  expect(tell(fd)).toBe(11n);
  expect(guest.read(fd, 5)).toBe('');
  expect(guest.call('fd_seek', fd, -5n, WHENCE.end, 64)).toBe('ESUCCESS');
  expect(guest.u64(64)).toBe(6n);
  const list = guest.vectors(2, 9);
  expect(guest.call('fd_read', fd, list, 2, 0)).toBe('ESUCCESS');
  expect(guest.u32(0)).toBe(5);
  expect(guest.view.text(guest.u32(list), 2) + guest.view.text(guest.u32(list + 8), 3)).toBe('world');
});

test('positional reads and writes leave the position alone', () => {
  const fd = guest.opened('f', OFLAG.creat);
  guest.write(fd, 'abcdef');
  expect(guest.call('fd_pwrite', fd, guest.vectors('XY'), 1, 2n, 0)).toBe('ESUCCESS');
  const list = guest.vectors(10);
  expect(guest.call('fd_pread', fd, list, 1, 1n, 0)).toBe('ESUCCESS');
  expect(guest.view.text(guest.u32(list), guest.u32(0))).toBe('bXYef');
  expect(tell(fd)).toBe(6n);
  expect(guest.call('fd_pread', fd, list, 1, 100n, 0)).toBe('ESUCCESS');
  expect(guest.u32(0)).toBe(0);
});

test('a write beyond the end leaves zeros', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(guest.call('fd_seek', fd, 3n, WHENCE.set, 64)).toBe('ESUCCESS');
  guest.write(fd, 'x');
  expect(guest.call('fd_seek', fd, 0n, WHENCE.set, 64)).toBe('ESUCCESS');
  expect(guest.read(fd, 10)).toBe('\0\0\0x');
});

test('seeking: where it cannot go', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(guest.call('fd_seek', fd, -1n, WHENCE.set, 64)).toBe('EINVAL');
  expect(guest.call('fd_seek', fd, -1n, WHENCE.cur, 64)).toBe('EINVAL');
  expect(guest.call('fd_seek', fd, 0n, 3, 64)).toBe('EINVAL');
  expect(guest.call('fd_seek', fd, 2n ** 63n - 1n, WHENCE.set, 64)).toBe('EINVAL');
  expect(guest.call('fd_seek', 0, 0n, WHENCE.cur, 64)).toBe('ESPIPE');
  expect(guest.call('fd_seek', 3, 0n, WHENCE.cur, 64)).toBe('EBADF');
  expect(guest.call('fd_seek', 77, 0n, WHENCE.cur, 64)).toBe('EBADF');
});

test('append: every write goes to the end, also when the flag comes later', () => {
  const fd = guest.opened('f', OFLAG.creat, FDFLAG.append);
  guest.write(fd, 'one');
  expect(guest.call('fd_seek', fd, 0n, WHENCE.set, 64)).toBe('ESUCCESS');
  guest.write(fd, 'two');
  expect(tell(fd)).toBe(6n);
  expect(guest.call('fd_fdstat_set_flags', fd, 0)).toBe('ESUCCESS');
  expect(guest.call('fd_seek', fd, 0n, WHENCE.set, 64)).toBe('ESUCCESS');
  guest.write(fd, 'ONE');
  expect(guest.call('fd_fdstat_set_flags', fd, FDFLAG.append)).toBe('ESUCCESS');
  guest.write(fd, '!');
  expect(guest.call('fd_seek', fd, 0n, WHENCE.set, 64)).toBe('ESUCCESS');
  expect(guest.read(fd, 10)).toBe('ONEtwo!');
});

test('flags are what was set, nothing more; standard streams refuse not to block', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(flags(fd)).toBe(0);
  expect(guest.call('fd_fdstat_set_flags', fd, FDFLAG.nonblock)).toBe('ESUCCESS');
  expect(flags(fd)).toBe(FDFLAG.nonblock);
  expect(guest.call('fd_fdstat_set_flags', fd, 32)).toBe('EINVAL');
  for (const stream of [0, 1, 2]) {
    expect(guest.call('fd_fdstat_set_flags', stream, FDFLAG.nonblock)).toBe('ENOTSUP');
    expect(guest.call('fd_fdstat_set_flags', stream, 0)).toBe('ESUCCESS');
    expect(flags(stream)).toBe(0);
  }
});

test('rights can be given up, and then are missed', () => {
  const fd = guest.opened('f', OFLAG.creat);
  const [base, inheriting] = rights(fd);
  expect(base & BigInt(RIGHT.fd_write)).not.toBe(0n);
  expect(guest.call('fd_fdstat_set_rights', fd, base & ~BigInt(RIGHT.fd_write), inheriting)).toBe('ESUCCESS');
  expect(rights(fd)[0]).toBe(base & ~BigInt(RIGHT.fd_write));
  expect(guest.write(fd, 'x')).toBe('ENOTCAPABLE');
  expect(guest.call('fd_fdstat_set_rights', fd, base, inheriting)).toBe('ENOTCAPABLE');
  expect(guest.call('fd_fdstat_set_rights', fd, 1n << 60n, 0n)).toBe('ENOTCAPABLE');
});

test('what is open for reading only is not written, and the other way round', () => {
  guest.opened('f', OFLAG.creat);
  const reader = guest.open('f', { rights: RIGHT.fd_read }) as number;
  expect(guest.write(reader, 'x')).toBe('EBADF');
  expect(guest.call('fd_filestat_set_size', reader, 0n)).toBe('EBADF');
  expect(guest.call('fd_allocate', reader, 0n, 1n)).toBe('EBADF');
  const writer = guest.open('f', { rights: RIGHT.fd_write }) as number;
  expect(guest.read(writer, 1)).toBe('EBADF');
});

test('sizes: set, allocated, never shrunk by allocating, and never absurd', () => {
  const fd = guest.opened('f', OFLAG.creat);
  guest.write(fd, 'abcdef');
  expect(guest.call('fd_filestat_set_size', fd, 2n)).toBe('ESUCCESS');
  expect(size(fd)).toBe(2n);
  expect(guest.call('fd_allocate', fd, 0n, 8n)).toBe('ESUCCESS');
  expect(size(fd)).toBe(8n);
  expect(guest.call('fd_allocate', fd, 0n, 4n)).toBe('ESUCCESS');
  expect(size(fd)).toBe(8n);
  expect(guest.call('fd_allocate', fd, 0n, 0n)).toBe('EINVAL');
  expect(guest.call('fd_filestat_set_size', fd, 2n ** 50n)).toBe('ENOSPC');
  expect(guest.call('fd_filestat_set_size', fd, 2n ** 64n - 1n)).toBe('EINVAL');
  expect(guest.call('fd_pread', fd, guest.vectors(8), 1, 0n, 0)).toBe('ESUCCESS');
  expect(guest.read(fd, 0)).toBe('');
  expect(size(fd)).toBe(8n);
});

test('times: given, now, or left alone', () => {
  const fd = guest.opened('f', OFLAG.creat);
  guest.instructions = 1000;
  expect(guest.call('fd_filestat_set_times', fd, 7n, 9n, FSTFLAG.atim | FSTFLAG.mtim_now)).toBe('ESUCCESS');
  expect(guest.call('fd_filestat_get', fd, 64)).toBe('ESUCCESS');
  expect([guest.u64(104), guest.u64(112)]).toEqual([7n, VIRTUAL_START + 1000n]);
  expect(guest.call('fd_filestat_set_times', fd, 1n, 9n, FSTFLAG.mtim)).toBe('ESUCCESS');
  expect(guest.call('fd_filestat_get', fd, 64)).toBe('ESUCCESS');
  expect([guest.u64(104), guest.u64(112)]).toEqual([7n, 9n]);
  expect(guest.call('fd_filestat_set_times', fd, 1n, 9n, FSTFLAG.mtim | FSTFLAG.mtim_now)).toBe('EINVAL');
  expect(guest.call('fd_filestat_set_times', 1, 1n, 9n, FSTFLAG.mtim)).toBe('EINVAL');
});

test('hostile vectors: too many, outside, and overlapping ones', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(guest.call('fd_write', fd, 0, -1, 0)).toBe('EINVAL');
  expect(guest.call('fd_read', fd, 0, -1, 0)).toBe('EINVAL');
  const list = guest.put(new Uint8Array(new Uint32Array([0xffff_ffff, 8]).buffer));
  expect(guest.call('fd_write', fd, list, 1, 0)).toBe('EFAULT');
  const long = guest.put(new Uint8Array(new Uint32Array([0, 0xffff_ffff]).buffer));
  expect(guest.call('fd_write', fd, long, 1, 0)).toBe('EFAULT');
  expect(size(fd)).toBe(0n);
});

test('standard streams: written at once, read once, with no place', () => {
  expect(guest.write(1, 'out')).toBe('ESUCCESS');
  expect(guest.write(2, 'err')).toBe('ESUCCESS');
  expect(guest.output).toEqual({ 1: 'out', 2: 'err' });
  expect(guest.write(0, 'x')).toBe('EBADF');
  expect(guest.read(1, 1)).toBe('EBADF');
  expect(guest.read(0, 6)).toBe('first ');
  expect(guest.read(0, 100)).toBe('line\nsecond');
  expect(guest.read(0, 100)).toBe('');
  expect(guest.call('fd_pwrite', 1, guest.vectors('x'), 1, 0n, 0)).toBe('ESPIPE');
  expect(guest.call('fd_filestat_get', 1, 64)).toBe('ESUCCESS');
  expect(guest.view.u8(80)).toBe(0);
});

test('a terminal is a character device that cannot seek', () => {
  const terminal = new WasiGuest({ terminal: true });
  expect(terminal.call('fd_fdstat_get', 1, 64)).toBe('ESUCCESS');
  expect(terminal.view.u8(64)).toBe(2);
  expect(terminal.u64(72) & BigInt(RIGHT.fd_seek | RIGHT.fd_tell)).toBe(0n);
});

test('preopened directories are listed from 3 on until EBADF', () => {
  const two = new WasiGuest({ preopens: [{ name: '/work', fs: guest.fs }, { name: 'déjà', fs: guest.fs }] });
  expect(two.call('fd_prestat_get', 4, 64)).toBe('ESUCCESS');
  expect([two.u32(64), two.u32(68)]).toEqual([0, 6]);
  expect(two.call('fd_prestat_dir_name', 4, 64, 6)).toBe('ESUCCESS');
  expect(two.view.text(64, 6)).toBe('déjà');
  expect(two.call('fd_prestat_dir_name', 4, 64, 5)).toBe('ENAMETOOLONG');
  expect(two.call('fd_prestat_get', 5, 64)).toBe('EBADF');
  expect(two.call('fd_prestat_get', 0, 64)).toBe('EBADF');
  expect(two.call('fd_fdstat_get', 3, 64)).toBe('ESUCCESS');
  expect(two.view.u8(64)).toBe(3);
});

test('renumbering moves a descriptor onto another', () => {
  const a = guest.opened('a', OFLAG.creat);
  const b = guest.opened('b', OFLAG.creat);
  guest.write(a, 'from a');
  expect(guest.call('fd_renumber', a, b)).toBe('ESUCCESS');
  expect(size(b)).toBe(6n);
  expect(guest.call('fd_tell', a, 64)).toBe('EBADF');
  expect(guest.call('fd_renumber', b, b)).toBe('ESUCCESS');
  expect(guest.call('fd_renumber', b, 99)).toBe('EBADF');
  expect(guest.call('fd_renumber', 99, b)).toBe('EBADF');
  expect(guest.opened('c', OFLAG.creat)).toBe(a);
});

test('closing: twice is an error, the number is used again', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(guest.call('fd_close', fd)).toBe('ESUCCESS');
  expect(guest.call('fd_close', fd)).toBe('EBADF');
  expect(guest.opened('f')).toBe(fd);
  expect(guest.call('fd_close', 1)).toBe('ESUCCESS');
  expect(guest.write(1, 'x')).toBe('EBADF');
});

test('advice and sync are checked and otherwise harmless', () => {
  const fd = guest.opened('f', OFLAG.creat);
  expect(guest.call('fd_advise', fd, 0n, 0n, 5)).toBe('ESUCCESS');
  expect(guest.call('fd_advise', fd, 0n, 0n, 6)).toBe('EINVAL');
  expect(guest.call('fd_advise', 1, 0n, 0n, 0)).toBe('ESPIPE');
  expect(guest.call('fd_sync', fd)).toBe('ESUCCESS');
  expect(guest.call('fd_datasync', fd)).toBe('ESUCCESS');
  expect(guest.call('fd_sync', 3)).toBe('ESUCCESS');
  expect(guest.call('fd_sync', 1)).toBe('EINVAL');
});

test('a directory is listed whole through any buffer, sorted, with its own cookies', () => {
  const names = Array.from({ length: 40 }, (_, i) => `file-${'x'.repeat(i % 9)}-${i}`);
  for (const name of names) guest.opened(name, OFLAG.creat);
  const fd = guest.open('.', { oflags: OFLAG.directory }) as number;
  const expected = ['.', '..', ...names.sort()];
  for (const bytes of [64, 100, 333, 4096]) expect(guest.names(fd, bytes)).toEqual(expected);
});

test('a listing stays what it was while files go, until it is begun again', () => {
  for (const name of ['a', 'b', 'c']) guest.opened(name, OFLAG.creat);
  const fd = guest.open('.', { oflags: OFLAG.directory }) as number;
  const buffer = guest.put(new Uint8Array(512));
  expect(guest.call('fd_readdir', fd, buffer, 75, 0n, 0)).toBe('ESUCCESS');
  expect(guest.u32(0)).toBe(75);
  expect(guest.call('path_unlink_file', 3, 'a')).toBe('ESUCCESS');
  expect(guest.call('fd_readdir', fd, buffer, 512, 3n, 0)).toBe('ESUCCESS');
  expect(guest.u32(0)).toBe(50);
  expect(guest.names(fd)).toEqual(['.', '..', 'b', 'c']);
  expect(guest.call('fd_readdir', fd, buffer, 512, 2n ** 64n - 1n, 0)).toBe('ESUCCESS');
  expect(guest.u32(0)).toBe(0);
  expect(guest.call('fd_readdir', 1, buffer, 512, 0n, 0)).toBe('ENOTDIR');
});

test('an entry says number and type of the file', () => {
  guest.call('path_create_directory', 3, 'd');
  const fd = guest.open('.', { oflags: OFLAG.directory }) as number;
  const buffer = guest.put(new Uint8Array(512));
  guest.call('fd_readdir', fd, buffer, 512, 2n, 0);
  expect(guest.view.u8(buffer + 20)).toBe(3);
  guest.call('path_filestat_get', 3, 0, 'd', 64);
  expect(guest.u64(buffer + 8)).toBe(guest.u64(72));
});
