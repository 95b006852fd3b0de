import type { CellWindow } from '../../engine/cells.js';
import { Trap } from '../../engine/errors.js';
import type { GuestMemory } from '../../engine/guest-memory.js';
import type { HostFunction } from '../../engine/host-function.js';
import type { Clock } from '../clock.js';
import { FsError, type FileSystem } from '../fs.js';
import type { Streams } from '../io.js';
import type { Random } from '../random.js';
import { joinStates, type HostState } from '../state.js';
import { errnoNumber, WasiError } from './errno.js';
import { FdTable } from './fd-table.js';
import { fileCalls } from './files.js';
import { DIR_RIGHTS, FILE_RIGHTS, RIGHT, STREAM_RIGHTS } from './layout.js';
import { pathCalls } from './paths.js';
import { pollCalls } from './poll.js';
import { processCalls } from './process.js';
import { functionType, KINDS, parameters, SIGNATURES, type WasiName } from './signatures.js';
import type { Handler, World } from './world.js';

/** The module name of the imports. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

/** A directory that the guest finds open. */
export interface Preopen {
  /** The guest's name for it. */
  readonly name: string;
  readonly fs: FileSystem;
  /** Resolved path in `fs`; `/` by default. */
  readonly path?: string;
  /** Whether `fs` is all that there is, so that absolute targets of links may be followed in it. */
  readonly whole?: boolean;
}

export interface WasiOptions {
  /** With the program's name first. */
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** They get the descriptors from 3 on. */
  readonly preopens: readonly Preopen[];
  readonly clock: Clock;
  readonly random: Random;
  readonly streams: Streams;
}

export interface Wasi {
  /** All functions of preview 1 by name. */
  readonly imports: ReadonlyMap<string, HostFunction>;
  /** Clock, random data, input, trees and descriptors together. */
  readonly state: HostState;
}

/** Calls that may wait or end the run, and so are answered by whoever drives the machine. */
const FULL: ReadonlySet<WasiName> = new Set<WasiName>(['poll_oneoff', 'proc_exit', 'proc_raise']);

const HANDLERS: Readonly<Record<WasiName, Handler>> = { ...processCalls, ...fileCalls, ...pathCalls, ...pollCalls };

/** One guest's WASI. */
export function createWasi(options: WasiOptions): Wasi {
  const { clock, random, streams, preopens } = options;
  const trees = [...new Set(preopens.map(({ fs }) => fs))];
  const encoder = new TextEncoder();
  const world: World = {
    args: options.args.map((text) => encoder.encode(text)),
    env: options.env.map((text) => encoder.encode(text)),
    clock,
    random,
    streams,
    fds: new FdTable(trees),
    whole: trees.map((tree) => preopens.some(({ fs, whole }) => fs === tree && whole === true)),
  };
  for (const stream of [0, 1, 2] as const) {
    const rights = STREAM_RIGHTS & ~(stream === 0 ? RIGHT.fd_write : RIGHT.fd_read);
    world.fds.add({ kind: 'stream', stream, flags: 0, rights, inheriting: 0, dropped: 0 });
  }
  for (const { name, fs, path } of preopens) {
    const rights = { flags: 0, rights: DIR_RIGHTS, inheriting: DIR_RIGHTS | FILE_RIGHTS, dropped: 0 };
    world.fds.add({ kind: 'dir', tree: trees.indexOf(fs), path: path ?? '/', preopen: name, ...rights });
  }
  const names = Object.keys(SIGNATURES) as WasiName[];
  const parts: Record<string, HostState> = { clock, random, stdin: streams.stdin, fds: world.fds };
  for (const [index, tree] of trees.entries()) parts[`tree${index}`] = tree;
  return {
    imports: new Map(names.map((name) => [name, hostFunction(world, name)])),
    state: joinStates(parts),
  };
}

function hostFunction(world: World, name: WasiName): HostFunction {
  const type = functionType(name);
  const handler = HANDLERS[name];
  const check = addressCheck(name);
  const call = (args: CellWindow, results: CellWindow, memory: GuestMemory): void => {
    let errno = 0;
    try {
      check(args, memory);
      handler(world, args, memory);
    } catch (error) {
      errno = errnoOf(error);
    }
    results.setI32(0, errno);
  };
  const common = { type, name: `${WASI_MODULE}.${name}` };
  if (!FULL.has(name)) return { kind: 'leaf', ...common, call };
  return { kind: 'full', ...common, call: ({ args, results, memory }) => call(args, results, memory) };
}

function errnoOf(error: unknown): number {
  if (error instanceof FsError || error instanceof WasiError) return errnoNumber(error.code);
  if (error instanceof Trap) return errnoNumber('EFAULT');
  throw error;
}

/**
 * The check of a function's addresses, before it does anything: what it is to fill and read must be inside the memory,
 * so that a call fails whole.
 */
function addressCheck(name: WasiName): (args: CellWindow, memory: GuestMemory) => void {
  const results = parameters(name).filter(({ kind }) => KINDS[kind].size !== undefined);
  const runs = parameters(name).filter(({ kind }) => kind === 'path' || kind === 'buffer');
  return (args, memory) => {
    for (const { kind, at } of results) {
      if (!memory.contains(args.u32(at), KINDS[kind].size!)) throw new WasiError('EFAULT');
    }
    for (const { at } of runs) {
      if (!memory.contains(args.u32(at), args.u32(at + 1))) throw new WasiError('EFAULT');
    }
  };
}
