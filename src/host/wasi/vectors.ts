import type { GuestMemory } from '../../engine/guest-memory.js';
import { WasiError } from './errno.js';
import { SIZE } from './layout.js';

/** How many vectors one call may have, as Linux has it. */
const MAX_VECTORS = 1024;
/** The most bytes that one call moves, as Linux has it; beyond, it moves a part. */
const MAX_TOTAL = 0x7ffff000;
/** How many bytes at a time go through a buffer of ours. */
const PIECE = 1 << 20;

/** A list of byte ranges in guest memory, checked. */
export class Vectors {
  private readonly memory: GuestMemory;
  private readonly ranges: (readonly [at: number, length: number])[] = [];

  /** Throws `EINVAL` for too many, `EFAULT` for one outside the memory. */
  constructor(memory: GuestMemory, at: number, count: number) {
    this.memory = memory;
    if (count > MAX_VECTORS) throw new WasiError('EINVAL');
    if (!memory.contains(at, count * SIZE.iovec)) throw new WasiError('EFAULT');
    let left = MAX_TOTAL;
    for (let i = 0; i < count; i++) {
      const start = memory.u32(at + i * SIZE.iovec);
      const length = memory.u32(at + i * SIZE.iovec + 4);
      if (!memory.contains(start, length)) throw new WasiError('EFAULT');
      const used = Math.min(length, left);
      left -= used;
      if (used > 0) this.ranges.push([start, used]);
    }
  }

  /** Fills the ranges from `read`, which is asked again until it gives less than it could. The number of bytes. */
  fill(read: (into: Uint8Array) => number): number {
    let total = 0;
    for (const [start, length] of this.ranges) {
      for (let done = 0; done < length; ) {
        const bytes = new Uint8Array(Math.min(PIECE, length - done));
        const got = read(bytes);
        this.memory.write(start + done, bytes.subarray(0, got));
        done += got;
        total += got;
        if (got < bytes.length) return total;
      }
    }
    return total;
  }

  /**
   * Hands the bytes to `write`, small vectors joined so that they arrive as one, until it takes less than it was given.
   * The number of bytes taken. An error after the first bytes is kept for the next call, as POSIX has it.
   */
  drain(write: (bytes: Uint8Array) => number): number {
    let total = 0;
    for (const bytes of this.pieces()) {
      let taken: number;
      try {
        taken = write(bytes);
      } catch (error) {
        if (total > 0) return total;
        throw error;
      }
      total += taken;
      if (taken < bytes.length) break;
    }
    return total;
  }

  private *pieces(): Iterable<Uint8Array> {
    const sum = this.ranges.reduce((all, [, length]) => all + length, 0);
    if (this.ranges.length > 1 && sum <= PIECE) {
      const joined = new Uint8Array(sum);
      let at = 0;
      for (const [start, length] of this.ranges) {
        joined.set(this.memory.bytes(start, length), at);
        at += length;
      }
      yield joined;
      return;
    }
    for (const [start, length] of this.ranges) {
      for (let done = 0; done < length; done += PIECE) yield this.memory.bytes(start + done, Math.min(PIECE, length - done));
    }
  }
}
