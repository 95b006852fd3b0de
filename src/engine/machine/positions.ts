import type { CompiledTier } from '../compile/tier.js';
import { Crash } from '../errors.js';
import { materialise } from '../frames.js';
import type { CodeHeap, Segment, Watched } from '../interpret/code-heap.js';
import type { Mode } from '../interpret/lower.js';
import type { Place } from '../interpret/position-map.js';
import { type ExecutionState, FP, FRAME, FUNC, KIND, PC, RECORD } from '../interpret/state.js';

/**
 * Where frames stand, in terms of the module, and their ways from one code of their function to another: fused, exact,
 * compiled, or lowered again because probes have changed. Whoever leaves a fused step puts the operands into their own
 * cells and charges what the step has done.
 */
export class Positions {
  /** The code that is to run. */
  mode: Mode = 'fused';
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly tier: CompiledTier | undefined;
  /** The innermost frame may be in code that has been replaced. */
  private stale = false;
  /** What of memories code is to look at from now on, where that is something else. */
  private watched: Watched | undefined = undefined;

  constructor(state: ExecutionState, heap: CodeHeap, tier: CompiledTier | undefined) {
    this.state = state;
    this.heap = heap;
    this.tier = tier;
  }

  // Where frames stand

  top(): Segment {
    const segment = this.heap.segmentAt(this.state.pc);
    if (segment === undefined) throw new Crash('no frame is innermost');
    return segment;
  }

  /** The place of the innermost frame, whose code is `segment`. */
  place(segment: Segment): Place {
    const { pc, running } = this.state;
    const map = this.heap.map(segment);
    const place = (running ? map.failing(pc) : undefined) ?? map.at(pc) ?? map.failing(pc);
    if (place === undefined) throw new Crash(`the machine stands at ${pc}, which is no place`);
    return place;
  }
  /** The place of the frame whose record stands at `rp`. */
  placeOf(rp: number): Place {
    const { state } = this;
    if (rp === state.rp) return this.place(this.top());
    const pc = state.records[rp + PC]!;
    return this.callingPlace(this.heap.segmentAt(pc)!, pc);
  }
  private callingPlace(segment: Segment, pc: number): Place {
    const place = this.heap.map(segment).calling(pc);
    if (place === undefined) throw new Crash('a caller stands where there is no call');
    return place;
  }
  /** The instruction of the innermost frame that has just failed. */
  failingPlace(): Place {
    const { pc } = this.state;
    const place = this.heap.map(this.top()).failing(pc);
    if (place === undefined) throw new Crash(`code at ${pc} failed where it cannot`);
    return place;
  }

  /** Where exact code of this function begins with the instruction at `offset`. */
  exactEntry(func: number, offset: number): number {
    const place = this.heap.map(this.heap.segmentOf(func, 'exact')).entry(offset);
    if (place === undefined) throw new Crash(`no instruction at byte ${offset}`);
    return place.pc;
  }
  /** Where exact code goes on after the call at `offset`. */
  exactReturn(func: number, offset: number): number {
    const pc = this.heap.map(this.heap.segmentOf(func, 'exact')).returnPc(offset);
    if (pc === undefined) throw new Crash(`no call at byte ${offset}`);
    return pc;
  }

  /** The same for many frames, as long as code stays what it is: a deep recursion waits in one place a million times. */
  exactReturns(): (func: number, offset: number) => number {
    const known = new Map<number, number>();
    return (func, offset) => {
      const key = offset * this.state.store.funcs.length + func;
      let pc = known.get(key);
      if (pc === undefined) known.set(key, (pc = this.exactReturn(func, offset)));
      return pc;
    };
  }

  // Going from one code to another

  /** Goes on in exact code, wherever the innermost frame stands. */
  leaveFused(): void {
    const segment = this.heap.segmentAt(this.state.pc);
    if (segment !== undefined && segment.mode !== 'exact') this.moveTop(segment);
  }
  /** The innermost frame, whose code is `segment`, goes on in exact code. */
  moveTop(segment: Segment): void {
    const place = this.place(segment);
    this.standBefore(segment.func, place, place.count);
  }
  /** Leaves the innermost frame before the instruction at `place`, after `count` instructions that are not charged yet. */
  standBefore(func: number, place: Place, count: number): void {
    const { state } = this;
    state.clockEnd += count;
    materialise(state.cells, state.fp, place);
    state.pc = this.exactEntry(func, place.offset);
  }
  private moveCaller(rp: number, segment: Segment): void {
    const { records, cells } = this.state;
    const place = this.callingPlace(segment, records[rp + PC]!);
    materialise(cells, records[rp + FP]!, place);
    records[rp + PC] = this.exactReturn(segment.func, place.offset);
  }

  /** At a SWITCH: goes on in fused code if a step of it starts here. */
  enterFused(): void {
    const segment = this.top();
    const { offset } = this.place(segment);
    if (!this.goToFused(segment.func, offset)) this.state.pc += 1;
  }
  /** Goes on with the instruction at `offset`, its operands in their own cells, in fused code; false if that cannot be entered there. */
  private goToFused(func: number, offset: number): boolean {
    const entry = this.heap.map(this.heap.segmentOf(func, 'fused')).entry(offset);
    if (entry === undefined) return false;
    // What comes before the entry in its stretch of code will be charged at the end, but is counted already.
    this.state.clockEnd -= entry.count;
    this.state.pc = entry.pc;
    return true;
  }
  /** Goes on with the instruction at `offset`, its operands in their own cells. */
  goTo(func: number, offset: number): void {
    if (this.mode === 'exact' || !this.goToFused(func, offset)) this.state.pc = this.exactEntry(func, offset);
  }

  // Code that is out of date

  /** Other probes in these functions: new calls run new code, and the frames that are in old code are moved. */
  relower(funcs: ReadonlySet<number>): void {
    const { state } = this;
    const old: [number, Segment][] = [];
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      if (state.records[rp + KIND] !== FRAME.wasm || !funcs.has(state.records[rp + FUNC]!)) continue;
      old.push([rp, this.heap.segmentAt(rp === state.rp ? state.pc : state.records[rp + PC]!)!]);
    }
    for (const func of funcs) {
      this.heap.forget(func);
      this.tier?.drop(func);
    }
    for (const [rp, segment] of old) {
      if (rp !== state.rp) this.moveCaller(rp, segment);
      else if (!state.running) this.moveTop(segment);
    }
    this.interrupt();
  }
  /** Other accesses of memory are to be looked at, as soon as the loop has come back. */
  watch(watched: Watched): void {
    this.watched = watched.join() === this.heap.watched.join() ? undefined : watched;
    this.interrupt();
  }
  /** The loop has to come back, because what it runs may be out of date. */
  interrupt(): void {
    this.stale = true;
    this.state.interrupted = true;
  }

  /** Before the loop runs again. */
  catchUp(): void {
    if (this.stale) this.leaveStale();
    this.changeCode();
  }
  private leaveStale(): void {
    this.stale = false;
    const segment = this.heap.segmentAt(this.state.pc);
    if (segment !== undefined && !this.heap.isCurrent(segment)) this.moveTop(segment);
  }
  /** Every frame is taken to its place in other exact code, if what there is must not run any more. */
  changeCode(): void {
    const { state, heap } = this;
    if (this.watched === undefined && !heap.wasteful) return;
    const { records } = state;
    const offsets: number[] = [];
    const callers = new Map<number, Place>();
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      if (records[rp + KIND] !== FRAME.wasm) continue;
      const pc = records[rp + PC]!;
      const place = (rp === state.rp ? undefined : callers.get(pc)) ?? this.placeOf(rp);
      if (rp !== state.rp) callers.set(pc, place);
      else state.clockEnd += place.count;
      if (place.operands.length > 0) materialise(state.cells, records[rp + FP]!, place);
      offsets.push(place.offset);
    }
    if (heap.wasteful) {
      heap.clear();
      this.tier?.renew();
    }
    if (this.watched !== undefined) heap.watch(this.watched);
    this.watched = undefined;
    let i = 0;
    const returnPc = this.exactReturns();
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      if (records[rp + KIND] !== FRAME.wasm) continue;
      const offset = offsets[i++]!;
      const func = records[rp + FUNC]!;
      if (rp === state.rp) state.pc = this.exactEntry(func, offset);
      else records[rp + PC] = returnPc(func, offset);
    }
  }
}
