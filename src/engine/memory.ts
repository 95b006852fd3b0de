import type { MemoryType } from '../wasm/types.js';
import { I64 } from '../wasm/types.js';

/** The largest memory we make: 4 GiB, what one ArrayBuffer of every host that we run on can hold. */
const MAX_BYTES = 2 ** 32;

/**
 * A memory instance (spec §4.2.8). The views are exactly as long as the memory, so an out-of-bounds index reads
 * `undefined`; the buffer behind them may be larger, so that growing is mostly making new views.
 */
export class MemoryInstance {
  readonly type: MemoryType;
  readonly is64: boolean;
  /** Pages, as `memory.size` answers. */
  pages: number;
  byteLength = 0;
  u8!: Uint8Array;
  i8!: Int8Array;
  u16!: Uint16Array;
  i16!: Int16Array;
  i32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  view!: DataView;
  /** What the embedder allows at most, in bytes (`--max-memory`). */
  limitBytes: number;
  /** Hears every write of the host after it happened. */
  onHostWrite: ((address: number, length: number) => void) | undefined = undefined;
  /** The same, for watches. */
  onWatchedWrite: ((address: number, length: number) => void) | undefined = undefined;

  constructor(type: MemoryType, limitBytes: number = MAX_BYTES) {
    this.type = type;
    this.is64 = type.address === I64;
    this.limitBytes = Math.min(limitBytes, MAX_BYTES);
    this.pages = Number(type.limits.min);
    if (!this.fits(this.pages)) throw new RangeError(`a memory of ${type.limits.min} pages is larger than the limit of ${this.limitBytes} bytes`);
    const bytes = this.bytesOf(this.pages);
    this.adopt(this.buffer(bytes, bytes * 1.5) ?? new ArrayBuffer(bytes), bytes);
  }

  private bytesOf(pages: number): number {
    return pages * 2 ** this.type.pageSizeLog2;
  }
  private fits(pages: number): boolean {
    return this.bytesOf(pages) <= this.limitBytes;
  }

  /** A buffer of that many bytes, and more if it may ever have them; undefined where there is no room. What is not touched costs nothing. */
  private buffer(bytes: number, wish: number): ArrayBuffer | undefined {
    const { max } = this.type.limits;
    const most = max === undefined ? this.limitBytes : Math.min(this.bytesOf(Number(max)), this.limitBytes);
    const capacity = Math.max(bytes, Math.min(wish, most));
    return allocate(Math.ceil(capacity / 65536) * 65536) ?? allocate(bytes);
  }

  private adopt(buffer: ArrayBuffer, byteLength: number): void {
    this.byteLength = byteLength;
    this.u8 = new Uint8Array(buffer, 0, byteLength);
    this.i8 = new Int8Array(buffer, 0, byteLength);
    this.u16 = new Uint16Array(buffer, 0, Math.floor(byteLength / 2));
    this.i16 = new Int16Array(buffer, 0, Math.floor(byteLength / 2));
    this.i32 = new Int32Array(buffer, 0, Math.floor(byteLength / 4));
    this.f32 = new Float32Array(buffer, 0, Math.floor(byteLength / 4));
    this.f64 = new Float64Array(buffer, 0, Math.floor(byteLength / 8));
    this.view = new DataView(buffer, 0, byteLength);
  }

  /** `memory.grow` (spec §4.6.9): the old size in pages, or −1. All views are replaced. */
  grow(delta: number): number {
    const old = this.pages;
    const pages = old + delta;
    const max = this.type.limits.max;
    if (max !== undefined && BigInt(pages) > max) return -1;
    if (!this.fits(pages)) return -1;
    const bytes = this.bytesOf(pages);
    const buffer = this.u8.buffer as ArrayBuffer;
    if (bytes <= buffer.byteLength) this.adopt(buffer, bytes);
    else {
      const bigger = this.buffer(bytes, buffer.byteLength * 1.5);
      if (bigger === undefined) return -1;
      new Uint8Array(bigger).set(this.u8);
      this.adopt(bigger, bytes);
    }
    this.pages = pages;
    return old;
  }

  /** `memory.copy` within this memory (spec §4.6.11); false out of bounds, with nothing written. Unsigned numbers. */
  copy(to: number, from: number, length: number): boolean {
    if (to + length > this.byteLength || from + length > this.byteLength) return false;
    // The host's own function takes as long as a loop over some words, whatever the length.
    if (length > FEW_BYTES || ((to | from | length) & 3) !== 0) this.u8.copyWithin(to, from, from + length);
    else copyWords(this.i32, to >>> 2, from >>> 2, length >>> 2);
    return true;
  }

  /** `memory.fill` with a byte (spec §4.6.10); false out of bounds, with nothing written. Unsigned numbers. */
  fill(at: number, byte: number, length: number): boolean {
    if (at + length > this.byteLength) return false;
    if (length > FEW_BYTES || ((at | length) & 3) !== 0) this.u8.fill(byte, at, at + length);
    else {
      const { i32 } = this;
      const word = Math.imul(byte, 0x01010101);
      for (let i = at >>> 2, end = (at + length) >>> 2; i < end; i++) i32[i] = word;
    }
    return true;
  }

  /** The host has written. */
  written(address: number, length: number): void {
    this.onHostWrite?.(address, length);
    this.onWatchedWrite?.(address, length);
  }

  /** Makes the memory exactly `content`, whose length must be whole pages (restoring a snapshot). */
  reset(content: Uint8Array): void {
    if (content.length !== this.byteLength) {
      this.pages = content.length / 2 ** this.type.pageSizeLog2;
      this.adopt(new ArrayBuffer(content.length), content.length);
    }
    this.u8.set(content);
  }
}

const FEW_BYTES = 64;

function copyWords(words: Int32Array, to: number, from: number, count: number): void {
  if (to <= from) for (let i = 0; i < count; i++) words[to + i] = words[from + i]!;
  else for (let i = count - 1; i >= 0; i--) words[to + i] = words[from + i]!;
}

function allocate(bytes: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}
