import { I32 } from '../../wasm/types.js';
import { Cells, CellWindow } from '../cells.js';
import { type GuestMemory, MemoryView } from '../guest-memory.js';
import type { Roots } from '../heap.js';
import type { LeafFunction } from '../host-function.js';
import { MemoryInstance } from '../memory.js';
import type { Instance, Store } from '../store.js';
import type { TableInstance } from '../table.js';

/** Words of a frame record. */
export const RECORD = 4;
/** Fields of a frame record, counted from `rp`. */
export const FUNC = 0;
export const PC = 1;
export const FP = 2;
export const KIND = 3;

/** What a frame record is. */
export const FRAME = { wasm: 0, idle: 1, host: 2, bridge: 3 } as const;

/** What the embedder may limit; `machine.ts` says what happens then. */
export interface Limits {
  /** Frames. */
  maxCallDepth: number;
  /** Cells of operands and locals. */
  maxStackCells: number;
}

/** Stands in for memory 0 of an instance that has none. */
export const NO_MEMORY: MemoryInstance = new MemoryInstance({ limits: { min: 0n, max: 0n }, address: I32, shared: false, pageSizeLog2: 16 });

/**
 * The flat state of a machine: what the loop works on and leaves behind. While the loop runs, `pc`, `fp`, `rp` and
 * `left` are its own local variables; they are stored here whenever it calls out or comes back.
 */
export class ExecutionState {
  readonly store: Store;
  /** Next instruction in the code heap. */
  pc = 0;
  /** Frame base: a word position in `cells.i32`. */
  fp = 0;
  /** Position of the innermost frame's record. */
  rp = 0;
  /** What is left of the budget of instructions that the loop was entered with. */
  left = 0;
  /** The clock when `left` will be 0. */
  clockEnd = 0;
  /** The loop or compiled code is under way, or a leaf that it called: `pc` stands where that was left. */
  running = false;
  /** Where a call must not go beyond, in words of `cells` and of `records`: capacity or limit. */
  cellEnd = 0;
  recordEnd = 0;
  /** Accesses of memory at addresses from `watchLow` on and below `watchHigh` are looked at. */
  watchLow = 0;
  watchHigh = 0;
  /** One word: calls done since the machine asked last, of wasm functions and of the host. */
  readonly calls: Int32Array = new Int32Array(1);
  /** Asks the loop to come back after a call of the host. */
  interrupted = false;
  /** The exception on its way to a handler, or that of a failed activation; 0: none. */
  thrown = 0;
  readonly cells: Cells = new Cells(4096);
  records: Int32Array = new Int32Array(RECORD * 256);
  code: Int32Array = new Int32Array(1 << 14);
  /** Canonical type id by function address. */
  typeIds: Int32Array = new Int32Array(256);
  /** The `leaf` host functions by function address. */
  readonly leaves: (LeafFunction | undefined)[] = [];
  readonly memories: MemoryInstance[];
  readonly tables: TableInstance[];
  /** Instance and memory 0 of the innermost frame. */
  instance!: Instance;
  instanceId = 0;
  memory: MemoryInstance = NO_MEMORY;
  readonly limits: Limits;
  /** Where references are outside the heap. */
  roots: Roots | undefined = undefined;

  readonly args: CellWindow = new CellWindow(this.cells, 0);
  readonly results: CellWindow = new CellWindow(this.cells, 0);
  private readonly views = new Map<MemoryInstance, MemoryView>();

  constructor(store: Store, limits: Limits) {
    this.store = store;
    this.memories = store.memories;
    this.tables = store.tables;
    this.limits = limits;
  }

  /** Instructions completed. */
  get clock(): number {
    return this.clockEnd - this.left;
  }

  /** The guarded view of a memory that host functions get. */
  view(memory: MemoryInstance): MemoryView {
    let view = this.views.get(memory);
    if (view === undefined) this.views.set(memory, (view = new MemoryView(memory)));
    return view;
  }

  enterInstance(instance: Instance): void {
    this.instance = instance;
    this.instanceId = instance.id;
    this.memory = memoryOf(this.store, instance);
  }
}

/** Memory 0 of an instance. */
export function memoryOf(store: Store, instance: Instance): MemoryInstance {
  const address = instance.memories[0];
  return address === undefined ? NO_MEMORY : store.memories[address]!;
}

/** Calls a `leaf` host function whose arguments stand at word `base`, and writes its results there. */
export function callLeaf(state: ExecutionState, leaf: LeafFunction, base: number): void {
  state.args.base = state.results.base = base >> 1;
  const memory: GuestMemory = state.view(state.memory);
  leaf.call(state.args, state.results, memory);
}

