import { HCHAN, SUDOG } from './structs.js';
import { Types } from './types.js';
import { type GoValue, ValueReader } from './values.js';
import type { GoView } from './view.js';

/** A goroutine in the queue of a channel. */
export interface QueuedGoroutine {
  /** Its id. */
  readonly goroutine: number;
  /** Address of its `runtime.g`. */
  readonly g: number;
  /** It waits in a `select`, for other channels as well. */
  readonly select: boolean;
}

/** A channel as `runtime.hchan` describes it. */
export interface Channel {
  readonly address: number;
  /** Name of the element type. */
  readonly element: string;
  readonly length: number;
  readonly capacity: number;
  readonly closed: boolean;
  /** What is in the buffer, the oldest first. */
  readonly buffer: readonly GoValue[];
  readonly receivers: readonly QueuedGoroutine[];
  readonly senders: readonly QueuedGoroutine[];
  /** A timer sends on it (`time.After`, `time.Ticker`; known since Go 1.23). */
  readonly timer: boolean;
}

const MAX_QUEUE = 100_000;
const MAX_BUFFER = 64;

/** Reads the channel at an address; `undefined` if there can be none. */
export function readChannel(view: GoView, address: number): Channel | undefined {
  const { memory, go } = view;
  const { structs } = go;
  if (address === 0 || !memory.contains(address, 96)) return undefined;
  const types = new Types(go, memory);
  const elem = types.at(memory.word(address + structs.hchan_elemtype));
  if (elem === undefined) return undefined;
  const length = memory.word(address + HCHAN.qcount);
  const capacity = memory.word(address + HCHAN.dataqsiz);
  const first = memory.word(address + structs.hchan_recvx);
  const buffer = memory.word(address + HCHAN.buf);
  const reader = new ValueReader(types);
  const shown = Math.min(length, capacity, MAX_BUFFER);
  return {
    address,
    element: elem.name,
    length,
    capacity,
    closed: memory.u32(address + HCHAN.closed) !== 0,
    buffer: Array.from({ length: shown }, (_, i) => reader.read(elem, buffer + ((first + i) % capacity) * elem.size)),
    receivers: queue(view, address + structs.hchan_recvq),
    senders: queue(view, address + structs.hchan_sendq),
    timer: go.minor >= 23 && memory.word(address + 32) !== 0,
  };
}

function queue(view: GoView, at: number): QueuedGoroutine[] {
  const { memory, runtime, go } = view;
  const found: QueuedGoroutine[] = [];
  const seen = new Set<number>();
  for (let sudog = memory.word(at); sudog !== 0 && memory.contains(sudog, 88) && !seen.has(sudog) && seen.size < MAX_QUEUE; sudog = memory.word(sudog + SUDOG.next)) {
    seen.add(sudog);
    const g = memory.word(sudog + SUDOG.g);
    found.push({ goroutine: runtime.id(g), g, select: memory.u8(sudog + go.structs.sudog_isSelect) !== 0 });
  }
  return found;
}

/** `chan int, 2 of 4 buffered`. */
export function showChannel({ element, length, capacity, closed, timer }: Channel): string {
  const fill = capacity === 0 ? 'unbuffered' : `${length} of ${capacity} buffered`;
  return `chan ${element}, ${fill}${closed ? ', closed' : ''}${timer ? ', of a timer' : ''}`;
}
