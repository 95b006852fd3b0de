import type { Search } from '../replay/position.js';
import { standAt } from './detector.js';
import type { Session } from './session.js';

export interface GoroutineState {
  readonly status: number;
  readonly reason: string;
}

/** What of a program differs between two moments. */
export interface Difference {
  /** How many bytes of memory 0 differ. */
  readonly bytes: number;
  /** Stretches that differ; those nearer than a cache line to each other are one. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** Goroutines that are in another state, were made, or have ended. */
  readonly goroutines: readonly { readonly id: number; readonly before: GoroutineState | undefined; readonly after: GoroutineState | undefined }[];
}

/** So many equal bytes part two ranges. */
const GAP = 64;

/** Compares two moments; the session stays where it is. */
export async function difference(session: Session, from: number, to: number, search: Search = {}): Promise<Difference> {
  const now = session.clock;
  const { timeline } = session;
  const look = async (clock: number): Promise<{ memory: Uint8Array; goroutines: Map<number, GoroutineState> }> => {
    await standAt(timeline, clock, search);
    const { store, instance } = session.target;
    const memory = store.memories[instance.memories[0] ?? -1]?.u8.slice() ?? new Uint8Array();
    return { memory, goroutines: new Map(session.goroutines().map(({ id, status, waitReason }) => [id, { status, reason: waitReason }])) };
  };
  try {
    const before = await look(from);
    const after = await look(to);
    return { ...compare(before.memory, after.memory), goroutines: changed(before.goroutines, after.goroutines) };
  } finally {
    await standAt(timeline, now);
  }
}

function compare(a: Uint8Array, b: Uint8Array): Pick<Difference, 'bytes' | 'ranges'> {
  const ranges: { start: number; end: number }[] = [];
  let bytes = 0;
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if ((a[i] ?? 0) === (b[i] ?? 0)) continue;
    bytes++;
    const last = ranges.at(-1);
    if (last !== undefined && i - last.end < GAP) last.end = i + 1;
    else ranges.push({ start: i, end: i + 1 });
  }
  return { bytes, ranges };
}

function changed(before: ReadonlyMap<number, GoroutineState>, after: ReadonlyMap<number, GoroutineState>): Difference['goroutines'] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort((a, b) => a - b)
    .map((id) => ({ id, before: before.get(id), after: after.get(id) }))
    .filter((one) => one.before?.status !== one.after?.status || one.before?.reason !== one.after?.reason);
}
