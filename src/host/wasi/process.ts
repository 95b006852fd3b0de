import type { GuestMemory } from '../../engine/guest-memory.js';
import type { Clock } from '../clock.js';
import { GuestExit } from '../exit.js';
import { WasiError } from './errno.js';
import { CLOCK } from './layout.js';
import type { WasiName } from './signatures.js';
import type { Handlers } from './world.js';

/** Random data is made in pieces of so many bytes. */
const PIECE = 65536;

/** Signals whose default is to be ignored (none, CHLD, CONT, URG, WINCH) and to stop (STOP, TSTP, TTIN, TTOU). */
const IGNORED: readonly number[] = [0, 16, 17, 22, 27];
const STOPPING: readonly number[] = [18, 19, 20, 21];
const SIGNALS = 31;

/** Arguments, environment, clocks, random data, the end, and the sockets that there are not. */
export const processCalls: Handlers<Exclude<WasiName, `fd_${string}` | `path_${string}` | 'poll_oneoff'>> = {
  args_get: (world, args, memory) => writeStrings(memory, args.u32(0), args.u32(1), world.args),
  args_sizes_get: (world, args, memory) => writeSizes(memory, args.u32(0), args.u32(1), world.args),
  environ_get: (world, args, memory) => writeStrings(memory, args.u32(0), args.u32(1), world.env),
  environ_sizes_get: (world, args, memory) => writeSizes(memory, args.u32(0), args.u32(1), world.env),

  clock_res_get: ({ clock }, args, memory) => {
    readClock(clock, args.u32(0));
    memory.setU64(args.u32(1), clock.resolution);
  },
  clock_time_get: ({ clock }, args, memory) => {
    memory.setU64(args.u32(2), readClock(clock, args.u32(0)));
  },
  random_get: ({ random }, args, memory) => {
    const start = args.u32(0);
    const end = start + args.u32(1);
    for (let at = start; at < end; at += PIECE) {
      const bytes = new Uint8Array(Math.min(PIECE, end - at));
      random.fill(bytes);
      memory.write(at, bytes);
    }
  },

  proc_exit: (_, args) => {
    throw new GuestExit(args.u32(0));
  },
  /** Does what POSIX does by default. The exit code is that of a shell: 128 and the signal. */
  proc_raise: (_, args) => {
    const signal = args.u32(0);
    if (signal >= SIGNALS) throw new WasiError('EINVAL');
    if (STOPPING.includes(signal)) throw new WasiError('ENOTSUP');
    if (!IGNORED.includes(signal)) throw new GuestExit(128 + signal);
  },
  sched_yield: () => {},

  sock_accept: noSocket,
  sock_recv: noSocket,
  sock_send: noSocket,
  sock_shutdown: noSocket,
};

function noSocket(): void {
  throw new WasiError('ENOTSUP');
}

/** The time of a clock; only the two that every host has. */
export function readClock(clock: Clock, id: number): bigint {
  if (id === CLOCK.realtime) return clock.realtime();
  if (id === CLOCK.monotonic) return clock.monotonic();
  throw new WasiError('EINVAL');
}

function writeSizes(memory: GuestMemory, count: number, size: number, strings: readonly Uint8Array[]): void {
  memory.setU32(count, strings.length);
  memory.setU32(size, bufferSize(strings));
}

function bufferSize(strings: readonly Uint8Array[]): number {
  return strings.reduce((sum, string) => sum + string.length + 1, 0);
}

function writeStrings(memory: GuestMemory, table: number, buffer: number, strings: readonly Uint8Array[]): void {
  if (!memory.contains(table, 4 * strings.length) || !memory.contains(buffer, bufferSize(strings))) throw new WasiError('EFAULT');
  let at = buffer;
  for (const [index, string] of strings.entries()) {
    memory.setU32(table + 4 * index, at);
    memory.write(at, string);
    memory.setU8(at + string.length, 0);
    at += string.length + 1;
  }
}
