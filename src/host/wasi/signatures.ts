import { I32, I64, type FuncType, type ValType } from '../../wasm/types.js';
import { SIZE } from './layout.js';

/**
 * What a parameter means. A name alone is a number; `path`, `buffer` and the vectors take two parameters, address and
 * length; a name with a star is the address of a result.
 */
export type Kind =
  | 'fd'
  | 'u32'
  | 'clock'
  | 'advice'
  | 'whence'
  | 'signal'
  | 'lookup'
  | 'oflags'
  | 'fdflags'
  | 'fstflags'
  | 'address'
  | 'rights'
  | 'u64'
  | 's64'
  | 'time'
  | 'path'
  | 'buffer'
  | 'input'
  | 'output'
  | ResultKind;
export type ResultKind = '*fd' | '*u32' | '*size' | '*u64' | '*time' | '*prestat' | '*fdstat' | '*filestat';

interface KindShape {
  readonly cells: readonly ValType[];
  /** Bytes at the address that the cell holds. */
  readonly size?: number;
}

const NUMBER: KindShape = { cells: [I32] };
const LONG: KindShape = { cells: [I64] };
const RUN: KindShape = { cells: [I32, I32] };

export const KINDS: Readonly<Record<Kind, KindShape>> = {
  fd: NUMBER,
  u32: NUMBER,
  clock: NUMBER,
  advice: NUMBER,
  whence: NUMBER,
  signal: NUMBER,
  lookup: NUMBER,
  oflags: NUMBER,
  fdflags: NUMBER,
  fstflags: NUMBER,
  address: NUMBER,
  rights: LONG,
  u64: LONG,
  s64: LONG,
  time: LONG,
  path: RUN,
  /** Bytes that the call fills. */
  buffer: RUN,
  /** Vectors that the call fills. */
  input: RUN,
  /** Vectors that the call takes from. */
  output: RUN,
  '*fd': { cells: [I32], size: 4 },
  '*u32': { cells: [I32], size: 4 },
  '*size': { cells: [I32], size: 4 },
  '*u64': { cells: [I32], size: 8 },
  '*time': { cells: [I32], size: 8 },
  '*prestat': { cells: [I32], size: SIZE.prestat },
  '*fdstat': { cells: [I32], size: SIZE.fdstat },
  '*filestat': { cells: [I32], size: SIZE.filestat },
};

/** Every function of WASI preview 1 with its parameters in order. All but `proc_exit` answer with an errno. */
export const SIGNATURES = {
  args_get: { argv: 'address', argv_buf: 'address' },
  args_sizes_get: { argc: '*size', argv_buf_size: '*size' },
  environ_get: { environ: 'address', environ_buf: 'address' },
  environ_sizes_get: { environc: '*size', environ_buf_size: '*size' },
  clock_res_get: { id: 'clock', resolution: '*time' },
  clock_time_get: { id: 'clock', precision: 'time', time: '*time' },
  fd_advise: { fd: 'fd', offset: 'u64', len: 'u64', advice: 'advice' },
  fd_allocate: { fd: 'fd', offset: 'u64', len: 'u64' },
  fd_close: { fd: 'fd' },
  fd_datasync: { fd: 'fd' },
  fd_fdstat_get: { fd: 'fd', stat: '*fdstat' },
  fd_fdstat_set_flags: { fd: 'fd', flags: 'fdflags' },
  fd_fdstat_set_rights: { fd: 'fd', rights_base: 'rights', rights_inheriting: 'rights' },
  fd_filestat_get: { fd: 'fd', stat: '*filestat' },
  fd_filestat_set_size: { fd: 'fd', size: 'u64' },
  fd_filestat_set_times: { fd: 'fd', atim: 'time', mtim: 'time', fst_flags: 'fstflags' },
  fd_pread: { fd: 'fd', iovs: 'input', offset: 'u64', nread: '*size' },
  fd_prestat_get: { fd: 'fd', prestat: '*prestat' },
  fd_prestat_dir_name: { fd: 'fd', path: 'buffer' },
  fd_pwrite: { fd: 'fd', iovs: 'output', offset: 'u64', nwritten: '*size' },
  fd_read: { fd: 'fd', iovs: 'input', nread: '*size' },
  fd_readdir: { fd: 'fd', buf: 'buffer', cookie: 'u64', used: '*size' },
  fd_renumber: { fd: 'fd', to: 'fd' },
  fd_seek: { fd: 'fd', offset: 's64', whence: 'whence', position: '*u64' },
  fd_sync: { fd: 'fd' },
  fd_tell: { fd: 'fd', position: '*u64' },
  fd_write: { fd: 'fd', iovs: 'output', nwritten: '*size' },
  path_create_directory: { fd: 'fd', path: 'path' },
  path_filestat_get: { fd: 'fd', flags: 'lookup', path: 'path', stat: '*filestat' },
  path_filestat_set_times: { fd: 'fd', flags: 'lookup', path: 'path', atim: 'time', mtim: 'time', fst_flags: 'fstflags' },
  path_link: { old_fd: 'fd', old_flags: 'lookup', old_path: 'path', new_fd: 'fd', new_path: 'path' },
  path_open: {
    fd: 'fd',
    dirflags: 'lookup',
    path: 'path',
    oflags: 'oflags',
    rights_base: 'rights',
    rights_inheriting: 'rights',
    fdflags: 'fdflags',
    opened: '*fd',
  },
  path_readlink: { fd: 'fd', path: 'path', buf: 'buffer', used: '*size' },
  path_remove_directory: { fd: 'fd', path: 'path' },
  path_rename: { fd: 'fd', old_path: 'path', new_fd: 'fd', new_path: 'path' },
  path_symlink: { old_path: 'path', fd: 'fd', new_path: 'path' },
  path_unlink_file: { fd: 'fd', path: 'path' },
  poll_oneoff: { in: 'address', out: 'address', nsubscriptions: 'u32', nevents: '*size' },
  proc_exit: { code: 'u32' },
  proc_raise: { signal: 'signal' },
  random_get: { buf: 'buffer' },
  sched_yield: {},
  sock_accept: { fd: 'fd', flags: 'fdflags', accepted: '*fd' },
  sock_recv: { fd: 'fd', ri_data: 'input', ri_flags: 'u32', ro_datalen: '*size', ro_flags: '*u32' },
  sock_send: { fd: 'fd', si_data: 'output', si_flags: 'u32', so_datalen: '*size' },
  sock_shutdown: { fd: 'fd', how: 'u32' },
} as const;

export type WasiName = keyof typeof SIGNATURES;

const signatures: Readonly<Record<WasiName, Readonly<Record<string, Kind>>>> = SIGNATURES;

export function isWasiName(name: string): name is WasiName {
  return Object.hasOwn(SIGNATURES, name);
}

/** The parameters of a function, each with the cell where it begins. */
export function parameters(name: WasiName): { readonly name: string; readonly kind: Kind; readonly at: number }[] {
  let at = 0;
  return Object.entries(signatures[name]).map(([parameter, kind]) => {
    const here = at;
    at += KINDS[kind].cells.length;
    return { name: parameter, kind, at: here };
  });
}

export function functionType(name: WasiName): FuncType {
  return {
    kind: 'func',
    params: parameters(name).flatMap(({ kind }) => KINDS[kind].cells),
    results: name === 'proc_exit' ? [] : [I32],
  };
}
