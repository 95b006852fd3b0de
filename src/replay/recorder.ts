import type { CellWindow } from '../engine/cells.js';
import type { HostCall, HostFunction, LeafFunction, FullFunction } from '../engine/host-function.js';
import type { MemoryInstance } from '../engine/memory.js';
import { isGuestFailure } from '../engine/errors.js';
import type { StopReason } from '../engine/stop-reason.js';
import type { Value } from '../engine/value.js';
import { GuestExit } from '../host/exit.js';
import type { Streams } from '../host/io.js';
import { type Need, type Outcome, type Program, type ProgramOptions, untilDone, type World } from '../program/program.js';
import { cellsOf, I32, type ValType } from '../wasm/types.js';
import { type Digest, digestSnapshot, hashPages } from './digest.js';
import { EVENT, FAILURES, OUTCOMES, RecordingError, type RecordingHeader } from './format.js';
import { RecordingWriter, type Sink } from './recording-writer.js';
import type { StreamWriter } from './stream-writer.js';
import { cellCount, clearUnused, writeValues } from './values.js';

/** What the recorder cannot know by itself. */
export type About = Pick<RecordingHeader, 'module' | 'path' | 'settings'>;

/**
 * The recorder stops the machine about so often, in milliseconds, to see whether something is to be written out: rarely,
 * because code is lowered exactly where it stops.
 */
const SLICE_MS = 40;
const FIRST_SLICE = 1 << 17;
/**
 * Clock value of the first checkpoint, and how far apart they are: also in proportion to what has to be hashed. They
 * come at the same clock values wherever a program is recorded.
 */
const FIRST_CHECKPOINT = 1_000_000;
const CHECKPOINTS = { least: 20_000_000, perByte: 20 } as const;
/** Jumps of a real clock below this are not told, in nanoseconds. */
const NOTABLE = 1e6;

/**
 * Writes down what enters a program through the host boundary while it runs. Make the program with the options that
 * `options` gives, `attach` it before it starts, and run it with `advance` or `run`.
 */
export class Recorder {
  private readonly about: About;
  private readonly file: RecordingWriter;
  private readonly out: StreamWriter;
  private readonly virtual: boolean;
  private readonly base: ProgramOptions;
  private program!: Program;
  private readonly foreign = new Set<HostFunction>();
  private readonly importOf = new Map<HostFunction, number>();
  /** Of the last event. */
  private clock = 0;
  /** Whether what happens now is the host's doing. */
  private outside = true;
  private readonly callers: boolean[] = [];
  private slice = FIRST_SLICE;
  private sliceStart = 0;
  private sliceFrom = 0;
  private nextCheckpoint = FIRST_CHECKPOINT;
  private lastDigest: Digest | undefined = undefined;
  private ahead = 0;
  private ended = false;
  private userLimit = Infinity;
  private exactly = false;

  constructor(base: ProgramOptions, about: About, sink: Sink) {
    this.base = base;
    this.about = about;
    this.file = new RecordingWriter(sink);
    this.out = this.file.out;
    this.virtual = base.world.clock === 'virtual';
  }

  /** For the program that is to be recorded. Making it throws `RecordingError` where it imports a function that takes turns. */
  get options(): ProgramOptions {
    const { base } = this;
    const { imports } = base;
    return {
      ...base,
      world: this.world(base.world),
      ...(imports && {
        imports: (module, name, desc) => {
          const host = imports(module, name, desc);
          if (host !== undefined) this.foreign.add(host);
          return host;
        },
      }),
      wrap: (host) => this.wrap(base.wrap?.(host) ?? host, this.foreign.has(host)),
    };
  }

  /** The same world, heard where something comes out of it or it may let us wait. */
  private world(world: World): World {
    const { streams, clock } = world;
    const patient = <T extends object, K extends keyof T>(target: T, name: K): T => {
      const wait = target[name] as unknown as (...args: unknown[]) => unknown;
      return Object.create(target, {
        [name]: {
          value: (...args: unknown[]) => {
            this.file.flush();
            return wait.apply(target, args);
          },
        },
      }) as T;
    };
    const heard = Object.create(streams, {
      stdin: { value: this.virtual ? streams.stdin : patient(streams.stdin, 'read') },
      write: {
        value: (fd: 1 | 2, bytes: Uint8Array) => {
          this.output(fd, bytes);
          streams.write(fd, bytes);
        },
      },
    }) as Streams;
    return { ...world, streams: heard, clock: clock === 'virtual' ? clock : patient(clock, 'sleep') };
  }

  /** Listens to the program; before anything of it has run. Writes the head of the recording. */
  attach(program: Program): void {
    this.program = program;
    const { store, driver, instance, go } = program;
    this.file.writeHead(this.headerOf(program));
    store.memories.forEach((memory, i) => (memory.onHostWrite = (address, length) => this.wrote(memory, i, address, length)));
    const grown = store.onMemoryGrow;
    store.onMemoryGrow = (memory, from, to) => {
      grown?.(memory, from, to);
      if (!this.outside) return;
      this.out.u8(EVENT.grow);
      this.out.uint(memory);
      this.out.uint(to - from);
    };
    const before = driver.listener;
    driver.listener = {
      called: (func, args) => {
        before?.called(func, args);
        this.called(func, args);
      },
      returned: (func, results) => {
        before?.returned(func, results);
        this.outside = this.callers.pop()!;
      },
      failed: (func, error) => {
        before?.failed(func, error);
        this.outside = this.callers.pop()!;
      },
    };
    const stopped = driver.onStop;
    driver.onStop = (reason) => this.stopped(reason) || stopped?.(reason) === true;
    instance.module.imports.filter(({ desc }) => desc.kind === 'func').forEach((_, i) => {
      const func = store.funcs[instance.funcs[i]!];
      if (func?.kind === 'host') this.importOf.set(func.host, i);
    });
    go?.onReference((id, text) => {
      this.out.u8(EVENT.reference);
      this.out.uint(id);
      this.out.text(text);
    });
    this.sliceStart = performance.now();
  }

  private headerOf({ kind, instance, store }: Program): RecordingHeader {
    const { base, about } = this;
    const imports = instance.module.imports.filter(({ desc }) => desc.kind === 'func').map((_, i) => instance.funcs[i]!);
    const full = imports.flatMap((address, i) => {
      const func = store.funcs[address]!;
      return func.kind === 'host' && func.host.kind === 'full' ? [i] : [];
    });
    return {
      ...about,
      kind,
      trampoline: base.trampoline ?? 'module',
      maxMemoryBytes: base.maxMemoryBytes ?? null,
      maxCallDepth: base.maxCallDepth ?? null,
      imports,
      full,
    };
  }

  /**
   * As `Program.advance`, but goes beyond `limit` to the end of a host call that has called the guest: what stops in
   * there ends the run.
   */
  advance(limit: number = Infinity): Outcome | Need {
    return this.advanceTo(limit, false);
  }
  /** As `Program.run`. */
  run(limit: number = Infinity): Promise<Outcome> {
    return untilDone(() => this.advanceTo(limit, true));
  }

  private advanceTo(limit: number, exactly: boolean): Outcome | Need {
    const { program } = this;
    this.userLimit = limit;
    this.exactly = exactly;
    for (;;) {
      const outcome = program.advance(this.sliceEnd);
      const { clock } = program.machine;
      const paused = outcome.kind === 'stopped' && outcome.reason.kind === 'limit';
      if (paused && clock < limit) continue;
      const waits = outcome.kind === 'jobs' || outcome.kind === 'wait';
      if (paused || waits) this.file.completed(clock);
      if (waits) this.file.flush();
      return outcome;
    }
  }
  private get sliceEnd(): number {
    return Math.min(this.userLimit, this.program.machine.clock + this.slice, this.nextCheckpoint);
  }

  /** At the end of a slice, also within a call of the host; whether to run on. */
  private stopped(reason: StopReason): boolean {
    const { machine, driver } = this.program;
    if (reason.kind !== 'limit') return false;
    const { clock } = machine;
    const beyond = clock >= this.userLimit;
    if (beyond && (this.exactly || driver.liveHostCalls.length === 0)) return false;
    const now = performance.now();
    this.pace(now);
    this.file.completed(clock);
    if (clock >= this.nextCheckpoint) this.checkpoint();
    this.file.flushIfDue(now);
    this.sliceStart = performance.now();
    driver.limit = beyond ? clock + FIRST_SLICE : this.sliceEnd;
    return true;
  }
  private pace(now: number): void {
    const { clock } = this.program.machine;
    const ran = clock - this.sliceFrom;
    const took = Math.max(now - this.sliceStart, 0.1);
    this.sliceFrom = clock;
    if (ran > 0) this.slice = Math.ceil(Math.min(Math.max((ran * SLICE_MS) / took, this.slice / 4, FIRST_SLICE / 4), this.slice * 4));
  }

  // Events

  private tick(): void {
    const { clock } = this.program.machine;
    this.out.uint(clock - this.clock);
    this.clock = clock;
  }
  private completed(): void {
    this.file.completed(this.program.machine.clock);
  }

  private wrap(host: HostFunction, foreign: boolean): HostFunction {
    if (host.kind === 'turns') throw new RecordingError(`the host function ${host.name} cannot be recorded: it takes turns; offer it as a full one`);
    return host.kind === 'leaf' ? this.leaf(host, foreign) : this.full(host, foreign);
  }

  private leaf(host: LeafFunction, foreign: boolean): LeafFunction {
    const { out } = this;
    const { results: types } = host.type;
    const single = types.length === 1 && types[0] === I32;
    let index = -1;
    const wrapped: LeafFunction = {
      ...host,
      call: (args, results, memory) => {
        if (index < 0) index = this.importOf.get(wrapped)!;
        out.u8(EVENT.leaf);
        this.tick();
        out.uint(index);
        const watched = foreign ? this.watchStore() : undefined;
        this.outside = true;
        try {
          host.call(args, results, memory);
        } catch (error) {
          this.failed(error);
          throw error;
        } finally {
          this.outside = false;
        }
        watched?.();
        if (single) {
          out.u8(EVENT.returnI32);
          out.int(results.i32(0));
        } else this.values(results, host.type.results);
        this.file.counted(this.program.machine.clock);
      },
    };
    return wrapped;
  }

  private values({ cells, base }: CellWindow, types: readonly ValType[]): void {
    if (types.length === 0) return this.out.u8(EVENT.returnNone);
    clearUnused(cells, base, types);
    this.out.u8(EVENT.returnValues);
    this.out.cells(cells, base, cellCount(types));
  }

  private full(host: FullFunction, foreign: boolean): FullFunction {
    const { out } = this;
    const wrapped: FullFunction = {
      ...host,
      call: (context: HostCall) => {
        out.u8(EVENT.enter);
        this.tick();
        out.uint(this.importOf.get(wrapped)!);
        this.completed();
        const watched = foreign ? this.watchStore() : undefined;
        if (watched !== undefined) this.beforeCall.push(watched);
        this.outside = true;
        try {
          host.call(context);
        } catch (error) {
          this.failed(error);
          throw error;
        } finally {
          this.outside = false;
          if (watched !== undefined) this.beforeCall.pop();
        }
        watched?.();
        this.time();
        this.values(context.results, host.type.results);
        this.file.counted(this.program.machine.clock);
      },
    };
    return wrapped;
  }

  /** A host function has thrown. What the guest cannot have done is the end of the run, and of what can be replayed. */
  private failed(error: unknown): void {
    this.out.u8(EVENT.fail);
    this.failure(error);
    if (isOfGuest(error)) this.completed();
    else this.file.flush();
  }
  private failure(error: unknown): void {
    const { out } = this;
    const kind = error instanceof Error ? FAILURES.indexOf(error.name as (typeof FAILURES)[number]) : -1;
    out.uint(kind < 0 ? FAILURES.indexOf('Error') : kind);
    if (error instanceof GuestExit) out.uint(error.code);
    else out.text(error instanceof Error ? error.message : String(error));
  }

  private called(func: number, args: readonly Value[]): void {
    this.beforeCall.at(-1)?.();
    this.time();
    this.out.u8(EVENT.call);
    this.tick();
    this.out.uint(func);
    writeValues(this.out, args);
    this.completed();
    this.callers.push(this.outside);
    this.outside = false;
  }

  /** How far the guest's time is ahead of its instructions, where that has changed. */
  private time(): void {
    const ahead = this.program.elapsed - this.program.machine.clock;
    if (ahead === this.ahead || (!this.virtual && Math.abs(ahead - this.ahead) < NOTABLE)) return;
    this.out.u8(EVENT.time);
    this.out.int(Math.round(ahead));
    this.ahead = ahead;
  }

  private wrote(memory: MemoryInstance, index: number, address: number, length: number): void {
    if (!this.outside || length === 0) return;
    const { out } = this;
    if (index === 0) out.u8(EVENT.write);
    else {
      out.u8(EVENT.writeTo);
      out.uint(index);
    }
    out.uint(address);
    out.uint(length);
    out.copy(memory.u8, address, length);
  }

  private output(fd: 1 | 2, bytes: Uint8Array): void {
    this.out.u8(EVENT.output);
    this.out.u8(fd);
    this.out.raw(bytes);
    this.flush();
  }

  // What a host function of the embedder may have done to globals and tables

  private readonly beforeCall: (() => void)[] = [];

  /** Remembers globals and tables; what it answers writes down how they differ since. */
  private watchStore(): () => void {
    const { store } = this.program;
    for (const { cell, type } of store.globals) clearUnused(store.globalCells, cell, [type.value]);
    let globals = store.globalCells.i32.slice(0, store.globalCellCount * 2);
    let tables = store.tables.map(({ elements }) => elements.slice());
    return () => {
      store.globals.forEach(({ cell, type }, i) => {
        clearUnused(store.globalCells, cell, [type.value]);
        const count = cellsOf(type.value);
        const now = store.globalCells.i32.subarray(cell * 2, (cell + count) * 2);
        if (now.every((word, j) => word === globals[cell * 2 + j])) return;
        this.out.u8(EVENT.global);
        this.out.uint(i);
        this.out.cells(store.globalCells, cell, count);
      });
      store.tables.forEach(({ elements }, i) => {
        if (elements.length === tables[i]!.length && elements.every((handle, j) => handle === tables[i]![j])) return;
        this.out.u8(EVENT.table);
        this.out.uint(i);
        this.out.uint(elements.length);
        for (const handle of elements) this.out.int(handle);
      });
      globals = store.globalCells.i32.slice(0, store.globalCellCount * 2);
      tables = store.tables.map(({ elements }) => elements.slice());
    };
  }

  // Checkpoints, the end, and the file

  private checkpoint(): void {
    const { machine, store } = this.program;
    this.out.u8(EVENT.checkpoint);
    this.tick();
    const snapshot = machine.snapshot(false);
    this.digest(digestSnapshot(snapshot, store.memories.map(hashPages), machine));
    this.completed();
    const bytes = store.memories.reduce((sum, { byteLength }) => sum + byteLength, snapshot.frames.byteLength + snapshot.cells.byteLength);
    this.nextCheckpoint = machine.clock + Math.max(CHECKPOINTS.least, bytes * CHECKPOINTS.perByte);
  }

  /** What is different from the digest before. */
  private digest(digest: Digest): void {
    const { out, lastDigest } = this;
    out.uint(digest.parts.length);
    digest.parts.forEach((part, i) => {
      const old = lastDigest?.parts[i];
      out.uint(part.length);
      const changed: number[] = [];
      for (let j = 0; j < part.length; j++) if (part[j] !== (old?.[j] ?? 0)) changed.push(j);
      out.uint(changed.length);
      let last = 0;
      for (const at of changed) {
        out.uint(at - last);
        out.u32(part[at]!);
        last = at;
      }
    });
    this.lastDigest = digest;
  }

  /** The last that is recorded: how the run ended. Everything is written out. */
  end(outcome: Outcome): void {
    if (this.ended) return;
    this.ended = true;
    const { out } = this;
    this.time();
    this.checkpoint();
    out.u8(EVENT.end);
    this.tick();
    out.u8(OUTCOMES.indexOf(outcome.kind));
    switch (outcome.kind) {
      case 'exited':
        out.uint(outcome.code);
        break;
      case 'failed':
        this.failure(outcome.error);
        break;
      case 'stopped':
        out.text(outcome.reason.kind);
    }
    this.completed();
    this.flush();
  }

  /** Writes out what there is. */
  flush(): void {
    this.file.flush();
  }
}

function isOfGuest(error: unknown): boolean {
  return isGuestFailure(error) || error instanceof GuestExit;
}
