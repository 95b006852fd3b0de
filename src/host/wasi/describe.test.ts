import { expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { CellWindow, Cells } from '../../engine/cells.js';
import { DIR_RIGHTS, FILE_RIGHTS, OFLAG } from './layout.js';
import { describeCall, formatCall } from './describe.js';
import { SIGNATURES, type WasiName } from './signatures.js';

/** Makes the call and answers it in words. */
function said(guest: WasiGuest, name: WasiName, ...args: (number | bigint | string)[]): string {
  const host = guest.wasi.imports.get(name)!;
  const window = new CellWindow(new Cells(16), 0);
  let at = 0;
  for (const arg of args) {
    if (typeof arg === 'bigint') window.setI64(at++, arg);
    else if (typeof arg === 'number') window.setI32(at++, arg);
    else {
      const bytes = new TextEncoder().encode(arg);
      window.setI32(at++, guest.put(bytes));
      window.setI32(at++, bytes.length);
    }
  }
  const call = describeCall(name, window, guest.view)!;
  if (host.kind === 'leaf') host.call(window, window, guest.view);
  else if (host.kind === 'full') void host.call({ args: window, results: window, memory: guest.view });
  return formatCall(name, call.args, call.result(window, guest.view));
}

test('calls in words', () => {
  const guest = new WasiGuest({ stdin: 'some input' });
  const rights = BigInt(FILE_RIGHTS | DIR_RIGHTS);
  expect(said(guest, 'fd_write', 1, guest.vectors('hello ', 'world\n'), 2, 0)).toBe(
    'fd_write(fd=1, iovs="hello world\\n") = ESUCCESS nwritten=12',
  );
  expect(said(guest, 'path_open', 3, 1, 'new.txt', OFLAG.creat | OFLAG.excl, rights, 0n, 1, 0)).toBe(
    'path_open(fd=3, dirflags=follow, path="new.txt", oflags=creat|excl, rights_base=0xfffffff, rights_inheriting=0x0, fdflags=append) = ESUCCESS opened=4',
  );
  expect(said(guest, 'path_open', 3, 0, 'gone', 0, 2n, 0n, 0, 0)).toBe(
    'path_open(fd=3, dirflags=0, path="gone", oflags=0, rights_base=fd_read, rights_inheriting=0x0, fdflags=0) = ENOENT',
  );
  expect(said(guest, 'fd_read', 0, guest.vectors(4, 20), 2, 0)).toBe('fd_read(fd=0) = ESUCCESS nread=4 iovs="some"');
  expect(said(guest, 'fd_seek', 4, -3n, 2, 64)).toBe('fd_seek(fd=4, offset=-3, whence=end) = EINVAL');
  expect(said(guest, 'clock_time_get', 1, 0n, 64)).toBe('clock_time_get(id=monotonic, precision=0) = ESUCCESS time=1000000000');
  expect(said(guest, 'fd_close', -1)).toBe('fd_close(fd=-1) = EBADF');
  guest.call('path_symlink', 'new.txt', 3, 'link');
  expect(said(guest, 'path_readlink', 3, 'link', 512, 100, 0)).toBe('path_readlink(fd=3, path="link", buf=100) = ESUCCESS used=7 buf="new.txt"');
  expect(said(guest, 'fd_readdir', 3, 512, 300, 0n, 0)).toBe('fd_readdir(fd=3, cookie=0) = ESUCCESS used=110 buf="." ".." "link" "new.txt"');
  expect(said(guest, 'path_filestat_get', 3, 0, 'link', 512)).toMatch(/= ESUCCESS stat=link size=7 ino=\d+ mtim=1577836800000000000$/);
});

test('a wait says for what', () => {
  const guest = new WasiGuest();
  const bytes = new Uint8Array(96);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 1, true);
  view.setBigUint64(24, 5000n, true);
  view.setUint8(56, 1);
  view.setUint32(64, 3, true);
  expect(said(guest, 'poll_oneoff', guest.put(bytes), 1024, 2, 0)).toBe(
    'poll_oneoff(nsubscriptions=2, in=[monotonic for 5000, fd_read 3]) = ESUCCESS nevents=1',
  );
});

test('long and hostile arguments are cut short, never an error', () => {
  const guest = new WasiGuest();
  expect(said(guest, 'fd_write', 1, guest.vectors('x'.repeat(1000)), 1, 0)).toContain(`iovs="${'x'.repeat(64)}"... (1000 bytes)`);
  const window = new CellWindow(new Cells(16), 0);
  for (let cell = 0; cell < 16; cell++) window.setI64(cell, -1n);
  for (const name of Object.keys(SIGNATURES)) {
    const call = describeCall(name, window, guest.view)!;
    expect(formatCall(name, call.args)).toContain(`${name}(`);
    window.setI32(0, 0);
    call.result(window, guest.view);
    window.setI32(0, -1);
  }
  expect(describeCall('constructor', window, guest.view)).toBeUndefined();
});
