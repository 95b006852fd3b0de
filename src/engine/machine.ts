import type { FuncType, ValType } from '../wasm/types.js';
import { Crash, Exhaustion, OUT_OF_MEMORY, Trap, UncaughtException } from './errors.js';
import { countingOffset, type Frame, localTypes, materialise, readOperand, readValues, startOffset } from './frames.js';
import { CompiledTier, RUNNING_HEAT, type TierStatistics } from './compile/tier.js';
import type { HostFunction } from './host-function.js';
import { BRIDGE_PC, CodeHeap, LEAVE_PC, type Segment } from './interpret/code-heap.js';
import { adopt, deliver, findHandler, uncaught } from './interpret/exceptions.js';
import {
  interpret,
  STATUS_BRIDGE,
  STATUS_BUDGET,
  STATUS_CALL,
  STATUS_CALLER,
  STATUS_ENTER,
  STATUS_PROBE,
  STATUS_RETURNED,
  STATUS_SWITCH,
  STATUS_TAIL_CALL,
  STATUS_TRAP,
  STATUS_WATCH,
} from './interpret/loop.js';
import type { Mode } from './interpret/lower.js';
import { X } from './interpret/opcodes.js';
import { type Place, wordsOf } from './interpret/position-map.js';
import { callLeaf, ExecutionState, FP, FRAME, FUNC, KIND, type Limits, memoryOf, PC, RECORD } from './interpret/state.js';
import { train } from './interpret/train.js';
import { TRAP_TEXTS, TRAPS } from './interpret/traps.js';
import { type Probe, Probes } from './probes.js';
import { rootsOf } from './roots.js';
import { capture, hashSnapshot, type Snapshot, type SnapshotFrame, type StoreSnapshot, captureStore, restoreStore } from './snapshot.js';
import type { PendingCall, StopReason } from './stop-reason.js';
import type { Store, WasmFunction } from './store.js';
import { funcAddress, type Value, storeValue } from './value.js';
import { CellWindow } from './cells.js';
import { accessesOf } from './watches.js';

export interface MachineOptions {
  /** Frames (default 1,000,000). */
  readonly maxCallDepth?: number | undefined;
  /** Cells of operands and locals, 8 bytes each (default 32 Mi). */
  readonly maxStackCells?: number | undefined;
  readonly tier?: 'auto' | 'interp' | 'compiled' | undefined;
  /** How often a place must be reached before code for it is compiled; 0 compiles every function when it is first called. */
  readonly patience?: number | undefined;
}

type Failure = Trap | Exhaustion | UncaughtException;

/** How much a run charges at most before it comes back to this file. */
const SLICE = 2 ** 30;
/** Whether `auto` compiles: not before that is never slower. */
const AUTO_COMPILES: boolean = false;
const AUTO_PATIENCE = 50;

/**
 * Runs the functions of a store, with its whole state in flat arrays. An activation is one call from outside: `start`
 * pushes it, `run` goes on until something is to be decided that is not the machine's (`StopReason`).
 *
 * Frame records lie one after the other: at the bottom the idle record; a wasm frame; a bridge where a call went to
 * another instance, which comes back to the right one; a pending host call, above which new activations may run. An
 * activation returns to the record that it was started on.
 */
export class Machine {
  readonly store: Store;
  readonly probes: Probes;
  /** May be raised at any time, also after an `Exhaustion`. */
  readonly limits: Limits;
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  /** The clock when `state.left` will be 0. */
  private clockEnd = 0;
  /** The clock up to which code may run that does not count exactly. */
  private clockMost = 0;
  private callsBefore = 0;
  private failure: Failure | undefined = undefined;
  private activations = 0;
  /** A host function that was started directly has its results ready. */
  private returning = false;
  private interpreting = false;
  private mode: Mode = 'fused';
  private readonly tier: CompiledTier | undefined;
  private pausing = false;
  /** The innermost frame may be in code that has been replaced. */
  private stale = false;
  /** All code is to be lowered again: whether it looks at its accesses of memory has changed. */
  private renewing = false;
  private watching = false;
  /** A watch asked to stop after what the host wrote. */
  private afterHost: Probe | undefined = undefined;
  private readonly replacements = new Map<number, HostFunction>();
  /** Which probes have fired at which moment, so that running on does not fire them again. */
  private fired = { clock: -1, record: -1, positions: new Set<number>(), every: false };

  constructor(store: Store, options: MachineOptions = {}) {
    train();
    this.store = store;
    this.limits = { maxCallDepth: options.maxCallDepth ?? 1_000_000, maxStackCells: options.maxStackCells ?? 1 << 25 };
    this.probes = new Probes(
      (func) => (func === undefined ? this.interrupt() : this.relower(func)),
      (func, offset) => countingOffset(this.wasm(func), offset),
      () => this.watch(),
    );
    this.state = new ExecutionState(store, this.limits);
    this.heap = new CodeHeap(this.state, (func) => this.probes.positions(func));
    this.state.roots = rootsOf(store, this.state, this.heap);
    if (options.tier === 'compiled' || (options.tier === 'auto' && AUTO_COMPILES)) {
      const probed = (func: number): boolean => this.probes.positions(func) !== undefined;
      this.tier = new CompiledTier(store, this.state, this.heap, (func) => this.hostOf(func), probed, options.patience ?? (options.tier === 'auto' ? AUTO_PATIENCE : 0));
    }
    this.state.records[FUNC] = -1;
    this.state.records[PC] = LEAVE_PC;
    this.state.records[KIND] = FRAME.idle;
  }

  /** Instructions completed. */
  get clock(): number {
    return this.clockEnd - this.state.left;
  }

  /** What the compiled tier has done; undefined where everything is interpreted. */
  get compilation(): TierStatistics | undefined {
    return this.tier?.statistics;
  }

  /** Calls done by wasm functions, of each other and of the host, since this machine was made. */
  get calls(): number {
    return this.callsBefore + this.state.calls[0]!;
  }

  /** Counts instructions, and calls among them, that somebody executed in the guest's stead. */
  charge(count: number, calls: number = 0): void {
    this.clockEnd += count;
    this.callsBefore += calls;
  }

  /** Activations on the flat stack. */
  get depth(): number {
    return this.activations;
  }

  /** The host call that waits for an answer, if it is innermost. */
  get pending(): PendingCall | undefined {
    const { rp, records } = this.state;
    if (this.failure !== undefined || records[rp + KIND] !== FRAME.host) return undefined;
    return this.pendingAt(rp);
  }

  private pendingAt(rp: number): PendingCall {
    const { state } = this;
    const address = state.records[rp + FUNC]!;
    const host = this.hostOf(address);
    if (host === undefined || host.kind === 'leaf') throw new Crash('a pending call of what does not stop');
    const window = new CellWindow(state.cells, state.records[rp + FP]! >> 1);
    return { host, address, args: window, results: window, memory: this.callerMemory(rp) };
  }
  /** Memory 0 of the instance that a host call was made from. */
  private callerMemory(rp: number): PendingCall['memory'] {
    const { state } = this;
    const caller = rp - RECORD;
    if (caller >= 0 && state.records[caller + KIND] === FRAME.wasm) {
      return state.view(memoryOf(this.store, this.wasm(state.records[caller + FUNC]!).instance));
    }
    return state.view(state.memory);
  }

  private hostOf(address: number): HostFunction | undefined {
    const replacement = this.replacements.get(address);
    if (replacement !== undefined) return replacement;
    const func = this.store.funcs[address];
    return func?.kind === 'host' ? func.host : undefined;
  }

  private wasm(address: number): WasmFunction {
    const func = this.store.funcs[address];
    if (func?.kind !== 'wasm') throw new Crash(`function ${address} is not of a module`);
    return func;
  }

  /**
   * Pushes an activation. Allowed when nothing runs, and while a host call is pending. Throws `Exhaustion` where there
   * is no room for its first frame.
   */
  start(func: number, args: readonly Value[]): void {
    const { state } = this;
    if (this.failure !== undefined) throw new Crash('the last activation failed: abandon it first');
    if (state.records[state.rp + KIND] === FRAME.wasm) throw new Crash('an activation starts only where nothing runs or a host call is pending');
    this.refresh();
    const type = this.store.funcs[func]!.type;
    const base = this.windowEnd(state.rp);
    if (!this.hasRoom(base, cellWords(type.params) + cellWords(type.results))) throw exhaustion();
    let at = base >> 1;
    for (let i = 0; i < args.length; i++) {
      storeValue(state.cells, at, args[i]!);
      at += wordsOf(type.params[i]!) / 2;
    }
    const host = this.hostOf(func);
    if (host === undefined) {
      if (!this.push(func, base)) throw exhaustion();
    } else if (host.kind === 'leaf') {
      state.records[state.rp + RECORD + FUNC] = func;
      state.records[state.rp + RECORD + FP] = base;
      callLeaf(state, host, base);
      this.returning = true;
    } else this.pushHost(func, base);
    this.activations++;
    this.forgetFired();
  }

  /** The first free word above the record on which an activation is started. */
  private windowEnd(rp: number): number {
    const { records } = this.state;
    if (records[rp + KIND] !== FRAME.host) return 0;
    const { params, results } = this.store.funcs[records[rp + FUNC]!]!.type;
    return records[rp + FP]! + Math.max(cellWords(params), cellWords(results));
  }

  /** What the store has got since the last time. */
  private refresh(): void {
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
    this.tier?.refresh();
  }

  /** Makes room for `words` words at word `base` and for a record more, or none; false where a limit forbids it. */
  private hasRoom(base: number, words: number, records: 0 | 1 = 1): boolean {
    const { state, limits } = this;
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
  private applyLimits(): void {
    const { state, limits } = this;
    state.cellEnd = Math.min(state.cells.i32.length, limits.maxStackCells * 2);
    state.recordEnd = Math.min(state.records.length - 3 * RECORD, limits.maxCallDepth * RECORD);
  }

  /** Pushes a frame whose arguments stand at word `base`; false where a limit forbids it. */
  private push(func: number, base: number): boolean {
    const { state } = this;
    if (this.tier?.eager === true) this.tier.compile(func);
    const entry = this.heap.entry(func);
    if (!this.hasRoom(base, state.code[entry - 2]!)) return false;
    state.rp += RECORD;
    this.enter(func, base, entry);
    return true;
  }
  /** Makes the innermost record a frame at the entry of a function. */
  private enter(func: number, base: number, entry: number): void {
    const { state } = this;
    this.setRecord(state.rp, func, 0, base, FRAME.wasm);
    state.cells.i32.fill(0, base + state.code[entry - 3]!, base + state.code[entry - 4]!);
    state.fp = base;
    state.pc = entry;
    state.enterInstance(this.wasm(func).instance);
  }
  private pushHost(func: number, base: number): void {
    const { state } = this;
    state.rp += RECORD;
    this.setRecord(state.rp, func, LEAVE_PC, base, FRAME.host);
    state.pc = LEAVE_PC;
    state.fp = base;
  }
  private setRecord(rp: number, func: number, pc: number, fp: number, kind: number): void {
    const { records } = this.state;
    records[rp + FUNC] = func;
    records[rp + PC] = pc;
    records[rp + FP] = fp;
    records[rp + KIND] = kind;
  }
  /** Drops the innermost record and goes on where the one below says. */
  private pop(): void {
    const { state } = this;
    this.dropRecord();
    state.fp = state.records[state.rp + FP]!;
    state.pc = state.records[state.rp + PC]!;
    if (state.records[state.rp + KIND] === FRAME.wasm) state.enterInstance(this.wasm(state.records[state.rp + FUNC]!).instance);
  }

  /** The loop pushes frames without saying that they are such: what lies above the innermost record must say so. */
  private dropRecord(): void {
    const { state } = this;
    state.records[state.rp + KIND] = FRAME.wasm;
    state.rp -= RECORD;
  }

  /** The results of the pending host call are written: its caller can go on. */
  finishHostCall(): void {
    if (this.pending === undefined) throw new Crash('no host call is pending');
    this.pop();
    if (this.state.pc === LEAVE_PC) this.returning = true;
    this.forgetFired();
  }
  /**
   * The pending host call fails: the next `run` answers with this trap. But an exception that the program catches is
   * with its handler at once.
   */
  failHostCall(error: Failure): void {
    if (this.pending === undefined) throw new Crash('no host call is pending');
    this.failure = this.raise(error, this.state.rp - RECORD);
    this.forgetFired();
  }

  /** Drops the frames of the innermost activation, after a trap or instead of going on with it. */
  abandon(): void {
    const { state } = this;
    if (this.activations === 0) throw new Crash('there is nothing to abandon');
    const { records } = state;
    // A host call on top is the activation's own: those that it started are gone.
    if (!this.returning && records[state.rp + KIND] === FRAME.host) this.dropRecord();
    this.failure = undefined;
    this.state.thrown = 0;
    this.returning = false;
    while (records[state.rp + KIND] === FRAME.wasm || records[state.rp + KIND] === FRAME.bridge) this.dropRecord();
    state.fp = records[state.rp + FP]!;
    state.pc = LEAVE_PC;
    this.activations--;
    this.forgetFired();
  }

  /** The machine stops at the next safepoint: for probes, leaf functions and whoever else is called while it runs. */
  pause(): void {
    this.pausing = true;
    this.state.interrupted = true;
  }

  /** Calls of that function become calls of the host, until `undefined` takes it back. */
  replace(func: number, by: HostFunction | undefined): void {
    this.refresh();
    if (by === undefined) this.replacements.delete(func);
    else this.replacements.set(func, by);
    this.heap.block(func, by !== undefined);
    const host = this.hostOf(func);
    this.state.leaves[func] = host?.kind === 'leaf' ? host : undefined;
    this.tier?.publish(func);
  }

  /** One instruction (or none, where a host call, a return or a probe comes first). */
  step(): StopReason {
    return this.run(this.clock + 1);
  }

  /** Runs on until the clock is `limit`, or something else happens before. */
  run(limit: number = Infinity): StopReason {
    const { state } = this;
    this.refresh();
    this.applyLimits();
    if (this.failure instanceof Exhaustion && state.records[state.rp + KIND] === FRAME.wasm) this.failure = undefined;
    if (this.failure !== undefined) return { kind: 'trap', error: this.failure };
    if (this.activations === 0) throw new Crash('there is nothing to run');
    for (;;) {
      if (state.records[state.rp + KIND] === FRAME.host && !this.returning) return { kind: 'host-call', call: this.pendingAt(state.rp) };
      if (this.returning) return this.returned();
      const stop = this.advance(limit);
      if (stop !== undefined) return stop;
    }
  }

  /** One stretch of the loop and what comes after it; undefined to go on. */
  private advance(limit: number): StopReason | undefined {
    const { state, heap } = this;
    state.interrupted = false;
    if (this.stale) this.leaveStale();
    if (heap.wasteful || this.renewing) this.renewCode();
    const remaining = limit - this.clock;
    const margin = heap.longestPath * 4;
    const fused = remaining > margin && !this.pausing && !this.probes.watchesEverything;
    this.mode = fused ? 'fused' : 'exact';
    let left: number;
    this.clockMost = limit - margin;
    if (fused) left = Math.min(remaining - margin, this.tier === undefined || this.tier.eager ? SLICE : this.tier.stretch);
    else {
      // Instructions that fused code has not charged yet are charged by this.
      this.leaveFused();
      left = this.exactBudget(limit - this.clock);
    }
    this.clockEnd = this.clock + left;
    state.left = left;
    this.callsBefore = this.calls;
    state.calls[0] = 0;
    const status = this.interpret(fused, left);
    // Where the code stands at LEAVE the activation has returned, though the record below may be a pending host call.
    switch (status) {
      case STATUS_BUDGET:
        if (state.pc === LEAVE_PC) return this.returned();
        return fused ? this.afterStretch() : this.atInstruction(limit);
      case STATUS_CALLER:
        return state.pc === LEAVE_PC ? this.returned() : undefined;
      case STATUS_SWITCH:
        this.enterFused();
        return undefined;
      case STATUS_RETURNED:
        return this.returned();
      case STATUS_BRIDGE:
        this.pop();
        return undefined;
      case STATUS_CALL:
        return this.call();
      case STATUS_TAIL_CALL:
        return this.tailCall();
      case STATUS_ENTER:
        return this.enterCompiled((tier) => tier.enter());
      case STATUS_WATCH:
        return this.reachWatch();
      case STATUS_PROBE:
        return this.reachProbe();
      case STATUS_FAILED:
        return this.failed(state.rp);
      default:
        return this.trap(status - STATUS_TRAP);
    }
  }

  /** At an ENTER. Compiled code comes back with the state as the loop leaves it. */
  private enterCompiled(run: (tier: CompiledTier) => Failure | undefined): StopReason | undefined {
    const { state } = this;
    const more = Math.max(0, Math.min(this.clockMost - this.clock, SLICE) - state.left);
    state.left += more;
    this.clockEnd += more;
    let failure: Failure | undefined;
    this.interpreting = true;
    try {
      failure = run(this.tier!);
    } finally {
      this.interpreting = false;
    }
    // As after the loop: a host call below a finished callback must not be begun again.
    if (failure === undefined) return state.pc === LEAVE_PC ? this.returned() : undefined;
    this.failure = failure;
    const error = this.raise(failure, this.state.rp);
    return error === undefined ? undefined : this.fail(error, this.place(this.top()), 0);
  }

  /** Fused code has run for a while: what runs now is probably hot, and goes on compiled, in the middle of the function. */
  private afterStretch(): StopReason | undefined {
    const { state, tier, heap } = this;
    const segment = heap.segmentAt(state.pc);
    if (tier === undefined || tier.eager || segment === undefined || segment.mode !== 'fused' || !tier.warm(segment.func, RUNNING_HEAT)) return undefined;
    const version = tier.versionAt(segment.func, state.pc, () => heap.map(segment).at(state.pc)?.offset);
    if (version === undefined) return undefined;
    this.moveTop(segment);
    return this.enterCompiled(() => (tier.run(segment.func, version) ? tier.failure : undefined));
  }

  /** Exact code goes instruction by instruction only where somebody watches each. */
  private exactBudget(remaining: number): number {
    if (this.pausing) return 0;
    if (!this.probes.watchesEverything) return Math.max(0, Math.min(remaining, SLICE));
    return remaining > 0 && this.hasFired() && this.fired.every ? 1 : 0;
  }

  private interpret(fused: boolean, left: number): number {
    const { state } = this;
    this.interpreting = true;
    try {
      return interpret(state, fused ? this.heap.fused : this.heap.exact, left, fused);
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.failure = error;
      return STATUS_FAILED;
    } finally {
      this.interpreting = false;
    }
  }

  /** Exact code has stopped before an instruction, or after a leaf that asked for a pause. */
  private atInstruction(limit: number): StopReason | undefined {
    const { state } = this;
    if (state.left > 0 || state.code[state.pc] !== X.TICK) return undefined;
    if (this.pausing) {
      const probe = this.afterHost;
      this.pausing = false;
      this.afterHost = undefined;
      return probe === undefined ? { kind: 'paused' } : { kind: 'probe', probe };
    }
    if (this.clock >= limit) return { kind: 'limit' };
    if (!this.probes.watchesEverything) return undefined;
    this.markFired();
    if (this.fired.every) return undefined;
    this.fired.every = true;
    const probe = this.probes.fireEvery(this);
    return probe === undefined ? undefined : { kind: 'probe', probe };
  }

  private returned(): StopReason {
    const { state } = this;
    const above = state.rp + RECORD;
    const type = this.store.funcs[state.records[above + FUNC]!]!.type;
    const results = readValues(state.cells, state.records[above + FP]!, type.results);
    this.returning = false;
    this.activations--;
    this.pausing = false;
    state.pc = LEAVE_PC;
    state.fp = state.records[state.rp + FP]!;
    return { kind: 'returned', results };
  }

  // Calls that the loop leaves to us

  /** At a CALL, CALL_IMPORT, CALL_INDIRECT or CALL_REF that has not begun. */
  private call(): StopReason | undefined {
    const { state } = this;
    const { code, pc } = state;
    const indirect = code[pc] === X.CALL_INDIRECT;
    const callee = indirect ? this.resolve(pc, 5) : code[pc] === X.CALL_REF ? this.referenced(pc) : code[pc + 2]!;
    if (callee < 0) return this.trap(TRAPS.callType);
    const base = state.fp + code[pc + 3]!;
    const next = pc + (indirect ? 6 : 4);
    const host = this.hostOf(callee);
    if (host?.kind === 'leaf') {
      state.left -= code[pc + 1]!;
      this.callsBefore++;
      if (!this.callLeaf(host, base)) return this.failed(state.rp);
      state.pc = next;
      return undefined;
    }
    const crosses = host === undefined && this.wasm(callee).instance !== state.instance;
    const entry = host === undefined ? this.heap.segmentOf(callee, this.mode).entry : 0;
    if (!this.hasRoom(base, host === undefined ? state.code[entry - 2]! : 0)) return this.exhaust();
    if (this.mode === 'fused' && host === undefined && this.tier?.eager === true) this.tier.compile(callee);
    if (host === undefined && !crosses) {
      // Lowered, and with room: now the loop can do it.
      if (!indirect || state.typeIds[callee] === code[pc + 4]) return undefined;
    }
    state.left -= code[pc + 1]!;
    this.callsBefore++;
    state.records[state.rp + PC] = next;
    if (host !== undefined) {
      this.pushHost(callee, base);
      return { kind: 'host-call', call: this.pendingAt(state.rp) };
    }
    if (crosses) this.pushBridge(base);
    this.push(callee, base);
    return undefined;
  }

  /** Calls a leaf outside the loop; false where it has failed. */
  private callLeaf(host: HostFunction & { kind: 'leaf' }, base: number): boolean {
    this.interpreting = true;
    try {
      callLeaf(this.state, host, base);
      return true;
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.failure = error;
      return false;
    } finally {
      this.interpreting = false;
    }
  }

  private pushBridge(base: number): void {
    const { state } = this;
    state.rp += RECORD;
    this.setRecord(state.rp, -1, BRIDGE_PC, base, FRAME.bridge);
  }

  /** The function that an indirect call means, its type checked; −1 where that does not fit. */
  private resolve(pc: number, indexAt: number): number {
    const { state } = this;
    const { code } = state;
    const index = state.cells.i32[state.fp + code[pc + indexAt]!]! >>> 0;
    const handle = this.store.tables[code[pc + 2]!]!.elements[index]!;
    const callee = (handle >> 2) - 1;
    return this.store.types.isSubtype(this.store.funcs[callee]!.typeId, code[pc + 4]!) ? callee : -1;
  }

  /** The function that the reference of a CALL_REF or TAIL_CALL_REF means; negative where it is null. */
  private referenced(pc: number): number {
    const { code, cells, fp } = this.state;
    return funcAddress(cells.i32[fp + code[pc + 2]!]!);
  }

  private tailCall(): StopReason | undefined {
    const { state } = this;
    const { code, pc, cells } = state;
    const byReference = code[pc] === X.TAIL_CALL_REF;
    if (byReference && this.referenced(pc) < 0) return this.trap(TRAPS.nullFunction);
    const indirect = code[pc] === X.TAIL_CALL_INDIRECT;
    if (indirect) {
      const handle = this.store.tables[code[pc + 2]!]!.elements[cells.i32[state.fp + code[pc + 5]!]! >>> 0];
      if (handle === undefined) return this.trap(TRAPS.undefinedElement);
      if (handle === 0) return this.trap(TRAPS.uninitializedElement);
    }
    const callee = indirect ? this.resolve(pc, 5) : byReference ? this.referenced(pc) : code[pc + 2]!;
    if (callee < 0) return this.trap(TRAPS.callType);
    const host = this.hostOf(callee);
    const entry = host === undefined ? this.heap.segmentOf(callee, 'fused').entry : 0;
    const words = cellWords(this.store.funcs[callee]!.type.params);
    const room = host === undefined ? state.code[entry - 2]! : words + cellWords(this.store.funcs[callee]!.type.results);
    const bridges = host === undefined && this.wasm(callee).instance !== state.instance && state.records[state.rp - RECORD + KIND] === FRAME.wasm;
    // A tail call needs no record of its own, but perhaps a bridge.
    if (!this.hasRoom(state.fp, room, bridges ? 1 : 0)) return this.exhaust();
    state.left -= state.code[pc + 1]!;
    this.callsBefore++;
    const from = state.fp + state.code[pc + 3]!;
    state.cells.i32.copyWithin(state.fp, from, from + words);
    if (host !== undefined) return this.tailCallHost(host, callee);
    if (bridges) {
      this.setRecord(state.rp, -1, BRIDGE_PC, state.fp, FRAME.bridge);
      state.rp += RECORD;
    }
    this.enter(callee, state.fp, entry);
    return undefined;
  }

  private tailCallHost(host: HostFunction, callee: number): StopReason | undefined {
    const { state } = this;
    const base = state.fp;
    if (host.kind === 'leaf') {
      // The frame that calls is gone by the specification, and so are its handlers.
      if (!this.callLeaf(host, base)) return this.failed(state.rp - RECORD);
      state.records[state.rp + FUNC] = callee;
      this.pop();
      return undefined;
    }
    state.rp -= RECORD;
    this.pushHost(callee, base);
    return { kind: 'host-call', call: this.pendingAt(state.rp) };
  }

  // Failing

  private failingPlace(): Place {
    const { pc } = this.state;
    const place = this.heap.map(this.top()).failing(pc);
    if (place === undefined) throw new Crash(`code at ${pc} failed where it cannot`);
    return place;
  }

  private trap(number: number): StopReason | undefined {
    const { state } = this;
    if (number === TRAPS.exception) {
      return this.handle(state.rp) ? undefined : this.fail(uncaught(this.store, state.thrown), this.failingPlace(), 0);
    }
    // Nothing of what has failed is charged.
    const opcode = state.code[state.pc];
    if (opcode === X.BULK) state.left += state.code[state.pc + 5]!;
    else if (opcode === X.ATOMIC) state.left += state.code[state.pc + 6]!;
    if (number === TRAPS.outOfMemory) return this.exhaust(OUT_OF_MEMORY);
    if (number === TRAPS.deadlock) {
      const place = this.failingPlace();
      this.standBefore(place, place.count);
      return { kind: 'deadlock' };
    }
    const text = TRAP_TEXTS[number];
    if (text === undefined) throw new Crash(`the loop came back with an unknown trap ${number}`);
    const index = number === TRAPS.uninitializedElement ? ` ${state.cells.i32[state.fp + state.code[state.pc + 5]!]! >>> 0}` : '';
    return this.fail(new Trap(text + index), this.failingPlace(), 1);
  }

  /** Before the instruction that needs more than there is: nothing of it has happened. */
  private exhaust(message: string = CALL_STACK_EXHAUSTED): StopReason {
    return this.fail(new Exhaustion(message), this.failingPlace(), 0, true);
  }

  /**
   * Leaves the failing instruction's state as the module sees it. `counted` instructions (the failing one) are to be
   * counted besides those before it.
   */
  private fail(error: Failure, place: Place, counted: number, uncharged = counted === 1): StopReason {
    this.failure = error;
    this.standBefore(place, uncharged ? place.count + counted : 0);
    return { kind: 'trap', error };
  }
  /** Leaves the innermost frame before the instruction at `place`, after `count` instructions that are not charged yet. */
  private standBefore(place: Place, count: number): void {
    const { state } = this;
    this.clockEnd += count;
    materialise(state.cells, state.fp, place);
    state.pc = this.exactEntry(state.records[state.rp + FUNC]!, place.offset);
  }

  /** A leaf has failed; handlers of the frame at `from` and below may catch that. */
  private failed(from: number): StopReason | undefined {
    const error = this.raise(this.failure!, from);
    return error === undefined ? undefined : this.fail(error, this.failingPlace(), 0);
  }

  /** Throws what a host function has thrown. Answers what is left of it: nothing where a handler has it. */
  private raise(error: Failure, from: number): Failure | undefined {
    if (!(error instanceof UncaughtException) || error.exception === undefined) return error;
    try {
      this.state.thrown = adopt(this.state, error.exception);
    } catch (exhaustion) {
      if (exhaustion instanceof Exhaustion) return exhaustion;
      throw exhaustion;
    }
    return this.handle(from) ? undefined : error;
  }

  /** The thrown exception goes to its handler, if the frame at `from` or one below has one. A handler is a branch. */
  private handle(from: number): boolean {
    const { state } = this;
    const found = findHandler(state, this.heap, state.thrown, from);
    if (found === undefined) return false;
    const { rp, clause } = found;
    while (state.rp > rp) this.dropRecord();
    const func = state.records[rp + FUNC]!;
    state.fp = state.records[rp + FP]!;
    state.enterInstance(this.wasm(func).instance);
    deliver(state, state.thrown, state.fp, clause);
    state.thrown = 0;
    this.failure = undefined;
    this.goTo(func, clause.target);
    return true;
  }

  // Probes

  private markFired(): void {
    if (!this.hasFired()) this.fired = { clock: this.clock, record: this.state.rp, positions: new Set(), every: false };
  }
  private hasFired(): boolean {
    return this.fired.clock === this.clock && this.fired.record === this.state.rp;
  }
  private forgetFired(): void {
    this.fired.clock = -1;
  }

  private reachProbe(): StopReason | undefined {
    const { state } = this;
    const position = state.code[state.pc + 2]!;
    state.pc += 3;
    this.markFired();
    if (this.fired.positions.has(position)) return undefined;
    this.fired.positions.add(position);
    const probe = this.probes.fire(this, state.records[state.rp + FUNC]!, position);
    return probe === undefined ? undefined : { kind: 'probe', probe };
  }

  private reachWatch(): StopReason | undefined {
    const { state } = this;
    // Beside the positions of the probes.
    const position = -3 - state.code[state.pc + 2]!;
    state.pc += 5;
    this.markFired();
    if (this.fired.positions.has(position)) return undefined;
    this.fired.positions.add(position);
    const [frame] = this.frames(1);
    const probe = frame?.kind === 'wasm' ? this.probes.fireAccesses(this, accessesOf(this.store, frame)) : undefined;
    return probe === undefined ? undefined : { kind: 'probe', probe };
  }

  /** Other memory is watched now. */
  private watch(): void {
    const bounds = this.probes.watchedAddresses;
    this.state.watchLow = bounds?.low ?? 0;
    this.state.watchHigh = bounds?.high ?? 0;
    if ((bounds !== undefined) === this.watching) return;
    this.watching = bounds !== undefined;
    this.store.memories.forEach((memory, i) => {
      memory.onWatchedWrite = bounds && ((address, length) => this.hostWrote(i, address, length));
    });
    this.renewing = true;
    this.interrupt();
  }
  private hostWrote(memory: number, address: number, length: number): void {
    const probe = this.probes.fireAccesses(this, [{ kind: 'write', memory, address, length, host: true }]);
    if (probe === undefined) return;
    this.afterHost ??= probe;
    this.pause();
  }

  /** Other probes in a function: new calls run new code, and the frames that are in old code are moved. */
  private relower(func: number): void {
    const { state } = this;
    const old: [number, Segment][] = [];
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      if (state.records[rp + KIND] !== FRAME.wasm || state.records[rp + FUNC] !== func) continue;
      old.push([rp, this.heap.segmentAt(rp === state.rp ? state.pc : state.records[rp + PC]!)!]);
    }
    this.heap.forget(func);
    this.tier?.drop(func);
    for (const [rp, segment] of old) {
      if (rp !== state.rp) this.moveCaller(rp, segment);
      else if (!this.interpreting) this.moveTop(segment);
    }
    this.interrupt();
  }

  /** The loop has to come back, because what it runs may be out of date. */
  private interrupt(): void {
    this.stale = true;
    this.state.interrupted = true;
  }
  private leaveStale(): void {
    this.stale = false;
    const segment = this.heap.segmentAt(this.state.pc);
    if (segment !== undefined && !this.heap.isCurrent(segment)) this.moveTop(segment);
  }

  /** Begins the code heap anew: every frame is taken to its place in new exact code. */
  private renewCode(): void {
    const { state } = this;
    this.renewing = false;
    const { records } = state;
    const places: [number, number][] = [];
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      if (records[rp + KIND] !== FRAME.wasm) continue;
      const place = this.positionOf(rp);
      materialise(state.cells, records[rp + FP]!, place);
      if (rp === state.rp) this.clockEnd += place.count;
      places.push([rp, place.offset]);
    }
    this.heap.clear();
    this.tier?.renew();
    for (const [rp, offset] of places) {
      const func = records[rp + FUNC]!;
      if (rp === state.rp) state.pc = this.exactEntry(func, offset);
      else records[rp + PC] = this.exactReturn(func, offset);
    }
  }

  // Between the lowerings

  private top(): Segment {
    const segment = this.heap.segmentAt(this.state.pc);
    if (segment === undefined) throw new Crash('no frame is innermost');
    return segment;
  }

  private place(segment: Segment): Place {
    const { pc } = this.state;
    const map = this.heap.map(segment);
    const place = (this.interpreting ? map.failing(pc) : undefined) ?? map.at(pc) ?? map.failing(pc);
    if (place === undefined) throw new Crash(`the machine stands at ${pc}, which is no place`);
    return place;
  }

  /** Where exact code of this function begins with the instruction at `offset`. */
  private exactEntry(func: number, offset: number): number {
    const place = this.heap.map(this.heap.segmentOf(func, 'exact')).entry(offset);
    if (place === undefined) throw new Crash(`no instruction at byte ${offset}`);
    return place.pc;
  }

  /** Goes on in exact code, wherever the innermost frame stands. */
  private leaveFused(): void {
    const { state } = this;
    const segment = this.heap.segmentAt(state.pc);
    if (segment !== undefined && segment.mode !== 'exact') this.moveTop(segment);
  }
  private moveTop(segment: Segment): void {
    const { state } = this;
    const place = this.place(segment);
    materialise(state.cells, state.fp, place);
    this.clockEnd += place.count;
    state.pc = this.exactEntry(segment.func, place.offset);
  }
  private moveCaller(rp: number, segment: Segment): void {
    const { records, cells } = this.state;
    const place = this.heap.map(segment).calling(records[rp + PC]!);
    if (place === undefined) throw new Crash('a caller stands where there is no call');
    materialise(cells, records[rp + FP]!, place);
    records[rp + PC] = this.exactReturn(segment.func, place.offset);
  }
  private exactReturn(func: number, offset: number): number {
    const pc = this.heap.map(this.heap.segmentOf(func, 'exact')).returnPc(offset);
    if (pc === undefined) throw new Crash(`no call at byte ${offset}`);
    return pc;
  }

  /** At a SWITCH: goes on in fused code if a step of it starts here. */
  private enterFused(): void {
    const { state } = this;
    const segment = this.top();
    const { offset } = this.place(segment);
    if (!this.goToFused(segment.func, offset)) state.pc += 1;
  }
  /** Goes on with the instruction at `offset`, its operands in their own cells, in fused code; false if that cannot be entered there. */
  private goToFused(func: number, offset: number): boolean {
    const entry = this.heap.map(this.heap.segmentOf(func, 'fused')).entry(offset);
    if (entry === undefined) return false;
    // What comes before the entry in its stretch of code will be charged at the end, but is counted already.
    this.clockEnd -= entry.count;
    this.state.pc = entry.pc;
    return true;
  }
  private goTo(func: number, offset: number): void {
    if (this.mode === 'exact' || !this.goToFused(func, offset)) this.state.pc = this.exactEntry(func, offset);
  }

  // What can be seen

  /** The frames of all activations, innermost first; only the innermost `limit` of them. */
  frames(limit: number = Infinity): Frame[] {
    const { state } = this;
    const frames: Frame[] = [];
    let activation = this.activations - 1;
    for (let rp = state.rp; rp > 0 && frames.length < limit; rp -= RECORD) {
      const kind = state.records[rp + KIND];
      if (kind === FRAME.wasm) frames.push(this.wasmFrame(rp, activation));
      else if (kind === FRAME.host) {
        // What runs above a pending host call is an activation of its own.
        if (rp !== state.rp) activation--;
        frames.push(this.hostFrame(rp, activation));
      }
    }
    return frames;
  }

  private hostFrame(rp: number, activation: number): Frame {
    const { state } = this;
    const func = state.records[rp + FUNC]!;
    const args = readValues(state.cells, state.records[rp + FP]!, this.store.funcs[func]!.type.params);
    return { kind: 'host', func, name: this.hostOf(func)?.name ?? '', args, activation };
  }

  /** Where a frame stands in terms of the module. */
  private positionOf(rp: number): Place {
    const { state } = this;
    if (rp === state.rp) return this.place(this.top());
    const pc = state.records[rp + PC]!;
    const place = this.heap.map(this.heap.segmentAt(pc)!).calling(pc);
    if (place === undefined) throw new Crash('a caller stands where there is no call');
    return place;
  }

  private wasmFrame(rp: number, activation: number): Frame {
    const { state } = this;
    const func = state.records[rp + FUNC]!;
    const instance = this.wasm(func);
    const fp = state.records[rp + FP]!;
    const place = this.positionOf(rp);
    return {
      kind: 'wasm',
      func,
      instance: instance.instance,
      funcIndex: instance.index,
      offset: rp === state.rp ? startOffset(instance, place.offset) : place.offset,
      locals: readValues(state.cells, fp, localTypes(this.store, instance)),
      operands: place.operands.map((source) => readOperand(state.cells, fp, source)),
      activation,
    };
  }

  /**
   * The whole state as data: the same bytes whichever lowering a frame is in. Not inside a probe or a leaf. The content
   * of the memories may be left out, and then `restore` leaves them alone.
   */
  snapshot(withMemories = true): Snapshot {
    const { state } = this;
    const frames: SnapshotFrame[] = [];
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      const kind = state.records[rp + KIND]!;
      const func = state.records[rp + FUNC]!;
      const fp = state.records[rp + FP]!;
      if (kind === FRAME.wasm) {
        const place = this.positionOf(rp);
        materialise(state.cells, fp, place);
        const wasm = this.wasm(func);
        const types = [...localTypes(this.store, wasm), ...place.operands.map((operand) => operand.type)];
        frames.push({ kind, func, fp, offset: rp === state.rp ? startOffset(wasm, place.offset) : place.offset, types });
      } else {
        const types = kind === FRAME.host ? this.store.funcs[func]!.type.params : [];
        frames.push({ kind, func, fp, offset: 0, types });
      }
    }
    const { failure } = this;
    const failed = failure && { kind: failure.name, message: failure.message, exception: state.thrown };
    return capture(this.clock, this.activations, failed, frames, state.cells, this.captureStore(withMemories));
  }
  private captureStore(withMemories: boolean): StoreSnapshot {
    return captureStore(this.store, withMemories);
  }

  /** Puts machine and store into the state of a snapshot of the same instances. */
  restore(snapshot: Snapshot): void {
    const { state } = this;
    this.refresh();
    restoreStore(this.store, snapshot.store);
    state.thrown = snapshot.failure?.exception ?? 0;
    this.failure = failureOf(this.store, snapshot);
    this.activations = snapshot.activations;
    this.returning = false;
    this.pausing = false;
    state.left = 0;
    this.clockEnd = snapshot.clock;
    this.forgetFired();
    while (state.rp > 0) this.dropRecord();
    const { frames, cells } = snapshot;
    this.reserveFor(snapshot);
    state.cells.i32.set(cells);
    for (let i = 0; i < frames.length; i += RECORD) {
      const [kind, func, fp, offset] = frames.subarray(i, i + RECORD) as unknown as [number, number, number, number];
      const innermost = i + RECORD === frames.length;
      let pc = kind === FRAME.bridge ? BRIDGE_PC : LEAVE_PC;
      if (kind === FRAME.wasm) pc = innermost ? this.exactEntry(func, offset) : this.exactReturn(func, offset);
      state.rp = i;
      this.setRecord(i, func, pc, fp, kind);
      state.pc = pc;
      state.fp = fp;
      if (kind === FRAME.wasm) state.enterInstance(this.wasm(func).instance);
    }
  }
  private reserveFor({ frames, cells }: Snapshot): void {
    const { state } = this;
    state.cells.reserve((cells.length >> 1) + 4096);
    if (frames.length + 3 * RECORD > state.records.length) state.records = new Int32Array(frames.length * 2 + 3 * RECORD);
    this.applyLimits();
  }

  /** A digest of the whole state, equal for equal snapshots. */
  hash(): string {
    return hashSnapshot(this.snapshot());
  }
}

/** The loop was left by an exception of a leaf. */
const STATUS_FAILED = -1;

function cellWords(types: FuncType['params'] | readonly ValType[]): number {
  let words = 0;
  for (const type of types) words += wordsOf(type);
  return words;
}

const CALL_STACK_EXHAUSTED = 'call stack exhausted';

function exhaustion(): Exhaustion {
  return new Exhaustion(CALL_STACK_EXHAUSTED);
}

function isFailure(error: unknown): error is Failure {
  return error instanceof Trap || error instanceof Exhaustion || error instanceof UncaughtException;
}

function failureOf(store: Store, { failure }: Snapshot): Failure | undefined {
  if (failure === undefined) return undefined;
  switch (failure.kind) {
    case 'Trap':
      return new Trap(failure.message);
    case 'Exhaustion':
      return new Exhaustion(failure.message);
    default:
      return new UncaughtException(failure.message, failure.exception === 0 ? undefined : uncaught(store, failure.exception).exception);
  }
}
