import { Cells } from '../engine/cells.js';
import type { Store } from '../engine/store.js';
import { loadValue, storeValue, type Value } from '../engine/value.js';
import { cellsOf, type ValType } from '../wasm/types.js';
import type { StreamReader } from './stream-reader.js';
import type { StreamWriter } from './stream-writer.js';

const scratch = new Cells(64);

/** Cells that values of these types take. */
export function cellCount(types: readonly ValType[]): number {
  let count = 0;
  for (const type of types) count += cellsOf(type);
  return count;
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

/** Reads values of these types; undefined where the recording has another number of cells. */
export function readValues(from: StreamReader, types: readonly ValType[]): Value[] | undefined {
  const count = cellCount(types);
  scratch.reserve(count);
  if (from.cells(scratch, 0, count) !== count) return undefined;
  let at = 0;
  return types.map((type) => {
    const value = loadValue(scratch, at, type);
    at += cellsOf(type);
    return value;
  });
}

/** The value of a global, which takes one cell or two. */
export function globalCells(store: Store, global: number): { readonly at: number; readonly count: number } {
  const { cell, type } = store.globals[global]!;
  return { at: cell, count: cellsOf(type.value) };
}
