import type { CellWindow } from '../../engine/cells.js';
import type { GuestMemory } from '../../engine/guest-memory.js';
import type { DescribedCall, Shown } from '../described-call.js';
import { ERRNO_NAMES } from './errno.js';
import { CLOCK, EVENT, FDFLAG, FILETYPE, FSTFLAG, LOOKUP, OFLAG, RIGHT_NAMES, SIZE, WHENCE } from './layout.js';
import { isWasiName, parameters, type Kind, type WasiName } from './signatures.js';

/** The longest text or run of bytes that is shown whole. */
const SHOWN = 64;
/** How many elements of a list are shown. */
const LISTED = 8;

/**
 * Decodes a call that is about to be made; undefined if WASI has no function of that name. Never throws: what lies
 * outside the memory is shown as such.
 */
export function describeCall(name: string, args: CellWindow, memory: GuestMemory): DescribedCall | undefined {
  if (!isWasiName(name)) return undefined;
  const list = parameters(name).map((parameter) => ({ ...parameter, cells: capture(parameter.kind, args, parameter.at) }));
  const shown: Record<string, Shown> = {};
  for (const { name: key, kind, cells } of list) {
    const value = showArgument(name, kind, cells, memory);
    if (value !== undefined) shown[key] = value;
  }
  if (name === 'poll_oneoff') shown['in'] = showSubscriptions(memory, Number(list[0]!.cells[0]), Number(list[2]!.cells[0]));
  return {
    args: shown,
    result: (results, after) => {
      if (name === 'proc_exit') return {};
      const errno = results.u32(0);
      const out: Record<string, Shown> = { errno: ERRNO_NAMES[errno] ?? errno };
      if (errno !== 0) return out;
      let moved = 0;
      for (const { name: key, kind, cells } of list) {
        if (!kind.startsWith('*')) continue;
        const value = attempt(() => showResult(kind, Number(cells[0]), after));
        out[key] = value;
        if (kind === '*size') moved = Number(value);
      }
      for (const { name: key, kind, cells } of list) {
        if (kind === 'input') out[key] = attempt(() => showVectors(after, cells, moved));
        else if (kind === 'buffer' && name === 'fd_readdir') out[key] = attempt(() => showNames(after, Number(cells[0]), moved));
        else if (kind === 'buffer') {
          const length = name === 'path_readlink' ? moved : Number(cells[1]);
          out[key] = attempt(() => showBytes(after.bytes(Number(cells[0]), Math.min(length, SHOWN + 1)), length));
        }
      }
      return out;
    },
  };
}

/** `describeCall` in one line: `fd_write(fd=1, iovs="hi\n") = ESUCCESS nwritten=3`. Leave `result` out for a call that has not returned. */
export function formatCall(name: string, args: Readonly<Record<string, Shown>>, result?: Readonly<Record<string, Shown>>): string {
  const pairs = (fields: Readonly<Record<string, Shown>>): string[] => Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  const call = `${name}(${pairs(args).join(', ')})`;
  if (result === undefined) return call;
  const { errno, ...rest } = result;
  return [call, ...(errno === undefined ? [] : ['=', errno]), ...pairs(rest)].join(' ');
}

function capture(kind: Kind, args: CellWindow, at: number): (number | bigint)[] {
  switch (kind) {
    case 'path':
    case 'buffer':
    case 'input':
    case 'output':
      return [args.u32(at), args.u32(at + 1)];
    case 's64':
      return [args.i64(at)];
    case 'u64':
    case 'time':
    case 'rights':
      return [args.u64(at)];
    case 'fd':
      return [args.i32(at)];
    default:
      return [args.u32(at)];
  }
}

/** How an argument reads before the call; undefined for what only the result makes interesting. */
function showArgument(name: WasiName, kind: Kind, cells: readonly (number | bigint)[], memory: GuestMemory): Shown | undefined {
  const value = cells[0]!;
  const number = Number(value);
  switch (kind) {
    case 'fd':
    case 'u32':
    case 'u64':
    case 's64':
    case 'time':
      return value;
    case 'path':
      return attempt(() => showBytes(memory.bytes(number, Math.min(Number(cells[1]), SHOWN + 1)), Number(cells[1])));
    case 'output':
      return attempt(() => showVectors(memory, cells, Infinity));
    case 'rights':
      return showRights(BigInt(value));
    case 'lookup':
      return showFlags(LOOKUP, number);
    case 'oflags':
      return showFlags(OFLAG, number);
    case 'fdflags':
      return showFlags(FDFLAG, number);
    case 'fstflags':
      return showFlags(FSTFLAG, number);
    case 'clock':
      return showName(CLOCK, number);
    case 'whence':
      return showName(WHENCE, number);
    case 'advice':
      return ['normal', 'sequential', 'random', 'willneed', 'dontneed', 'noreuse'][number] ?? number;
    case 'signal':
      return number;
    case 'buffer':
    case 'input':
      return name === 'fd_readdir' || kind === 'input' ? undefined : Number(cells[1]);
    default:
      return undefined;
  }
}

function showResult(kind: Kind, at: number, memory: GuestMemory): Shown {
  switch (kind) {
    case '*u64':
    case '*time':
      return memory.u64(at);
    case '*prestat':
      return `dir name of ${memory.u32(at + 4)} bytes`;
    case '*fdstat':
      return `${showName(FILETYPE, memory.u8(at))} flags=${showFlags(FDFLAG, memory.u16(at + 2))} rights=${showRights(memory.u64(at + 8))}`;
    case '*filestat':
      return `${showName(FILETYPE, memory.u8(at + 16))} size=${memory.u64(at + 32)} ino=${memory.u64(at + 8)} mtim=${memory.u64(at + 48)}`;
    default:
      return memory.u32(at);
  }
}

function attempt(show: () => Shown): Shown {
  try {
    return show();
  } catch {
    return '(outside the memory)';
  }
}

const decoder = new TextDecoder();

/** As a quoted string; `length` is how long the whole is, of which `bytes` may be only the beginning. */
function showBytes(bytes: Uint8Array, length: number): string {
  const text = JSON.stringify(decoder.decode(bytes.subarray(0, SHOWN)));
  return length > SHOWN ? `${text}... (${length} bytes)` : text;
}

/** The bytes of vectors as one string, at most `length` of them. */
function showVectors(memory: GuestMemory, [at, count]: readonly (number | bigint)[], length: number): string {
  const head = new Uint8Array(SHOWN);
  let total = 0;
  for (let i = 0; i < Math.min(Number(count), 1024) && total < length; i++) {
    const start = memory.u32(Number(at) + i * SIZE.iovec);
    const size = Math.min(memory.u32(Number(at) + i * SIZE.iovec + 4), length - total);
    if (total < SHOWN) head.set(memory.bytes(start, Math.min(size, SHOWN - total)), total);
    total += size;
  }
  return showBytes(head.subarray(0, Math.min(total, SHOWN)), total);
}

function showNames(memory: GuestMemory, at: number, used: number): string {
  const names: string[] = [];
  for (let here = at; here + SIZE.dirent <= at + used && names.length < LISTED; ) {
    const length = memory.u32(here + 16);
    if (here + SIZE.dirent + length > at + used) break;
    names.push(JSON.stringify(memory.text(here + SIZE.dirent, length)));
    here += SIZE.dirent + length;
  }
  return names.join(' ');
}

function showSubscriptions(memory: GuestMemory, at: number, count: number): Shown {
  return attempt(() => {
    const list: string[] = [];
    for (let i = 0; i < Math.min(count, LISTED); i++) {
      const here = at + i * SIZE.subscription;
      const type = memory.u8(here + 8);
      if (type === EVENT.clock) {
        const until = memory.u16(here + 40) & 1 ? 'until' : 'for';
        list.push(`${showName(CLOCK, memory.u32(here + 16))} ${until} ${memory.u64(here + 24)}`);
      } else list.push(`${showName(EVENT, type)} ${memory.i32(here + 16)}`);
    }
    return `[${list.join(', ')}${count > LISTED ? ', ...' : ''}]`;
  });
}

function showName(names: Readonly<Record<string, number>>, value: number): Shown {
  return Object.keys(names).find((name) => names[name] === value) ?? value;
}

function showFlags(flags: Readonly<Record<string, number>>, value: number): Shown {
  const set = Object.keys(flags).filter((name) => (value & flags[name]!) !== 0);
  const rest = Object.values(flags).reduce((left, flag) => left & ~flag, value);
  if (rest !== 0) set.push(`0x${(rest >>> 0).toString(16)}`);
  return set.length === 0 ? 0 : set.join('|');
}

/** All rights that are often given together are long to name: shown by number. */
function showRights(rights: bigint): string {
  const named = RIGHT_NAMES.filter((_, bit) => (rights >> BigInt(bit)) & 1n);
  return named.length > 0 && named.length <= 4 ? named.join('|') : `0x${rights.toString(16)}`;
}
