import type { Module } from '../wasm/module.js';
import { TypeRegistry } from '../wasm/type-registry.js';
import { cellsOf, type FuncType, type GlobalType, type MemoryType, type TableType } from '../wasm/types.js';
import { Cells } from './cells.js';
import { Heap, type HeapOptions } from './heap.js';
import type { HostFunction } from './host-function.js';
import { MemoryInstance } from './memory.js';
import { TableInstance } from './table.js';
import { type Value, storeValue } from './value.js';

/** A function of a module, instantiated. */
export interface WasmFunction {
  readonly kind: 'wasm';
  /** Canonical id of its type in `Store.types`. */
  readonly typeId: number;
  /** Over canonical ids. */
  readonly type: FuncType;
  readonly instance: Instance;
  /** Position in the module's function index space. */
  readonly index: number;
}

export interface HostFunctionInstance {
  readonly kind: 'host';
  readonly typeId: number;
  readonly type: FuncType;
  readonly host: HostFunction;
}

export type FunctionInstance = WasmFunction | HostFunctionInstance;

export interface GlobalInstance {
  /** Over canonical ids. */
  readonly type: GlobalType;
  /** Position in `Store.globalCells`. */
  readonly cell: number;
}

export interface TagInstance {
  readonly typeId: number;
}

/** Something that can be exported and imported: a kind and an address in the store. */
export interface Extern {
  readonly kind: 'func' | 'table' | 'memory' | 'global' | 'tag';
  readonly address: number;
}

/** A module instance (spec §4.2.5): its index spaces as store addresses. */
export interface Instance {
  /** Position in `Store.instances`. */
  readonly id: number;
  readonly module: Module;
  /** Canonical type id by type index. */
  readonly typeIds: Int32Array;
  readonly funcs: Int32Array;
  readonly tables: Int32Array;
  readonly memories: Int32Array;
  readonly globals: Int32Array;
  readonly tags: Int32Array;
  /** Element segments as handles; a dropped one is empty. */
  readonly elems: Int32Array[];
  /** 1 where a data segment has been dropped; its content is a range of the module's bytes. */
  readonly droppedDatas: Uint8Array;
  readonly exports: ReadonlyMap<string, Extern>;
}

export interface StoreOptions extends HeapOptions {
  /** What one memory may take at most, in bytes (default 4 GiB). */
  readonly maxMemoryBytes?: number | undefined;
}

/**
 * Everything that instances share (spec §4.2.3). An address is an index into one of these arrays; nothing is ever
 * removed, so an address stays valid. Together with the machine's frames this is the whole state of a program.
 */
export class Store {
  readonly types: TypeRegistry = new TypeRegistry();
  readonly funcs: FunctionInstance[] = [];
  readonly tables: TableInstance[] = [];
  readonly memories: MemoryInstance[] = [];
  readonly globals: GlobalInstance[] = [];
  readonly globalCells: Cells = new Cells(64);
  readonly tags: TagInstance[] = [];
  readonly instances: Instance[] = [];
  /** Structs, arrays and exceptions. */
  readonly heap: Heap;
  readonly hostValues: HostValues = new HostValues();
  readonly options: StoreOptions;
  /** Hears every growth that succeeded, by instruction or by the host. */
  onMemoryGrow: ((memory: number, oldPages: number, newPages: number) => void) | undefined = undefined;
  /** Lets so many nanoseconds pass, when a wait with that timeout finds nobody who could end it earlier. */
  onWait: ((timeout: bigint) => void) | undefined = undefined;
  /** Cells of `globalCells` in use. */
  globalCellCount = 0;

  constructor(options: StoreOptions = {}) {
    this.options = options;
    this.heap = new Heap(this.types, options);
  }

  addHost(host: HostFunction): number {
    return this.funcs.push({ kind: 'host', typeId: this.types.addFunc(host.type), type: host.type, host }) - 1;
  }

  addMemory(type: MemoryType): number {
    return this.memories.push(new MemoryInstance(type, this.options.maxMemoryBytes)) - 1;
  }

  /** `type` is over canonical ids; `init` the handle that fills the table. */
  addTable(type: TableType, init: number): number {
    return this.tables.push(new TableInstance(type, init)) - 1;
  }

  addTag(typeId: number): number {
    return this.tags.push({ typeId }) - 1;
  }

  /** `type` is over canonical ids. */
  addGlobal(type: GlobalType, init: Value): number {
    const cell = this.globalCellCount;
    this.globalCellCount += cellsOf(type.value);
    this.globalCells.reserve(this.globalCellCount);
    storeValue(this.globalCells, cell, init);
    return this.globals.push({ type, cell }) - 1;
  }

  /** `memory.grow` by instruction or by the host: the old size in pages, or −1. */
  growMemory(address: number, delta: number): number {
    const memory = this.memories[address]!;
    const old = memory.grow(delta);
    if (old >= 0 && delta > 0) this.onMemoryGrow?.(address, old, memory.pages);
    return old;
  }
}

/** The one place where references of the program meet values of the embedder. Handles are never reused. */
export class HostValues {
  private readonly values: unknown[] = [];
  private readonly indices = new Map<unknown, number>();

  /** The same value always gets the same index. */
  indexOf(value: unknown): number {
    const known = this.indices.get(value);
    if (known !== undefined) return known;
    const index = this.values.push(value) - 1;
    this.indices.set(value, index);
    return index;
  }
  at(index: number): unknown {
    return this.values[index];
  }
  get size(): number {
    return this.values.length;
  }
}
