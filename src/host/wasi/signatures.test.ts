import { WASI } from 'node:wasi';
import { expect, test } from 'vitest';
import { WasiGuest } from '../../../spec-tests/support/wasi-guest.js';
import { I32, I64 } from '../../wasm/types.js';
import { functionType, isWasiName, type WasiName } from './signatures.js';

/** As in the standard's `wasi_snapshot_preview1.witx`, lowered to i32 (i) and i64 (I) by hand. */
const STANDARD: Readonly<Record<string, string>> = {
  args_get: 'ii', args_sizes_get: 'ii', environ_get: 'ii', environ_sizes_get: 'ii',
  clock_res_get: 'ii', clock_time_get: 'iIi',
  fd_advise: 'iIIi', fd_allocate: 'iII', fd_close: 'i', fd_datasync: 'i', fd_fdstat_get: 'ii', fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII', fd_filestat_get: 'ii', fd_filestat_set_size: 'iI', fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi', fd_prestat_get: 'ii', fd_prestat_dir_name: 'iii', fd_pwrite: 'iiiIi', fd_read: 'iiii',
  fd_readdir: 'iiiIi', fd_renumber: 'ii', fd_seek: 'iIii', fd_sync: 'i', fd_tell: 'ii', fd_write: 'iiii',
  path_create_directory: 'iii', path_filestat_get: 'iiiii', path_filestat_set_times: 'iiiiIIi', path_link: 'iiiiiii',
  path_open: 'iiiiiIIii', path_readlink: 'iiiiii', path_remove_directory: 'iii', path_rename: 'iiiiii', path_symlink: 'iiiii',
  path_unlink_file: 'iii', poll_oneoff: 'iiii', proc_exit: 'i', proc_raise: 'i', random_get: 'ii', sched_yield: '',
  sock_accept: 'iii', sock_recv: 'iiiiii', sock_send: 'iiiii', sock_shutdown: 'ii',
};

test('the functions are the 46 of the standard, with its types', () => {
  const { imports } = new WasiGuest().wasi;
  expect([...imports.keys()].sort()).toEqual(Object.keys(STANDARD).sort());
  expect(imports.size).toBe(46);
  for (const [name, host] of imports) {
    const params = [...STANDARD[name]!].map((letter) => (letter === 'i' ? I32 : I64));
    expect({ name, type: host.type }).toEqual({ name, type: { kind: 'func', params, results: name === 'proc_exit' ? [] : [I32] } });
  }
});

test("Node's own WASI has the same functions", () => {
  const theirs = Object.keys(new WASI({ version: 'preview1' }).wasiImport);
  expect(theirs.filter((name) => !isWasiName(name))).toEqual([]);
  expect(Object.keys(STANDARD).filter((name) => !theirs.includes(name))).toEqual([]);
});

test('only calls that wait or end the run are answered by the driver', () => {
  const full = [...new WasiGuest().wasi.imports].filter(([, host]) => host.kind === 'full').map(([name]) => name);
  expect(full.sort()).toEqual(['poll_oneoff', 'proc_exit', 'proc_raise']);
});

test('a bad address is EFAULT in every function that takes one, and nothing else happens', () => {
  const guest = new WasiGuest();
  const file = guest.opened('f', 1);
  const outside = 0xffff_fff0;
  const before = JSON.stringify(guest.wasi.state.save(), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  const refused: string[] = [];
  for (const name of Object.keys(STANDARD) as WasiName[]) {
    if (name.startsWith('sock_') || name.startsWith('proc_')) continue;
    const type = functionType(name);
    const addresses = ADDRESSES[name];
    if (addresses === undefined) continue;
    for (const bad of addresses) {
      const args = type.params.map((param, index) => (param === I64 ? 0n : index === bad ? outside : (FIXED[name]?.[index] ?? 512)));
      args[0] = name.startsWith('fd_') && name !== 'fd_readdir' && !name.includes('prestat') ? file : args[0]!;
      if (name.includes('prestat') || name === 'fd_readdir' || name.startsWith('path_')) args[name === 'path_symlink' ? 2 : 0] = 3;
      refused.push(`${name} ${bad} ${guest.call(name, ...args)}`);
    }
  }
  expect(refused.filter((line) => !line.endsWith(' EFAULT'))).toEqual([]);
  expect(refused.length).toBe(Object.values(ADDRESSES).flat().length);
  const after = JSON.stringify(guest.wasi.state.save(), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(after).toBe(before);
});

/** Which parameters are addresses. */
const ADDRESSES: Partial<Record<WasiName, readonly number[]>> = {
  args_get: [0, 1], args_sizes_get: [0, 1], environ_get: [1], environ_sizes_get: [0, 1],
  clock_res_get: [1], clock_time_get: [2], random_get: [0],
  fd_fdstat_get: [1], fd_filestat_get: [1], fd_pread: [1, 4], fd_prestat_get: [1], fd_prestat_dir_name: [1], fd_pwrite: [1, 4],
  fd_read: [1, 3], fd_readdir: [1, 4], fd_seek: [3], fd_tell: [1], fd_write: [1, 3],
  path_create_directory: [1], path_filestat_get: [2, 4], path_filestat_set_times: [2], path_link: [2, 5], path_open: [2, 8],
  path_readlink: [1, 3, 5], path_remove_directory: [1], path_rename: [1, 4], path_symlink: [0, 3], path_unlink_file: [1],
  poll_oneoff: [0, 1, 3],
};

/** Other parameters than 512, where that would be refused first or do harm. */
const FIXED: Partial<Record<WasiName, Readonly<Record<number, number>>>> = {
  clock_res_get: { 0: 0 }, clock_time_get: { 0: 0 },
  fd_pread: { 2: 1 }, fd_pwrite: { 2: 1 }, fd_read: { 2: 1 }, fd_write: { 2: 1 }, fd_seek: { 2: 0 },
  path_link: { 1: 0, 4: 3 }, path_rename: { 3: 3 }, path_open: { 1: 0, 4: 0, 7: 0 }, poll_oneoff: { 2: 1 },
};
