import type { Cells } from '../engine/cells.js';
import { RecordingError } from './format.js';

const decoder = new TextDecoder();

/** Where a position in the stream is in the file. */
export type PlaceOf = (pos: number) => number;

/** Reads what `StreamWriter` wrote. Throws `RecordingError` at the end, and where there is more than there can be. */
export class StreamReader {
  bytes: Uint8Array;
  pos = 0;
  /** Nothing is read beyond. */
  end: number;
  private readonly placeOf: PlaceOf;

  constructor(bytes: Uint8Array, end: number, placeOf: PlaceOf) {
    this.bytes = bytes;
    this.end = end;
    this.placeOf = placeOf;
  }

  /** What is read here cannot have been recorded. */
  damaged(what: string, at: number = this.pos): RecordingError {
    return new RecordingError(`the recording is damaged at byte ${this.placeOf(at)}: ${what}`);
  }

  private need(count: number): void {
    if (!(count <= this.end - this.pos)) throw this.damaged('an event ends too early');
  }
  u8(): number {
    this.need(1);
    return this.bytes[this.pos++]!;
  }
  u32(): number {
    return this.u8() | (this.u8() << 8) | (this.u8() << 16) | (this.u8() << 24);
  }
  uint(): number {
    const { bytes } = this;
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      if (this.pos >= this.end) this.need(1);
      const byte = bytes[this.pos++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value <= Number.MAX_SAFE_INTEGER) return value;
    }
    throw this.damaged('a number is too long');
  }
  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  /** A view of the next bytes. */
  view(length: number): Uint8Array {
    this.need(length);
    this.pos += length;
    return this.bytes.subarray(this.pos - length, this.pos);
  }
  raw(): Uint8Array {
    return this.view(this.uint());
  }
  text(): string {
    return decoder.decode(this.raw());
  }
  /** Writes cells with their count to `to`, at most `room` of them; answers the count. */
  cells(to: Cells, at: number, room: number): number {
    const count = this.uint();
    if (count > room) throw this.damaged('there are too many values');
    to.u8.set(this.view(count * 8), at * 8);
    return count;
  }
}
