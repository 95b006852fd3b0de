import { DATA } from '../wasm/data-segments.js';
import type { CodeRange, ElemSegment, Module } from '../wasm/module.js';
import type { FuncType, TableType } from '../wasm/types.js';
import { evaluate } from './const-expr.js';
import { Crash, LinkError, TRAP, Trap } from './errors.js';
import { type Resolve, resolveImports } from './link.js';
import type { Extern, Instance, Store } from './store.js';
import { funcHandle, NULL_HANDLE, type Value } from './value.js';

export interface Instantiated {
  readonly instance: Instance;
  /** Store address of the start function, which the caller has to run before anything else. */
  readonly start: number | undefined;
}

/**
 * Instantiates a validated module (spec §4.7.3) up to, but without, its start function, which is a call like any
 * other and so belongs to whoever drives the machine. Throws `LinkError`, and `Trap` where an active segment does not
 * fit: what was written before stays written, as the specification has it.
 */
export function instantiate(store: Store, module: Module, resolve: Resolve): Instantiated {
  const typeIds = store.types.add(module.types);
  const imports = resolveImports(store, module, typeIds, resolve);
  const space = (kind: Extern['kind'], defined: number): Int32Array => {
    const imported = imports.filter((extern) => extern.kind === kind).map((extern) => extern.address);
    const addresses = new Int32Array(imported.length + defined);
    addresses.set(imported);
    return addresses;
  };
  const { imported } = module;
  const exports = new Map<string, Extern>();
  const instance: Instance = {
    id: store.instances.length,
    module,
    typeIds,
    funcs: space('func', module.funcs.length),
    tables: space('table', module.tables.length),
    memories: space('memory', module.memories.length),
    globals: space('global', module.globals.length),
    tags: space('tag', module.tags.length),
    elems: [],
    droppedDatas: new Uint8Array(module.datas.length),
    exports,
  };
  store.instances.push(instance);

  module.funcs.forEach((func, i) => {
    const typeId = typeIds[func.type]!;
    const index = imported.funcs + i;
    instance.funcs[index] = store.funcs.push({ kind: 'wasm', typeId, type: store.types.comp(typeId) as FuncType, instance, index }) - 1;
  });
  module.tags.forEach((tag, i) => {
    instance.tags[imported.tags + i] = store.addTag(typeIds[tag.type]!);
  });
  module.memories.forEach((type, i) => {
    instance.memories[imported.memories + i] = allocate(() => store.addMemory(type));
  });
  module.globals.forEach((global, i) => {
    const type = { value: store.types.canon(global.type.value, typeIds), mutable: global.type.mutable };
    instance.globals[imported.globals + i] = store.addGlobal(type, evaluate(store, instance, global.init));
  });
  module.tables.forEach(({ type, init }, i) => {
    const canonical: TableType = { ...type, element: store.types.canon(type.element, typeIds) };
    const fill = init === undefined ? NULL_HANDLE : handleOf(evaluate(store, instance, init));
    instance.tables[imported.tables + i] = allocate(() => store.addTable(canonical, fill));
  });
  for (const entry of module.exports) exports.set(entry.name, { kind: entry.kind, address: addressOf(instance, entry.kind, entry.index) });
  for (const segment of module.elems) instance.elems.push(elements(store, instance, segment));

  module.elems.forEach((segment, i) => placeElements(store, instance, segment, i));
  placeData(store, instance);
  return { instance, start: module.start === undefined ? undefined : instance.funcs[module.start] };
}

export function addressOf(instance: Instance, kind: Extern['kind'], index: number): number {
  switch (kind) {
    case 'func':
      return instance.funcs[index]!;
    case 'table':
      return instance.tables[index]!;
    case 'memory':
      return instance.memories[index]!;
    case 'global':
      return instance.globals[index]!;
    case 'tag':
      return instance.tags[index]!;
  }
}

function allocate(make: () => number): number {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new LinkError(error.message);
    throw error;
  }
}

function handleOf(value: Value): number {
  if (!('handle' in value)) throw new Crash('a reference was expected');
  return value.handle;
}

function elements(store: Store, instance: Instance, { items }: ElemSegment): Int32Array {
  if (items.kind === 'funcs') return items.indices.map((index) => funcHandle(instance.funcs[index]!));
  return Int32Array.from(items.exprs, (expr) => handleOf(evaluate(store, instance, expr)));
}

/** An active segment is copied and dropped; a declarative one only dropped (spec §4.7.3, steps 24 and 25). */
function placeElements(store: Store, instance: Instance, { mode }: ElemSegment, index: number): void {
  if (mode.kind === 'passive') return;
  if (mode.kind === 'active') {
    const at = offsetValue(store, instance, mode.at);
    const table = store.tables[instance.tables[mode.target]!]!;
    const handles = instance.elems[index]!;
    if (at + handles.length > table.elements.length) throw new Trap(TRAP.table);
    table.elements.set(handles, at);
  }
  instance.elems[index] = new Int32Array(0);
}

/** Content of fewer bytes is copied one by one: to make a view of it takes longer. */
const SHORT = 64;

function placeData(store: Store, instance: Instance): void {
  const { module, droppedDatas } = instance;
  const { bytes, datas } = module;
  const { length, rows } = datas;
  for (let i = 0; i < length; i++) {
    const row = i * DATA.words;
    const offset = rows[row + DATA.offset]!;
    if (offset === 0) continue;
    let at = rows[row + DATA.address]!;
    if (at < 0) at = offsetValue(store, instance, { offset, end: rows[row + DATA.offsetEnd]! });
    const start = rows[row + DATA.start]!;
    const size = rows[row + DATA.end]! - start;
    const { u8 } = store.memories[instance.memories[rows[row + DATA.memory]!]!]!;
    if (at + size > u8.length) throw new Trap(TRAP.memory);
    if (size < SHORT) for (let j = 0; j < size; j++) u8[at + j] = bytes[start + j]!;
    else u8.set(bytes.subarray(start, start + size), at);
    droppedDatas[i] = 1;
  }
}

/** An offset as an unsigned number; what is beyond 2^53 loses precision only where it is out of bounds anyway. */
function offsetValue(store: Store, instance: Instance, range: CodeRange): number {
  const value = evaluate(store, instance, range);
  if ('i32' in value) return value.i32 >>> 0;
  if ('i64' in value) return Number(BigInt.asUintN(64, value.i64));
  throw new Crash('an offset was expected');
}
