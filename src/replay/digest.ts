import type { Machine } from '../engine/machine.js';
import type { MemoryInstance } from '../engine/memory.js';
import type { Snapshot } from '../engine/snapshot.js';
import { hashBytes, hashWords, mix } from './hash.js';

/** Bytes of a page, the unit in which memories are compared and kept. */
export const PAGE = 16384;

/** Frames that are told apart, from the innermost on; the rest are one. */
const FRAMES = 32;
/** Numbers of a frame in `Snapshot.frames`. */
const RECORD = 4;

/** The parts of a state, each a list of hashes. The memories follow, one part each. */
const PARTS = ['machine', 'frame', 'global', 'table', 'segments', 'heap'] as const;

/** The state of a machine as hashes that can be compared part by part. */
export interface Digest {
  readonly clock: number;
  readonly parts: readonly Int32Array[];
}

/** `pageHashes`: of a memory, where somebody has them already. */
export function digestOf(machine: Machine, pageHashes: (memory: MemoryInstance) => Int32Array = hashPages): Digest {
  return digestSnapshot(machine.snapshot(false), machine.store.memories.map((memory) => pageHashes(memory)), machine);
}

export function hashPages(memory: MemoryInstance): Int32Array {
  const pages = new Int32Array(Math.ceil(memory.byteLength / PAGE));
  for (let i = 0; i < pages.length; i++) pages[i] = hashPage(memory, i);
  return pages;
}

export function hashPage(memory: MemoryInstance, page: number): number {
  const start = page * PAGE;
  const end = Math.min(start + PAGE, memory.byteLength);
  if (end % 4 !== 0) return hashBytes(memory.u8.slice(start, end));
  return hashWords(memory.i32, start / 4, end / 4);
}

/** `machine`: whose globals these are; nothing else of it is looked at. */
export function digestSnapshot(snapshot: Snapshot, memories: readonly Int32Array[], machine: Machine): Digest {
  const { clock, activations, waiting, failure, store } = snapshot;
  const failed = new TextEncoder().encode(failure === undefined ? '' : `${failure.kind}:${failure.message}`);
  const globals = machine.store.globals.map(({ cell }, i, all) => hashWords(store.globals, cell * 2, (all[i + 1]?.cell ?? store.globals.length / 2) * 2));
  const words = (array: Int32Array): number => hashWords(array, 0, array.length);
  return {
    clock,
    parts: [
      Int32Array.of(clock, Math.floor(clock / 2 ** 32), activations, hashBytes(failed), waiting?.wait ?? 0, waiting?.again ?? 0),
      hashFrames(snapshot),
      Int32Array.from(globals),
      Int32Array.from(store.tables, words),
      Int32Array.from([...store.droppedDatas.map(hashBytes), ...store.elems.flat().map(words)]),
      Int32Array.of(words(store.heap.words), words(store.heap.table), words(store.heap.pins), store.heap.limit),
      ...memories,
    ],
  };
}

/** Innermost first. A frame ends where the next begins. */
function hashFrames({ frames, cells }: Snapshot): Int32Array {
  const count = frames.length / RECORD;
  const single = Math.min(count, FRAMES);
  const hashes = new Int32Array(Math.min(count, FRAMES + 1));
  const hash = (records: number, recordsEnd: number, start: number, end: number): number => mix(hashWords(frames, records, recordsEnd), hashWords(cells, start, end));
  let end = cells.length;
  for (let i = 0; i < single; i++) {
    const at = (count - 1 - i) * RECORD;
    const start = Math.min(frames[at + 2]!, end);
    hashes[i] = hash(at, at + RECORD, start, end);
    end = start;
  }
  if (count > single) hashes[single] = hash(0, (count - single) * RECORD, 0, end);
  return hashes;
}

/** The whole state as one number in hexadecimal. */
export function hashOf({ parts }: Digest): string {
  let a = parts.length;
  let b = 1;
  for (const part of parts) {
    a = mix(a, hashWords(part, 0, part.length));
    b = mix(part.length, b) ^ a;
  }
  return [a, mix(b, a)].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** What differs first, in words; undefined where nothing does. */
export function difference(expected: Digest, actual: Digest): string | undefined {
  const count = Math.max(expected.parts.length, actual.parts.length);
  for (let i = 0; i < count; i++) {
    const [a, b] = [expected.parts[i] ?? new Int32Array(0), actual.parts[i] ?? new Int32Array(0)];
    const at = a.findIndex((hash, j) => hash !== b[j]);
    if (at >= 0 || a.length !== b.length) return describe(i, at >= 0 ? at : Math.min(a.length, b.length));
  }
  return undefined;
}

function describe(part: number, index: number): string {
  const name = PARTS[part];
  if (name === undefined) {
    const start = index * PAGE;
    return `memory ${part - PARTS.length} between address 0x${start.toString(16)} and 0x${(start + PAGE).toString(16)}`;
  }
  if (name === 'machine') return ['the clock', 'the clock', 'the number of activations', 'how the guest failed', 'the time that a host call takes', 'what a host call goes on with'][index]!;
  if (name === 'frame') return index < FRAMES ? `frame ${index} from the innermost` : 'a frame far out';
  return name === 'segments' || name === 'heap' ? `the ${name}` : `${name} ${index}`;
}
