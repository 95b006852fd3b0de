import { countingOffset } from '../frames.js';
import { type ExecutionState, FUNC } from '../interpret/state.js';
import type { Machine } from '../machine.js';
import { type Probe, Probes } from '../probes.js';
import type { StopReason } from '../stop-reason.js';
import { accessesOf } from '../watches.js';
import type { Functions } from './functions.js';
import type { Positions } from './positions.js';

/**
 * Fires the probes that a run reaches, each once at one moment: running on from a stop does not fire them again. A
 * reason to stop is answered, or `undefined` to go on.
 */
export class Firing {
  readonly probes: Probes;
  /** The machine is to stop at the next safepoint. */
  pausing = false;
  private readonly machine: Machine;
  private readonly state: ExecutionState;
  private readonly positions: Positions;
  /** A watch asked to stop after what the host wrote. */
  private afterHost: Probe | undefined = undefined;
  /** Which have fired at which moment. */
  private fired = { clock: -1, record: -1, positions: new Set<number>(), every: false };

  constructor(machine: Machine, state: ExecutionState, functions: Functions, positions: Positions) {
    this.machine = machine;
    this.state = state;
    this.positions = positions;
    this.probes = new Probes(
      (funcs) => (funcs === undefined ? positions.interrupt() : positions.relower(funcs)),
      (func, offset) => countingOffset(functions.wasm(func), offset),
      () => this.watch(),
    );
  }

  pause(): void {
    this.pausing = true;
    this.state.interrupted = true;
  }
  /** The reason for which a pause was asked, which is over now. */
  paused(): StopReason {
    const probe = this.afterHost;
    this.pausing = false;
    this.afterHost = undefined;
    return probe === undefined ? { kind: 'paused' } : { kind: 'probe', probe };
  }

  /** What comes now is another moment, even at the same clock. */
  forget(): void {
    this.fired.clock = -1;
  }
  private mark(): void {
    if (!this.hasFired()) this.fired = { clock: this.state.clock, record: this.state.rp, positions: new Set(), every: false };
  }
  private hasFired(): boolean {
    return this.fired.clock === this.state.clock && this.fired.record === this.state.rp;
  }
  /** Has what watches every instruction fired at this one? */
  get everyHasFired(): boolean {
    return this.hasFired() && this.fired.every;
  }
  /** Is this the first time that this position is reached at this moment? */
  private isNew(position: number): boolean {
    this.mark();
    const { positions } = this.fired;
    if (positions.has(position)) return false;
    positions.add(position);
    return true;
  }

  /** Before an instruction, while every one is watched. */
  atInstruction(): StopReason | undefined {
    this.mark();
    if (this.fired.every) return undefined;
    this.fired.every = true;
    return stopFor(this.probes.fireEvery(this.machine));
  }

  /** At a PROBE. */
  atProbe(): StopReason | undefined {
    const { state } = this;
    const position = state.code[state.pc + 2]!;
    state.pc += 3;
    return this.isNew(position) ? stopFor(this.probes.fire(this.machine, state.records[state.rp + FUNC]!, position)) : undefined;
  }

  /** At a WATCH. */
  atWatch(): StopReason | undefined {
    const { state, positions } = this;
    const { code, pc } = state;
    const operands = -2 - code[pc + 2]!;
    if (operands >= 0 && !this.mayMeet(state.fp + operands)) {
      state.pc += 4;
      return undefined;
    }
    const segment = positions.top();
    if (segment.mode === 'fused') {
      // Exact code comes to the same WATCH.
      const place = positions.failingPlace();
      positions.standBefore(segment.func, place, place.count);
      return undefined;
    }
    state.pc += 4;
    // Beside the positions of the probes.
    if (!this.isNew(-3 - code[pc + 1]!)) return undefined;
    const [frame] = this.machine.frames(1);
    return frame?.kind === 'wasm' ? stopFor(this.probes.fireAccesses(this.machine, accessesOf(state.store, frame))) : undefined;
  }
  /** May what goes from one range of a memory to another, both told by 32 bits at word `at`, meet a watch? */
  private mayMeet(at: number): boolean {
    const { cells, watchLow, watchHigh } = this.state;
    const [to, from, length] = [0, 2, 4].map((i) => cells.i32[at + i]! >>> 0) as [number, number, number];
    return [to, from].some((start) => start < watchHigh && start + length > watchLow);
  }

  /** Other memory is watched now. */
  private watch(): void {
    const { state } = this;
    const bounds = this.probes.watchedAddresses;
    state.watchLow = bounds?.low ?? 0;
    state.watchHigh = bounds?.high ?? 0;
    state.memories.forEach((memory, i) => {
      memory.onWatchedWrite = bounds && ((address, length) => this.hostWrote(i, address, length));
    });
    this.positions.watch(this.probes.watchedKinds);
  }
  private hostWrote(memory: number, address: number, length: number): void {
    const probe = this.probes.fireAccesses(this.machine, [{ kind: 'write', memory, address, length, host: true }]);
    if (probe === undefined) return;
    this.afterHost ??= probe;
    this.pause();
  }
}

function stopFor(probe: Probe | undefined): StopReason | undefined {
  return probe && { kind: 'probe', probe };
}
