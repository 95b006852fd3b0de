import type { DataSegment, SegmentMode } from './module.js';

const PASSIVE: SegmentMode = { kind: 'passive' };

/** What the words of a row are: see `rows`. */
export const DATA = { memory: 0, address: 1, offset: 2, offsetEnd: 3, start: 4, end: 5, words: 6 } as const;

/**
 * The data segments of a module (§2.5.7). Go's linker writes tens of thousands of them, so they are rows of numbers:
 * objects that describe them are made for those who ask.
 */
export class DataSegments implements Iterable<DataSegment> {
  length = 0;
  /**
   * `DATA.words` for each segment: the index of its memory, unsigned; where it goes, if its offset expression is only an
   * `i32.const`, or −1 where that is not known; where the expression begins, or 0 if it is passive, and ends; where the
   * content does.
   */
  rows: Int32Array;

  constructor(room: number = 0) {
    this.rows = new Int32Array(room * DATA.words);
  }

  add(memory: number, address: number, offset: number, offsetEnd: number, start: number, end: number): void {
    const at = this.length++ * DATA.words;
    const { rows } = this;
    rows[at + DATA.memory] = memory;
    rows[at + DATA.address] = address;
    rows[at + DATA.offset] = offset;
    rows[at + DATA.offsetEnd] = offsetEnd;
    rows[at + DATA.start] = start;
    rows[at + DATA.end] = end;
  }

  get(index: number): DataSegment {
    const [memory, , offset, offsetEnd, start, end] = this.rows.subarray(index * DATA.words) as unknown as [number, number, number, number, number, number];
    return { mode: offset === 0 ? PASSIVE : { kind: 'active', target: memory >>> 0, at: { offset, end: offsetEnd } }, start, end };
  }

  *[Symbol.iterator](): Iterator<DataSegment> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }
}
