import type { CellWindow } from '../engine/cells.js';
import { Driver, Interruption } from '../engine/drive.js';
import { type GuestFailure, isGuestFailure, LinkError } from '../engine/errors.js';
import type { Frame } from '../engine/frames.js';
import type { GuestMemory } from '../engine/guest-memory.js';
import type { HostFunction } from '../engine/host-function.js';
import { instantiate } from '../engine/instance.js';
import { Machine } from '../engine/machine.js';
import { decodeSnapshot, encodeSnapshot, pendingHostCalls } from '../engine/snapshot.js';
import type { StopReason } from '../engine/stop-reason.js';
import { type Extern, type Instance, Store } from '../engine/store.js';
import { i32, type Value } from '../engine/value.js';
import { recognise } from '../go/recognise.js';
import { HostTrampoline } from '../go/trampoline.js';
import { writeBarriers } from '../go/write-barrier.js';
import { type Clock, VirtualClock } from '../host/clock.js';
import type { DescribedCall } from '../host/described-call.js';
import { GuestExit } from '../host/exit.js';
import type { FileSystem } from '../host/fs.js';
import type { Identity } from '../host/gojs/furnish.js';
import { guestOf } from '../host/gojs/guest.js';
import type { LateInput } from '../host/gojs/files.js';
import { GoProgram } from '../host/gojs/program.js';
import type { Realm } from '../host/gojs/realm.js';
import type { Streams } from '../host/io.js';
import { type Random, SeededRandom } from '../host/random.js';
import { type Data, type HostState, joinStates } from '../host/state.js';
import { describeCall } from '../host/wasi/describe.js';
import { createWasi, type Preopen, WASI_MODULE } from '../host/wasi/wasi.js';
import type { ImportDesc, Module } from '../wasm/module.js';
import type { FuncType } from '../wasm/types.js';
import { programKind, type ProgramKind } from './kind.js';

/** What a program gets of the world. Whatever is left out does not exist for it. */
export interface World {
  /** With the program's name first. */
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env?: readonly string[];
  readonly streams: Streams;
  /** `virtual`: time moves with the instructions and jumps over waits. */
  readonly clock: Clock | 'virtual';
  /** A number is a seed. */
  readonly random: Random | number;
  /** WASI: the folders that the guest finds open. */
  readonly preopens?: readonly Preopen[];
  /** Go for js: what that world is made of. */
  readonly js?: JsWorld;
}

export interface JsWorld {
  /** Where `js.Global()` lives; used by this program alone. */
  readonly realm: Realm;
  readonly fs: FileSystem;
  /** Absolute, existing. */
  readonly cwd?: string;
  readonly identity?: Identity;
  /** Takes the place of the blocking `streams.stdin`; for a real clock only. */
  readonly input?: LateInput;
}

export interface ProgramOptions {
  readonly world: World;
  /** Answers imports that no host of ours knows. */
  readonly imports?: (module: string, name: string, desc: ImportDesc) => HostFunction | undefined;
  /** Puts something in the place of a host function, of the same type: how calls are counted. */
  readonly wrap?: ((host: HostFunction) => HostFunction) | undefined;
  /** For each memory, and for all objects together. */
  readonly maxMemoryBytes?: number | undefined;
  readonly maxCallDepth?: number | undefined;
  readonly tier?: 'auto' | 'interp' | 'compiled' | undefined;
  /** As `MachineOptions.patience`. */
  readonly patience?: number | undefined;
  /** Who resumes goroutines after an unwinding: the module's own loop, or we. The same to the program. */
  readonly trampoline?: 'module' | 'host' | undefined;
}

/** How a run ended, or why it stands. */
export type Outcome =
  | { readonly kind: 'exited'; readonly code: number }
  /** What the invoked export, or the whole program, returned. */
  | { readonly kind: 'returned'; readonly results: readonly Value[] }
  /** `frames` are those of the moment of failure, innermost first. */
  | { readonly kind: 'failed'; readonly error: GuestFailure; readonly frames: readonly Frame[] }
  /** The machine stopped (limit, probe, pause, deadlock); `advance` goes on from there. */
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** What a program needs of an embedder that does not want to block. */
export type Need =
  /** Let JavaScript's job queue run empty, then `advance`. */
  | { readonly kind: 'jobs' }
  /** `advance` after `ns` nanoseconds, or when `event` resolves. */
  | { readonly kind: 'wait'; readonly ns: bigint | undefined; readonly event: Promise<void> };

interface Saved {
  readonly machine: Uint8Array;
  readonly called: number;
  readonly started: boolean;
  readonly startedAt: bigint;
  readonly host: Data;
}

interface Call {
  readonly func: number;
  readonly args: readonly Value[];
}

/** A module with its host and its machine: instantiated, and run to its end in as many steps as one likes. */
export class Program {
  readonly module: Module;
  readonly kind: ProgramKind;
  readonly store: Store;
  readonly machine: Machine;
  readonly driver: Driver;
  readonly instance: Instance;
  /** Present when the module is Go's for js. */
  readonly go: GoProgram | undefined;
  readonly trampoline: HostTrampoline | undefined;
  readonly clock: Clock;
  /** Set once the program has come to an end. */
  ended: Exclude<Outcome, { kind: 'stopped' }> | undefined = undefined;
  private readonly options: ProgramOptions;
  /** What is to be called one after the other. */
  private readonly calls: Call[] = [];
  private called = 0;
  private startedAt: bigint;
  /** All that the host remembers between two instructions. */
  private readonly hostState: HostState;
  private started = false;
  private results: readonly Value[] = [];

  /** Instantiates `module`, which must be valid, without running anything of it. Throws `LinkError`, and `Trap` where a segment does not fit. */
  constructor(module: Module, options: ProgramOptions) {
    this.module = module;
    this.options = options;
    this.kind = programKind(module);
    this.store = new Store({ maxMemoryBytes: options.maxMemoryBytes, maxHeapBytes: options.maxMemoryBytes });
    this.machine = new Machine(this.store, { maxCallDepth: options.maxCallDepth, tier: options.tier ?? 'auto', patience: options.patience });
    this.driver = new Driver(this.machine);
    const { world } = options;
    const clock = world.clock === 'virtual' ? new VirtualClock(() => this.machine.clock) : world.clock;
    this.clock = clock;
    this.store.onWait = (timeout) => clock.sleep(timeout);
    this.startedAt = clock.monotonic();
    const random = typeof world.random === 'number' ? new SeededRandom(world.random) : world.random;
    this.go = this.kind === 'go-js' ? goProgram(world, clock, random) : undefined;
    const wasi = createWasi({ args: world.args, env: world.env ?? [], preopens: world.preopens ?? [], clock, random, streams: world.streams });
    // A Go program for js may call WASI's functions too, but keeps its files and streams for itself.
    this.hostState = this.go === undefined ? wasi.state : joinStates({ wasi: wasi.state, go: this.go, tree: world.js!.fs });

    const addresses = new Map<HostFunction, number>();
    const { instance, start } = instantiate(this.store, module, (from, name, desc): Extern | undefined => {
      const found = (from === WASI_MODULE ? wasi.imports.get(name) : this.go?.importFunction(from, name)) ?? options.imports?.(from, name, desc);
      if (found === undefined) return undefined;
      let address = addresses.get(found);
      if (address === undefined) addresses.set(found, (address = this.store.addHost(options.wrap?.(found) ?? found)));
      return { kind: 'func', address };
    });
    this.instance = instance;
    this.machine.expect(writeBarriers(module).map((func) => instance.funcs[func]!));
    if (start !== undefined) this.calls.push({ func: start, args: [] });
    this.trampoline = options.trampoline === 'host' ? this.makeTrampoline() : undefined;
    this.trampoline?.install();
    this.go?.attach(guestOf(this.driver, instance));
  }

  private makeTrampoline(): HostTrampoline | undefined {
    const go = recognise(this.module);
    return go && new HostTrampoline(this.machine, this.instance, go);
  }

  /** Prepares to run the program as its kind wants it. */
  start(): void {
    this.started = true;
    if (this.go !== undefined) this.go.start(this.options.world.args, environment(this.options.world.env ?? []));
    const entry = this.kind === 'command' ? '_start' : this.kind === 'reactor' ? '_initialize' : undefined;
    if (entry !== undefined) this.calls.push({ func: this.exportedFunction(entry).address, args: [] });
  }

  /** Prepares to call an export instead; a reactor is initialised first. Throws `LinkError` if there is no such function. */
  invoke(name: string, args: readonly Value[]): void {
    const { address } = this.exportedFunction(name);
    if (this.kind === 'reactor' && name !== '_initialize') this.start();
    this.calls.push({ func: address, args });
  }

  /** The type over the store's canonical ids. */
  exportedFunction(name: string): { readonly address: number; readonly type: FuncType } {
    const found = this.instance.exports.get(name);
    if (found?.kind !== 'func') throw new LinkError(`the module exports no function "${name}"`);
    return { address: found.address, type: this.store.funcs[found.address]!.type };
  }

  /**
   * Runs on, up to clock value `limit`, without ever waiting for anything but what the guest itself waits for. After
   * the end it answers the same outcome again.
   */
  advance(limit: number = Infinity): Outcome | Need {
    this.driver.limit = limit;
    try {
      for (;;) {
        if (this.ended !== undefined) return this.ended;
        const need = this.turn();
        if (need !== undefined) return need;
      }
    } catch (error) {
      if (error instanceof Interruption) return { kind: 'stopped', reason: error.reason };
      return (this.ended = this.endBy(error));
    }
  }

  /** As `advance`, waiting for what the program needs. */
  run(limit: number = Infinity): Promise<Outcome> {
    return untilDone(() => this.advance(limit));
  }

  /** One activation, or one question to the event loop. */
  private turn(): Need | undefined {
    if (this.machine.depth > 0) this.results = this.driver.resume();
    else if (this.called < this.calls.length) {
      const { func, args } = this.calls[this.called++]!;
      this.results = this.driver.call(func, args);
    } else if (this.go === undefined || !this.started) this.ended = { kind: 'returned', results: this.results };
    else return this.ask(this.go);
    return undefined;
  }

  private ask(go: GoProgram): Need | undefined {
    const next = go.next();
    switch (next.kind) {
      case 'call':
        this.driver.call(this.exportedFunction(next.name).address, next.args.map(i32));
        return undefined;
      case 'exited':
        this.ended = { kind: 'exited', code: next.code };
        return undefined;
      default:
        return next;
    }
  }

  /** Nanoseconds that the guest's clock has moved since it was made. */
  get elapsed(): number {
    return Number(this.clock.monotonic() - this.startedAt);
  }

  /** A call of an import in words, where its host knows them; asked before the call is made. */
  readonly describe = (module: string, name: string, args: CellWindow, memory: GuestMemory): DescribedCall | undefined =>
    module === WASI_MODULE ? describeCall(name, args, memory) : this.go?.describe(module, name, args, memory);

  /** What stands in the way of a snapshot that another process could go on from; empty if nothing does. */
  live(): string[] {
    const calls = this.driver.liveHostCalls.map(({ host }) => `a call of the host function ${host.name}`);
    return [...calls, ...this.hostState.live()];
  }

  /** The whole state as data. Only while `live` is empty, and between two instructions: before the start, or stopped. */
  save(): Data {
    const { machine, called, started } = this;
    return { machine: encodeSnapshot(machine.snapshot()), called, started, startedAt: this.startedAt, host: this.hostState.save() };
  }

  /** Goes back to what `save` gave, in a program made from the same module with the same options. */
  load(state: Data): void {
    const saved = state as unknown as Saved;
    const snapshot = decodeSnapshot(saved.machine);
    if (this.trampoline === undefined && pendingHostCalls(snapshot).some((func) => this.store.funcs[func]?.kind === 'wasm')) {
      // The loops that were under way end as they began; the next are the module's.
      const trampoline = this.makeTrampoline();
      trampoline?.install();
      trampoline?.remove();
    }
    this.machine.restore(snapshot);
    this.called = saved.called;
    this.started = saved.started;
    this.startedAt = saved.startedAt;
    this.hostState.load(saved.host);
    this.ended = undefined;
  }

  private endBy(error: unknown): Exclude<Outcome, { kind: 'stopped' }> {
    if (error instanceof GuestExit) return { kind: 'exited', code: error.code };
    if (isGuestFailure(error)) {
      const { failure } = this.driver;
      return { kind: 'failed', error, frames: failure?.error === error ? failure.frames : [] };
    }
    throw error;
  }
}

function goProgram(world: World, clock: Clock, random: Random): GoProgram {
  if (world.js === undefined) throw new LinkError('a Go program for js needs a JavaScript realm, and none is given');
  return new GoProgram({ ...world.js, world: world.clock === 'virtual' ? 'virtual' : 'real', clock, random, streams: world.streams });
}

function environment(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.map((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

const NS_PER_MS = 1e6;
/** The longest wait of one timer, in milliseconds. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Advances again and again, waiting in between for what a program needs. */
export async function untilDone(advance: () => Outcome | Need): Promise<Outcome> {
  for (;;) {
    const progress = advance();
    if (progress.kind === 'jobs') await macrotask();
    else if (progress.kind === 'wait') await waitFor(progress);
    else return progress;
  }
}

/** Browsers have timers alone, which wait for a millisecond or more. */
const soon: (done: () => void) => unknown = typeof setImmediate === 'function' ? setImmediate : (done) => setTimeout(done, 0);

/** All promise jobs are done after it. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => void soon(resolve));
}

function waitFor({ ns, event }: Extract<Need, { kind: 'wait' }>): Promise<void> {
  if (ns === undefined) return event;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(Math.max(Number(ns) / NS_PER_MS, 0), LONGEST_WAIT));
    void event.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
