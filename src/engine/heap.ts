import type { TypeRegistry } from '../wasm/type-registry.js';
import { F64, HEAP, heapOf, I16, I64, I8, isRef, type StorageType, V128, type ValType } from '../wasm/types.js';

/** Words before an object's content: the canonical id of its type, and what `Heap.second` says. */
export const OBJECT_HEADER = 2;

/** A handle is the number of its object << 2, and is never negative. */
const MAX_OBJECTS = 2 ** 29;
/** So that the length of every array is a positive int32. */
const MAX_WORDS = 2 ** 29;
const DEFAULT_MAX_BYTES = 2 ** 30;
/** Words that are allocated between two collections at least. */
const PACE = 2 ** 18;

/** How the content of an object of one type is laid out. */
export interface Layout {
  readonly kind: 'struct' | 'array' | 'exception';
  /** Of the fields, or of the only one that an array repeats. */
  readonly fields: readonly StorageType[];
  /** Byte offset of each field in the content; those of a supertype are the same. */
  readonly offsets: readonly number[];
  /** Words of the content; of an array's, nothing. */
  readonly words: number;
  /** Log2 of the bytes of an array's element. */
  readonly shift: number;
  /** Word offsets of the references to heap objects; for an array, of its element. */
  readonly traced: readonly number[];
}

/** Calls `mark` for every reference that the program can reach from outside the heap; answers how much there was to look at. */
export type Roots = (mark: (handle: number) => void) => number;

export interface HeapOptions {
  /** What all objects together may take, in bytes (default 1 GiB). */
  readonly maxHeapBytes?: number | undefined;
  /** Collects after exactly so many bytes, 0: at every allocation, instead of when as much as lives has been allocated. */
  readonly collectEvery?: number | undefined;
}

/** A heap as plain data. */
export interface HeapSnapshot {
  readonly words: Int32Array;
  readonly table: Int32Array;
  /** Pairs of a handle and how often it is pinned. */
  readonly pins: Int32Array;
  readonly limit: number;
}

export function log2Size(storage: StorageType): number {
  switch (storage) {
    case I8:
      return 0;
    case I16:
      return 1;
    case I64:
    case F64:
      return 3;
    case V128:
      return 4;
    default:
      return 2;
  }
}

/**
 * Structs, arrays and exceptions (spec §4.2.8 to §4.2.11): one run of words that grows at its end, and a table from the
 * number in a handle to an object's first word. Two header words, then the content: packed fields take one or two
 * bytes, 64-bit values stand at even words.
 *
 * A collection marks what can be reached from the roots, then moves it together, in the order of the handles, into a
 * new run; handles stay, and those that have become free are given out again, the smallest first. When that happens
 * depends only on what has been allocated and on what lives, so it happens at the same moment whatever code runs, and
 * two equal programs have equal heaps, word by word.
 */
export class Heap {
  /** The arena; the first `top` words are in use. The three views are replaced together. */
  words: Int32Array = new Int32Array(0);
  halves: Uint16Array = new Uint16Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  /** First word by number of the object; 0: free. */
  table: Int32Array = new Int32Array(16);
  top: number = OBJECT_HEADER;
  /** Collections so far. */
  collections = 0;
  /** May be changed at any time. */
  maxBytes: number;

  private readonly types: TypeRegistry;
  private readonly pace: number | undefined;
  private readonly layouts: Layout[] = [];
  private readonly pins = new Map<number, number>();
  /** Numbers below this have been given out, 0 never. */
  private count = 1;
  /** No smaller number is free. */
  private free = 1;
  /** What would end beyond this word collects first. */
  private limit: number;
  private marks = new Uint8Array(0);
  private readonly marked: number[] = [];

  constructor(types: TypeRegistry, { maxHeapBytes = DEFAULT_MAX_BYTES, collectEvery }: HeapOptions = {}) {
    this.types = types;
    this.maxBytes = maxHeapBytes;
    this.pace = collectEvery === undefined ? undefined : Math.ceil(collectEvery / 4);
    this.limit = OBJECT_HEADER + (this.pace ?? PACE);
  }

  // Layouts

  /** Can a value of this canonical type be a reference to a heap object? */
  traces(type: StorageType | ValType): boolean {
    return isRef(type) && this.types.top(heapOf(type)) !== HEAP.func;
  }

  /** By canonical id: of a structure, of an array, or of the function type of an exception's tag. */
  layout(type: number): Layout {
    return (this.layouts[type] ??= this.layOut(type));
  }

  private layOut(type: number): Layout {
    const comp = this.types.comp(type);
    if (comp.kind === 'array') {
      const { storage } = comp.field;
      const traced = this.traces(storage) ? [0] : [];
      return { kind: 'array', fields: [storage], offsets: [0], words: 0, shift: log2Size(storage), traced };
    }
    const fields = comp.kind === 'struct' ? comp.fields.map((field) => field.storage) : comp.params;
    const offsets: number[] = [];
    const traced: number[] = [];
    let end = 0;
    for (const storage of fields) {
      const size = 1 << log2Size(storage);
      const align = Math.min(size, 8);
      const offset = Math.ceil(end / align) * align;
      offsets.push(offset);
      if (this.traces(storage)) traced.push(offset >> 2);
      end = offset + size;
    }
    return { kind: comp.kind === 'struct' ? 'struct' : 'exception', fields, offsets, words: Math.ceil(end / 4), shift: 0, traced };
  }

  /** Words that an object takes in the arena. */
  size(type: number, length: number): number {
    const layout = this.layout(type);
    const content = layout.kind === 'array' ? Math.ceil((length * 2 ** layout.shift) / 4) : layout.words;
    return OBJECT_HEADER + content + (content & 1);
  }

  // Objects

  isObject(handle: number): boolean {
    return handle > 0 && (handle & 3) === 0;
  }
  /** First word of an object's header. */
  at(handle: number): number {
    return this.table[handle >> 2]!;
  }
  /** Canonical type id. */
  typeOf(handle: number): number {
    return this.words[this.at(handle)]!;
  }
  /** Of an array its length, of a structure the handle of its descriptor or 0, of an exception the address of its tag. */
  second(handle: number): number {
    return this.words[this.at(handle) + 1]!;
  }
  /** Byte position of an object's content in the arena. */
  content(handle: number): number {
    return (this.at(handle) + OBJECT_HEADER) * 4;
  }

  /**
   * Makes room for so many words, by a collection where it is time for one and the roots are known. False where
   * `maxBytes` forbids it; nothing that matters has changed then.
   */
  reserve(words: number, roots: Roots | undefined): boolean {
    try {
      if (this.top + words > Math.min(this.limit, this.maxWords) && roots !== undefined) this.collect(roots);
      const end = this.top + words;
      if (end > this.maxWords || this.count >= MAX_OBJECTS) return false;
      if (end > this.words.length) this.resize(Math.max(end, Math.min(this.words.length * 2, this.maxWords), 1024));
      return true;
    } catch (error) {
      // The host itself has no more memory.
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  private get maxWords(): number {
    return Math.min(Math.floor(this.maxBytes / 4), MAX_WORDS);
  }

  private resize(capacity: number): void {
    const bigger = new Int32Array(capacity);
    bigger.set(this.words.subarray(0, this.top));
    this.replace(bigger);
  }
  private replace(words: Int32Array): void {
    this.words = words;
    this.halves = new Uint16Array(words.buffer);
    this.bytes = new Uint8Array(words.buffer);
  }

  /** A new object of `size` words, which must have been reserved, its content 0. */
  allocate(type: number, second: number, size: number): number {
    let { free } = this;
    while (free < this.count && this.table[free] !== 0) free++;
    if (free === this.count) {
      if (++this.count > this.table.length) this.growTable(this.count * 2);
    }
    const at = this.top;
    this.free = free + 1;
    this.table[free] = at;
    this.words[at] = type;
    this.words[at + 1] = second;
    this.top = at + size;
    return free << 2;
  }
  private growTable(capacity: number): void {
    const bigger = new Int32Array(capacity);
    bigger.set(this.table);
    this.table = bigger;
  }

  // Collecting

  /** Keeps an object, and what it reaches, alive on behalf of the embedder, until as many `unpin`. */
  pin(handle: number): void {
    if (this.isObject(handle)) this.pins.set(handle, (this.pins.get(handle) ?? 0) + 1);
  }
  unpin(handle: number): void {
    const count = this.pins.get(handle);
    if (count === undefined) return;
    if (count === 1) this.pins.delete(handle);
    else this.pins.set(handle, count - 1);
  }

  collect(roots: Roots): void {
    this.marks = new Uint8Array(this.count);
    for (const handle of this.pins.keys()) this.mark(handle);
    const work = roots((handle) => this.mark(handle));
    for (let i = this.marked.pop(); i !== undefined; i = this.marked.pop()) this.markContent(this.table[i]!);
    const live = this.sizeOfMarked();
    const limit = Math.min(live + (this.pace ?? Math.max(PACE, live, work)), this.maxWords);
    this.moveMarked(new Int32Array(Math.max(live, limit)));
    this.limit = limit;
    this.collections++;
  }

  /** Of roots that are written by the host anything may come. */
  private mark(handle: number): void {
    if ((handle & 3) !== 0) return;
    const i = handle >>> 2;
    if (i >= this.count || this.marks[i] !== 0 || this.table[i] === 0) return;
    this.marks[i] = 1;
    this.marked.push(i);
  }

  private markContent(at: number): void {
    const { words } = this;
    const { kind, traced } = this.layout(words[at]!);
    const content = at + OBJECT_HEADER;
    if (kind === 'array') {
      if (traced.length === 0) return;
      const end = content + words[at + 1]!;
      for (let i = content; i < end; i++) this.mark(words[i]!);
      return;
    }
    if (kind === 'struct') this.mark(words[at + 1]!);
    for (let i = 0; i < traced.length; i++) this.mark(words[content + traced[i]!]!);
  }

  private sizeAt(at: number): number {
    return this.size(this.words[at]!, this.words[at + 1]!);
  }
  private sizeOfMarked(): number {
    let words = OBJECT_HEADER;
    for (let i = 1; i < this.count; i++) if (this.marks[i] !== 0) words += this.sizeAt(this.table[i]!);
    return words;
  }

  private moveMarked(target: Int32Array): void {
    const { table, words, marks } = this;
    let to = OBJECT_HEADER;
    let last = 0;
    for (let i = 1; i < this.count; i++) {
      if (marks[i] === 0) {
        table[i] = 0;
        continue;
      }
      const from = table[i]!;
      const end = from + this.sizeAt(from);
      table[i] = to;
      for (let word = from; word < end; word++) target[to++] = words[word]!;
      last = i;
    }
    this.replace(target);
    this.top = to;
    this.count = last + 1;
    this.free = 1;
  }

  // Snapshots

  save(): HeapSnapshot {
    const pins = [...this.pins].sort(([a], [b]) => a - b).flat();
    return { words: this.words.slice(0, this.top), table: this.table.slice(0, this.count), pins: Int32Array.from(pins), limit: this.limit };
  }

  load({ words, table, pins, limit }: HeapSnapshot): void {
    this.limit = limit;
    this.top = Math.max(OBJECT_HEADER, words.length);
    this.replace(new Int32Array(words.length === 0 ? 0 : Math.max(limit, words.length)));
    this.words.set(words);
    this.count = table.length;
    this.free = 1;
    this.table = new Int32Array(Math.max(16, table.length));
    this.table.set(table);
    this.pins.clear();
    for (let i = 0; i < pins.length; i += 2) this.pins.set(pins[i]!, pins[i + 1]!);
  }
}
