import type { ValType } from '../wasm/types.js';
import { Cells } from './cells.js';
import type { HeapSnapshot } from './heap.js';
import type { Wait } from './host-function.js';
import { wordsOf } from './interpret/position-map.js';
import { FRAME, RECORD } from './interpret/state.js';
import type { Store } from './store.js';
import { loadValue, storeValue, type Value } from './value.js';

/** Everything in a store that changes while programs run. */
export interface StoreSnapshot {
  readonly memories: readonly Uint8Array[];
  readonly tables: readonly Int32Array[];
  readonly globals: Int32Array;
  /** By instance. */
  readonly droppedDatas: readonly Uint8Array[];
  readonly elems: readonly (readonly Int32Array[])[];
  readonly heap: HeapSnapshot;
}

/** How far a machine has come. */
export interface Progress {
  readonly clock: number;
  readonly calls: number;
  readonly activations: number;
  /** What the pending host call waits for. */
  readonly waiting: Wait | undefined;
  /** `exception`: the handle of the one that nothing caught, or 0. */
  readonly failure: { readonly kind: string; readonly message: string; readonly exception: number } | undefined;
}

/** The state of a machine and its store, on the level of WebAssembly: plain data. */
export interface Snapshot extends Progress {
  /** Four numbers a frame record: kind, function, word of the first cell, byte offset. */
  readonly frames: Int32Array;
  readonly cells: Int32Array;
  readonly store: StoreSnapshot;
}

/** The functions whose calls the host had not answered yet. */
export function pendingHostCalls({ frames }: Snapshot): number[] {
  const funcs: number[] = [];
  for (let i = 0; i < frames.length; i += 4) if (frames[i] === FRAME.host) funcs.push(frames[i + 1]!);
  return funcs;
}

/** Gives a local another value: of the `level`th frame from the outermost one, whose locals are of these types. */
export function setLocal({ frames, cells }: Snapshot, level: number, types: readonly ValType[], index: number, value: Value): void {
  let record = 0;
  for (let left = level; left > 0; record += RECORD) if (frames[record + RECORD] !== FRAME.bridge) left--;
  const before = types.slice(0, index).reduce((words, type) => words + wordsOf(type), 0);
  const scratch = new Cells(2);
  storeValue(scratch, 0, value);
  cells.set(scratch.i32.subarray(0, wordsOf(types[index]!)), frames[record + 2]! + before);
}

/** `withMemories` false leaves their content out, for whoever keeps it in another form. */
export function captureStore(store: Store, withMemories = true): StoreSnapshot {
  const globals = new Cells(store.globalCellCount);
  for (const { type, cell } of store.globals) storeValue(globals, cell, loadValue(store.globalCells, cell, type.value));
  return {
    memories: withMemories ? store.memories.map((memory) => memory.u8.slice()) : [],
    tables: store.tables.map((table) => table.elements.slice()),
    globals: globals.i32,
    droppedDatas: store.instances.map((instance) => instance.droppedDatas.slice()),
    elems: store.instances.map((instance) => instance.elems.map((handles) => handles.slice())),
    heap: store.heap.save(),
  };
}

export function restoreStore(store: Store, from: StoreSnapshot): void {
  // What was left out when the snapshot was taken stays as it is.
  from.memories.forEach((content, i) => store.memories[i]!.reset(content));
  store.tables.forEach((table, i) => table.reset(from.tables[i]!));
  store.globalCells.i32.set(from.globals);
  store.heap.load(from.heap);
  store.instances.forEach((instance, i) => {
    instance.droppedDatas.set(from.droppedDatas[i]!);
    from.elems[i]!.forEach((handles, j) => {
      instance.elems[j] = handles.slice();
    });
  });
}

// Encoding: a JSON header that names the lengths of the arrays, then the arrays.

const MAGIC = 'RTWSNAP3';

interface Header {
  readonly clock: number;
  readonly calls: number;
  readonly activations: number;
  readonly waiting: Wait | null;
  readonly failure: Snapshot['failure'] | null;
  /** Bytes of each array, in the order of `arraysOf`. */
  readonly lengths: readonly number[];
  readonly memories: number;
  readonly tables: number;
  readonly instances: number;
  /** Element segments by instance. */
  readonly elems: readonly number[];
  /** Where the heap collects next. */
  readonly heapLimit: number;
}

function bytesOf(array: Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function arraysOf({ frames, cells, store }: Snapshot): Uint8Array[] {
  return [
    frames,
    cells,
    store.globals,
    ...store.memories,
    ...store.tables,
    ...store.droppedDatas,
    ...store.elems.flat(),
    store.heap.words,
    store.heap.table,
    store.heap.pins,
  ].map(bytesOf);
}

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const arrays = arraysOf(snapshot);
  const { store } = snapshot;
  const header: Header = {
    clock: snapshot.clock,
    calls: snapshot.calls,
    activations: snapshot.activations,
    waiting: snapshot.waiting ?? null,
    failure: snapshot.failure ?? null,
    lengths: arrays.map((array) => array.length),
    memories: store.memories.length,
    tables: store.tables.length,
    instances: store.droppedDatas.length,
    elems: store.elems.map((segments) => segments.length),
    heapLimit: store.heap.limit,
  };
  const json = new TextEncoder().encode(MAGIC + JSON.stringify(header));
  const total = 4 + json.length + arrays.reduce((sum, array) => sum + array.length, 0);
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  let at = 4 + json.length;
  for (const array of arrays) {
    bytes.set(array, at);
    at += array.length;
  }
  return bytes;
}

/** Throws a `RangeError` for what is no snapshot. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const header = readHeader(bytes);
  let at = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let index = 0;
  const take = (): Uint8Array => {
    const length = header.lengths[index++]!;
    at += length;
    if (!(length >= 0) || at > bytes.length) throw new RangeError('the snapshot is truncated');
    return bytes.slice(at - length, at);
  };
  const takeWords = (): Int32Array => new Int32Array(take().buffer);
  const many = <T>(count: number, one: () => T): T[] => Array.from({ length: count }, one);
  return {
    clock: header.clock,
    calls: header.calls,
    activations: header.activations,
    waiting: header.waiting ?? undefined,
    failure: header.failure ?? undefined,
    frames: takeWords(),
    cells: takeWords(),
    store: {
      globals: takeWords(),
      memories: many(header.memories, take),
      tables: many(header.tables, takeWords),
      droppedDatas: many(header.instances, take),
      elems: header.elems.map((count) => many(count, takeWords)),
      heap: { words: takeWords(), table: takeWords(), pins: takeWords(), limit: header.heapLimit },
    },
  };
}

function readHeader(bytes: Uint8Array): Header {
  const length = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const json = new TextDecoder().decode(bytes.subarray(4, 4 + length));
  if (!json.startsWith(MAGIC) || length > bytes.length) throw new RangeError('not a snapshot');
  try {
    return JSON.parse(json.slice(MAGIC.length)) as Header;
  } catch {
    throw new RangeError('not a snapshot');
  }
}

// Digest: four lanes of multiply-and-rotate over the words, mixed at the end. Not cryptographic.

const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;

class Digest {
  private readonly lanes = new Int32Array(PRIMES);
  private at = 0;

  word(value: number): void {
    const lane = this.at++ & 3;
    const mixed = Math.imul(this.lanes[lane]! ^ value, PRIMES[lane]!);
    this.lanes[lane] = (mixed << 13) | (mixed >>> 19);
  }
  bytes(array: Uint8Array): void {
    this.word(array.length);
    const aligned = array.byteOffset % 4 === 0 ? array : array.slice();
    const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
    for (let i = 0; i < words.length; i++) this.word(words[i]!);
    for (let i = words.length * 4; i < array.length; i++) this.word(array[i]!);
  }
  toString(): string {
    let carry = this.at;
    const out: string[] = [];
    for (let round = 0; round < 8; round++) {
      const lane = round & 3;
      carry = Math.imul(carry ^ this.lanes[lane]! ^ (carry >>> 15), PRIMES[(lane + 1) & 3]!);
      this.lanes[lane] = carry ^ (carry >>> 13);
    }
    for (const lane of this.lanes) out.push((lane >>> 0).toString(16).padStart(8, '0'));
    return out.join('');
  }
}

/** Of the state that decides how it goes on: the number of calls is not part of it. */
export function hashSnapshot(snapshot: Snapshot): string {
  const digest = new Digest();
  digest.word(snapshot.clock);
  digest.word(Math.floor(snapshot.clock / 2 ** 32));
  digest.word(snapshot.activations);
  digest.word(snapshot.waiting?.wait ?? 0);
  digest.word(snapshot.waiting?.again ?? 0);
  digest.word(snapshot.store.heap.limit);
  digest.bytes(new TextEncoder().encode(snapshot.failure === undefined ? '' : `${snapshot.failure.kind}:${snapshot.failure.message}`));
  digest.word(snapshot.failure?.exception ?? 0);
  for (const array of arraysOf(snapshot)) digest.bytes(array);
  return digest.toString();
}
