import type { GoFunc } from './pclntab.js';
import type { Peek } from './peek.js';

/** Tables of a function that describe its arguments (`internal/abi/symtab.go`). */
const PCDATA_ARG_LIVE_INDEX = 3;
const FUNCDATA_ARG_INFO = 5;
const FUNCDATA_ARG_LIVE_INFO = 6;

/** What the bytes of the description mean besides an offset followed by a size (`internal/abi`, TraceArgs…). */
const END = 0xff;
const START_AGGREGATE = 0xfe;
const END_AGGREGATE = 0xfd;
const DOTS = 0xfc;
const OFFSET_TOO_LARGE = 0xfb;
/** `TraceArgsMaxLen`. */
const MAX_BYTES = 171;

/** One argument word, or the sign of a group. */
export type ArgumentItem =
  | { readonly kind: 'word'; readonly offset: number; readonly size: number; readonly value: bigint; readonly live: boolean }
  | { readonly kind: 'open' | 'close' | 'dots' | 'too far' };

/**
 * The arguments of a frame, as far as the compiler describes them for tracebacks: up to ten words, grouped by
 * structs, arrays, strings, slices and interfaces. On wasm they always stand in memory, but a slot may have been used
 * for something else: `live` is false where the compiler says so. `undefined` if the function has no description.
 */
export function readArguments(memory: Peek, func: GoFunc, callPcB: number, fp: number): ArgumentItem[] | undefined {
  const info = func.funcdata(FUNCDATA_ARG_INFO);
  if (info === undefined) return undefined;
  const liveInfo = func.funcdata(FUNCDATA_ARG_LIVE_INFO);
  const liveIndex = func.pcdata(PCDATA_ARG_LIVE_INDEX, callPcB);
  const { memory: tables } = func.table;
  // Slots below this offset are always live.
  const from = liveInfo === undefined ? 0xff : tables.u8(liveInfo);
  let slot = 0;
  const isLive = (offset: number): boolean => {
    if (liveInfo === undefined || liveIndex <= 0 || offset < from) return true;
    return (tables.u8(liveInfo + liveIndex + (slot >>> 3)) & (1 << (slot & 7))) !== 0;
  };
  const items: ArgumentItem[] = [];
  for (let at = info; at < info + MAX_BYTES; ) {
    const byte = tables.u8(at++);
    if (byte === END) break;
    if (byte === START_AGGREGATE) items.push({ kind: 'open' });
    else if (byte === END_AGGREGATE) items.push({ kind: 'close' });
    else if (byte === DOTS) items.push({ kind: 'dots' });
    else if (byte === OFFSET_TOO_LARGE) items.push({ kind: 'too far' });
    else {
      const size = tables.u8(at++);
      items.push({ kind: 'word', offset: byte, size, value: BigInt.asUintN(Math.min(size, 8) * 8, memory.u64(fp + byte)), live: isLive(byte) });
      if (byte >= from) slot++;
    }
  }
  return items;
}

/** The arguments as Go's tracebacks print them: `0x1, {0x2b0048, 0x5}, 0x7?, ...`. */
export function showArguments(items: readonly ArgumentItem[]): string {
  let text = '';
  let first = true;
  for (const item of items) {
    if (item.kind === 'close') text += '}';
    else {
      if (!first) text += ', ';
      if (item.kind === 'word') text += `0x${item.value.toString(16)}${item.live ? '' : '?'}`;
      else text += item.kind === 'open' ? '{' : item.kind === 'dots' ? '...' : '_';
    }
    first = item.kind === 'open';
  }
  return text;
}
