import { type FuncType, V128 } from '../../wasm/types.js';
import { isGuestFailure } from '../errors.js';
import type { HostFunction, LeafFunction } from '../host-function.js';
import { callLeaf, type ExecutionState, memoryOf } from '../interpret/state.js';
import type { MemoryInstance } from '../memory.js';
import type { Instance, Store } from '../store.js';
import { isWide } from './builder.js';
import { type Departure, MARK } from './departure.js';
import type { Version } from './generate.js';
import { EXCHANGE_WORDS, memoryLibrary, numericLibrary } from './library.js';

/** Compiled code: takes what is left of the budgets of instructions and of stack, and arguments as words. */
export type Code = (c: number, d: number, ...words: number[]) => number;
/** The same with arguments, or with a whole frame, from the flat stack. */
export type FromFrame = (c: number, d: number, words: Int32Array, fp: number) => number;

/** What generated code of one instance can name. */
export interface Environment {
  readonly instance: Instance;
  readonly memory: MemoryInstance;
  /** Of the memory, as the code has it. */
  views: Int32Array;
  /** By function address: what a direct call calls; undefined where the interpreter is to do it. */
  readonly targets: (Code | undefined)[];
  /** By canonical type and function address + 1: what an indirect call calls. */
  readonly typed: Map<number, (Code | undefined)[]>;
  readonly names: Record<string, unknown>;
}

/** What compiled code and its caller share, whatever the instance. */
export interface Shared {
  readonly store: Store;
  readonly state: ExecutionState;
  readonly departure: Departure;
  readonly hostOf: (func: number) => HostFunction | undefined;
  /** The code of a function, and the instance that it can be called from. */
  readonly compiled: (func: number) => { readonly environment: Environment; readonly code: Code } | undefined;
  /** Ends a frame: answers what that frame is to return. */
  readonly leave: (func: number, site: number, c: number, locals: number[]) => number;
}

/** Makes functions of generated source, and keeps what they name up to date. */
export class Environments {
  /** Results of calls, and other words that pass between compiled functions and whoever called them. */
  readonly exchange: Int32Array = new Int32Array(EXCHANGE_WORDS);
  /** Where arguments of host functions stand, in words. */
  spare = 0;
  /** Is a leaf under way that compiled code has called? */
  calling = false;
  /** Budget that is kept back while compiled code runs, so that it does not go beyond the limit. */
  reserve = 0;
  private readonly shared: Shared;
  private readonly all = new Map<Instance, Environment>();
  /** Of all code: takes the views of memory and globals, and what it calls, anew. */
  private readonly refreshers: (() => void)[] = [];
  /** The same by functions that code calls directly. */
  private readonly callers = new Map<number, (() => void)[]>();
  private readonly numeric: Record<string, unknown>;
  /** The cells of globals, as all code has them. */
  private globals: Int32Array;

  constructor(shared: Shared) {
    this.shared = shared;
    this.numeric = numericLibrary(this.exchange);
    this.globals = shared.store.globalCells.i32;
  }

  of(instance: Instance): Environment {
    const known = this.all.get(instance);
    if (known !== undefined) return known;
    const { store, state, departure, leave } = this.shared;
    const targets: (Code | undefined)[] = [];
    const memory = memoryOf(store, instance);
    const environment: Environment = {
      instance,
      memory,
      views: memory.i32,
      targets,
      typed: new Map(),
      names: {
        ...this.numeric,
        ...memoryLibrary(memory, this.exchange),
        Q: this.exchange,
        J: state.calls,
        T: targets,
        memory,
        globals: store.globalCells,
        tables: store.tables,
        typed: (type: number) => this.typedTargets(environment, type),
        o: (site: number, ...operands: number[]): number => {
          departure.operands = operands;
          return site;
        },
        x: (func: number, site: number, c: number, ...locals: number[]): number => leave(func, site, c, locals),
      },
    };
    this.all.set(instance, environment);
    for (let func = 0; func < store.funcs.length; func++) targets.push(this.target(environment, func));
    return environment;
  }

  /** Runs generated source; its last value is what takes views anew. `parts` is `P` in it. */
  make({ names }: Environment, { types, tables, callees }: Version, body: string, parts: readonly (Code | undefined)[]): unknown[] {
    let head = HEADS.get(names);
    if (head === undefined) HEADS.set(names, (head = `'use strict';const {${Object.keys(names).join(',')}}=E;`));
    // Variables and not constants: what is closed over would be tested for being initialised.
    head += `var ${[...'MBCHKSDG', ...[...callees].map((func) => `F${func}`)].join()};`;
    head += `const u=()=>{${VIEWS}${[...callees].map((func) => `F${func}=T[${func}];`).join('')}};u();`;
    for (const type of types) head += `const Y${type}=typed(${type});`;
    for (const table of tables) head += `const N${table}=tables[${table}];`;
    const made = new Function('E', 'P', head + body)(names, parts) as unknown[];
    const refresh = made.pop() as () => void;
    this.refreshers.push(refresh);
    for (const func of callees) {
      const callers = this.callers.get(func);
      if (callers === undefined) this.callers.set(func, [refresh]);
      else callers.push(refresh);
    }
    return made;
  }
  /** All code is out of date. */
  forget(): void {
    this.refreshers.length = 0;
    this.callers.clear();
  }

  /** What the store has got since the last time. */
  refresh(): void {
    const count = this.shared.store.funcs.length;
    for (const environment of this.all.values()) {
      for (let func = environment.targets.length; func < count; func++) environment.targets.push(this.target(environment, func));
      for (const list of environment.typed.values()) while (list.length <= count) list.push(undefined);
    }
    // All code takes its views anew: not at every event of a program that lives on events.
    if (this.stale) this.refreshViews();
  }
  /** Has a memory, or the cells of globals, got other views? */
  private get stale(): boolean {
    if (this.globals !== this.shared.store.globalCells.i32) return true;
    for (const { views, memory } of this.all.values()) if (views !== memory.i32) return true;
    return false;
  }
  /** Memories may have grown. */
  refreshViews(): void {
    this.globals = this.shared.store.globalCells.i32;
    for (const environment of this.all.values()) environment.views = environment.memory.i32;
    for (const refresh of this.refreshers) refresh();
  }

  private typedTargets(environment: Environment, type: number): (Code | undefined)[] {
    let list = environment.typed.get(type);
    if (list !== undefined) return list;
    const { funcs } = this.shared.store;
    list = [undefined];
    for (let func = 0; func < funcs.length; func++) list.push(funcs[func]!.typeId === type ? this.ownCode(environment, func) : undefined);
    environment.typed.set(type, list);
    return list;
  }
  private ownCode(environment: Environment, func: number): Code | undefined {
    const compiled = this.shared.compiled(func);
    return compiled?.environment === environment && this.shared.hostOf(func) === undefined ? compiled.code : undefined;
  }
  private target(environment: Environment, func: number): Code | undefined {
    const host = this.shared.hostOf(func);
    if (host === undefined) return this.ownCode(environment, func);
    return host.kind === 'leaf' && plain(host.type) ? this.leafCall(environment, host) : undefined;
  }
  /** Tells all code what calls of a function call now. */
  publish(func: number): void {
    const { typeId } = this.shared.store.funcs[func]!;
    for (const environment of this.all.values()) {
      environment.targets[func] = this.target(environment, func);
      const typed = environment.typed.get(typeId);
      if (typed !== undefined) typed[func + 1] = this.ownCode(environment, func);
    }
    for (const refresh of this.callers.get(func) ?? []) refresh();
  }

  private leafCall(environment: Environment, host: LeafFunction): Code {
    const { state, departure, store } = this.shared;
    const { exchange } = this;
    const { params, results } = host.type;
    const memory = memoryOf(store, environment.instance);
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
      this.calling = true;
      try {
        callLeaf(state, host, spare);
      } catch (error) {
        if (!isGuestFailure(error)) throw error;
        departure.failure = error;
        departure.refused = params.flatMap((_type, i) => [i32[spare + 2 * i]!, i32[spare + 2 * i + 1]!]);
        departure.budget = c;
        return MARK;
      } finally {
        this.calling = false;
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
}

/** Takes the views of memory and globals. */
const VIEWS = 'M=memory.i32;B=memory.u8;C=memory.i8;H=memory.u16;K=memory.i16;S=memory.f32;D=memory.f64;G=globals.i32;';
/** The beginning of all generated code of an environment. */
const HEADS = new WeakMap<Record<string, unknown>, string>();

function plain({ params, results }: FuncType): boolean {
  return !params.includes(V128) && !results.includes(V128);
}
