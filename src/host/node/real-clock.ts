import type { Clock } from '../clock.js';
import type { Data } from '../state.js';

/** The longest single wait, in milliseconds: what a timer of the system takes. */
const LONGEST = 2 ** 31 - 1;
/** How far the two clocks of the system may part before the calendar's is believed, in nanoseconds. */
const DRIFT = 5_000_000n;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread for at least `milliseconds`. */
export function block(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}

/** The system's clocks. Sleeping blocks the thread. */
export class RealClock implements Clock {
  readonly resolution: bigint = 1n;
  /** What to add to `monotonic` for the calendar time, which Node tells in whole milliseconds only. */
  private offset = calendar() - process.hrtime.bigint();

  realtime(): bigint {
    const now = process.hrtime.bigint() + this.offset;
    const apart = calendar() - now;
    if (apart <= DRIFT && apart >= -DRIFT) return now;
    this.offset += apart;
    return now + apart;
  }
  monotonic(): bigint {
    return process.hrtime.bigint();
  }
  sleep(ns: bigint): void {
    const end = process.hrtime.bigint() + ns;
    for (let left = ns; left > 0n; left = end - process.hrtime.bigint()) {
      block(Math.min(Number(left) / 1e6, LONGEST));
    }
  }

  save(): Data {
    return null;
  }
  load(): void {
    throw new Error('the real clock cannot be set back');
  }
  live(): string[] {
    return ['the real clock'];
  }
}

function calendar(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
