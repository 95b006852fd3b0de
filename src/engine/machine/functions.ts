import { Crash } from '../errors.js';
import type { HostFunction } from '../host-function.js';
import type { CodeHeap } from '../interpret/code-heap.js';
import type { ExecutionState } from '../interpret/state.js';
import type { Store, WasmFunction } from '../store.js';

/** What calls of a store's functions mean to a machine: the host's part of some may have taken another's place. */
export class Functions {
  private readonly store: Store;
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly replacements = new Map<number, HostFunction>();
  /** Those that have been taken back. */
  private readonly former = new Map<number, HostFunction>();

  constructor(state: ExecutionState, heap: CodeHeap) {
    this.store = state.store;
    this.state = state;
    this.heap = heap;
  }

  /** What the host does for calls of a function; undefined where its own code runs. */
  host(address: number): HostFunction | undefined {
    const replacement = this.replacements.get(address);
    if (replacement !== undefined) return replacement;
    const func = this.store.funcs[address];
    return func?.kind === 'host' ? func.host : undefined;
  }

  /** What the host does for a call that is under way, which ends as it began. */
  hostOfPending(address: number): HostFunction | undefined {
    return this.host(address) ?? this.former.get(address);
  }

  wasm(address: number): WasmFunction {
    const func = this.store.funcs[address];
    if (func?.kind !== 'wasm') throw new Crash(`function ${address} is not of a module`);
    return func;
  }

  /** Calls of that function become calls of the host, until `undefined` takes it back. */
  replace(func: number, by: HostFunction | undefined): void {
    const before = this.replacements.get(func);
    if (before !== undefined) this.former.set(func, before);
    if (by === undefined) this.replacements.delete(func);
    else this.replacements.set(func, by);
    this.heap.block(func, by !== undefined);
    const host = this.host(func);
    this.state.leaves[func] = host?.kind === 'leaf' ? host : undefined;
  }

  /** Takes up what the store has got since the last time. */
  refresh(): void {
    const { state, store } = this;
    const count = store.funcs.length;
    this.heap.reserve(count);
    if (state.typeIds.length < count) {
      const bigger = new Int32Array(Math.max(count, state.typeIds.length * 2));
      bigger.set(state.typeIds);
      state.typeIds = bigger;
    }
    for (let i = state.leaves.length; i < count; i++) {
      const func = store.funcs[i]!;
      state.typeIds[i] = func.typeId;
      state.leaves.push(func.kind === 'host' && func.host.kind === 'leaf' ? func.host : undefined);
    }
  }
}
