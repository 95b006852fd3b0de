import { OP } from '../../wasm/opcodes.js';
import { formatF32, formatF64 } from '../../wasm/text/literals.js';
import { EXNREF, F32, type ValType } from '../../wasm/types.js';
import { Cells } from '../cells.js';
import { type Exception, Exhaustion, OUT_OF_MEMORY, UncaughtException } from '../errors.js';
import type { Heap, Roots } from '../heap.js';
import type { Store } from '../store.js';
import { loadValue, NULL_HANDLE, storeValue, type Value } from '../value.js';
import type { CodeHeap } from './code-heap.js';
import { ANY_TAG, type Clause } from './handlers.js';
import { loadField, saveField } from './objects.js';
import { wordsOf } from './position-map.js';
import { type ExecutionState, FRAME, KIND, PC, RECORD } from './state.js';
import { TRAPS } from './traps.js';

/**
 * Exceptions (spec §4.2.11, §4.5.8): objects of the heap whose type is that of their tag. What is thrown stands in
 * `ExecutionState.thrown` until a handler gets it or its activation is given up.
 */

/** `throw` of tag `x` with the values at word `base`, `throw_ref` of the reference there, and likewise `rethrow`. */
export function throwing(state: ExecutionState, op: number, base: number, x: number): number {
  const words = state.cells.i32;
  if (op === OP.throw) {
    const handle = allocate(state.store, x, state.roots);
    if (handle < 0) return TRAPS.outOfMemory;
    const { heap } = state.store;
    eachValue(heap, handle, (at, type, word) => saveField(heap, at, type, words, base + word));
    state.thrown = handle;
  } else {
    if (words[base] === NULL_HANDLE) return TRAPS.nullException;
    state.thrown = words[base]!;
  }
  return TRAPS.exception;
}

/** A new exception without its values, or −1 where the heap has no room. */
function allocate({ heap, tags }: Store, tag: number, roots: Roots | undefined): number {
  const { typeId } = tags[tag]!;
  const size = heap.size(typeId, 0);
  return heap.reserve(size, roots) ? heap.allocate(typeId, tag, size) : -1;
}

/** Where each value stands in the heap, its type, and its word among values in consecutive cells. */
function eachValue(heap: Heap, handle: number, visit: (at: number, type: ValType, word: number) => void): void {
  const { fields, offsets } = heap.layout(heap.typeOf(handle));
  const content = heap.content(handle);
  let word = 0;
  for (let i = 0; i < fields.length; i++) {
    visit(content + offsets[i]!, fields[i]!, word);
    word += wordsOf(fields[i]!);
  }
}

/** Makes an object of what a host function has thrown. Throws `Exhaustion` where there is no room for it. */
export function adopt(state: ExecutionState, { tag, values }: Exception): number {
  const { heap } = state.store;
  const references = values.filter((value) => 'handle' in value).map((value) => (value as { handle: number }).handle);
  for (const reference of references) heap.pin(reference);
  const handle = allocate(state.store, tag, state.roots);
  for (const reference of references) heap.unpin(reference);
  if (handle < 0) throw new Exhaustion(OUT_OF_MEMORY);
  const scratch = new Cells(2);
  let i = 0;
  eachValue(heap, handle, (at, type) => {
    storeValue(scratch, 0, values[i++]!);
    saveField(heap, at, type, scratch.i32, 0);
  });
  return handle;
}

/** What the embedder is told of an exception that nothing catches. */
export function uncaught({ heap }: Store, handle: number): UncaughtException {
  const tag = heap.second(handle);
  const values: Value[] = [];
  const scratch = new Cells(2);
  eachValue(heap, handle, (at, type) => {
    loadField(heap, at, type, false, scratch.i32, 0);
    values.push(loadValue(scratch, 0, type));
  });
  return new UncaughtException(`tag ${tag}${values.length === 0 ? '' : ` with ${values.map(show).join(', ')}`}`, { tag, values });
}

function show(value: Value): string {
  if ('i32' in value) return `i32 ${value.i32}`;
  if ('i64' in value) return `i64 ${value.i64}`;
  if ('low' in value) return 'a vector';
  if ('handle' in value) return 'a reference';
  return value.type === F32 ? `f32 ${formatF32(value.bits as number)}` : `f64 ${formatF64(value.bits as bigint)}`;
}

/** A handler, and the frame record that it belongs to. */
export interface Catch {
  readonly rp: number;
  readonly clause: Clause;
}

/**
 * Who catches what is thrown at `from`, the record of a frame of the innermost activation, or in a call that it has
 * made. Nothing is changed: an exception that nothing catches leaves all frames where they are.
 */
export function findHandler(state: ExecutionState, code: CodeHeap, handle: number, from: number): Catch | undefined {
  const { records } = state;
  const tag = state.store.heap.second(handle);
  for (let rp = from; ; rp -= RECORD) {
    const kind = records[rp + KIND];
    if (kind === FRAME.bridge) continue;
    if (kind !== FRAME.wasm) return undefined;
    const innermost = rp === state.rp;
    const pc = innermost ? state.pc : records[rp + PC]!;
    const segment = code.segmentAt(pc)!;
    if (!segment.catches) continue;
    const map = code.map(segment);
    const place = innermost ? map.failing(pc)! : map.calling(pc)!;
    const clause = map.handlers.find(place.offset, tag);
    if (clause !== undefined) return { rp, clause };
  }
}

/** Puts what was thrown where the handler expects it, in the frame at `fp`. Only who names the tag gets the values. */
export function deliver({ store, cells }: ExecutionState, handle: number, fp: number, { tag, position, reference }: Clause): void {
  const { heap } = store;
  const words = cells.i32;
  let base = fp + position;
  if (reference === 'first') {
    words[base] = handle;
    base += wordsOf(EXNREF);
  }
  let end = base;
  if (tag !== ANY_TAG) {
    eachValue(heap, handle, (at, type, word) => {
      loadField(heap, at, type, false, words, base + word);
      end = base + word + wordsOf(type);
    });
  }
  if (reference === 'last') words[end] = handle;
}
