import { expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { decodeData, encodeData } from '../../program/data.js';
import { VIRTUAL_START } from '../clock.js';
import { GuestExit } from '../exit.js';
import { EVENT, FDFLAG, OFLAG } from './layout.js';

function strings(guest: WasiGuest, name: 'args' | 'environ'): string[] {
  expect(guest.call(`${name}_sizes_get`, 64, 68)).toBe('ESUCCESS');
  const count = guest.u32(64);
  const size = guest.u32(68);
  const buffer = guest.put(new Uint8Array(size));
  const table = guest.put(new Uint8Array(count * 4));
  expect(guest.call(`${name}_get`, table, buffer)).toBe('ESUCCESS');
  const bytes = guest.view.text(buffer, size);
  const found = Array.from({ length: count }, (_, i) => {
    const start = guest.u32(table + i * 4);
    let end = start;
    while (guest.view.u8(end) !== 0) end++;
    return guest.view.text(start, end - start);
  });
  expect(bytes).toBe(found.map((text) => `${text}\0`).join(''));
  return found;
}

test('arguments and environment arrive as given', () => {
  const guest = new WasiGuest({ args: ['name', '', 'ünïcode', 'two words'], env: ['A=1', 'B=2=3'] });
  expect(strings(guest, 'args')).toEqual(['name', '', 'ünïcode', 'two words']);
  expect(strings(guest, 'environ')).toEqual(['A=1', 'B=2=3']);
  expect(strings(new WasiGuest(), 'environ')).toEqual([]);
});

test('clocks move with the instructions; others than the two do not exist', () => {
  const guest = new WasiGuest();
  guest.instructions = 42;
  expect(guest.call('clock_time_get', 0, 1n, 64)).toBe('ESUCCESS');
  expect(guest.u64(64)).toBe(VIRTUAL_START + 42n);
  expect(guest.call('clock_time_get', 1, 1n, 64)).toBe('ESUCCESS');
  expect(guest.u64(64)).toBe(1_000_000_042n);
  expect(guest.call('clock_res_get', 1, 64)).toBe('ESUCCESS');
  expect(guest.u64(64)).toBe(1n);
  for (const id of [2, 3, 4, -1]) {
    expect(guest.call('clock_time_get', id, 1n, 64)).toBe('EINVAL');
    expect(guest.call('clock_res_get', id, 64)).toBe('EINVAL');
  }
});

test('random data come from the seed, whatever the size asked for', () => {
  const [a, b] = [new WasiGuest(), new WasiGuest()];
  for (const guest of [a, b]) expect(guest.call('random_get', 65536, 150_000)).toBe('ESUCCESS');
  expect(Buffer.compare(a.memory.u8.subarray(65536, 215_536), b.memory.u8.subarray(65536, 215_536))).toBe(0);
  expect(new Set(a.memory.u8.subarray(65536, 215_536)).size).toBe(256);
  expect(a.call('random_get', 0, 0)).toBe('ESUCCESS');
});

test('the end of the program is an error of its own kind', () => {
  const guest = new WasiGuest();
  expect(() => guest.call('proc_exit', -1)).toThrow(GuestExit);
  expect(() => guest.call('proc_exit', -1)).toThrow('4294967295');
  expect(() => guest.call('proc_raise', 6)).toThrow('134');
  expect(guest.call('proc_raise', 16)).toBe('ESUCCESS');
  expect(guest.call('proc_raise', 19)).toBe('ENOTSUP');
  expect(guest.call('proc_raise', 31)).toBe('EINVAL');
});

test('there are no sockets', () => {
  const guest = new WasiGuest();
  expect(guest.call('sock_accept', 3, 0, 64)).toBe('ENOTSUP');
  expect(guest.call('sock_recv', 3, 64, 0, 0, 64, 64)).toBe('ENOTSUP');
  expect(guest.call('sock_send', 3, 64, 0, 0, 64)).toBe('ENOTSUP');
  expect(guest.call('sock_shutdown', 3, 1)).toBe('ENOTSUP');
  expect(guest.call('sched_yield')).toBe('ESUCCESS');
});

interface Wait {
  userdata: bigint;
  type?: number;
  fd?: number;
  id?: number;
  timeout?: bigint;
  absolute?: boolean;
}

function poll(guest: WasiGuest, ...waits: Wait[]): unknown {
  const bytes = new Uint8Array(waits.length * 48);
  const view = new DataView(bytes.buffer);
  for (const [i, wait] of waits.entries()) {
    view.setBigUint64(i * 48, wait.userdata, true);
    view.setUint8(i * 48 + 8, wait.type ?? EVENT.clock);
    view.setUint32(i * 48 + 16, wait.fd ?? wait.id ?? 1, true);
    view.setBigUint64(i * 48 + 24, wait.timeout ?? 0n, true);
    view.setUint16(i * 48 + 40, wait.absolute ? 1 : 0, true);
  }
  const out = guest.put(new Uint8Array(waits.length * 32));
  const errno = guest.call('poll_oneoff', guest.put(bytes), out, waits.length, 0);
  if (errno !== 'ESUCCESS') return errno;
  return Array.from({ length: guest.u32(0) }, (_, i) => {
    const at = out + i * 32;
    return [guest.u64(at), guest.view.u8(at + 10), guest.view.u16(at + 8), guest.u64(at + 16)];
  });
}

test('waiting for clocks jumps to the first that is due, and only that far', () => {
  const guest = new WasiGuest();
  const start = guest.clock.monotonic();
  expect(poll(guest, { userdata: 1n, timeout: 500n }, { userdata: 2n, timeout: 200n }, { userdata: 3n, timeout: 200n })).toEqual([
    [2n, 0, 0, 0n],
    [3n, 0, 0, 0n],
  ]);
  expect(guest.clock.monotonic() - start).toBe(200n);
  expect(poll(guest, { userdata: 4n, timeout: 0n })).toEqual([[4n, 0, 0, 0n]]);
  expect(guest.clock.monotonic() - start).toBe(200n);
});

test('absolute times, of either clock, past and to come', () => {
  const guest = new WasiGuest();
  const start = guest.clock.monotonic();
  expect(poll(guest, { userdata: 1n, timeout: start + 70n, absolute: true })).toHaveLength(1);
  expect(guest.clock.monotonic()).toBe(start + 70n);
  expect(poll(guest, { userdata: 1n, id: 0, timeout: VIRTUAL_START + 100n, absolute: true })).toHaveLength(1);
  expect(guest.clock.monotonic()).toBe(start + 100n);
  expect(poll(guest, { userdata: 1n, timeout: 5n, absolute: true })).toHaveLength(1);
  expect(guest.clock.monotonic()).toBe(start + 100n);
});

test('files and streams are ready at once, so that clocks to come do not fire', () => {
  const guest = new WasiGuest({ stdin: 'x' });
  const fd = guest.opened('f', OFLAG.creat);
  guest.write(fd, 'four');
  guest.call('fd_seek', fd, 1n, 0, 64);
  const start = guest.clock.monotonic();
  const events = poll(
    guest,
    { userdata: 1n, timeout: 1000n },
    { userdata: 2n, type: EVENT.fd_read, fd },
    { userdata: 3n, type: EVENT.fd_write, fd: 1 },
    { userdata: 4n, type: EVENT.fd_read, fd: 0 },
    { userdata: 5n, type: EVENT.fd_read, fd: 99 },
    { userdata: 6n, id: 3 },
  );
  expect(events).toEqual([
    [2n, 1, 0, 3n],
    [3n, 2, 0, 1n],
    [4n, 1, 0, 1n],
    [5n, 1, 8, 0n],
    [6n, 0, 28, 0n],
  ]);
  expect(guest.clock.monotonic()).toBe(start);
});

test('hostile polls', () => {
  const guest = new WasiGuest();
  expect(guest.call('poll_oneoff', 64, 64, 0, 0)).toBe('EINVAL');
  expect(guest.call('poll_oneoff', 64, 64, -1, 0)).toBe('EINVAL');
  expect(guest.call('poll_oneoff', 64, 64, 100_000, 0)).toBe('EFAULT');
  expect(poll(guest, { userdata: 1n, type: 3 })).toBe('EINVAL');
  const start = guest.clock.monotonic();
  expect(poll(guest, { userdata: 1n, timeout: 2n ** 64n - 1n })).toHaveLength(1);
  expect(guest.clock.monotonic() - start).toBe(2n ** 64n - 1n);
});

test('the state is data: another guest goes on from it in the same way', () => {
  const first = new WasiGuest({ stdin: 'some input' });
  const fd = first.opened('f', OFLAG.creat, FDFLAG.append);
  first.write(fd, 'content');
  first.call('path_create_directory', 3, 'd');
  first.call('path_symlink', 'f', 3, 's');
  first.call('path_link', 3, 0, 'f', 3, 'd/g');
  const dir = first.open('.') as number;
  first.names(dir);
  first.read(0, 5);
  first.call('path_unlink_file', 3, 'f');
  poll(first, { userdata: 1n, timeout: 12345n });
  first.call('random_get', 64, 7);

  const second = new WasiGuest({ stdin: 'other' });
  second.wasi.state.load(decodeData(encodeData(first.wasi.state.save())));
  expect(first.wasi.state.live()).toEqual([]);
  const goOn = (guest: WasiGuest): unknown[] => [
    guest.clock.realtime(),
    guest.read(0, 100),
    guest.write(fd, ' and more'),
    guest.call('fd_seek', fd, 0n, 0, 64),
    guest.read(fd, 100),
    guest.names(dir),
    guest.stat('d/g'),
    guest.stat('s'),
    guest.opened('new', OFLAG.creat),
    guest.call('random_get', 64, 8),
    guest.u64(64),
    encodeData(guest.wasi.state.save()),
  ];
  const expected = goOn(first);
  expect(goOn(second)).toEqual(expected);
  expect(expected).toContain('content and more');
});
