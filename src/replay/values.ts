import { Cells } from '../engine/cells.js';
import { isOfType } from '../engine/interpret/objects.js';
import type { Store } from '../engine/store.js';
import { funcAddress, loadValue, NULL_HANDLE, storeValue, type Value } from '../engine/value.js';
import { cellsOf, F64, I64, isRef, V128, type ValType } from '../wasm/types.js';
import type { StreamReader } from './stream-reader.js';
import type { StreamWriter } from './stream-writer.js';

const scratch = new Cells(64);

/** Cells that values of these types take. */
export function cellCount(types: readonly ValType[]): number {
  let count = 0;
  for (const type of types) count += cellsOf(type);
  return count;
}

/** Clears the halves of cells that mean nothing, so that what is written down is the same whoever left them. */
export function clearUnused(cells: Cells, first: number, types: readonly ValType[]): void {
  let at = first;
  for (const type of types) {
    if (type !== I64 && type !== F64 && type !== V128) cells.i32[at * 2 + 1] = 0;
    at += cellsOf(type);
  }
}

export function writeValues(to: StreamWriter, values: readonly Value[]): void {
  const count = cellCount(values.map(({ type }) => type));
  scratch.reserve(count);
  let at = 0;
  for (const value of values) {
    storeValue(scratch, at, value);
    at += cellsOf(value.type);
  }
  to.cells(scratch, 0, count);
}

/** Reads cells of values of these types (over the store's canonical ids) to `at`. Throws where the recording has others. */
export function readCells(from: StreamReader, to: Cells, at: number, types: readonly ValType[], store: Store): void {
  const count = cellCount(types);
  if (from.cells(to, at, count) !== count) throw from.damaged('there are too few values');
  for (const type of types) {
    if (isRef(type) && !refersTo(store, type, to.i32[at * 2]!)) throw from.damaged('a reference is to nothing, or of another type');
    at += cellsOf(type);
  }
}

/** Is it a handle of something that there is, and of that type? */
export function refersTo(store: Store, type: ValType, handle: number): boolean {
  const { heap, funcs } = store;
  if (handle !== NULL_HANDLE) {
    const known = heap.traces(type) ? !heap.isObject(handle) || (heap.table[handle >> 2] ?? 0) !== 0 : (handle & 3) === 0 && funcs[funcAddress(handle)] !== undefined;
    if (!known) return false;
  }
  return isOfType(store, handle, type);
}

export function readValues(from: StreamReader, types: readonly ValType[], store: Store): Value[] {
  scratch.reserve(cellCount(types));
  readCells(from, scratch, 0, types, store);
  let at = 0;
  return types.map((type) => {
    const value = loadValue(scratch, at, type);
    at += cellsOf(type);
    return value;
  });
}
