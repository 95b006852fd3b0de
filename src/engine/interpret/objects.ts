import type { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';
import {
  type ArrayType,
  BOT,
  HEAP,
  heapOf,
  I16,
  I32,
  I8,
  isAbstract,
  isExact,
  isNullable,
  ref,
  type StorageType,
  type StructType,
  V128,
  type ValType,
} from '../../wasm/types.js';
import type { Cells } from '../cells.js';
import { Crash } from '../errors.js';
import { type Heap, log2Size, type Roots } from '../heap.js';
import type { Instance, Store } from '../store.js';
import { funcAddress, isHostHandle, NULL_HANDLE } from '../value.js';
import { wordsOf } from './position-map.js';
import { TRAPS } from './traps.js';

/** What an instruction on references works on. */
export interface ObjectContext {
  readonly store: Store;
  readonly instance: Instance;
  readonly cells: Cells;
  /** Where references are outside the heap; undefined where nobody knows, so that nothing may be collected. */
  readonly roots: Roots | undefined;
}

/** An instruction on references as `objects` wants it. */
export interface ObjectOperation {
  /** How many operands it takes. */
  readonly operands: number;
  /** BOT where there is none. */
  readonly result: ValType;
  readonly x: number;
  readonly y: number;
}

function onStack(storage: StorageType): ValType {
  return storage === I8 || storage === I16 ? I32 : storage;
}

/**
 * The instruction that `reader` has just read, over the store's types; undefined where it is not one that `objects`
 * executes. The casting branches are: that part of them which says whether to branch.
 *
 * @param top Type of the topmost operand.
 */
export function objectOperation(store: Store, instance: Instance, reader: InstructionReader, top: ValType): ObjectOperation | undefined {
  const { op, x, y } = reader;
  const { types, heap } = store;
  const id = (index: number): number => instance.typeIds[index]!;
  const operation = (operands: number, result: ValType, first = 0, second = 0): ObjectOperation => ({ operands, result, x: first, y: second });
  const fields = (): StructType['fields'] => (types.comp(id(x)) as StructType).fields;
  const element = (): StorageType => (types.comp(id(x)) as ArrayType).field.storage;
  const made = (operands: number, second = 0): ObjectOperation => operation(operands, ref(id(x), false), id(x), second);
  switch (op) {
    case OP.struct_new:
      return made(fields().length);
    case OP.struct_new_default:
      return made(0);
    case OP.struct_new_desc:
      return made(fields().length + 1);
    case OP.struct_new_default_desc:
      return made(1);
    case OP.struct_get:
    case OP.struct_get_s:
    case OP.struct_get_u: {
      const { storage } = fields()[y]!;
      return operation(1, onStack(storage), heap.layout(id(x)).offsets[y]!, storage);
    }
    case OP.struct_set:
      return operation(2, BOT, heap.layout(id(x)).offsets[y]!, fields()[y]!.storage);
    case OP.array_new:
      return made(2);
    case OP.array_new_default:
      return made(1);
    case OP.array_new_fixed:
      return made(y, y);
    case OP.array_new_data:
    case OP.array_new_elem:
      return made(2, y);
    case OP.array_get:
    case OP.array_get_s:
    case OP.array_get_u:
      return operation(2, onStack(element()), element());
    case OP.array_set:
      return operation(3, BOT, element());
    case OP.array_len:
      return operation(1, I32);
    case OP.array_fill:
      return operation(4, BOT, element());
    case OP.array_copy:
      return operation(5, BOT, element());
    case OP.array_init_data:
    case OP.array_init_elem:
      return operation(4, BOT, element(), y);
    case OP.ref_as_non_null:
      return operation(1, ref(heapOf(top), false, isExact(top)));
    case OP.ref_test:
    case OP.ref_test_null:
      return operation(1, I32, types.canon(reader.type, instance.typeIds));
    case OP.ref_cast:
    case OP.ref_cast_null: {
      const target = types.canon(reader.type, instance.typeIds);
      return operation(1, target, target);
    }
    case OP.br_on_cast:
    case OP.br_on_cast_fail:
      return operation(1, BOT, types.canon(reader.target, instance.typeIds));
    case OP.ref_i31:
      return operation(1, ref(HEAP.i31, false));
    case OP.i31_get_s:
    case OP.i31_get_u:
      return operation(1, I32);
    case OP.ref_get_desc:
      return operation(1, ref(types.sub(id(x)).descriptor!, false));
    case OP.ref_cast_desc_eq:
    case OP.ref_cast_desc_eq_null: {
      const target = types.canon(reader.type, instance.typeIds);
      return operation(2, target, target);
    }
    case OP.br_on_cast_desc_eq:
    case OP.br_on_cast_desc_eq_fail:
      return operation(2, BOT, types.canon(reader.target, instance.typeIds));
    default:
      return undefined;
  }
}

/**
 * Executes an instruction on references. Operands stand in consecutive cells from word `base` on, the result replaces
 * the first, but whether a branch is taken stands in the cell after the first. `x` and `y` are what `objectOperation`
 * says. Answers 0, or a number in `TRAPS`; the operands are unharmed then.
 */
export function objects(context: ObjectContext, op: number, base: number, x: number, y: number): number {
  const words = context.cells.i32;
  const { heap } = context.store;
  switch (op) {
    case OP.struct_new:
    case OP.struct_new_default:
    case OP.struct_new_desc:
    case OP.struct_new_default_desc:
      return newStruct(context, op, base, x);
    case OP.struct_get:
    case OP.struct_get_u:
      if (words[base] === NULL_HANDLE) return TRAPS.nullStructure;
      loadField(heap, heap.content(words[base]!) + x, y, false, words, base);
      return 0;
    case OP.struct_get_s:
      if (words[base] === NULL_HANDLE) return TRAPS.nullStructure;
      loadField(heap, heap.content(words[base]!) + x, y, true, words, base);
      return 0;
    case OP.struct_set:
      if (words[base] === NULL_HANDLE) return TRAPS.nullStructure;
      saveField(heap, heap.content(words[base]!) + x, y, words, base + 2);
      return 0;
    case OP.array_get:
    case OP.array_get_u:
    case OP.array_get_s:
      return getElement(heap, words, base, x, op === OP.array_get_s);
    case OP.array_set:
      return setElement(heap, words, base, x);
    case OP.array_len:
      if (words[base] === NULL_HANDLE) return TRAPS.nullArray;
      words[base] = heap.second(words[base]!);
      return 0;
    case OP.array_new:
    case OP.array_new_default:
    case OP.array_new_fixed:
      return newArray(context, op, base, x, y);
    case OP.array_new_data:
    case OP.array_new_elem:
      return newFromSegment(context, op, base, x, y);
    case OP.array_fill:
      return fill(heap, words, base, x);
    case OP.array_copy:
      return copy(heap, words, base, x);
    case OP.array_init_data:
    case OP.array_init_elem:
      return initialise(context, op, base, x, y);
    default:
      return onReference(context, op, base, x);
  }
}

// Fields and elements

/** Reads what stands at byte `at` of the heap into the cell at word `d`. */
export function loadField(heap: Heap, at: number, storage: StorageType, signed: boolean, words: Int32Array, d: number): void {
  switch (log2Size(storage)) {
    case 0:
      words[d] = signed ? (heap.bytes[at]! << 24) >> 24 : heap.bytes[at]!;
      return;
    case 1:
      words[d] = signed ? (heap.halves[at >> 1]! << 16) >> 16 : heap.halves[at >> 1]!;
      return;
    default: {
      const count = storage === V128 ? 4 : 1 << (log2Size(storage) - 2);
      const from = at >> 2;
      for (let i = 0; i < count; i++) words[d + i] = heap.words[from + i]!;
    }
  }
}

/** Writes the value at word `v` to byte `at` of the heap. */
export function saveField(heap: Heap, at: number, storage: StorageType, words: Int32Array, v: number): void {
  switch (log2Size(storage)) {
    case 0:
      heap.bytes[at] = words[v]!;
      return;
    case 1:
      heap.halves[at >> 1] = words[v]!;
      return;
    default: {
      const count = 1 << (log2Size(storage) - 2);
      const to = at >> 2;
      for (let i = 0; i < count; i++) heap.words[to + i] = words[v + i]!;
    }
  }
}

function getElement(heap: Heap, words: Int32Array, base: number, storage: StorageType, signed: boolean): number {
  const array = words[base]!;
  if (array === NULL_HANDLE) return TRAPS.nullArray;
  const index = words[base + 2]! >>> 0;
  if (index >= heap.second(array)) return TRAPS.array;
  loadField(heap, heap.content(array) + index * 2 ** log2Size(storage), storage, signed, words, base);
  return 0;
}

function setElement(heap: Heap, words: Int32Array, base: number, storage: StorageType): number {
  const array = words[base]!;
  if (array === NULL_HANDLE) return TRAPS.nullArray;
  const index = words[base + 2]! >>> 0;
  if (index >= heap.second(array)) return TRAPS.array;
  saveField(heap, heap.content(array) + index * 2 ** log2Size(storage), storage, words, base + 4);
  return 0;
}

// Allocation. Operands are read after the room has been made: only then their handles may be copied.

function newStruct({ store, cells, roots }: ObjectContext, op: number, base: number, type: number): number {
  const { heap } = store;
  const words = cells.i32;
  const { fields, offsets } = heap.layout(type);
  const initialised = op === OP.struct_new || op === OP.struct_new_desc;
  let end = base;
  if (initialised) for (const storage of fields) end += wordsOf(onStack(storage));
  const described = op === OP.struct_new_desc || op === OP.struct_new_default_desc;
  const descriptor = described ? words[end]! : 0;
  if (described && descriptor === NULL_HANDLE) return TRAPS.nullDescriptor;
  const size = heap.size(type, 0);
  if (!heap.reserve(size, roots)) return TRAPS.outOfMemory;
  const handle = heap.allocate(type, descriptor, size);
  if (initialised) {
    const content = heap.content(handle);
    let from = base;
    for (let i = 0; i < fields.length; i++) {
      saveField(heap, content + offsets[i]!, fields[i]!, words, from);
      from += wordsOf(onStack(fields[i]!));
    }
  }
  words[base] = handle;
  return 0;
}

/** The handle, or −1 where the heap has no room. */
function allocateArray({ store, roots }: ObjectContext, type: number, length: number): number {
  const { heap } = store;
  const size = heap.size(type, length);
  return heap.reserve(size, roots) ? heap.allocate(type, length, size) : -1;
}

function newArray(context: ObjectContext, op: number, base: number, type: number, count: number): number {
  const words = context.cells.i32;
  const { heap } = context.store;
  const storage = heap.layout(type).fields[0]!;
  const stride = wordsOf(onStack(storage));
  const fixed = op === OP.array_new_fixed;
  const length = fixed ? count : words[op === OP.array_new ? base + stride : base]! >>> 0;
  const handle = allocateArray(context, type, length);
  if (handle < 0) return TRAPS.outOfMemory;
  const content = heap.content(handle);
  if (fixed) {
    const shift = log2Size(storage);
    for (let i = 0; i < length; i++) saveField(heap, content + (i << shift), storage, words, base + i * stride);
  } else if (op === OP.array_new) spread(heap, content, length, storage, words, base);
  words[base] = handle;
  return 0;
}

function newFromSegment(context: ObjectContext, op: number, base: number, type: number, segment: number): number {
  const words = context.cells.i32;
  const { heap } = context.store;
  const from = words[base]! >>> 0;
  const length = words[base + 2]! >>> 0;
  const bytes = length * 2 ** heap.layout(type).shift;
  if (op === OP.array_new_data) {
    const data = dataOf(context.instance, segment);
    if (from + bytes > data.length) return TRAPS.memory;
    const handle = allocateArray(context, type, length);
    if (handle < 0) return TRAPS.outOfMemory;
    heap.bytes.set(data.subarray(from, from + bytes), heap.content(handle));
    words[base] = handle;
    return 0;
  }
  const elements = context.instance.elems[segment]!;
  if (from + length > elements.length) return TRAPS.table;
  const handle = allocateArray(context, type, length);
  if (handle < 0) return TRAPS.outOfMemory;
  heap.words.set(elements.subarray(from, from + length), heap.content(handle) >> 2);
  words[base] = handle;
  return 0;
}

// Whole arrays

function dataOf({ module, droppedDatas }: Instance, segment: number): Uint8Array {
  const { start, end } = module.datas.get(segment);
  return module.bytes.subarray(start, droppedDatas[segment] === 1 ? start : end);
}

/** Writes one value `count` times. */
function spread(heap: Heap, at: number, count: number, storage: StorageType, words: Int32Array, v: number): void {
  switch (log2Size(storage)) {
    case 0:
      heap.bytes.fill(words[v]!, at, at + count);
      return;
    case 1:
      heap.halves.fill(words[v]!, at >> 1, (at >> 1) + count);
      return;
    case 2:
      heap.words.fill(words[v]!, at >> 2, (at >> 2) + count);
      return;
    default: {
      const size = 1 << log2Size(storage);
      for (let i = 0; i < count; i++) saveField(heap, at + i * size, storage, words, v);
    }
  }
}

function fill(heap: Heap, words: Int32Array, base: number, storage: StorageType): number {
  const array = words[base]!;
  if (array === NULL_HANDLE) return TRAPS.nullArray;
  const at = words[base + 2]! >>> 0;
  const count = words[base + 4 + wordsOf(onStack(storage))]! >>> 0;
  if (at + count > heap.second(array)) return TRAPS.array;
  spread(heap, heap.content(array) + at * 2 ** log2Size(storage), count, storage, words, base + 4);
  return 0;
}

function copy(heap: Heap, words: Int32Array, base: number, storage: StorageType): number {
  const target = words[base]!;
  const source = words[base + 4]!;
  if (target === NULL_HANDLE || source === NULL_HANDLE) return TRAPS.nullArray;
  const to = words[base + 2]! >>> 0;
  const from = words[base + 6]! >>> 0;
  const count = words[base + 8]! >>> 0;
  if (to + count > heap.second(target) || from + count > heap.second(source)) return TRAPS.array;
  const size = 2 ** log2Size(storage);
  const start = heap.content(source) + from * size;
  heap.bytes.copyWithin(heap.content(target) + to * size, start, start + count * size);
  return 0;
}

function initialise({ store, instance, cells }: ObjectContext, op: number, base: number, storage: StorageType, segment: number): number {
  const { heap } = store;
  const words = cells.i32;
  const array = words[base]!;
  if (array === NULL_HANDLE) return TRAPS.nullArray;
  const to = words[base + 2]! >>> 0;
  const from = words[base + 4]! >>> 0;
  const count = words[base + 6]! >>> 0;
  if (to + count > heap.second(array)) return TRAPS.array;
  const size = 2 ** log2Size(storage);
  const at = heap.content(array) + to * size;
  if (op === OP.array_init_data) {
    const data = dataOf(instance, segment);
    if (from + count * size > data.length) return TRAPS.memory;
    heap.bytes.set(data.subarray(from, from + count * size), at);
  } else {
    const elements = instance.elems[segment]!;
    if (from + count > elements.length) return TRAPS.table;
    heap.words.set(elements.subarray(from, from + count), at >> 2);
  }
  return 0;
}

// References

function onReference({ store, cells }: ObjectContext, op: number, base: number, x: number): number {
  const words = cells.i32;
  const handle = words[base]!;
  switch (op) {
    case OP.ref_as_non_null:
      return handle === NULL_HANDLE ? TRAPS.nullReference : 0;
    case OP.ref_test:
    case OP.ref_test_null:
      words[base] = isOfType(store, handle, x) ? 1 : 0;
      return 0;
    case OP.ref_cast:
    case OP.ref_cast_null:
      return isOfType(store, handle, x) ? 0 : TRAPS.cast;
    case OP.br_on_cast:
    case OP.br_on_cast_fail:
      words[base + 2] = isOfType(store, handle, x) ? 1 : 0;
      return 0;
    case OP.ref_i31:
      words[base] = (handle << 1) | 1;
      return 0;
    case OP.i31_get_s:
    case OP.i31_get_u:
      if (handle === NULL_HANDLE) return TRAPS.nullI31;
      words[base] = op === OP.i31_get_s ? handle >> 1 : handle >>> 1;
      return 0;
    case OP.ref_get_desc:
      if (handle === NULL_HANDLE) return TRAPS.nullReference;
      words[base] = store.heap.second(handle);
      return 0;
    case OP.ref_cast_desc_eq:
    case OP.ref_cast_desc_eq_null:
      if (words[base + 2] === NULL_HANDLE) return TRAPS.nullDescriptor;
      return isDescribed(store, handle, words[base + 2]!, x) ? 0 : TRAPS.descriptorCast;
    case OP.br_on_cast_desc_eq:
    case OP.br_on_cast_desc_eq_fail:
      if (words[base + 2] === NULL_HANDLE) return TRAPS.nullDescriptor;
      words[base + 2] = isDescribed(store, handle, words[base + 2]!, x) ? 1 : 0;
      return 0;
    default:
      throw new Crash('not an instruction on references');
  }
}

/** Is what a handle refers to of a reference type (over the store's types)? The hierarchy is given by validation. */
export function isOfType(store: Store, handle: number, type: ValType): boolean {
  if (handle === NULL_HANDLE) return isNullable(type);
  const heapType = heapOf(type);
  const { heap, types } = store;
  if (!isAbstract(heapType)) {
    const isFunction = types.comp(heapType).kind === 'func';
    if (!isFunction && !heap.isObject(handle)) return false;
    const id = isFunction ? store.funcs[funcAddress(handle)]!.typeId : heap.typeOf(handle);
    return isExact(type) ? id === heapType : types.isSubtype(id, heapType);
  }
  switch (heapType) {
    case HEAP.eq:
      return !isHostHandle(handle);
    case HEAP.i31:
      return (handle & 1) === 1;
    case HEAP.struct:
    case HEAP.array:
      return heap.isObject(handle) && HEAP[heap.layout(heap.typeOf(handle)).kind as 'struct' | 'array'] === heapType;
    case HEAP.none:
    case HEAP.nofunc:
    case HEAP.noextern:
    case HEAP.noexn:
      return false;
    default:
      return true;
  }
}

/** Is it a structure made with this very descriptor, or null where the type allows that? */
function isDescribed(store: Store, handle: number, descriptor: number, type: ValType): boolean {
  const { heap } = store;
  if (handle === NULL_HANDLE) return isNullable(type);
  return heap.isObject(handle) && heap.layout(heap.typeOf(handle)).kind === 'struct' && heap.second(handle) === descriptor;
}
