import type { Cells } from '../engine/cells.js';

const encoder = new TextEncoder();

/** Bytes being written, in a buffer that grows. */
export class StreamWriter {
  bytes: Uint8Array = new Uint8Array(1 << 16);
  length = 0;

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.length + count, this.bytes.length * 2));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
  }
  u8(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }
  u32(value: number): void {
    this.room(4);
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.length++] = value >>> shift;
  }
  /** 0 to 2^53 − 1. */
  uint(value: number): void {
    this.room(8);
    const { bytes } = this;
    let rest = value;
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[this.length++] = (rest % 128) | 0x80;
    for (; rest >= 128; rest >>>= 7) bytes[this.length++] = rest | 0x80;
    bytes[this.length++] = rest;
  }
  /** A whole number whose double is safe. */
  int(value: number): void {
    this.uint(value < 0 ? -value * 2 - 1 : value * 2);
  }
  copy(from: Uint8Array, start: number, length: number): void {
    this.room(length);
    const { bytes } = this;
    if (length > 32) bytes.set(from.subarray(start, start + length), this.length);
    else for (let i = 0; i < length; i++) bytes[this.length + i] = from[start + i]!;
    this.length += length;
  }
  raw(content: Uint8Array): void {
    this.uint(content.length);
    this.copy(content, 0, content.length);
  }
  text(content: string): void {
    this.raw(encoder.encode(content));
  }
  /** Cells with their count. */
  cells(from: Cells, at: number, count: number): void {
    this.uint(count);
    this.copy(from.u8, at * 8, count * 8);
  }

  /** What has been written; the writer begins anew and will overwrite it. */
  take(): Uint8Array {
    const content = this.bytes.subarray(0, this.length);
    this.length = 0;
    return content;
  }
}
