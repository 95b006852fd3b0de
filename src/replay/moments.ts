import type { Machine } from '../engine/machine.js';
import type { MemoryInstance } from '../engine/memory.js';
import type { Snapshot } from '../engine/snapshot.js';
import { type Digest, digestSnapshot, PAGE } from './digest.js';
import { hashBytes, hashWords } from './hash.js';
import type { Replay, StreamState } from './replay.js';

/** Content of a memory from `PAGE` bytes on, shared by all moments in which it is the same. */
interface Page {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  hash: number | undefined;
  /** Moments that have it. */
  uses: number;
}

/** A state of a replay that one can go back to. */
export interface Moment {
  readonly clock: number;
  readonly machine: Snapshot;
  readonly stream: StreamState;
  readonly memories: readonly (readonly Page[])[];
}

/** What a page takes beside its content, and an entry in a moment's list of them. */
const PAGE_COST = 200;
const ENTRY_COST = 8;

/** Moments of one replay in order, within a budget of memory. */
export class Moments {
  private readonly replay: Replay;
  private readonly budget: number;
  private readonly moments: Moment[] = [];
  /** Of a whole page where nothing has been written yet: most of a memory that is large. */
  private readonly zero: Page = copyPage(new Uint8Array(PAGE), 0, PAGE);
  /** Bytes in use. */
  bytes = 0;

  constructor(replay: Replay, budget: number) {
    this.replay = replay;
    this.budget = budget;
  }

  get list(): readonly Moment[] {
    return this.moments;
  }

  /** Position of the last moment that is not after `clock`; −1 if there is none. */
  before(clock: number): number {
    let low = 0;
    let high = this.moments.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.moments[middle]!.clock <= clock) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Keeps the state in which the replay is now, as long as there is room. */
  take(): Moment {
    const { clock } = this.replay.machine;
    const at = this.before(clock);
    const known = this.moments[at];
    if (known?.clock === clock) return known;
    const moment = this.now();
    for (const page of moment.memories.flat()) if (page.uses++ === 0) this.bytes += page.bytes.length + PAGE_COST;
    this.moments.splice(at + 1, 0, moment);
    this.bytes += costOf(moment);
    while (this.bytes > this.budget && this.thin());
    return moment;
  }

  /** The state in which the replay is now, for whoever will come back to it soon: it is not one of the list. */
  now(): Moment {
    const { replay } = this;
    const { machine } = replay;
    const { clock } = machine;
    const near = this.moments[this.before(clock)];
    const memories = machine.store.memories.map((memory, i) => this.pages(memory, near?.memories[i] ?? []));
    return { clock, machine: machine.snapshot(false), stream: replay.save(), memories };
  }

  private pages(memory: MemoryInstance, near: readonly Page[]): Page[] {
    const pages: Page[] = [];
    for (let start = 0; start < memory.byteLength; start += PAGE) {
      const end = Math.min(start + PAGE, memory.byteLength);
      const old = near[pages.length];
      pages.push([old, this.zero].find((known) => known !== undefined && isSame(memory, known, start, end)) ?? copyPage(memory.u8, start, end));
    }
    return pages;
  }

  /**
   * Drops the moment that is missed least: whose neighbours are nearest to each other, of equals the oldest. The first
   * stays, and the last as long as there is another. False where none can go.
   */
  private thin(): boolean {
    const { moments } = this;
    let least = Infinity;
    let which = -1;
    for (let i = 1; i < moments.length - 1; i++) {
      const gap = moments[i + 1]!.clock - moments[i - 1]!.clock;
      if (gap < least) {
        least = gap;
        which = i;
      }
    }
    if (which < 0) which = moments.length - 1;
    if (which < 1) return false;
    const [gone] = moments.splice(which, 1);
    this.bytes -= costOf(gone!);
    for (const page of gone!.memories.flat()) if (--page.uses === 0) this.bytes -= page.bytes.length + PAGE_COST;
    return true;
  }

  /** Puts the replay into the state of a moment. */
  restore(moment: Moment): void {
    const { replay } = this;
    moment.memories.forEach((pages, i) => {
      const memory = replay.store.memories[i]!;
      const length = pages.reduce((sum, { bytes }) => sum + bytes.length, 0);
      if (memory.byteLength !== length) memory.reset(new Uint8Array(length));
      pages.forEach(({ bytes }, j) => memory.u8.set(bytes, j * PAGE));
    });
    replay.machine.restore(moment.machine);
    replay.load(moment.stream);
  }

  /** Whether a range of a memory is the same in two moments, or (`to` undefined) in a moment and now. */
  isSame(from: Moment, to: Moment | undefined, memory: number, address: number, length: number): boolean {
    const now = this.replay.store.memories[memory];
    const pages = from.memories[memory];
    if (now === undefined || pages === undefined) return false;
    for (let i = Math.floor(address / PAGE); i * PAGE < address + length; i++) {
      const page = pages[i];
      if (to !== undefined ? page !== to.memories[memory]![i] : page === undefined || !isSame(now, page, i * PAGE, Math.min(i * PAGE + PAGE, now.byteLength))) return false;
    }
    return true;
  }

  /** The state of a moment as hashes; those of shared pages are made once. */
  digest(moment: Moment, machine: Machine): Digest {
    const memories = moment.memories.map((pages) => Int32Array.from(pages, hashOfPage));
    return digestSnapshot(moment.machine, memories, machine);
  }
}

function hashOfPage(page: Page): number {
  return (page.hash ??= page.bytes.length % 4 === 0 ? hashWords(page.words, 0, page.words.length) : hashBytes(page.bytes));
}

function costOf({ machine, memories }: Moment): number {
  const { frames, cells, store } = machine;
  const arrays = [frames, cells, store.globals, ...store.tables, store.heap.words, store.heap.table, store.heap.pins, ...store.elems.flat(), ...store.droppedDatas];
  return arrays.reduce((sum, array) => sum + array.byteLength + 100, 0) + memories.reduce((sum, pages) => sum + pages.length * ENTRY_COST, 0);
}

function copyPage(memory: Uint8Array, start: number, end: number): Page {
  const bytes = memory.slice(start, end);
  return { bytes, words: new Int32Array(bytes.buffer, 0, bytes.length >> 2), hash: undefined, uses: 0 };
}

function isSame(memory: MemoryInstance, page: Page, start: number, end: number): boolean {
  const { words, bytes } = page;
  if (bytes.length !== end - start) return false;
  const { i32, u8 } = memory;
  const base = start >> 2;
  for (let i = 0; i < words.length; i++) if (words[i] !== i32[base + i]) return false;
  for (let i = words.length * 4; i < bytes.length; i++) if (bytes[i] !== u8[start + i]) return false;
  return true;
}
