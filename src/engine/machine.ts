import { CompiledTier, type TierStatistics } from './compile/tier.js';
import { Crash, Exhaustion, type GuestFailure, isGuestFailure } from './errors.js';
import { type Frame, readValues } from './frames.js';
import type { HostFunction, Wait } from './host-function.js';
import { CodeHeap, LEAVE_PC } from './interpret/code-heap.js';
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
import { X } from './interpret/opcodes.js';
import { wordsOf } from './interpret/position-map.js';
import { callLeaf, ExecutionState, FP, FRAME, FUNC, type Limits, RECORD } from './interpret/state.js';
import { train } from './interpret/train.js';
import { Calls } from './machine/calls.js';
import { callStackExhausted, Failures } from './machine/failures.js';
import { Firing } from './machine/firing.js';
import { cellWords, FrameStack } from './machine/frame-stack.js';
import { Functions } from './machine/functions.js';
import { Positions } from './machine/positions.js';
import { Records } from './machine/records.js';
import type { Probes } from './probes.js';
import { rootsOf } from './roots.js';
import { captureStore, hashSnapshot, restoreStore, type Snapshot } from './snapshot.js';
import type { PendingCall, StopReason } from './stop-reason.js';
import type { Store } from './store.js';
import { storeValue, type Value } from './value.js';

export interface MachineOptions {
  /** Frames (default 1,000,000). */
  readonly maxCallDepth?: number | undefined;
  /** Cells of operands and locals, 8 bytes each (default 32 Mi). */
  readonly maxStackCells?: number | undefined;
  readonly tier?: 'auto' | 'interp' | 'compiled' | undefined;
  /**
   * How many times what compiling it costs a function must have cost before it is compiled (default 200 for `auto`); 0
   * compiles every function when it is first called, which is the default for `compiled`.
   */
  readonly patience?: number | undefined;
}

/** How much a run charges at most before it comes back to this file. */
const SLICE = 2 ** 30;
/** How many times what compiling it costs a function must have cost before `auto` compiles it: less made the Go CPU mix slower. */
const AUTO_PATIENCE = 200;

/**
 * Runs the functions of a store, with its whole state in flat arrays. An activation is one call from outside: `start`
 * pushes it, `run` goes on until something is to be decided that is not the machine's (`StopReason`).
 *
 * Here is what comes between two stretches of the loop (`interpret/loop.ts`) or of compiled code; `machine/` has its
 * parts: frame records, calls, failures, probes, and where frames stand.
 */
export class Machine {
  readonly store: Store;
  readonly probes: Probes;
  /** May be raised at any time, also after an `Exhaustion`. */
  readonly limits: Limits;
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly functions: Functions;
  private readonly tier: CompiledTier | undefined;
  private readonly stack: FrameStack;
  private readonly positions: Positions;
  private readonly failures: Failures;
  private readonly calling: Calls;
  private readonly firing: Firing;
  private readonly records: Records;
  /** The clock up to which code may run that does not count exactly. */
  private clockMost = 0;
  private callsBefore = 0;
  private activations = 0;
  /** A host function that was started directly has its results ready. */
  private returning = false;
  /** The pending host call waits. */
  private waiting: Wait | undefined = undefined;

  constructor(store: Store, options: MachineOptions = {}) {
    this.store = store;
    this.limits = { maxCallDepth: options.maxCallDepth ?? 1_000_000, maxStackCells: options.maxStackCells ?? 1 << 25 };
    const state = (this.state = new ExecutionState(store, this.limits));
    const heap = (this.heap = new CodeHeap(state, (func) => this.probes.positions(func)));
    state.roots = rootsOf(store, state, heap);
    const functions = (this.functions = new Functions(state, heap));
    const tier = (this.tier = this.makeTier(options));
    heap.notesBlocks = tier !== undefined;
    const stack = (this.stack = new FrameStack(state, heap, functions, tier));
    const positions = (this.positions = new Positions(state, heap, tier));
    this.failures = new Failures(state, heap, functions, stack, positions);
    this.calling = new Calls(state, heap, functions, stack, positions, this.failures, tier);
    this.records = new Records(state, functions, stack, positions);
    this.firing = new Firing(this, state, functions, positions);
    this.probes = this.firing.probes;
  }

  private makeTier({ tier, patience }: MachineOptions): CompiledTier | undefined {
    if (tier !== 'compiled' && tier !== 'auto') return undefined;
    const { store, state, heap, functions } = this;
    const hostOf = (func: number): HostFunction | undefined => functions.host(func);
    const probed = (func: number): boolean => this.probes.positions(func) !== undefined || this.probes.watchedAddresses !== undefined || heap.watched.length > 0;
    return new CompiledTier(store, state, heap, hostOf, probed, patience ?? (tier === 'auto' ? AUTO_PATIENCE : 0));
  }

  /** Instructions completed. */
  get clock(): number {
    return this.state.clock;
  }

  /** What the compiled tier has done; undefined where everything is interpreted. */
  get compilation(): TierStatistics | undefined {
    return this.tier?.statistics;
  }

  /** Says what functions will be called although they have not been yet; it makes no difference but to the speed of compiled code. */
  expect(funcs: readonly number[]): void {
    for (const func of funcs) this.tier?.expected.add(func);
  }

  /** Calls done by wasm functions, of each other and of the host. */
  get calls(): number {
    return this.callsBefore + this.state.calls[0]!;
  }

  /** Counts a call that somebody made in the guest's stead. */
  countCall(): void {
    this.callsBefore++;
  }

  /** Activations on the flat stack. */
  get depth(): number {
    return this.activations;
  }

  /** The host call that waits for an answer, if it is innermost. */
  get pending(): PendingCall | undefined {
    if (this.failures.current !== undefined || this.stack.topKind !== FRAME.host) return undefined;
    return this.stack.hostCall(this.state.rp);
  }

  /**
   * Pushes an activation. Allowed when nothing runs, and while a host call is pending. Throws `Exhaustion` where there
   * is no room for its first frame.
   */
  start(func: number, args: readonly Value[]): void {
    const { state, stack } = this;
    if (this.failures.current !== undefined) throw new Crash('the last activation failed: abandon it first');
    if (stack.topKind === FRAME.wasm) throw new Crash('an activation starts only where nothing runs or a host call is pending');
    this.refresh();
    const type = this.store.funcs[func]!.type;
    const base = stack.freeFrom(state.rp);
    if (!stack.hasRoom(base, cellWords(type.params) + cellWords(type.results))) throw callStackExhausted();
    let at = base >> 1;
    for (let i = 0; i < args.length; i++) {
      storeValue(state.cells, at, args[i]!);
      at += wordsOf(type.params[i]!) / 2;
    }
    const host = this.functions.host(func);
    if (host === undefined) {
      if (!stack.push(func, base)) throw callStackExhausted();
    } else if (host.kind === 'leaf') {
      state.records[state.rp + RECORD + FUNC] = func;
      state.records[state.rp + RECORD + FP] = base;
      callLeaf(state, host, base);
      this.returning = true;
    } else stack.pushHost(func, base);
    this.activations++;
    this.waiting = undefined;
    this.firing.forget();
  }

  /** What the store has got since the last time. */
  private refresh(): void {
    this.functions.refresh();
    this.tier?.refresh();
  }

  /** The pending host call takes the time of some instructions; then `run` answers with it once more. */
  wait(wait: Wait): void {
    if (this.pending === undefined) throw new Crash('no host call is pending');
    this.waiting = wait;
  }
  private waitFor({ wait, again }: Wait, limit: number): StopReason {
    const { state } = this;
    if (this.firing.pausing) return this.firing.paused();
    const taken = Math.max(0, Math.min(wait, limit - this.clock));
    state.clockEnd += taken;
    this.waiting = { wait: wait - taken, again };
    return taken < wait ? { kind: 'limit' } : { kind: 'host-call', call: this.stack.hostCall(state.rp), again };
  }

  /** The results of the pending host call are written: its caller can go on. */
  finishHostCall(): void {
    if (this.pending === undefined) throw new Crash('no host call is pending');
    this.stack.pop();
    this.waiting = undefined;
    if (this.state.pc === LEAVE_PC) this.returning = true;
    this.firing.forget();
  }
  /**
   * The pending host call fails: the next `run` answers with this trap. But an exception that the program catches is
   * with its handler at once.
   */
  failHostCall(error: GuestFailure): void {
    if (this.pending === undefined) throw new Crash('no host call is pending');
    this.waiting = undefined;
    this.failures.current = this.failures.raise(error, this.state.rp - RECORD);
    this.firing.forget();
  }

  /** Drops the frames of the innermost activation, after a trap or instead of going on with it. */
  abandon(): void {
    const { state, stack } = this;
    if (this.activations === 0) throw new Crash('there is nothing to abandon');
    // A host call on top is the activation's own: those that it started are gone.
    if (!this.returning && stack.topKind === FRAME.host) stack.drop();
    this.failures.clear();
    this.waiting = undefined;
    this.returning = false;
    while (stack.topKind === FRAME.wasm || stack.topKind === FRAME.bridge) stack.drop();
    state.fp = state.records[state.rp + FP]!;
    state.pc = LEAVE_PC;
    this.activations--;
    this.firing.forget();
  }

  /** The machine stops at the next safepoint: for probes, leaf functions and whoever else is called while it runs. */
  pause(): void {
    this.firing.pause();
  }

  /** Calls of that function become calls of the host, until `undefined` takes it back. */
  replace(func: number, by: HostFunction | undefined): void {
    this.refresh();
    this.functions.replace(func, by);
    this.tier?.publish(func);
  }

  /** One instruction (or none, where a host call, a return or a probe comes first). */
  step(): StopReason {
    return this.run(this.clock + 1);
  }

  /** Runs on until the clock is `limit`, or something else happens before. */
  run(limit: number = Infinity): StopReason {
    const { state, stack, failures } = this;
    this.refresh();
    stack.applyLimits();
    if (failures.current instanceof Exhaustion && stack.topKind === FRAME.wasm) failures.current = undefined;
    if (failures.current !== undefined) return { kind: 'trap', error: failures.current };
    if (this.activations === 0) throw new Crash('there is nothing to run');
    if (this.waiting !== undefined) return this.waitFor(this.waiting, limit);
    for (;;) {
      if (this.returning) return this.returned();
      if (stack.topKind === FRAME.host) return { kind: 'host-call', call: stack.hostCall(state.rp) };
      const stop = this.advance(limit);
      if (stop !== undefined) return stop;
    }
  }

  /** One stretch of the loop and what comes after it; undefined to go on. */
  private advance(limit: number): StopReason | undefined {
    const { state, positions } = this;
    state.interrupted = false;
    positions.catchUp();
    const remaining = limit - this.clock;
    train();
    const margin = this.heap.longestPath * 4;
    const fused = remaining > margin && !this.firing.pausing && !this.probes.watchesEverything;
    positions.mode = fused ? 'fused' : 'exact';
    let left: number;
    this.clockMost = limit - margin;
    if (fused) left = Math.min(remaining - margin, this.tier?.stretch ?? SLICE);
    else {
      // Instructions that fused code has not charged yet are charged by this.
      positions.leaveFused();
      left = this.exactBudget(limit - this.clock);
    }
    state.clockEnd = this.clock + left;
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
        positions.enterFused();
        return undefined;
      case STATUS_RETURNED:
        return this.returned();
      case STATUS_BRIDGE:
        this.stack.pop();
        return undefined;
      case STATUS_CALL:
        return this.calling.call();
      case STATUS_TAIL_CALL:
        return this.calling.tailCall();
      case STATUS_ENTER:
        return this.enterCompiled((tier) => tier.enter());
      case STATUS_WATCH:
        return this.firing.atWatch();
      case STATUS_PROBE:
        return this.firing.atProbe();
      case STATUS_FAILED:
        return this.failures.failed(state.rp);
      default:
        return this.failures.trap(status - STATUS_TRAP);
    }
  }

  /** At an ENTER. Compiled code comes back with the state as the loop leaves it. */
  private enterCompiled(run: (tier: CompiledTier) => GuestFailure | undefined): StopReason | undefined {
    const { state } = this;
    const more = Math.max(0, Math.min(this.clockMost - this.clock, SLICE) - state.left);
    state.left += more;
    state.clockEnd += more;
    let failure: GuestFailure | undefined;
    state.running = true;
    try {
      failure = run(this.tier!);
    } finally {
      state.running = false;
    }
    // As after the loop: a host call below a finished callback must not be begun again.
    if (failure === undefined) return state.pc === LEAVE_PC ? this.returned() : undefined;
    return this.failures.failedCompiled(failure);
  }

  /** Fused code has run for a while: what runs now is probably hot, and goes on compiled, in the middle of the function. */
  private afterStretch(): StopReason | undefined {
    const { state, tier, heap } = this;
    const segment = heap.segmentAt(state.pc);
    if (tier === undefined || segment === undefined || segment.mode !== 'fused' || heap.watched.length > 0 || !tier.warm(segment.func)) return undefined;
    const version = tier.versionAt(segment.func, state.pc, () => heap.map(segment).at(state.pc)?.offset);
    if (version === undefined) return undefined;
    this.positions.moveTop(segment);
    return this.enterCompiled(() => (tier.run(segment.func, version) ? tier.failure : undefined));
  }

  /** Exact code goes instruction by instruction only where somebody watches each. */
  private exactBudget(remaining: number): number {
    if (this.firing.pausing) return 0;
    if (!this.probes.watchesEverything) return Math.max(0, Math.min(remaining, SLICE));
    return remaining > 0 && this.firing.everyHasFired ? 1 : 0;
  }

  private interpret(fused: boolean, left: number): number {
    const { state } = this;
    state.running = true;
    try {
      return interpret(state, fused ? this.heap.fused : this.heap.exact, left, fused);
    } catch (error) {
      if (!isGuestFailure(error)) throw error;
      this.failures.current = error;
      return STATUS_FAILED;
    } finally {
      state.running = false;
    }
  }

  /** Exact code has stopped before an instruction, or after a leaf that asked for a pause. */
  private atInstruction(limit: number): StopReason | undefined {
    const { state } = this;
    if (state.left > 0 || state.code[state.pc] !== X.TICK) return undefined;
    if (this.firing.pausing) return this.firing.paused();
    if (this.clock >= limit) return { kind: 'limit' };
    return this.probes.watchesEverything ? this.firing.atInstruction() : undefined;
  }

  private returned(): StopReason {
    const { state } = this;
    const above = state.rp + RECORD;
    const type = this.store.funcs[state.records[above + FUNC]!]!.type;
    const results = readValues(state.cells, state.records[above + FP]!, type.results);
    this.returning = false;
    this.activations--;
    this.firing.pausing = false;
    state.pc = LEAVE_PC;
    state.fp = state.records[state.rp + FP]!;
    return { kind: 'returned', results };
  }

  // What can be seen

  /**
   * The frames of all activations, innermost first; only the innermost `limit` of them. Throws inside a leaf function that
   * compiled code has called.
   */
  frames(limit: number = Infinity): Frame[] {
    if (this.tier?.hidesFrames === true) throw new Error('a leaf function must not look at frames, which compiled code keeps to itself: declare it full');
    return this.records.frames(this.activations, limit);
  }
  /** How many `frames` there are. */
  get frameCount(): number {
    return this.records.count;
  }

  /**
   * The whole state as data: the same bytes whichever lowering a frame is in. Not inside a probe or a leaf. The content
   * of the memories may be left out, and then `restore` leaves them alone.
   */
  snapshot(withMemories = true): Snapshot {
    const { clock, calls, activations, waiting, records, failures, store } = this;
    return { clock, calls, activations, waiting, failure: failures.capture(), ...records.capture(), store: captureStore(store, withMemories) };
  }

  /** Puts machine and store into the state of a snapshot of the same instances. */
  restore(snapshot: Snapshot): void {
    const { state } = this;
    this.refresh();
    restoreStore(this.store, snapshot.store);
    this.failures.restore(snapshot.failure);
    this.activations = snapshot.activations;
    this.returning = false;
    this.waiting = snapshot.waiting;
    this.firing.pausing = false;
    state.left = 0;
    state.clockEnd = snapshot.clock;
    state.calls[0] = 0;
    this.callsBefore = snapshot.calls;
    this.firing.forget();
    this.records.restore(snapshot);
  }

  /** A digest of the whole state, equal for equal snapshots. */
  hash(): string {
    return hashSnapshot(this.snapshot());
  }
}

/** The loop was left by an exception of a leaf. */
const STATUS_FAILED = -1;
