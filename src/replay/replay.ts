import type { CellWindow } from '../engine/cells.js';
import { type CallListener, Driver, Interruption } from '../engine/drive.js';
import { Exhaustion, type GuestFailure, isGuestFailure, LinkError, Trap, UncaughtException } from '../engine/errors.js';
import type { GuestMemory } from '../engine/guest-memory.js';
import type { HostCall, HostFunction, Turn } from '../engine/host-function.js';
import { instantiate } from '../engine/instance.js';
import { Machine } from '../engine/machine.js';
import { type Extern, type Instance, Store } from '../engine/store.js';
import type { Value } from '../engine/value.js';
import { STACK_PC_GLOBALS } from '../go/abi.js';
import { recognise } from '../go/recognise.js';
import { HostTrampoline } from '../go/trampoline.js';
import { writeBarriers } from '../go/write-barrier.js';
import type { DescribedCall } from '../host/described-call.js';
import { GuestExit } from '../host/exit.js';
import { importNamed, showSlots } from '../host/gojs/describe.js';
import { describeCall } from '../host/wasi/describe.js';
import { WASI_MODULE } from '../host/wasi/wasi.js';
import type { ProgramKind } from '../program/kind.js';
import type { Outcome } from '../program/program.js';
import type { ImportDesc, Module } from '../wasm/module.js';
import { type FuncType, I32, type ValType } from '../wasm/types.js';
import { EVENT, EVENT_NAMES, FAILURES, OUTCOMES, RecordingError } from './format.js';
import { hasClock, type Recording, skip } from './recording.js';
import type { StreamReader } from './stream-reader.js';
import { readCells, readValues, refersTo } from './values.js';

/** The guest does something else than what was recorded. Clock and both calls are in the message. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** What was recorded is used up, and the guest waits for more. */
class Exhausted extends Error {
  override readonly name = 'Exhausted';
}

/** How a replay ended, or why it stands; `edge`: the recording goes no further, though the guest had not ended. */
export type ReplayOutcome = Outcome | { readonly kind: 'edge' };

export interface ReplayOptions {
  readonly tier?: 'auto' | 'interp' | 'compiled' | undefined;
  /** As in `MachineOptions`. */
  readonly patience?: number | undefined;
  /** Who resumes goroutines; by default as it was recorded, which the state hashes of checkpoints are about. */
  readonly trampoline?: 'module' | 'host' | undefined;
}

/** Between two events: what a replay must remember beside the machine's state. */
export interface StreamState {
  readonly at: number;
  readonly clock: number;
  readonly ahead: number;
  readonly resuming: boolean;
  readonly callbacks: readonly number[];
  readonly over: boolean;
  readonly ended: Outcome | undefined;
}

/**
 * A program whose host is a recording: it needs no files, no network and no JavaScript objects. Full host functions
 * keep no JavaScript frame here, so it can stand, be looked at and be put elsewhere in the middle of them.
 */
export class Replay {
  readonly recording: Recording;
  readonly module: Module;
  readonly kind: ProgramKind;
  readonly store: Store;
  readonly machine: Machine;
  readonly driver: Driver;
  readonly instance: Instance;
  readonly trampoline: HostTrampoline | undefined;
  /** Gets what the guest writes to its standard streams. */
  onOutput: ((fd: number, bytes: Uint8Array) => void) | undefined = undefined;
  /** Hears of each host call before it is answered, also of the one that is not what was recorded. */
  onCall: ((name: string, args: CellWindow, memory: GuestMemory) => void) | undefined = undefined;
  /** Hears of globals that the host sets, by their address in the store. */
  onHostGlobal: ((global: number) => void) | undefined = undefined;
  private readonly reader: StreamReader;
  /** Of the last event that had one. */
  private clock = 0;
  private ahead = 0;
  /** The pending host call has begun, but its next event was missing. */
  private resuming = false;
  /** Functions that the host has called, the one at top level first, innermost last. */
  private callbacks: number[] = [];
  /** The guest runs no more; what is left to do is the host's. */
  private over = false;
  private ended: Outcome | undefined = undefined;
  private results: readonly Value[] = [];
  /** What reference ids stand for in words, each with the place in the stream from which on. */
  private readonly references = new Map<number, { readonly at: number; readonly text: string }[]>();
  /** What a callback of the pending host call failed with: the host may fail with the same. */
  private lastFailure: GuestFailure | undefined = undefined;
  /** Names of the imported functions by position. */
  private readonly names: string[];

  /** `module`: the one that was recorded. Throws `RecordingError` where it cannot be. */
  constructor(module: Module, recording: Recording, options: ReplayOptions = {}) {
    this.module = module;
    this.recording = recording;
    const { header } = recording;
    this.kind = header.kind as ProgramKind;
    this.reader = recording.reader(0);
    this.store = new Store({ maxMemoryBytes: header.maxMemoryBytes ?? undefined });
    this.machine = new Machine(this.store, { maxCallDepth: header.maxCallDepth ?? undefined, tier: options.tier ?? 'auto', patience: options.patience });
    this.driver = new Driver(this.machine);
    const functions = module.imports.filter(({ desc }) => desc.kind === 'func');
    this.names = functions.map(({ module: from, name }) => `${from}.${name}`);
    if (functions.length !== header.imports.length) throw new RecordingError('it is of a module with other imports');
    const typeIds = this.store.types.add(module.types);
    const known = new Map<number, number>();
    let next = 0;
    this.instance = this.instantiate((desc): Extern | undefined => {
      if (desc.kind !== 'func') return undefined;
      const index = next++;
      const recorded = header.imports[index]!;
      let address = known.get(recorded);
      if (address === undefined) {
        const type = this.store.types.comp(typeIds[desc.type]!) as FuncType;
        known.set(recorded, (address = this.store.addHost(this.host(index, type))));
      }
      return { kind: 'func', address };
    });
    const { instance } = this;
    if (header.imports.some((address, i) => address !== instance.funcs[i])) throw new RecordingError('it is of a module with other imports');
    this.machine.expect(writeBarriers(module).map((func) => instance.funcs[func]!));
    const go = (options.trampoline ?? header.trampoline) === 'host' ? recognise(module) : undefined;
    this.trampoline = go === undefined ? undefined : new HostTrampoline(this.machine, instance, go);
    this.trampoline?.install();
  }

  private instantiate(resolve: (desc: ImportDesc) => Extern | undefined): Instance {
    try {
      return instantiate(this.store, this.module, (_, __, desc) => resolve(desc)).instance;
    } catch (error) {
      if (error instanceof Trap || error instanceof LinkError || error instanceof RangeError) throw new RecordingError(`its module cannot be instantiated as it was: ${error.message}`);
      throw error;
    }
  }

  /**
   * Runs on, up to clock value `limit` or the end of what is recorded. Throws `Divergence`, and `RecordingError` where
   * the recording makes no sense.
   */
  advance(limit: number = Infinity): ReplayOutcome {
    const { recording, reader, driver } = this;
    reader.bytes = recording.bytes;
    reader.end = recording.complete;
    driver.limit = Math.min(limit, recording.clock);
    for (;;) {
      try {
        if (this.ended !== undefined) return this.ended;
        if (this.callbacks.length > 0 && !this.over) this.results = this.runOn();
        else this.topLevel();
      } catch (error) {
        if (error instanceof Exhausted) return { kind: 'edge' };
        if (error instanceof GuestExit || isGuestFailure(error)) this.fail(error);
        else if (!(error instanceof Interruption)) throw error;
        else if (error.reason.kind !== 'limit' || this.machine.clock >= limit) return { kind: 'stopped', reason: error.reason };
        else if (!this.atLimit()) return { kind: 'edge' };
      }
    }
  }

  private runOn(): readonly Value[] {
    const results = this.driver.runTo(0);
    this.left((listener, func) => listener.returned(func, results));
    return results;
  }

  /** What the host called last has come to its end. */
  private left(tell: (listener: CallListener, func: number) => void): void {
    const func = this.callbacks.pop();
    const { listener } = this.driver;
    if (listener !== undefined && func !== undefined) tell(listener, func);
  }

  private fail(error: Error): void {
    if (error instanceof GuestExit && this.callbacks.length > 1) this.unwind(error);
    this.over = true;
    this.left((listener, func) => listener.failed(func, error));
    this.callbacks = [];
  }

  /** An exit goes through the host calls that are pending, and each may still do something. The state stays that of the exit. */
  private unwind(error: GuestExit): void {
    const { machine } = this;
    const state = machine.snapshot(false);
    try {
      while (this.callbacks.length > 1) this.unwindOne(error);
    } finally {
      machine.restore(state);
    }
  }
  private unwindOne(error: GuestExit): void {
    const depth = this.callbacks.length;
    this.machine.abandon();
    const { pending } = this.machine;
    try {
      if (pending?.host.kind === 'turns') pending.host.failed?.(pending, error);
    } catch (next) {
      if (!(next instanceof GuestExit || next instanceof Exhausted)) throw next;
    }
    this.callbacks.length = depth - 1;
  }

  /** The guest has come to where the recording ends; `true` where the end itself is still to come. */
  private atLimit(): boolean {
    const { reader, driver } = this;
    if (!this.skipSilent()) return false;
    const start = reader.pos;
    if (reader.u8() !== EVENT.end || driver.limit > this.recording.clock) {
      reader.pos = start;
      this.diverged('runs on');
    }
    reader.uint();
    const failed = OUTCOMES[reader.u8()] === 'failed';
    reader.pos = start;
    // What fails without being counted fails before the next instruction.
    if (failed) driver.limit++;
    else this.over = true;
    return true;
  }

  // Events

  /** Passes over events that are nothing to the guest; false where there are no others. */
  private skipSilent(): boolean {
    const { reader } = this;
    for (;;) {
      if (reader.pos >= reader.end) return false;
      const tag = reader.bytes[reader.pos]!;
      if (tag === EVENT.checkpoint) {
        reader.pos++;
        this.clock += reader.uint();
        skip(reader, EVENT.checkpoint);
      } else if (tag === EVENT.time) {
        reader.pos++;
        this.ahead = reader.int();
      } else return true;
    }
  }

  private need(): number {
    if (!this.skipSilent()) throw new Exhausted();
    return this.reader.u8();
  }

  /** What the host does while nothing of the guest runs. */
  private topLevel(): void {
    const tag = this.need();
    if (tag === EVENT.call) {
      if (this.over) throw this.reader.damaged('the guest is called after its end');
      const { call, args } = this.readCall();
      this.machine.start(call, args);
      this.callbacks.push(call);
      this.driver.listener?.called(call, args);
    } else if (tag === EVENT.end) this.end();
    else if (tag === EVENT.fail) this.readFailure();
    else if (!isReturn(tag)) this.effect(tag);
  }

  private end(): void {
    const { reader } = this;
    this.clock += reader.uint();
    const outcome = OUTCOMES[reader.u8()];
    switch (outcome) {
      case 'exited':
        this.ended = { kind: 'exited', code: reader.uint() };
        return;
      case 'returned':
        this.ended = { kind: 'returned', results: this.results };
        return;
      case 'failed': {
        const error = this.readFailure();
        if (error instanceof GuestExit) throw reader.damaged('an exit is no failure');
        const { failure } = this.driver;
        const same = failure?.error.message === error.message;
        this.ended = { kind: 'failed', error: same ? failure.error : error, frames: same ? failure.frames : [] };
        return;
      }
      default:
        this.ended = { kind: 'stopped', reason: { kind: reader.text() === 'deadlock' ? 'deadlock' : 'limit' } };
    }
  }

  private readCall(): { readonly call: number; readonly args: readonly Value[] } {
    const { reader } = this;
    this.clock += reader.uint();
    const call = reader.uint();
    const type = this.store.funcs[call]?.type;
    if (type === undefined) throw reader.damaged(`there is no such function ${call}`);
    const args = readValues(reader, type.params, this.store);
    if (this.clock !== this.machine.clock) this.diverged('is called');
    return { call, args };
  }

  private readFailure(): GuestFailure | GuestExit {
    const { reader } = this;
    const kind = FAILURES[reader.uint()];
    if (kind === 'GuestExit') return new GuestExit(reader.uint());
    const message = reader.text();
    const last = this.lastFailure;
    if (last !== undefined && last.name === kind && last.message === message) return last;
    switch (kind) {
      case 'Trap':
        return new Trap(message);
      case 'Exhaustion':
        return new Exhaustion(message);
      case 'UncaughtException':
        return new UncaughtException(message);
      default:
        throw reader.damaged('a failure that is none of a guest');
    }
  }

  /** Something that the host did, other than calling, returning and failing. */
  private effect(tag: number): void {
    const { reader, store } = this;
    switch (tag) {
      case EVENT.write:
        return this.write(0);
      case EVENT.writeTo:
        return this.write(reader.uint());
      case EVENT.grow: {
        const memory = reader.uint();
        const pages = reader.uint();
        if (store.memories[memory] === undefined || store.growMemory(memory, pages) < 0) throw reader.damaged('a memory cannot grow as it did when it was recorded');
        return;
      }
      case EVENT.output: {
        const fd = reader.u8();
        const bytes = reader.raw();
        this.onOutput?.(fd, bytes);
        return;
      }
      case EVENT.global: {
        const global = reader.uint();
        if (store.globals[global] === undefined) throw reader.damaged('there is no such global');
        const { cell, type } = store.globals[global];
        readCells(reader, store.globalCells, cell, [type.value], store);
        this.onHostGlobal?.(global);
        return;
      }
      case EVENT.table:
        return this.setTable();
      case EVENT.reference: {
        const at = reader.pos;
        const id = reader.uint();
        this.learn(id, at, reader.text());
        return;
      }
      default:
        throw reader.damaged(`the event ${EVENT_NAMES[tag] ?? tag} stands where it cannot`, reader.pos - 1);
    }
  }

  private write(index: number): void {
    const { reader } = this;
    const memory = this.store.memories[index];
    const address = reader.uint();
    const content = reader.raw();
    if (memory === undefined || address + content.length > memory.byteLength) throw reader.damaged('it writes outside of the memory');
    memory.u8.set(content, address);
    memory.written(address, content.length);
  }

  private setTable(): void {
    const { reader } = this;
    const table = this.store.tables[reader.uint()];
    const length = reader.uint();
    if (table === undefined || length > reader.end - reader.pos) throw reader.damaged('there is no such table');
    const elements = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      elements[i] = reader.int();
      if (!refersTo(this.store, table.type.element, elements[i]!)) throw reader.damaged('a reference is to nothing, or of another type');
    }
    table.reset(elements);
  }

  private learn(id: number, at: number, text: string): void {
    const known = this.references.get(id) ?? [];
    if (known.length > 0 && known.at(-1)!.at >= at) return;
    known.push({ at, text });
    this.references.set(id, known);
  }
  private reference(id: number): string {
    const known = this.references.get(id) ?? [];
    let i = known.length - 1;
    while (i >= 0 && known[i]!.at >= this.reader.pos) i--;
    return known[i]?.text ?? 'undefined';
  }

  // Host calls

  private host(index: number, type: FuncType): HostFunction {
    const name = this.names[index]!;
    const { results: types } = type;
    if (!this.recording.header.full.includes(index)) return { kind: 'leaf', type, name, call: (args, results, memory) => this.leaf(index, { args, results, memory }, types) };
    const goOn = (call: HostCall): Turn => this.turn(call, types);
    return {
      kind: 'turns',
      type,
      name,
      begin: (call) => {
        if (this.resuming) this.resuming = false;
        else {
          this.onCall?.(name, call.args, call.memory);
          this.enter(index, EVENT.enter);
        }
        return goOn(call);
      },
      next: (call, results) => {
        this.left((listener, func) => listener.returned(func, results));
        return goOn(call);
      },
      failed: (call, error) => {
        if (isGuestFailure(error)) this.lastFailure = error;
        this.left((listener, func) => listener.failed(func, error));
        return goOn(call);
      },
    };
  }

  /** The guest calls an import: that has to be what was recorded. */
  private enter(index: number, kind: number): void {
    const { reader, machine, names } = this;
    if (!this.skipSilent()) {
      if (kind === EVENT.leaf) this.diverged(`calls ${names[index]}`);
      // Nothing has begun: the call is asked for again.
      throw new Exhausted();
    }
    const start = reader.pos;
    const { clock } = this;
    if (reader.u8() === kind) {
      this.clock += reader.uint();
      const { imports } = this.recording.header;
      if (imports[reader.uint()] === imports[index] && this.clock === machine.clock) return;
    }
    reader.pos = start;
    this.clock = clock;
    this.diverged(`calls ${names[index]}`);
  }

  /** Throws: the guest `does` what was not recorded here. */
  private diverged(does: string): never {
    const { reader } = this;
    const known = this.skipSilent();
    let recorded = 'nothing more';
    if (known) {
      const tag = reader.u8();
      const clock = hasClock(tag) ? this.clock + reader.uint() : this.clock;
      const what = tag === EVENT.leaf || tag === EVENT.enter ? `a call of ${this.names[reader.uint()] ?? '?'}` : `the event ${EVENT_NAMES[tag]}`;
      recorded = `${what} at clock ${clock}`;
    }
    throw new Divergence(`the replay is another run: at clock ${this.machine.clock} the guest ${does}, and the recording has ${recorded}`);
  }

  private leaf(index: number, call: Pick<HostCall, 'args' | 'results' | 'memory'>, types: readonly ValType[]): void {
    const { reader } = this;
    this.onCall?.(this.names[index]!, call.args, call.memory);
    this.enter(index, EVENT.leaf);
    for (;;) {
      const tag = reader.u8();
      if (this.returns(tag, call.results, types)) return;
      if (tag === EVENT.fail) throw this.readFailure();
      this.effect(tag);
    }
  }

  /** What the host did from here until it called the guest, or returned. */
  private turn({ results }: HostCall, types: readonly ValType[]): Turn {
    for (;;) {
      if (!this.skipSilent()) {
        this.resuming = true;
        throw new Exhausted();
      }
      const tag = this.reader.u8();
      if (tag === EVENT.call) {
        const turn = this.readCall();
        this.driver.listener?.called(turn.call, turn.args);
        this.callbacks.push(turn.call);
        return turn;
      }
      if (this.returns(tag, results, types)) return 'done';
      if (tag === EVENT.fail) throw this.readFailure();
      this.effect(tag);
    }
  }

  /** Takes in results, if that is what comes. */
  private returns(tag: number, results: CellWindow, types: readonly ValType[]): boolean {
    if (!isReturn(tag)) return false;
    const { reader } = this;
    const fits = tag === EVENT.returnNone ? types.length === 0 : tag === EVENT.returnValues || (types.length === 1 && types[0] === I32);
    if (!fits) throw reader.damaged('the call returns something else', reader.pos - 1);
    if (tag === EVENT.returnI32) results.setI32(0, reader.int());
    else if (tag === EVENT.returnValues) readCells(reader, results.cells, results.base, types, this.store);
    return true;
  }

  // What others want to know

  /** How far the replay has come in the stream. */
  get offset(): number {
    return this.reader.pos;
  }
  /** Nanoseconds of the guest's time since its start. */
  get elapsed(): number {
    return this.machine.clock + this.ahead;
  }
  get outcome(): Outcome | undefined {
    return this.ended;
  }

  /** A call of an import in words, as the host that was recorded would have described it. */
  readonly describe = (module: string, name: string, args: CellWindow, memory: GuestMemory): DescribedCall | undefined => {
    if (module === WASI_MODULE) return describeCall(name, args, memory);
    const entry = this.kind === 'go-js' && (module === 'gojs' || module === 'go') ? importNamed(name) : undefined;
    if (entry === undefined) return undefined;
    const reference = (id: number): string => this.reference(id);
    return {
      args: showSlots(entry.params, args.u32(0), { memory, reference }),
      result: (_, after) => showSlots(entry.results, this.stackPointer(), { memory: after, reference }),
    };
  };
  private stackPointer(): number {
    const { cell } = this.store.globals[this.instance.globals[STACK_PC_GLOBALS.SP]!]!;
    return this.store.globalCells.i32[cell * 2]! >>> 0;
  }

  /** What `load` needs beside the state of the machine to go on from here. */
  save(): StreamState {
    return { at: this.reader.pos, clock: this.clock, ahead: this.ahead, resuming: this.resuming, callbacks: [...this.callbacks], over: this.over, ended: this.ended };
  }
  /** After the machine was restored to the same moment. */
  load(state: StreamState): void {
    this.reader.pos = state.at;
    this.clock = state.clock;
    this.ahead = state.ahead;
    this.resuming = state.resuming;
    this.callbacks = [...state.callbacks];
    this.over = state.over;
    this.ended = state.ended;
  }
}

function isReturn(tag: number): boolean {
  return tag === EVENT.returnNone || tag === EVENT.returnI32 || tag === EVENT.returnValues;
}
