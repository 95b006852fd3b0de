import { I64, type TableType } from '../wasm/types.js';

/** More elements than this are refused, as every engine does; the specification leaves the limit to us (§A.2). */
const MAX_ELEMENTS = 10_000_000;

/** A table instance (spec §4.2.7): reference handles. `elements` is exactly as long as the table. */
export class TableInstance {
  /** The element type is over the store's canonical type ids. */
  readonly type: TableType;
  readonly is64: boolean;
  elements: Int32Array;

  constructor(type: TableType, init: number) {
    this.type = type;
    this.is64 = type.address === I64;
    if (type.limits.min > BigInt(MAX_ELEMENTS)) {
      throw new RangeError(`a table of ${type.limits.min} elements is larger than the limit of ${MAX_ELEMENTS}`);
    }
    this.elements = new Int32Array(Number(type.limits.min)).fill(init);
  }

  /** `table.grow` (spec §4.6.7): the old size, or −1. `elements` is replaced. */
  grow(delta: number, init: number): number {
    const old = this.elements.length;
    const size = old + delta;
    const max = this.type.limits.max;
    if (size > MAX_ELEMENTS || (max !== undefined && BigInt(size) > max)) return -1;
    if (delta === 0) return old;
    const buffer = this.elements.buffer as ArrayBuffer;
    if (size * 4 <= buffer.byteLength) {
      this.elements = new Int32Array(buffer, 0, size);
    } else {
      const bigger = new Int32Array(new ArrayBuffer(Math.min(Math.max(size, old * 2), MAX_ELEMENTS) * 4), 0, size);
      bigger.set(this.elements);
      this.elements = bigger;
    }
    this.elements.fill(init, old);
    return old;
  }

  /** Makes the table exactly `content` (restoring a snapshot). */
  reset(content: Int32Array): void {
    this.elements = content.slice();
  }
}
