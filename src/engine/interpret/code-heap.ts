import { Crash } from '../errors.js';
import type { WasmFunction } from '../store.js';
import { type Access, WATCHED } from '../watches.js';
import { HEADER, Lowering, type Mode } from './lower.js';
import { X } from './opcodes.js';
import { type Place, PositionMap } from './position-map.js';
import type { ExecutionState } from './state.js';
import { markBlocks, NO_BLOCKS, seeOffset, unseenBlocks } from './unseen.js';

/** Where every activation, and every call of another instance, returns to. */
export const LEAVE_PC = 0;
export const BRIDGE_PC = 1;

/** One lowered function in the heap. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly entry: number;
  readonly func: number;
  readonly mode: Mode | 'compiled';
  readonly probes: ReadonlySet<number> | undefined;
  /** Has it exception handlers? */
  readonly catches: boolean;
  /** Those of its blocks whose first run is noted. */
  readonly blocks: Int32Array;
}

/** What of memories code looks at. */
export type Watched = readonly Access['kind'][];

/** Code by function, also of blocked functions, which have no entry for the loop. */
type Lowered = Readonly<Record<Mode, Map<number, Segment>>>;

/** Where the first function stands. */
const FIRST = 2;

/** How many words of code may be out of use. */
const MAX_ABANDONED = 1 << 20;

/** By how much the heap grows: it is most of what a large program takes while it runs. */
const GROWTH = 1.25;

/** How many position maps are kept. */
const CACHED_MAPS = 64;

/**
 * The lowered code of a store's functions in one run of words, made when first called. Code is never moved, and
 * nothing of it changes but marks (unseen.ts): what replaces it stands elsewhere, and frames in it go on until somebody moves them.
 */
export class CodeHeap {
  /** Where each function starts, by address; 0: not lowered. */
  fused: Int32Array = new Int32Array(256);
  exact: Int32Array = new Int32Array(256);
  /** No path through lowered code without a charge is longer than this, in instructions. */
  longestPath = 64;
  /** Does fused code note which of its blocks run? */
  notesBlocks = false;
  private readonly state: ExecutionState;
  private readonly lowering: Lowering;
  /** In order of `start`. */
  private readonly segments: Segment[] = [];
  private readonly maps = new Map<Segment, PositionMap>();
  /** By what it looks at: who watches memory for a moment finds all code as it was before. */
  private readonly lowered = new Map<string, Lowered>();
  private current: Lowered;
  private looksAt: Watched = [];
  private readonly compiled = new Map<number, CompiledSegment>();
  private readonly blocked = new Set<number>();
  private top = FIRST;
  /** Words of code that no call runs any more. */
  private abandoned = 0;
  private readonly probesOf: (func: number) => ReadonlySet<number> | undefined;

  /** @param probesOf Byte offsets in a function that are to get a PROBE. */
  constructor(state: ExecutionState, probesOf: (func: number) => ReadonlySet<number> | undefined) {
    this.state = state;
    this.lowering = new Lowering(state.store);
    this.probesOf = probesOf;
    this.current = this.loweredFor([]);
    state.code[LEAVE_PC] = X.LEAVE;
    state.code[BRIDGE_PC] = X.BRIDGE;
  }

  /** What of memories the code looks at that calls run; no compiled code is run where that is anything. */
  get watched(): Watched {
    return this.looksAt;
  }
  /** Calls run code that looks at other accesses. Frames stay where they are. */
  watch(watched: Watched): void {
    this.looksAt = watched;
    this.current = this.loweredFor(watched);
    this.fused.fill(0);
    this.exact.fill(0);
    for (const funcs of [this.current.fused, this.current.exact, this.compiled]) for (const func of funcs.keys()) this.publish(func);
  }
  private loweredFor(watched: Watched): Lowered {
    const key = watched.join();
    let lowered = this.lowered.get(key);
    if (lowered === undefined) this.lowered.set(key, (lowered = { fused: new Map(), exact: new Map() }));
    return lowered;
  }
  /** Byte offsets at which a function gets a PROBE, and what else has to be looked at in it. */
  private lookedAt(func: number): ReadonlySet<number> | undefined {
    const probes = this.probesOf(func);
    if (this.looksAt.length === 0) return probes;
    return new Set([...(probes ?? []), ...this.looksAt.map((kind) => WATCHED[kind])]);
  }

  /** Makes room for functions that the store has got since. */
  reserve(functions: number): void {
    if (functions <= this.fused.length) return;
    const size = Math.max(functions, this.fused.length * 2);
    const grow = (old: Int32Array): Int32Array => {
      const bigger = new Int32Array(size);
      bigger.set(old);
      return bigger;
    };
    this.fused = grow(this.fused);
    this.exact = grow(this.exact);
  }

  /** The code that calls of this function run; lowers it if that has not been done. */
  segmentOf(func: number, mode: Mode): Segment {
    const known = this.current[mode].get(func);
    if (known !== undefined) return known;
    const probes = this.lookedAt(func);
    const { lowering, state } = this;
    lowering.lower(this.wasm(func), func, mode, this.top, probes);
    const end = this.top + lowering.length;
    this.reserveCode(end);
    state.code.set(lowering.words.subarray(0, lowering.length), this.top);
    const blocks = this.notesBlocks && mode === 'fused' && probes === undefined ? markBlocks(state.code, this.top, lowering.length, lowering.blocks) : NO_BLOCKS;
    this.longestPath = Math.max(this.longestPath, lowering.longest + 1);
    const segment: Segment = { start: this.top, end, entry: this.top + HEADER, func, mode, probes, catches: lowering.catches, blocks };
    this.segments.push(segment);
    this.top = end;
    this.current[mode].set(func, segment);
    this.publish(func);
    return segment;
  }

  /**
   * Calls of the function go to compiled code from now on: to an ENTER for its entry, with one more for each call that
   * the code makes, to which that returns.
   */
  addCompiled(func: number, calls: readonly number[]): Segment {
    const { entry: exact } = this.segmentOf(func, 'exact');
    const start = this.top;
    const entry = start + HEADER;
    const end = entry + ENTER_WORDS * (calls.length + 1);
    this.reserveCode(end);
    const { code } = this.state;
    code.copyWithin(start, exact - HEADER, exact);
    for (let pc = entry; pc < end; pc += ENTER_WORDS) {
      code[pc] = X.ENTER;
      code[pc + 1] = func;
    }
    const segment: CompiledSegment = { start, end, entry, func, mode: 'compiled', probes: undefined, catches: false, blocks: NO_BLOCKS, calls };
    this.segments.push(segment);
    this.top = end;
    this.compiled.set(func, segment);
    this.publish(func);
    return segment;
  }
  removeCompiled(func: number): void {
    const segment = this.compiled.get(func);
    if (segment === undefined) return;
    this.abandoned += segment.end - segment.start;
    this.compiled.delete(func);
    this.publish(func);
  }
  /** Where calls of the function go, whatever kind of code that is. */
  entry(func: number): number {
    return (this.runnable(func) ?? this.segmentOf(func, 'fused')).entry;
  }
  /** Its compiled code, if that may run. */
  private runnable(func: number): Segment | undefined {
    return this.looksAt.length === 0 ? this.compiled.get(func) : undefined;
  }
  /** Has the function been run, or looked at? */
  isLowered(func: number): boolean {
    return this.current.fused.has(func);
  }
  /** Byte offsets of blocks of the function that its fused code has never run, as far as that is known. */
  unseen(func: number): ReadonlySet<number> {
    return unseenBlocks(this.state.code, this.blocksOf(func));
  }
  private blocksOf(func: number): Int32Array {
    return this.current.fused.get(func)?.blocks ?? NO_BLOCKS;
  }
  /** The block at a byte offset has run. */
  see(func: number, offset: number): void {
    seeOffset(this.state.code, this.blocksOf(func), offset);
  }
  /** Is that where calls of the function go, as far as its kind of code is concerned? */
  isCurrent(segment: Segment): boolean {
    const { func, mode } = segment;
    return (mode === 'compiled' ? this.runnable(func) : this.current[mode].get(func)) === segment;
  }

  private reserveCode(end: number): void {
    const { state } = this;
    if (end <= state.code.length) return;
    const bigger = new Int32Array(Math.max(end, Math.ceil(state.code.length * GROWTH)));
    bigger.set(state.code);
    state.code = bigger;
    // A loop that is under way (a leaf function looks at frames) must come back for the new array.
    state.interrupted = true;
  }

  /** Tells the loop where the function starts, unless its calls are to come to the machine. */
  private publish(func: number): void {
    const blocked = this.blocked.has(func);
    this.fused[func] = blocked ? 0 : (this.runnable(func)?.entry ?? this.current.fused.get(func)?.entry ?? 0);
    this.exact[func] = blocked ? 0 : (this.current.exact.get(func)?.entry ?? 0);
  }

  /** Makes calls of the function come to the machine, or lets the loop do them again. */
  block(func: number, blocked: boolean): void {
    if (blocked) this.blocked.add(func);
    else this.blocked.delete(func);
    this.publish(func);
  }

  private wasm(func: number): WasmFunction {
    const instance = this.state.store.funcs[func];
    if (instance?.kind !== 'wasm') throw new Crash(`function ${func} has no code`);
    return instance;
  }

  /** Is there so much code out of use that the heap is better begun anew? */
  get wasteful(): boolean {
    return this.abandoned > MAX_ABANDONED;
  }
  /** Forgets all code. No frame may be in any. */
  clear(): void {
    this.segments.length = 0;
    this.maps.clear();
    this.lowered.clear();
    this.current = this.loweredFor(this.looksAt);
    this.compiled.clear();
    this.fused.fill(0);
    this.exact.fill(0);
    this.top = FIRST;
    this.abandoned = 0;
  }

  /** The next call of this function lowers it again. */
  forget(func: number): void {
    for (const lowered of this.lowered.values()) {
      for (const segments of [lowered.fused, lowered.exact]) {
        const segment = segments.get(func);
        if (segment !== undefined) this.abandoned += segment.end - segment.start;
        segments.delete(func);
      }
    }
    this.publish(func);
  }

  /** The function whose code stands at `pc`; undefined for LEAVE and BRIDGE. */
  segmentAt(pc: number): Segment | undefined {
    const { segments } = this;
    let low = 0;
    let high = segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = segments[middle]!;
      if (pc < segment.start) high = middle - 1;
      else if (pc >= segment.end) low = middle + 1;
      else return segment;
    }
    return undefined;
  }
  map(segment: Segment): PositionMap {
    let map = this.maps.get(segment);
    if (map === undefined) {
      map = segment.mode === 'compiled' ? this.compiledMap(segment as CompiledSegment) : this.lowerAgain(segment, segment.mode);
    } else this.maps.delete(segment);
    this.maps.set(segment, map);
    if (this.maps.size > CACHED_MAPS) this.maps.delete(this.maps.keys().next().value!);
    return map;
  }
  private lowerAgain(segment: Segment, mode: Mode): PositionMap {
    const map = new PositionMap(mode === 'exact');
    this.lowering.lower(this.wasm(segment.func), segment.func, mode, segment.start, segment.probes, map);
    if (this.lowering.length !== segment.end - segment.start) throw new Crash('a function was lowered differently the second time');
    return map;
  }
  private compiledMap(segment: CompiledSegment): PositionMap {
    const exact = this.segmentOf(segment.func, 'exact');
    return new CompiledMap(segment, this.map(exact), exact.entry);
  }
}

/** Words of an ENTER. */
export const ENTER_WORDS = 2;

interface CompiledSegment extends Segment {
  /** Byte offsets of the calls to whose ENTERs they return. */
  readonly calls: readonly number[];
}

/** What the ENTERs of compiled code mean: the same as places of exact code. */
class CompiledMap extends PositionMap {
  private readonly segment: CompiledSegment;
  private readonly places: PositionMap;
  private readonly entryPc: number;

  constructor(segment: CompiledSegment, exact: PositionMap, entryPc: number) {
    super(true);
    this.segment = segment;
    this.places = exact;
    this.entryPc = entryPc;
  }
  private returnOf(pc: number): number | undefined {
    const offset = this.segment.calls[(pc - this.segment.entry) / ENTER_WORDS - 1];
    return offset === undefined ? undefined : this.places.returnPc(offset);
  }
  override at(pc: number): Place | undefined {
    const back = pc === this.segment.entry ? this.entryPc : this.returnOf(pc);
    return back === undefined ? undefined : this.places.at(back);
  }
  override failing(): Place | undefined {
    return undefined;
  }
  override calling(pc: number): Place | undefined {
    const back = this.returnOf(pc);
    return back === undefined ? undefined : this.places.calling(back);
  }
}
