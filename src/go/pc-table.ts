import type { Peek } from './peek.js';

/**
 * A pc-value table (Go: `cmd/internal/obj/pcln.go`, `runtime.pcvalue`): runs of PC_B that share a value. On wasm the
 * unit of the deltas is one PC_B.
 */
export interface PcRun {
  /** First PC_B of the run, and the first one after it. */
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

/** Tables are small (PC_B < 65536); a longer one is damaged data. */
const MAX_RUNS = 65536;

export function decodePcTable(memory: Peek, at: number): PcRun[] {
  const runs: PcRun[] = [];
  const cursor = { at };
  let start = 0;
  let value = -1;
  while (runs.length < MAX_RUNS) {
    const step = uvarint(memory, cursor);
    if (step === 0 && runs.length > 0) break;
    value = (value + ((step >>> 1) ^ -(step & 1))) | 0;
    const length = uvarint(memory, cursor);
    if (length === 0) break;
    runs.push({ start, end: start + length, value });
    start += length;
  }
  return runs;
}

/** The value at `pcB`, by binary search; `undefined` behind the table's end. */
export function valueAt(runs: readonly PcRun[], pcB: number): number | undefined {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle]!.end <= pcB) low = middle + 1;
    else high = middle;
  }
  return runs[low]?.value;
}

/** Reads an unsigned LEB128 and moves the cursor behind it. */
export function uvarint(memory: Peek, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = memory.u8(cursor.at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value >>> 0;
}
