import { InstructionReader } from '../../wasm/binary/code-reader.js';
import type { FuncType } from '../../wasm/types.js';
import { Crash, type GuestFailure } from '../errors.js';
import type { HostFunction } from '../host-function.js';
import { type CodeHeap, ENTER_WORDS, type Segment } from '../interpret/code-heap.js';
import { type ExecutionState, FP, FRAME, FUNC, KIND, PC, RECORD } from '../interpret/state.js';
import type { Store, WasmFunction } from '../store.js';
import type { Site } from './block.js';
import { NotWorthCompiling } from './builder.js';
import { isWide } from './builder.js';
import { Departure, MARK, REFUSED } from './departure.js';
import { type Code, type Environment, Environments, type FromFrame } from './environment.js';
import { FRAME_BYTES, generate, type Version } from './generate.js';
import type { Plan } from './plan.js';
import { comesTo } from './scan.js';

/** More bytes of source than this are likely to be above what V8 optimises (61,440 bytes of bytecode). */
const MAX_SOURCE = 52_000;
/** Versions of a function that begin behind its entry. */
const MAX_RESUMED = 24;
/** Without this much room for JavaScript frames compiled code is not entered. */
const LEAST_STACK = 4096;
/** Cells that stay free above compiled frames, for the arguments of host functions. */
const SPARE_CELLS = 512;

/**
 * Heat is counted in instructions that the interpreter could have been spared. A function is compiled when its heat is
 * what compiling it costs: so much for any, and so much for each byte of its body, times the patience.
 */
const HOT = 10_000;
const HOT_BYTE = 40;
/** Instructions after which the interpreter comes back to see what is hot, times the patience. */
const STRETCH = 1000;
/** What a change between the tiers costs, in instructions. */
const CHANGE_HEAT = 1000;
/**
 * Instructions that compiled code does at most before it leaves. The host's optimiser replaces code that is running by
 * code that must expect anything of its variables; what is called anew has their types.
 */
const SLICE = 20_000_000;
/**
 * Where compiling has no price: instructions after which the interpreter comes back, and those that a function which
 * is too large as a whole is interpreted for, to see which of its blocks run.
 */
const EAGER_STRETCH = 10_000;
const LARGE = 2_000_000;

interface Compiled {
  readonly func: number;
  readonly environment: Environment;
  readonly version: Version;
  readonly code: Code;
  readonly enter: FromFrame;
  /** Where the interpreter enters it. */
  readonly segment: Segment;
  /** Positions in `version.sites` of the calls. */
  readonly calls: readonly number[];
  readonly resumed: Map<number, FromFrame>;
  /** By the value that the function dispatches on: the version for it. */
  readonly parts: (Code | undefined)[];
  readonly partHeat: Map<number, number>;
  /** Byte offsets of calls that its code leaves out. */
  readonly cold: ReadonlySet<number>;
  readonly plan: Plan;
  readonly results: FuncType['results'];
}

export interface TierStatistics {
  compiled: number;
  /** Versions that begin in the middle of a function. */
  resumed: number;
  /** Functions that stay interpreted, with the reason. */
  readonly refused: Map<number, string>;
  entries: number;
  departures: number;
  /** Instructions that compiled code has done. */
  instructions: number;
  /** The host forbids making code (content security policy). */
  forbidden: boolean;
}

/**
 * The second tier: functions as JavaScript. Its code runs between two stretches of the interpreter's loop, on the same
 * memories, tables and globals. Whatever it does not do itself — calls of functions that are not compiled, traps, the
 * end of the budget — makes it write its frames into the flat state and return to the machine.
 */
export class CompiledTier {
  readonly statistics: TierStatistics = { compiled: 0, resumed: 0, refused: new Map(), entries: 0, departures: 0, instructions: 0, forbidden: false };
  /** Longest way through compiled code between two places where it looks at its budget, in instructions. */
  longest = 0;
  /** The most that a call takes off the budget of stack. */
  private largest = 0;
  private readonly store: Store;
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly hostOf: (func: number) => HostFunction | undefined;
  private readonly probed: (func: number) => boolean;
  private readonly functions = new Map<number, Compiled>();
  private readonly departure = new Departure();
  private readonly environments: Environments;
  /** Measured when it is first needed. */
  private stackBytes = 0;
  /** Functions that will be called, though they have not been yet. */
  readonly expected: Set<number> = new Set();
  /** How many times its price a function must have cost before it is compiled. */
  private readonly patience: number;

  constructor(store: Store, state: ExecutionState, heap: CodeHeap, hostOf: (func: number) => HostFunction | undefined, probed: (func: number) => boolean, patience: number) {
    this.store = store;
    this.state = state;
    this.heap = heap;
    this.hostOf = hostOf;
    this.probed = probed;
    this.patience = patience;
    const { departure } = this;
    const compiled = (func: number): Compiled | undefined => this.functions.get(func);
    this.environments = new Environments({ store, state, departure, hostOf, compiled, leave: (func, site, c, locals) => this.leave(func, site, c, locals) });
  }

  // Choosing what to compile

  /** How hot functions are, by address. */
  private heat = new Int32Array(256);
  /** How often functions were compiled again. */
  private readonly again = new Map<number, number>();

  /** Is a function compiled at its first call? */
  get eager(): boolean {
    return this.patience === 0;
  }
  /** Instructions after which the interpreter comes back to see what is hot. */
  get stretch(): number {
    return this.eager ? EAGER_STRETCH : Math.max(1, this.patience * STRETCH);
  }
  /** A function was found running after a stretch, or in the way of compiled code. Is it compiled now? */
  warm(func: number, heat: number = this.stretch): boolean {
    if (this.functions.has(func)) return true;
    if (func >= this.heat.length) {
      const bigger = new Int32Array(this.store.funcs.length);
      bigger.set(this.heat);
      this.heat = bigger;
    }
    this.heat[func]! += heat;
    if (this.heat[func]! < this.price(func)) return false;
    this.heat[func] = -this.price(func);
    return this.compile(func);
  }
  /** What compiling a function costs, in instructions. */
  private price(func: number): number {
    const instance = this.store.funcs[func];
    if (instance?.kind !== 'wasm') return 0;
    if (this.eager) return this.large.has(func) ? LARGE : 0;
    const { module } = instance.instance;
    const { body } = module.funcs[instance.index - module.imported.funcs]!;
    return this.patience * (HOT + HOT_BYTE * (body.end - body.offset));
  }

  // Making code

  /** Compiles a function unless that is done, or is not worth it. */
  compile(func: number): boolean {
    if (this.functions.has(func)) return true;
    const { statistics } = this;
    if (statistics.forbidden || statistics.refused.has(func) || this.hostOf(func) !== undefined || this.probed(func)) return false;
    const instance = this.store.funcs[func];
    if (instance?.kind !== 'wasm') return false;
    try {
      return this.add(func, instance);
    } catch (error) {
      this.refuse(func, error);
      return false;
    }
  }

  private refuse(func: number, error: unknown): void {
    if (error instanceof NotWorthCompiling) this.statistics.refused.set(func, error.message);
    else if (error instanceof EvalError) this.statistics.forbidden = true;
    else throw error;
  }

  /** Functions that are too large if all of them is compiled. */
  private readonly large = new Set<number>();

  private add(func: number, instance: WasmFunction): boolean {
    const cold = new Set<number>();
    const slow = new Set(this.unaligned.get(func));
    const pruned = !this.eager || this.large.has(func);
    const leftOut = pruned ? this.leftOut(func, instance) : NOTHING;
    const common = { unaligned: (offset: number, stack: boolean): boolean => (this.eager && !stack) || slow.has(offset), dead: (offset: number): boolean => leftOut.has(offset) };
    const { source, version } = generate(this.store, instance, func, 0, {
      ...common,
      cold: (offset, callee) => {
        if (this.eager || this.expected.has(callee) || this.functions.has(callee) || this.heap.isLowered(callee) || this.hostOf(callee) !== undefined) return false;
        cold.add(offset);
        return true;
      },
    });
    if (source.length > MAX_SOURCE) {
      if (pruned) throw new NotWorthCompiling(`too large (${source.length} characters)`);
      this.large.add(func);
      return false;
    }
    const plan: Plan = { ...common, cold: (offset) => cold.has(offset) };
    const environment = this.environments.of(instance.instance);
    const { params, results } = instance.type;
    let at = 0;
    const args = params.map((type) => {
      const word = at;
      at += 2;
      return isWide(type) ? `,I[p+${word}],I[p+${word + 1}]` : `,I[p+${word}]`;
    });
    const parts: (Code | undefined)[] = Array.from({ length: version.parts.length });
    const body = `const f=(${source});return [f,function(c,d,I,p){return f(c,d${args.join('')})},u];`;
    const [code, enter] = this.environments.make(environment, version, body, parts) as [Code, FromFrame];
    const calls = version.sites.flatMap((site, i) => (site.kind === 'after' ? [i] : []));
    const segment = this.heap.addCompiled(func, calls.map((i) => version.sites[i]!.offset));
    this.functions.set(func, { func, environment, version, code, enter, segment, calls, resumed: new Map(), parts, partHeat: new Map(), cold, plan, results });
    this.longest = Math.max(this.longest, 3 * version.size + 16);
    this.largest = Math.max(this.largest, version.cost);
    this.statistics.compiled++;
    this.environments.publish(func);
    return true;
  }

  /** Byte offsets of the blocks that have never run, but for those that call what is expected to be called. */
  private leftOut(func: number, { instance, index }: WasmFunction): ReadonlySet<number> {
    const unseen = this.heap.unseen(func);
    const { expected } = this;
    if (expected.size === 0) return unseen;
    const { module } = instance;
    const { end } = module.funcs[index - module.imported.funcs]!.body;
    const meant = (callee: number): boolean => expected.has(instance.funcs[callee]!);
    return new Set([...unseen].filter((offset) => !comesTo(new InstructionReader(module.bytes, offset, end), meant)));
  }

  /** The version that begins behind a site, made when enough has been spent for the lack of it. */
  private resumed(compiled: Compiled, k: number, heat: number): FromFrame | undefined {
    const known = compiled.resumed.get(k);
    if (known !== undefined) return known;
    const site = compiled.version.sites[k]!;
    site.heat += heat;
    if (site.heat < this.price(compiled.func) / 2 || compiled.resumed.size >= MAX_RESUMED) return undefined;
    const { func, plan, environment, parts } = compiled;
    const { source, version } = generate(this.store, this.store.funcs[func] as WasmFunction, func, k, plan);
    if (source.length > MAX_SOURCE) {
      site.heat = -Infinity;
      return undefined;
    }
    const [code] = this.environments.make(environment, version, `return [(${source}),u];`, parts) as [FromFrame];
    compiled.resumed.set(k, code);
    this.statistics.resumed++;
    return code;
  }

  /** A function was called with a value to dispatch on for which there is no version yet. */
  private warmPart(compiled: Compiled, part: number): void {
    const { func, plan, environment, parts, partHeat } = compiled;
    if (part <= 0 || part >= parts.length || parts[part] !== undefined) return;
    const heat = (partHeat.get(part) ?? 0) + CHANGE_HEAT;
    partHeat.set(part, heat);
    if (heat < this.price(func) / 2) return;
    const { source, version } = generate(this.store, this.store.funcs[func] as WasmFunction, func, 0, plan, part);
    partHeat.set(part, -Infinity);
    if (source.length > MAX_SOURCE) return;
    const [code] = this.environments.make(environment, version, `return [(${source}),u];`, parts) as [Code];
    parts[part] = code;
    this.statistics.resumed++;
  }

  /** What the store has got since the last time. */
  refresh(): void {
    this.environments.refresh();
  }
  /** Tells all code what calls of a function call now. */
  publish(func: number): void {
    this.environments.publish(func);
  }

  /** The code of a function is out of date. */
  drop(func: number): void {
    const compiled = this.functions.get(func);
    if (compiled === undefined) return;
    this.leaving.set(func, compiled);
    this.functions.delete(func);
    this.strays.clear();
    this.returns.clear();
    this.heap.removeCompiled(func);
    this.publish(func);
  }
  /** The code heap has begun anew. */
  renew(): void {
    const funcs = [...this.functions.keys()];
    this.functions.clear();
    this.strays.clear();
    this.returns.clear();
    for (const func of funcs) this.publish(func);
    this.environments.forget();
  }

  // What generated code calls

  /** A frame of compiled code ends; it answers what that frame is to return. */
  private leave(func: number, k: number, c: number, locals: number[]): number {
    const { departure } = this;
    const { version } = this.compiledOf(func);
    const site = version.sites[k]!;
    const words = locals;
    const given = departure.operands;
    let next = 0;
    for (const word of site.words) words.push(word === undefined ? given[next++]! : typeof word === 'number' ? word : words[word.cell]!);
    let calling = false;
    let before = false;
    if (c === MARK && departure.frames.length > 0) calling = true;
    else if (c === MARK && departure.refused !== undefined) {
      before = true;
      words.push(...departure.refused);
      departure.refused = undefined;
    } else {
      if (c !== MARK) departure.budget = c + site.uncount;
      if (site.kind === 'after') {
        // The call has returned: its results are operands.
        const operands = 2 * (site.operands + version.locals);
        for (let i = 0; words.length < operands; i++) words.push(this.environments.exchange[i]!);
      }
    }
    departure.frames.push({ func, site: k, calling, before, words });
    return MARK;
  }
  private compiledOf(func: number): Compiled {
    return (this.functions.get(func) ?? this.leaving.get(func))!;
  }
  /** Functions whose code was dropped while it ran. */
  private readonly leaving = new Map<number, Compiled>();

  // Running it

  /**
   * At an ENTER: runs compiled code until it returns or leaves. The state is as the interpreter's loop leaves it then.
   * Answers the failure of a host function, if that is why.
   */
  enter(): GuestFailure | undefined {
    const { state, heap } = this;
    const { code, pc } = state;
    const func = code[pc + 1]!;
    const segment = heap.segmentAt(pc)!;
    const index = (pc - segment.entry) / ENTER_WORDS;
    const current = this.functions.get(func);
    const compiled = current?.segment === segment ? current : undefined;
    const version = compiled === undefined ? undefined : index === 0 ? compiled.enter : this.resumed(compiled, compiled.calls[index - 1]!, CHANGE_HEAT);
    if (version !== undefined && this.run(func, version, index === 0 ? 1 : 0)) return this.departure.failure;
    this.interpretInstead(func, pc, index, compiled);
    return undefined;
  }

  /** Compiled code has returned to lowered code, which keeps calling it: code that goes on there, if there is some. */
  private versionOfCaller(): FromFrame | undefined {
    const { records, rp, pc } = this.state;
    const caller = records[rp + FUNC]!;
    if (caller < 0 || records[rp + KIND] !== FRAME.wasm || !this.warm(caller, CHANGE_HEAT)) return undefined;
    const compiled = this.functions.get(caller)!;
    let k = this.returns.get(pc);
    if (k === undefined) this.returns.set(pc, (k = this.siteBehind(compiled, pc)));
    return k < 0 ? undefined : this.resumed(compiled, k, CHANGE_HEAT);
  }
  /** By places of lowered code where calls return to: the site; −1 where no version begins. */
  private readonly returns = new Map<number, number>();
  private siteBehind({ version }: Compiled, pc: number): number {
    const { heap } = this;
    const segment = heap.segmentAt(pc)!;
    const place = segment.mode === 'fused' ? heap.map(segment).calling(pc) : undefined;
    if (place === undefined || !place.canonical) return -1;
    return version.sites.findIndex((site) => site.kind === 'after' && site.offset === place.offset);
  }

  /** Places of lowered code that are no heads of blocks. */
  private readonly strays = new Set<number>();
  /** The version that begins where the interpreter stands in a compiled function; undefined if there is none. */
  versionAt(func: number, pc: number, offset: () => number | undefined): FromFrame | undefined {
    const compiled = this.functions.get(func);
    if (compiled === undefined || this.strays.has(pc)) return undefined;
    const at = offset();
    const k = compiled.version.sites.findIndex((site) => site.kind === 'start' && site.offset === at && site.reached);
    if (k < 0) this.strays.add(pc);
    return k < 0 ? undefined : this.resumed(compiled, k, this.stretch);
  }

  /** Are there frames that only compiled code knows? So it is while a leaf runs that it called. */
  get hidesFrames(): boolean {
    return this.environments.calling;
  }
  /** Of a host function that compiled code called last. */
  get failure(): GuestFailure | undefined {
    return this.departure.failure;
  }

  /**
   * Runs compiled code in the innermost frame; false if there is no room for it.
   *
   * @param counted Calls that the code will count, and the loop has counted already.
   */
  run(func: number, version: FromFrame, counted = 0): boolean {
    let running = this.functions.get(func)!;
    if (!this.runOnce(running, version, counted)) return false;
    while (!this.departed) {
      const next = this.versionOfCaller();
      if (next === undefined) break;
      running = this.functions.get(this.state.records[this.state.rp + FUNC]!)!;
      if (!this.runOnce(running, next, 0)) break;
    }
    return true;
  }
  /** Did the code that ran last leave? */
  private departed = false;

  private runOnce(running: Compiled, version: FromFrame, counted: number): boolean {
    const { state, departure, environments } = this;
    const { fp, rp, left } = state;
    if (left <= 2 * this.longest) return false;
    const stack = this.room(fp, rp);
    if (stack < LEAST_STACK) return false;
    const budget = Math.min(left - this.longest, SLICE);
    environments.reserve = left - budget;
    state.calls[0]! -= counted;
    this.statistics.entries++;
    departure.clear();
    const { environment } = running;
    if (environment.views !== environment.memory.i32) environments.refreshViews();
    const c = call(version, budget, stack, state.cells.i32, fp);
    if (c === REFUSED) return false;
    this.departed = c === MARK;
    if (this.departed) {
      this.statistics.departures++;
      this.write(rp, fp);
    } else this.return(running, c, fp, rp);
    this.statistics.instructions += left - state.left;
    return true;
  }

  private return({ results }: Compiled, c: number, fp: number, rp: number): void {
    const { state, environments } = this;
    const { records } = state;
    state.left = c + environments.reserve;
    const { i32 } = state.cells;
    for (let i = 0; i < 2 * results.length; i++) i32[fp + i] = environments.exchange[i]!;
    state.rp = rp - RECORD;
    state.fp = records[state.rp + FP]!;
    state.pc = records[state.rp + PC]!;
  }

  /** Goes on in lowered code where an ENTER stands. */
  private interpretInstead(func: number, pc: number, index: number, compiled: Compiled | undefined): void {
    const { state, heap } = this;
    if (index === 0) state.pc = heap.segmentOf(func, 'fused').entry;
    else if (compiled === undefined) state.pc = this.lookUpReturn(func, heap.map(heap.segmentAt(pc)!).calling(pc)!.offset);
    else state.pc = this.returnPc(func, compiled.version.sites[compiled.calls[index - 1]!]!);
  }

  /** How many bytes of JavaScript frames may come above a frame, given the room for flat ones. */
  private room(fp: number, rp: number): number {
    const { state, environments } = this;
    const { maxCallDepth, maxStackCells } = state.limits;
    if (this.stackBytes === 0) this.stackBytes = measureStack();
    const frames = Math.ceil(this.stackBytes / FRAME_BYTES);
    if (state.recordEnd - rp < frames * RECORD && state.recordEnd < maxCallDepth * RECORD) {
      const bigger = new Int32Array(state.records.length * 2 + frames * RECORD);
      bigger.set(state.records);
      state.records = bigger;
      state.recordEnd = Math.min(bigger.length - 3 * RECORD, maxCallDepth * RECORD);
    }
    const stack = Math.min(this.stackBytes, (Math.floor((state.recordEnd - rp) / RECORD) - 2) * FRAME_BYTES);
    // A flat frame is no larger than what its call takes off; the first one took nothing, and the last may be over.
    environments.spare = (fp + (stack >> 2) + (this.largest >> 1)) & ~1;
    const end = environments.spare + 2 * SPARE_CELLS;
    if (end > state.cellEnd) {
      if (end > maxStackCells * 2) return 0;
      state.cells.reserve((end >> 1) + 1);
      state.cellEnd = Math.min(state.cells.i32.length, maxStackCells * 2);
    }
    return stack;
  }

  /** Writes the frames that were left into the flat state, the outermost at `rp` and `fp`. */
  private write(outermost: number, base: number): void {
    const { state, departure, environments } = this;
    const { records, cells } = state;
    let rp = outermost;
    let fp = base;
    state.left = departure.budget + environments.reserve;
    for (let i = departure.frames.length - 1; i >= 0; i--) {
      const { func, site: k, calling, before, words } = departure.frames[i]!;
      cells.i32.set(words, fp);
      records[rp + FUNC] = func;
      records[rp + FP] = fp;
      state.rp = rp;
      state.fp = fp;
      const compiled = this.compiledOf(func);
      const site = compiled.version.sites[k]!;
      if (calling) {
        records[rp + PC] = this.callPc(func, k, site);
        rp += RECORD;
        fp += words.length;
      } else {
        state.pc = departure.failure === undefined ? this.standingPc(func, site, before) : this.exactPc(func, site);
        if (departure.failure === undefined && this.functions.has(func)) this.learn(compiled, k, words);
      }
    }
    this.leaving.clear();
  }

  /** Why did compiled code leave? What that costs is on the account of what would have spared it. */
  private learn(compiled: Compiled, k: number, words: readonly number[]): void {
    const { version, func } = compiled;
    const site = version.sites[k]!;
    if (site.kind === 'start' && compiled.plan.dead(site.offset)) return this.reachedDead(func, site, site.offset);
    if (k === version.partSite) {
      const part = words[2 * version.partLocal]!;
      const offset = version.parts[part];
      if (offset !== undefined && compiled.plan.dead(offset)) return this.reachedDead(func, site, offset);
      this.warmPart(compiled, part);
    }
    if (site.kind !== 'at') return;
    if (site.accesses !== undefined) return this.learnAccesses(compiled, site, site.accesses);
    if (site.callee < 0 && site.table < 0) return;
    const callee = site.table < 0 ? site.callee : (this.store.tables[site.table]!.elements[words[words.length - 2]! >>> 0] ?? 0) / 4 - 1;
    if (callee >= 0 && this.hostOf(callee) === undefined) this.warm(callee, CHANGE_HEAT);
    if (compiled.cold.has(site.offset)) this.compileAgain(func, site);
  }
  /** A block was reached that was left out. Exact code, which may run it now, would not note that. */
  private reachedDead(func: number, site: Site, offset: number): void {
    this.heap.see(func, offset);
    this.compileAgain(func, site);
  }
  /** Byte offsets of accesses that were found not to be aligned, by function. */
  private readonly unaligned = new Map<number, Set<number>>();
  private learnAccesses({ func }: Compiled, site: Site, accesses: readonly number[]): void {
    const known = this.unaligned.get(func) ?? new Set();
    this.unaligned.set(func, known);
    for (const offset of accesses) known.add(offset);
    this.compileAgain(func, site);
  }
  /** Compiles a function again if leaving at a site has become dearer than that. */
  private compileAgain(func: number, site: Site): void {
    site.heat += CHANGE_HEAT;
    const times = this.again.get(func) ?? 0;
    // Each time it must have cost twice as much.
    if (site.heat < this.price(func) * 2 ** times) return;
    this.again.set(func, times + 1);
    this.drop(func);
    this.compile(func);
  }

  /** Where a call that is under way comes back to. */
  private callPc(func: number, k: number, site: Site): number {
    const compiled = this.functions.get(func);
    if (compiled === undefined) return this.lookUpReturn(func, site.offset);
    const { calls } = compiled;
    let low = 0;
    let high = calls.length - 1;
    while (calls[low] !== k && low < high) {
      const middle = (low + high + 1) >> 1;
      if (calls[middle]! <= k) low = middle;
      else high = middle - 1;
    }
    return compiled.segment.entry + ENTER_WORDS * (low + 1);
  }

  /** Lowered code behind a call, whose operands are in their own cells. */
  private returnPc(func: number, site: Site): number {
    if (site.returnPc < 0) site.returnPc = this.lookUpReturn(func, site.offset);
    return site.returnPc;
  }
  private lookUpReturn(func: number, offset: number): number {
    const { heap } = this;
    const fused = heap.map(heap.segmentOf(func, 'fused'));
    const pc = fused.returnPc(offset);
    if (pc !== undefined && fused.calling(pc)!.canonical) return pc;
    const exact = heap.map(heap.segmentOf(func, 'exact')).returnPc(offset);
    if (exact === undefined) throw new Crash(`no call at byte ${offset}`);
    return exact;
  }

  private exactPc(func: number, { offset }: Site): number {
    const place = this.heap.map(this.heap.segmentOf(func, 'exact')).entry(offset);
    if (place === undefined) throw new Crash(`no instruction at byte ${offset}`);
    return place.pc;
  }

  /** Lowered code at the instruction of a site, or behind the call if that has returned. */
  private standingPc(func: number, site: Site, before: boolean): number {
    const { heap, state } = this;
    if (site.kind === 'entry') return heap.segmentOf(func, 'fused').entry;
    if (site.kind === 'after' && !before) return this.returnPc(func, site);
    if (site.pc < 0) {
      const fused = heap.map(heap.segmentOf(func, 'fused')).entry(site.offset);
      site.pc = fused === undefined ? this.exactPc(func, site) : fused.pc;
      site.charge = fused === undefined ? 0 : fused.count;
    }
    state.left += site.charge;
    return site.pc;
  }
}

function call(version: FromFrame, c: number, d: number, words: Int32Array, fp: number): number {
  try {
    return version(c, d, words, fp);
  } catch (error) {
    if (error instanceof RangeError) throw new Crash(`compiled code overflowed the stack: ${error.message}`);
    throw error;
  }
}

/** Bytes of stack that compiled code may use: half of what there is here, by frames of a size known well enough. */
function measureStack(): number {
  let depth = 0;
  const descend = (): number => {
    depth++;
    return descend() + 1;
  };
  try {
    descend();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return Math.floor((depth * MEASURED_FRAME) / 2);
}
const NOTHING: ReadonlySet<number> = new Set();
/** No frame of `descend` is smaller, whether V8 optimises it or not. */
const MEASURED_FRAME = 48;
