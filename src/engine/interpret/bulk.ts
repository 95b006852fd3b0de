import { OP } from '../../wasm/opcodes.js';
import { Crash } from '../errors.js';
import type { MemoryInstance } from '../memory.js';
import type { TableInstance } from '../table.js';
import { throwing } from './exceptions.js';
import { objects } from './objects.js';
import type { ExecutionState } from './state.js';
import { TRAPS } from './traps.js';

/**
 * The instructions on whole memories, tables, segments and on references. Operands stand in consecutive cells from word `base` on,
 * the result replaces the first. `x` and `y` are the immediates, as store addresses for memories and tables and as
 * positions in the instance for segments. Answers 0, or a trap's number.
 */
export function bulk(state: ExecutionState, op: number, base: number, x: number, y: number): number {
  if (op <= OP.throw_ref) return throwing(state, op, base, x);
  if (op >> 16 === OBJECT_PREFIX || op === OP.ref_as_non_null) return objects(state, op, base, x, y);
  switch (op) {
    case OP.memory_size:
    case OP.memory_grow:
    case OP.memory_fill:
    case OP.memory_copy:
    case OP.memory_init:
      return onMemory(state, op, base, x, y);
    case OP.data_drop:
      state.instance.droppedDatas[x] = 1;
      return 0;
    case OP.elem_drop:
      state.instance.elems[x] = new Int32Array(0);
      return 0;
    default:
      return onTable(state, op, base, x, y);
  }
}

const OBJECT_PREFIX = 0xfb;

/** An unsigned operand; what is beyond 2^53 loses precision only where it is out of bounds anyway. */
function operand(words: Int32Array, at: number, wide: boolean): number {
  const low = words[at]! >>> 0;
  return wide ? (words[at + 1]! >>> 0) * 2 ** 32 + low : low;
}

function answer(words: Int32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = value < 0 ? -1 : Math.floor(value / 2 ** 32);
}

function onMemory(state: ExecutionState, op: number, base: number, x: number, y: number): number {
  const words = state.cells.i32;
  switch (op) {
    case OP.memory_size:
      answer(words, base, state.memories[x]!.pages);
      return 0;
    case OP.memory_grow:
      answer(words, base, state.store.growMemory(x, operand(words, base, state.memories[x]!.is64)));
      return 0;
    case OP.memory_fill: {
      const memory = state.memories[x]!;
      const at = operand(words, base, memory.is64);
      const length = operand(words, base + 4, memory.is64);
      return memory.fill(at, words[base + 2]! & 0xff, length) ? 0 : TRAPS.memory;
    }
    case OP.memory_copy:
      return copyMemory(words, base, state.memories[x]!, state.memories[y]!);
    default:
      return initMemory(state, base, x, state.memories[y]!);
  }
}

function copyMemory(words: Int32Array, base: number, target: MemoryInstance, source: MemoryInstance): number {
  const to = operand(words, base, target.is64);
  const from = operand(words, base + 2, source.is64);
  const length = operand(words, base + 4, target.is64 && source.is64);
  if (target === source) return target.copy(to, from, length) ? 0 : TRAPS.memory;
  if (to + length > target.byteLength || from + length > source.byteLength) return TRAPS.memory;
  target.u8.set(source.u8.subarray(from, from + length), to);
  return 0;
}

function initMemory(state: ExecutionState, base: number, segment: number, memory: MemoryInstance): number {
  const words = state.cells.i32;
  const { module, droppedDatas } = state.instance;
  const { start, end } = module.datas.get(segment);
  const size = droppedDatas[segment] === 1 ? 0 : end - start;
  const to = operand(words, base, memory.is64);
  const from = words[base + 2]! >>> 0;
  const length = words[base + 4]! >>> 0;
  if (from + length > size || to + length > memory.byteLength) return TRAPS.memory;
  memory.u8.set(module.bytes.subarray(start + from, start + from + length), to);
  return 0;
}

function onTable(state: ExecutionState, op: number, base: number, x: number, y: number): number {
  const words = state.cells.i32;
  switch (op) {
    case OP.table_get: {
      const table = state.tables[x]!;
      const handle = table.elements[operand(words, base, table.is64)];
      if (handle === undefined) return TRAPS.table;
      words[base] = handle;
      return 0;
    }
    case OP.table_set: {
      const table = state.tables[x]!;
      const at = operand(words, base, table.is64);
      if (at >= table.elements.length) return TRAPS.table;
      table.elements[at] = words[base + 2]!;
      return 0;
    }
    case OP.table_size:
      answer(words, base, state.tables[x]!.elements.length);
      return 0;
    case OP.table_grow: {
      const table = state.tables[x]!;
      answer(words, base, table.grow(operand(words, base + 2, table.is64), words[base]!));
      return 0;
    }
    case OP.table_fill: {
      const table = state.tables[x]!;
      const at = operand(words, base, table.is64);
      const length = operand(words, base + 4, table.is64);
      if (at + length > table.elements.length) return TRAPS.table;
      table.elements.fill(words[base + 2]!, at, at + length);
      return 0;
    }
    case OP.table_copy:
      return copyTable(words, base, state.tables[x]!, state.tables[y]!);
    case OP.table_init:
      return initTable(words, base, state.instance.elems[x]!, state.tables[y]!);
    default:
      throw new Crash('not an instruction on memories, tables or segments');
  }
}

function copyTable(words: Int32Array, base: number, target: TableInstance, source: TableInstance): number {
  const to = operand(words, base, target.is64);
  const from = operand(words, base + 2, source.is64);
  const length = operand(words, base + 4, target.is64 && source.is64);
  if (to + length > target.elements.length || from + length > source.elements.length) return TRAPS.table;
  if (target === source) target.elements.copyWithin(to, from, from + length);
  else target.elements.set(source.elements.subarray(from, from + length), to);
  return 0;
}

function initTable(words: Int32Array, base: number, segment: Int32Array, table: TableInstance): number {
  const to = operand(words, base, table.is64);
  const from = words[base + 2]! >>> 0;
  const length = words[base + 4]! >>> 0;
  if (from + length > segment.length || to + length > table.elements.length) return TRAPS.table;
  table.elements.set(segment.subarray(from, from + length), to);
  return 0;
}
