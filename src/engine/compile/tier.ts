import { type FuncType, V128 } from '../../wasm/types.js';
import { Crash, Exhaustion, Trap, UncaughtException } from '../errors.js';
import type { HostFunction, LeafFunction } from '../host-function.js';
import { type CodeHeap, ENTER_WORDS } from '../interpret/code-heap.js';
import { callLeaf, type ExecutionState, FP, FRAME, FUNC, KIND, memoryOf, PC, RECORD } from '../interpret/state.js';
import type { MemoryInstance } from '../memory.js';
import type { Instance, Store, WasmFunction } from '../store.js';
import type { Site } from './block.js';
import { isWide, NotWorthCompiling } from './builder.js';
import { Departure, MARK } from './departure.js';
import { FRAME_BYTES, generate, type Version } from './generate.js';
import { EXCHANGE_WORDS, memoryLibrary, numericLibrary } from './library.js';
import { CALLS, INDEX } from './translate.js';

/** Compiled code: takes what is left of the budgets of instructions and of stack, and arguments as words. */
type Code = (c: number, d: number, ...words: number[]) => number;
/** The same with arguments, or with a whole frame, from the flat stack. */
type FromFrame = (c: number, d: number, words: Int32Array, fp: number) => number;

/** More bytes of source than this are likely to be above what V8 optimises (61,440 bytes of bytecode). */
const MAX_SOURCE = 120_000;
/** Versions of a function that begin behind its entry. */
const MAX_RESUMED = 24;
/** Without this much room for JavaScript frames compiled code is not entered. */
const LEAST_STACK = 4096;
/** Cells that stay free above compiled frames, for the arguments of host functions. */
const SPARE_CELLS = 512;

interface Compiled {
  readonly func: number;
  readonly environment: Environment;
  readonly version: Version;
  readonly code: Code;
  readonly enter: FromFrame;
  /** Positions in `version.sites` of the calls. */
  readonly calls: readonly number[];
  readonly resumed: Map<number, FromFrame>;
  readonly results: FuncType['results'];
}

/** A function of this heat, times the patience, is compiled. */
const HOT = 20;
/** The heat of being found running after a stretch of the interpreter. */
export const RUNNING_HEAT = 400;
/** The heat of a change between the tiers. */
const CHANGE_HEAT = 8;

/** What generated code of one instance can name. */
interface Environment {
  readonly instance: Instance;
  readonly memory: MemoryInstance;
  /** Of the memory, as the code has it. */
  views: Int32Array;
  /** By function address: what a direct call calls. */
  readonly targets: Code[];
  /** By canonical type and function address + 1: what an indirect call calls. */
  readonly typed: Map<number, Code[]>;
  readonly names: Record<string, unknown>;
}

export interface TierStatistics {
  compiled: number;
  /** Versions that begin in the middle of a function. */
  resumed: number;
  /** Functions that stay interpreted, with the reason. */
  readonly refused: Map<number, string>;
  entries: number;
  departures: number;
  /** The host forbids making code (content security policy). */
  forbidden: boolean;
}

/**
 * The second tier: functions as JavaScript. Its code runs between two stretches of the interpreter's loop, on the same
 * memories, tables and globals. Whatever it does not do itself — calls of functions that are not compiled, traps, the
 * end of the budget — makes it write its frames into the flat state and return to the machine.
 */
export class CompiledTier {
  readonly statistics: TierStatistics = { compiled: 0, resumed: 0, refused: new Map(), entries: 0, departures: 0, forbidden: false };
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
  private readonly environments = new Map<Instance, Environment>();
  /** Of every compiled function: takes the views of memory and globals anew. */
  private readonly refreshers: (() => void)[] = [];
  private readonly departure = new Departure();
  private readonly exchange = new Int32Array(EXCHANGE_WORDS);
  private readonly numeric: Record<string, unknown>;
  private readonly stackBytes: number;
  /** Where arguments of host functions stand, in words. */
  private spare = 0;
  /** How often a call must have come back to the interpreter before the caller is entered behind it. */
  private readonly patience: number;

  constructor(store: Store, state: ExecutionState, heap: CodeHeap, hostOf: (func: number) => HostFunction | undefined, probed: (func: number) => boolean, patience: number) {
    this.store = store;
    this.state = state;
    this.heap = heap;
    this.hostOf = hostOf;
    this.probed = probed;
    this.patience = patience;
    this.numeric = numericLibrary(this.exchange);
    this.stackBytes = measureStack();
  }

  // Choosing what to compile

  /** How hot functions are, by address. */
  private heat = new Int32Array(256);

  /** Is a function compiled at its first call? */
  get eager(): boolean {
    return this.patience === 0;
  }
  /** Instructions after which the interpreter comes back to see what is hot. */
  get stretch(): number {
    return this.patience * 1000;
  }
  /** A function was found running, or in the way of compiled code. Is it compiled now? */
  warm(func: number, heat: number): boolean {
    if (this.functions.has(func)) return true;
    if (func >= this.heat.length) {
      const bigger = new Int32Array(this.store.funcs.length);
      bigger.set(this.heat);
      this.heat = bigger;
    }
    this.heat[func]! += heat;
    if (this.heat[func]! < this.patience * HOT) return false;
    this.heat[func] = -this.patience * HOT;
    return this.compile(func);
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
      this.add(func, instance);
      return true;
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

  private add(func: number, instance: WasmFunction): void {
    const version = generate(this.store, instance, func, 0);
    if (version.source.length > MAX_SOURCE) throw new NotWorthCompiling('too large');
    const environment = this.environment(instance.instance);
    const { params, results } = instance.type;
    let at = 0;
    const args = params.map((type) => {
      const word = at;
      at += 2;
      return isWide(type) ? `,I[p+${word}],I[p+${word + 1}]` : `,I[p+${word}]`;
    });
    const [code, enter] = this.make(environment, version, `const f=(${version.source});return [f,function(c,d,I,p){return f(c,d${args.join('')})},u];`) as [Code, FromFrame];
    const calls = version.sites.flatMap((site, i) => (site.kind === 'after' ? [i] : []));
    this.heap.addCompiled(func, calls.map((i) => version.sites[i]!.offset));
    this.functions.set(func, { func, environment, version, code, enter, calls, resumed: new Map(), results });
    this.longest = Math.max(this.longest, 3 * version.size + 16);
    this.largest = Math.max(this.largest, version.cost);
    this.statistics.compiled++;
    this.publish(func);
  }

  /** Runs generated source in the environment of an instance; its last value is the updater of the views. */
  private make({ names }: Environment, { types, tables }: Version, body: string): unknown[] {
    let head = HEADS.get(names);
    if (head === undefined) HEADS.set(names, (head = `'use strict';const {${Object.keys(names).join(',')}}=E;${VIEWS}`));
    for (const type of types) head += `const Y${type}=typed(${type});`;
    for (const table of tables) head += `const N${table}=tables[${table}];`;
    const made = new Function('E', head + body)(names) as unknown[];
    this.refreshers.push(made.pop() as () => void);
    return made;
  }

  private environment(instance: Instance): Environment {
    const known = this.environments.get(instance);
    if (known !== undefined) return known;
    const targets: Code[] = [];
    const typed = new Map<number, Code[]>();
    const { departure, exchange } = this;
    const memory = memoryOf(this.store, instance);
    const environment: Environment = {
      instance,
      memory,
      views: memory.i32,
      targets,
      typed,
      names: {
        ...this.numeric,
        ...memoryLibrary(memory, exchange),
        Q: exchange,
        T: targets,
        memory,
        globals: this.store.globalCells,
        tables: this.store.tables,
        typed: (type: number) => this.typedTargets(environment, type),
        o: (site: number, ...operands: number[]): number => {
          departure.operands = operands;
          return site;
        },
        x: (func: number, site: number, c: number, ...locals: number[]): number => this.leave(func, site, c, locals),
      },
    };
    this.environments.set(instance, environment);
    for (let func = 0; func < this.store.funcs.length; func++) targets.push(this.target(environment, func));
    return environment;
  }

  /** What the store has got since the last time. */
  refresh(): void {
    const count = this.store.funcs.length;
    for (const environment of this.environments.values()) {
      for (let func = environment.targets.length; func < count; func++) environment.targets.push(this.target(environment, func));
      for (const [type, list] of environment.typed) while (list.length <= count) list.push(this.refusal(type, true));
    }
    this.refreshViews();
  }
  /** Memories may have grown. */
  private refreshViews(): void {
    for (const environment of this.environments.values()) environment.views = environment.memory.i32;
    for (const refresh of this.refreshers) refresh();
  }

  private typedTargets(environment: Environment, type: number): Code[] {
    let list = environment.typed.get(type);
    if (list !== undefined) return list;
    const refusal = this.refusal(type, true);
    list = Array.from({ length: this.store.funcs.length + 1 }, () => refusal);
    environment.typed.set(type, list);
    for (const { func, environment: own, code } of this.functions.values()) {
      if (own === environment && this.store.funcs[func]!.typeId === type && this.hostOf(func) === undefined) list[func + 1] = code;
    }
    return list;
  }

  private target(environment: Environment, func: number): Code {
    const host = this.hostOf(func);
    const { typeId } = this.store.funcs[func]!;
    if (host !== undefined) return host.kind === 'leaf' && plain(host.type) ? this.leafCall(environment, host) : this.refusal(typeId, false);
    const compiled = this.functions.get(func);
    return compiled?.environment === environment ? compiled.code : this.refusal(typeId, false);
  }
  /** Tells all code what calls of a function call now. */
  publish(func: number): void {
    const { typeId } = this.store.funcs[func]!;
    for (const environment of this.environments.values()) {
      environment.targets[func] = this.target(environment, func);
      const typed = environment.typed.get(typeId);
      const compiled = this.functions.get(func);
      if (typed !== undefined) {
        typed[func + 1] = compiled?.environment === environment && this.hostOf(func) === undefined ? compiled.code : this.refusal(typeId, true);
      }
    }
  }

  /** The code of a function is out of date. */
  drop(func: number): void {
    const compiled = this.functions.get(func);
    if (compiled === undefined) return;
    this.leaving.set(func, compiled);
    this.functions.delete(func);
    this.heap.removeCompiled(func);
    this.publish(func);
  }
  /** The code heap has begun anew. */
  renew(): void {
    const funcs = [...this.functions.keys()];
    this.functions.clear();
    this.strays.clear();
    for (const func of funcs) this.publish(func);
    this.refreshers.length = 0;
  }

  // What generated code calls

  private readonly refusals = new Map<number, Code>();
  /** Stands for functions that compiled code does not call: the interpreter is to do the call. */
  private refusal(typeId: number, indirect: boolean): Code {
    const key = typeId * 2 + Number(indirect);
    const known = this.refusals.get(key);
    if (known !== undefined) return known;
    const { params } = this.store.types.comp(typeId) as FuncType;
    const { departure, exchange } = this;
    const code: Code = (c, _, ...given) => {
      const refused: number[] = [];
      let at = 0;
      for (const type of params) refused.push(given[at++]!, isWide(type) ? given[at++]! : 0);
      if (indirect) refused.push(exchange[INDEX]!, 0);
      departure.refused = refused;
      departure.budget = c + 1;
      return MARK;
    };
    this.refusals.set(key, code);
    return code;
  }

  private leafCall(environment: Environment, host: LeafFunction): Code {
    const { state, departure, exchange } = this;
    const { params, results } = host.type;
    const memory = memoryOf(this.store, environment.instance);
    return (c, _, ...given) => {
      const { spare } = this;
      let { i32 } = state.cells;
      let at = 0;
      params.forEach((type, i) => {
        i32[spare + 2 * i] = given[at++]!;
        if (isWide(type)) i32[spare + 2 * i + 1] = given[at++]!;
      });
      state.left = c + this.reserve;
      state.calls[0]!++;
      try {
        callLeaf(state, host, spare);
      } catch (error) {
        if (!(error instanceof Trap || error instanceof Exhaustion || error instanceof UncaughtException)) throw error;
        departure.failure = error;
        departure.refused = params.flatMap((_type, i) => [i32[spare + 2 * i]!, i32[spare + 2 * i + 1]!]);
        departure.budget = c;
        return MARK;
      }
      if (memory.i32 !== environment.views) this.refreshViews();
      ({ i32 } = state.cells);
      for (let i = 0; i < results.length * 2; i++) exchange[i] = i32[spare + i]!;
      if (!state.interrupted) return c;
      departure.interrupted = true;
      departure.budget = c;
      return MARK;
    };
  }

  /** A frame of compiled code ends; it answers what that frame is to return. */
  private leave(func: number, k: number, c: number, locals: number[]): number {
    const { departure } = this;
    const site = this.siteOf(func, k);
    const words = locals;
    words.push(...departure.operands);
    departure.operands = [];
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
        const operands = 2 * (site.next!.types.length + (this.functions.get(func) ?? this.leaving.get(func))!.version.locals);
        for (let i = 0; words.length < operands; i++) words.push(this.exchange[i]!);
      }
    }
    departure.frames.push({ func, site: k, calling, before, words });
    return MARK;
  }
  private siteOf(func: number, k: number): Site {
    return (this.functions.get(func) ?? this.leaving.get(func))!.version.sites[k]!;
  }
  /** Functions whose code was dropped while it ran. */
  private readonly leaving = new Map<number, Compiled>();

  // Running it

  /** Budget that is kept back while compiled code runs, so that it does not go beyond the limit. */
  private reserve = 0;

  /**
   * At an ENTER: runs compiled code until it returns or leaves. The state is as the interpreter's loop leaves it then.
   * Answers the failure of a host function, if that is why.
   */
  enter(): Trap | Exhaustion | UncaughtException | undefined {
    const { state, heap } = this;
    const { code, pc } = state;
    const func = code[pc + 1]!;
    const compiled = this.functions.get(func);
    const index = (pc - heap.segmentAt(pc)!.entry) / ENTER_WORDS;
    const version = compiled === undefined || state.left <= 2 * this.longest ? undefined : this.version(compiled, index);
    if (!this.eager && index === 0) this.warmCaller();
    if (version !== undefined && this.run(func, version, index === 0 ? 1 : 0)) return this.departure.failure;
    this.interpretInstead(func, pc, index);
    return undefined;
  }

  /** A caller that is interpreted keeps coming here. */
  private warmCaller(): void {
    const { records, rp } = this.state;
    const caller = records[rp - RECORD + FUNC]!;
    if (caller >= 0 && records[rp - RECORD + KIND] === FRAME.wasm) this.warm(caller, CHANGE_HEAT);
  }

  /** Places of lowered code where no version begins. */
  private readonly strays = new Set<number>();
  /** The version that begins where the interpreter stands in a compiled function; undefined if there is none. */
  versionAt(func: number, pc: number, offset: () => number | undefined): FromFrame | undefined {
    const compiled = this.functions.get(func);
    if (compiled === undefined || this.state.left <= 2 * this.longest || this.strays.has(pc)) return undefined;
    const at = offset();
    const k = compiled.version.sites.findIndex((site) => site.kind === 'start' && site.offset === at && site.reached);
    const version = k < 0 ? undefined : this.resumed(compiled, k, 0);
    if (version === undefined) this.strays.add(pc);
    return version;
  }

  /** Of a host function that compiled code called last. */
  get failure(): Trap | Exhaustion | UncaughtException | undefined {
    return this.departure.failure;
  }

  /**
   * Runs compiled code in the innermost frame; false if there is no room for it.
   *
   * @param counted Calls that the code will count, and the loop has counted already.
   */
  run(func: number, first: FromFrame, counted = 0): boolean {
    const { state, departure } = this;
    let { fp, rp } = state;
    let version = first;
    let running = this.functions.get(func)!;
    this.reserve = this.longest;
    for (let entered = false; ; entered = true) {
      const stack = this.room(fp, rp);
      if (stack < LEAST_STACK) return entered;
      if (!entered) state.calls[0]! -= counted;
      this.statistics.entries++;
      departure.clear();
      const { environment } = running;
      if (environment.views !== environment.memory.i32) this.refreshViews();
      const c = call(version, state.left - this.reserve, stack, state.cells.i32, fp);
      state.calls[0]! += this.exchange[CALLS]!;
      this.exchange[CALLS] = 0;
      if (c !== MARK) {
        this.return(running, c, fp, rp);
        return true;
      }
      this.statistics.departures++;
      const next = this.write(rp, fp);
      if (next === undefined || departure.failure !== undefined || state.left <= 2 * this.reserve) return true;
      // Where a function dispatches on what it is resumed with.
      ({ fp, rp } = state);
      version = next;
      running = this.functions.get(state.records[rp + FUNC]!)!;
    }
  }

  private return({ results }: Compiled, c: number, fp: number, rp: number): void {
    const { state } = this;
    const { records } = state;
    state.left = c + this.reserve;
    const { i32 } = state.cells;
    for (let i = 0; i < 2 * results.length; i++) i32[fp + i] = this.exchange[i]!;
    state.rp = rp - RECORD;
    state.fp = records[state.rp + FP]!;
    state.pc = records[state.rp + PC]!;
  }

  /** Goes on in lowered code where an ENTER stands. */
  private interpretInstead(func: number, pc: number, index: number): void {
    const { state, heap } = this;
    if (index === 0) state.pc = heap.segmentOf(func, 'fused').entry;
    else {
      const compiled = this.functions.get(func);
      if (compiled === undefined) state.pc = this.lookUpReturn(func, heap.map(heap.segmentAt(pc)!).calling(pc)!.offset);
      else state.pc = this.returnPc(func, compiled.version.sites[compiled.calls[index - 1]!]!);
    }
  }

  private version(compiled: Compiled, index: number): FromFrame | undefined {
    if (index === 0) return compiled.enter;
    const k = compiled.calls[index - 1]!;
    return this.resumed(compiled, k);
  }
  private resumed(compiled: Compiled, k: number, patience = this.patience): FromFrame | undefined {
    const known = compiled.resumed.get(k);
    if (known !== undefined) return known;
    const site = compiled.version.sites[k]!;
    if (site.hits++ < patience || compiled.resumed.size >= MAX_RESUMED) return undefined;
    const instance = this.store.funcs[compiled.func] as WasmFunction;
    const version = generate(this.store, instance, compiled.func, k);
    if (version.source.length > MAX_SOURCE) return undefined;
    const [code] = this.make(compiled.environment, version, `return [(${version.source}),u];`) as [FromFrame];
    compiled.resumed.set(k, code);
    this.statistics.resumed++;
    return code;
  }

  /** How many bytes of JavaScript frames may come above a frame, given the room for flat ones. */
  private room(fp: number, rp: number): number {
    const { state } = this;
    const { maxCallDepth, maxStackCells } = state.limits;
    const frames = Math.ceil(this.stackBytes / FRAME_BYTES);
    if (state.recordEnd - rp < frames * RECORD && state.recordEnd < maxCallDepth * RECORD) {
      const bigger = new Int32Array(state.records.length * 2 + frames * RECORD);
      bigger.set(state.records);
      state.records = bigger;
      state.recordEnd = Math.min(bigger.length - 3 * RECORD, maxCallDepth * RECORD);
    }
    const stack = Math.min(this.stackBytes, (Math.floor((state.recordEnd - rp) / RECORD) - 2) * FRAME_BYTES);
    // A flat frame is no larger than what its call takes off; the first one took nothing, and the last may be over.
    this.spare = (fp + (stack >> 2) + (this.largest >> 1)) & ~1;
    const end = this.spare + 2 * SPARE_CELLS;
    if (end > state.cellEnd) {
      if (end > maxStackCells * 2) return 0;
      state.cells.reserve((end >> 1) + 1);
      state.cellEnd = Math.min(state.cells.i32.length, maxStackCells * 2);
    }
    return stack;
  }

  /** Writes the frames that were left into the flat state, the outermost at `rp` and `fp`. Answers compiled code to go on with. */
  private write(outermost: number, base: number): FromFrame | undefined {
    const { state, departure } = this;
    const { records, cells } = state;
    let rp = outermost;
    let fp = base;
    let next: FromFrame | undefined;
    state.left = departure.budget + this.reserve;
    for (let i = departure.frames.length - 1; i >= 0; i--) {
      const { func, site: k, calling, before, words } = departure.frames[i]!;
      cells.i32.set(words, fp);
      records[rp + FUNC] = func;
      records[rp + FP] = fp;
      state.rp = rp;
      state.fp = fp;
      const site = this.siteOf(func, k);
      if (calling) {
        records[rp + PC] = this.callPc(func, k, site);
        rp += RECORD;
        fp += words.length;
      } else {
        const compiled = this.functions.get(func);
        if (site.kind === 'start' && departure.budget > 0 && compiled !== undefined) next = this.resumed(compiled, k);
        if (before && !this.eager) this.warmCallee(site);
        state.pc = departure.failure === undefined && next === undefined ? this.standingPc(func, site, before) : this.exactPc(func, site);
      }
    }
    this.leaving.clear();
    return next;
  }

  /** A call that compiled code left for. */
  private warmCallee({ callee, table }: Site): void {
    const func = table < 0 ? callee : (this.store.tables[table]!.elements[this.exchange[INDEX]! >>> 0] ?? 0) / 4 - 1;
    if (func >= 0 && this.hostOf(func) === undefined) this.warm(func, CHANGE_HEAT);
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
    return this.heap.compiledEntry(func) + ENTER_WORDS * (low + 1);
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

/** Views of memory and globals, and what takes them anew. */
const VIEWS =
  'let M,B,C,H,K,G;const u=()=>{M=memory.i32;B=memory.u8;C=memory.i8;H=memory.u16;K=memory.i16;G=globals.i32;};u();';
/** The beginning of all generated code of an environment. */
const HEADS = new WeakMap<Record<string, unknown>, string>();

function call(version: FromFrame, c: number, d: number, words: Int32Array, fp: number): number {
  try {
    return version(c, d, words, fp);
  } catch (error) {
    if (error instanceof RangeError) throw new Crash(`compiled code overflowed the stack: ${error.message}`);
    throw error;
  }
}

function plain({ params, results }: FuncType): boolean {
  return !params.includes(V128) && !results.includes(V128);
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
/** No frame of `descend` is smaller, whether V8 optimises it or not. */
const MEASURED_FRAME = 48;
