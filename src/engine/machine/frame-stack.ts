import type { FuncType, ValType } from '../../wasm/types.js';
import { CellWindow } from '../cells.js';
import type { CompiledTier } from '../compile/tier.js';
import { Crash } from '../errors.js';
import { BRIDGE_PC, type CodeHeap, LEAVE_PC } from '../interpret/code-heap.js';
import { wordsOf } from '../interpret/position-map.js';
import { type ExecutionState, FP, FRAME, FUNC, KIND, memoryOf, PC, RECORD } from '../interpret/state.js';
import type { PendingCall } from '../stop-reason.js';
import type { Functions } from './functions.js';

/**
 * The frame records, which lie one after the other: at the bottom the idle record; a wasm frame; a bridge where a call
 * went to another instance, which comes back to the right one; a pending host call, above which new activations may
 * run. An activation returns to the record that it was started on.
 *
 * The loop pushes wasm frames by itself, without saying what they are: whatever lies above the innermost record has to
 * say so already.
 */
export class FrameStack {
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly functions: Functions;
  private readonly tier: CompiledTier | undefined;

  constructor(state: ExecutionState, heap: CodeHeap, functions: Functions, tier: CompiledTier | undefined) {
    this.state = state;
    this.heap = heap;
    this.functions = functions;
    this.tier = tier;
    this.setRecord(0, -1, LEAVE_PC, 0, FRAME.idle);
  }

  /** What kind of record is innermost. */
  get topKind(): number {
    return this.state.records[this.state.rp + KIND]!;
  }

  /** Makes room for `words` words at word `base` and for a record more, or none; false where a limit forbids it. */
  hasRoom(base: number, words: number, records: 0 | 1 = 1): boolean {
    const { state } = this;
    const { limits } = state;
    const end = base + words;
    if (end > limits.maxStackCells * 2 || state.rp / RECORD >= limits.maxCallDepth + 1 - records) return false;
    if (end > state.cells.i32.length) state.cells.reserve((end >> 1) + 1);
    if (state.rp + 3 * RECORD >= state.records.length) {
      const bigger = new Int32Array(state.records.length * 2);
      bigger.set(state.records);
      state.records = bigger;
    }
    this.applyLimits();
    return true;
  }
  applyLimits(): void {
    const { state } = this;
    const { limits } = state;
    state.cellEnd = Math.min(state.cells.i32.length, limits.maxStackCells * 2);
    state.recordEnd = Math.min(state.records.length - 3 * RECORD, limits.maxCallDepth * RECORD);
  }

  /** The first free word above the record on which an activation is started. */
  freeFrom(rp: number): number {
    const { records, store } = this.state;
    if (records[rp + KIND] !== FRAME.host) return 0;
    const { params, results } = store.funcs[records[rp + FUNC]!]!.type;
    return records[rp + FP]! + Math.max(cellWords(params), cellWords(results));
  }

  /** Pushes a frame whose arguments stand at word `base`; false where a limit forbids it. */
  push(func: number, base: number): boolean {
    const { state } = this;
    if (this.tier?.eager === true) this.tier.compile(func);
    const entry = this.heap.entry(func);
    if (!this.hasRoom(base, state.code[entry - 2]!)) return false;
    state.rp += RECORD;
    this.enter(func, base, entry);
    return true;
  }
  /** Makes the innermost record a frame at the entry of a function. */
  enter(func: number, base: number, entry: number): void {
    const { state } = this;
    this.setRecord(state.rp, func, 0, base, FRAME.wasm);
    state.cells.i32.fill(0, base + state.code[entry - 3]!, base + state.code[entry - 4]!);
    state.fp = base;
    state.pc = entry;
    state.enterInstance(this.functions.wasm(func).instance);
  }
  pushHost(func: number, base: number): void {
    const { state } = this;
    state.rp += RECORD;
    this.setRecord(state.rp, func, LEAVE_PC, base, FRAME.host);
    state.pc = LEAVE_PC;
    state.fp = base;
  }
  pushBridge(base: number): void {
    const { state } = this;
    state.rp += RECORD;
    this.setRecord(state.rp, -1, BRIDGE_PC, base, FRAME.bridge);
  }

  setRecord(rp: number, func: number, pc: number, fp: number, kind: number): void {
    const { records } = this.state;
    records[rp + FUNC] = func;
    records[rp + PC] = pc;
    records[rp + FP] = fp;
    records[rp + KIND] = kind;
  }

  /** Drops the innermost record and goes on where the one below says. */
  pop(): void {
    const { state } = this;
    this.drop();
    state.fp = state.records[state.rp + FP]!;
    state.pc = state.records[state.rp + PC]!;
    if (this.topKind === FRAME.wasm) state.enterInstance(this.functions.wasm(state.records[state.rp + FUNC]!).instance);
  }
  /** Drops the innermost record. */
  drop(): void {
    const { state } = this;
    state.records[state.rp + KIND] = FRAME.wasm;
    state.rp -= RECORD;
  }
  /** Drops all records above that at `rp`. */
  dropTo(rp: number): void {
    while (this.state.rp > rp) this.drop();
  }

  /** The host call whose record stands at `rp`. */
  hostCall(rp: number): PendingCall {
    const { state } = this;
    const address = state.records[rp + FUNC]!;
    const host = this.functions.hostOfPending(address);
    if (host === undefined || host.kind === 'leaf') throw new Crash('a pending call of what does not stop');
    const window = new CellWindow(state.cells, state.records[rp + FP]! >> 1);
    return { host, address, args: window, results: window, memory: this.callerMemory(rp) };
  }
  /** Memory 0 of the instance that a host call was made from. */
  private callerMemory(rp: number): PendingCall['memory'] {
    const { state } = this;
    const caller = rp - RECORD;
    if (caller >= 0 && state.records[caller + KIND] === FRAME.wasm) {
      return state.view(memoryOf(state.store, this.functions.wasm(state.records[caller + FUNC]!).instance));
    }
    return state.view(state.memory);
  }
}

/** Words that values of these types take in cells. */
export function cellWords(types: FuncType['params'] | readonly ValType[]): number {
  let words = 0;
  for (const type of types) words += wordsOf(type);
  return words;
}
