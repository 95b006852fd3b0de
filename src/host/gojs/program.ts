import { Trap, UncaughtException } from '../../engine/errors.js';
import type { CellWindow } from '../../engine/cells.js';
import type { GuestMemory } from '../../engine/guest-memory.js';
import type { HostFunction } from '../../engine/host-function.js';
import type { Clock } from '../clock.js';
import type { DescribedCall } from '../described-call.js';
import { GuestExit } from '../exit.js';
import type { FileSystem } from '../fs.js';
import type { Streams } from '../io.js';
import { VIRTUAL_UID } from '../memory-fs.js';
import type { Random } from '../random.js';
import type { Data, HostState } from '../state.js';
import { writeArguments } from './args.js';
import { Catalogue } from './catalogue.js';
import { importNamed, type Showing, showReference, showSlots } from './describe.js';
import { type Callback, EventQueue } from './events.js';
import { Files, type LateInput } from './files.js';
import { furnish, type Identity, Screen } from './furnish.js';
import type { Guest } from './guest.js';
import { type GoHost, hostFunctions } from './imports.js';
import type { FileResult } from './inside/globals.js';
import { type Intrinsics, makeIntrinsics } from './inside/intrinsics.js';
import { JsState } from './js-state.js';
import { type Realm, runInside } from './realm.js';
import { ScriptWatch } from './script-watch.js';
import { PREDEFINED_IDS, ValueTable } from './values.js';

export type { LateInput } from './files.js';

export interface GoProgramOptions {
  /** Where `js.Global()` lives. Used by this program alone. */
  readonly realm: Realm;
  /**
   * `virtual`: waits are jumped over, operations complete at once, and the realm shows no time, zone or language of the
   * machine. Needs a fresh realm.
   */
  readonly world: 'real' | 'virtual';
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: FileSystem;
  readonly streams: Streams;
  /** Absolute, existing; default `/`. */
  readonly cwd?: string;
  readonly identity?: Identity;
  /** In the real world: takes the place of `streams.stdin`, which blocks. */
  readonly input?: LateInput;
}

/** What a program needs next: the event loop of a JavaScript host, pull-style. */
export type Next =
  /** Call the export with these arguments and run it to its end; ask again. */
  | { readonly kind: 'call'; readonly name: 'run' | 'resume'; readonly args: readonly number[] }
  /** Let JavaScript's own job queue run empty (await a macrotask); ask again. */
  | { readonly kind: 'jobs' }
  /** In the real world: ask again after `ns`, or when `event` resolves. */
  | { readonly kind: 'wait'; readonly ns: bigint | undefined; readonly event: Promise<void> }
  | { readonly kind: 'exited'; readonly code: number };

/** What the activation that runs now, or ran last, was for. */
type Turn = { readonly kind: 'new' } | { readonly kind: 'event' } | { readonly kind: 'timeout'; readonly id: number; cleared: boolean };

/**
 * JavaScript calls Go calls JavaScript ... at most so deep: each level keeps frames of ours on the JavaScript stack, which
 * must not overflow while the machine is at work.
 */
const MAX_NESTING = 200;
/** Calls of `headroom` that a stack must still bear for the machine to run on it. Tens of kilobytes; the machine needs few. */
const HEADROOM = 1000;

const NS_PER_MS = 1_000_000n;
const DEFAULT_IDENTITY: Identity = { pid: 1, ppid: 0, uid: VIRTUAL_UID, gid: VIRTUAL_UID };

/** A Go program for js/wasm, its JavaScript values and its event loop. */
export class GoProgram implements HostState {
  readonly values: ValueTable;
  readonly files: Files;
  readonly events: EventQueue = new EventQueue();
  /** What the program exited with. */
  exitCode: number | undefined = undefined;
  private readonly options: GoProgramOptions;
  private readonly js: Intrinsics;
  private readonly watch: ScriptWatch;
  /** In the virtual world, and a realm of our own: there a snapshot can be taken. */
  private readonly catalogue: Catalogue | undefined;
  private readonly jsState: JsState | undefined;
  private readonly screen = new Screen();
  private readonly imports: ReadonlyMap<string, HostFunction>;
  /** The JavaScript functions that stand for Go functions. */
  private readonly wrappers = new WeakMap<object, number>();
  private attached: Guest | undefined = undefined;
  private command: readonly [argc: number, argv: number] | undefined = undefined;
  private turn: Turn = { kind: 'new' };
  private probed = false;
  /** Whether the realm's own event loop has run empty. */
  private drained = false;
  /** What ended the run, to be thrown at whoever runs it. */
  private failure: unknown = undefined;
  private nesting = 0;
  private inRuntime = false;
  /** How many host calls that can run JavaScript are in progress. */
  private hostCalls = 0;
  private readonly reads: { readonly args: readonly unknown[]; readonly done: (result: FileResult) => void }[] = [];
  private reading = false;
  private wake: () => void = () => {};

  constructor(options: GoProgramOptions) {
    this.options = options;
    const { realm, clock, random, streams, world } = options;
    this.files = new Files({ fs: options.fs, streams, cwd: options.cwd ?? '/' });
    let hidden: Readonly<Record<string, object>> = {};
    if (realm.fresh) {
      ({ hidden } = furnish(realm, {
        clock,
        random,
        streams,
        files: this.files,
        events: this.events,
        screen: this.screen,
        identity: options.identity ?? DEFAULT_IDENTITY,
        virtual: world === 'virtual',
        request: (operation, args, done) => this.request(operation, args, done),
        guarded: (func) => this.guarded(func),
      }));
    }
    this.js = runInside(realm, makeIntrinsics, {
      resume: () => this.reenter(),
      made: (wrapper, id) => this.wrappers.set(wrapper, id),
      ids: () => this.values.values.length,
    });
    const { go } = this.js;
    this.values = new ValueTable(realm.global, go);
    const classOf = realm.fresh && world === 'virtual' ? realm.classOf : undefined;
    this.catalogue = classOf && new Catalogue({ globalThis: realm.global, go, ...hidden });
    this.watch = new ScriptWatch(realm, go, this.catalogue);
    const { catalogue, watch, wrappers, values, events, files, screen } = this;
    this.jsState = classOf && catalogue && new JsState({ go, catalogue, classOf, wrappers, watch, values, events, files, screen });
    this.imports = hostFunctions(this.host());
    realm.onRejection?.((reason) => {
      this.failure ??= new UncaughtException(`${this.js.describe(reason)}, with which a JavaScript promise was rejected`);
      this.wake();
    });
  }

  /** The host function for an import, where it is one of ours: modules `gojs`, `go` (up to Go 1.20) and `_gotest`. */
  importFunction(module: string, name: string): HostFunction | undefined {
    return this.imports.get(`${module}.${name}`);
  }

  /**
   * A call of an import in words, before it is made; undefined for a function that is not Go's. The result is to be asked
   * when the call has returned.
   */
  describe(module: string, name: string, args: CellWindow, memory: GuestMemory): DescribedCall | undefined {
    const entry = this.imports.has(`${module}.${name}`) ? importNamed(name) : undefined;
    if (entry === undefined) return undefined;
    const sp = args.u32(0);
    const showing = (now: GuestMemory): Showing => ({ memory: now, reference: (id) => this.showReference(id) });
    return {
      args: showSlots(entry.params, sp, showing(memory)),
      // Where the stack pointer is by then: the stack may have moved.
      result: (_, after) => showSlots(entry.results, this.attached?.stackPointer() ?? sp, showing(after)),
    };
  }
  /** Tells each reference that the program knows or is given, in words. */
  onReference(tell: (id: number, text: string) => void): void {
    for (let id = 0; id < PREDEFINED_IDS; id++) tell(id, this.showReference(id));
    this.values.onGiven = (id) => tell(id, this.showReference(id));
  }
  private showReference(id: number): string {
    return showReference(id, this.values.values[id], (object) => this.nameOf(object));
  }
  /** How to call an object that every program knows, and a function that stands for a Go function. */
  private nameOf(object: object): string | undefined {
    const id = this.wrappers.get(object);
    if (id !== undefined) return `Go function ${id}`;
    return object === this.js.go ? 'go' : this.catalogue?.nameOf(object)?.replace(/^globalThis\./, '');
  }

  /** Connects the instance of the program; before `start`. */
  attach(guest: Guest): void {
    this.attached = guest;
  }
  private get guest(): Guest {
    if (this.attached === undefined) throw new Error('a Go program must be attached to a machine before it runs');
    return this.attached;
  }

  /** Hands over the command line and the environment. Throws `ArgumentsTooLong`. */
  start(argv: readonly string[], env: Readonly<Record<string, string>>): void {
    this.command = [argv.length, writeArguments(this.guest.memory, argv, env)];
  }

  /**
   * What to do now that nothing of the program runs. Throws what the program failed with. Nothing is lost by asking
   * twice, except that a `call` must be made before the next question.
   */
  next(): Next {
    if (this.exitCode !== undefined) return { kind: 'exited', code: this.exitCode };
    if (this.failure !== undefined) throw this.failure;
    const { turn } = this;
    if (turn.kind === 'new') {
      if (this.command === undefined) throw new Error('a Go program must be started before it runs');
      this.turn = { kind: 'event' };
      return { kind: 'call', name: 'run', args: this.command };
    }
    // As Go's own host does (golang/go#28975): until Go has noticed that its time has come.
    if (turn.kind === 'timeout' && !turn.cleared) return RESUME;
    this.turn = { kind: 'event' };
    for (;;) {
      if (this.watch.jobs) {
        this.watch.jobs = false;
        return { kind: 'jobs' };
      }
      const event = this.events.take(this.options.clock.monotonic());
      if (event?.kind === 'timeout') {
        this.turn = { kind: 'timeout', id: event.id, cleared: false };
        return RESUME;
      }
      if (event !== undefined) {
        if (this.deliver(event)) return RESUME;
        if (this.exitCode !== undefined) return { kind: 'exited', code: this.exitCode };
        continue;
      }
      const wait = this.idle();
      if (wait !== undefined) return wait;
    }
  }

  /** Nothing can be done now: waits for a timer or for the world, or, with neither, makes Go report a deadlock. */
  private idle(): Next | undefined {
    const { clock, world, realm } = this.options;
    const { due } = this.events;
    const ns = due === undefined ? undefined : due - clock.monotonic();
    if (world === 'virtual' && ns !== undefined) {
      clock.sleep(ns);
      return undefined;
    }
    if (ns !== undefined || this.reads.length > 0 || (!realm.fresh && !this.drained)) {
      const event = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      return { kind: 'wait', ns, event };
    }
    // A program that is not even deadlocked has nothing more to do: the process of a JavaScript host would end here.
    if (this.probed) return { kind: 'exited', code: (this.exitCode = 0) };
    this.probed = true;
    this.js.go._pendingEvent = this.js.probe();
    return RESUME;
  }

  /** For a realm that is not ours, and whose events we cannot count: its event loop has run empty, nothing will call Go again. */
  outOfEvents(): void {
    this.drained = true;
    this.wake();
  }

  /** Calls a callback. `true`: it is a Go function, and the event is left for the program to be resumed with. */
  private deliver({ callback, self, args }: Callback): boolean {
    const id = this.wrappers.get(callback);
    if (id !== undefined) {
      this.js.go._pendingEvent = this.js.event(id, self, args);
      return true;
    }
    this.watch.calling(callback, self, args);
    try {
      this.js.apply(callback, self, args);
      this.settle();
    } catch (error) {
      if (this.exitCode === undefined) this.uncaught(this.settle(error));
    }
    return false;
  }

  private uncaught(error: unknown): never {
    this.failure ??= new UncaughtException(`${this.js.describe(error)}, thrown by JavaScript`);
    throw this.failure;
  }

  private settle(error?: unknown): unknown {
    if (this.failure !== undefined) throw this.failure;
    if (error instanceof Trap) throw error;
    // An error of our own realm can only be the overflow of the JavaScript stack.
    return this.options.realm.fresh && error instanceof Error ? this.js.overflow() : error;
  }

  /** A JavaScript function that stands for a Go function was called: Go's event handler runs, within the host call in progress. */
  private reenter(): 'ok' | 'deep' | 'exited' | 'busy' | 'failed' {
    if (this.exitCode !== undefined) return 'exited';
    if (this.failure !== undefined) return 'failed';
    if (this.inRuntime) return 'busy';
    if (this.nesting >= MAX_NESTING || (this.watch.compiled && !hasHeadroom())) return 'deep';
    this.nesting++;
    try {
      this.guest.call('resume', []);
      return 'ok';
    } catch (error) {
      this.failure ??= error;
      // Called by an event loop that is not ours, which has no use for an error: whoever asks for `next` gets it.
      return this.hostCalls === 0 && !this.options.realm.fresh ? 'ok' : 'failed';
    } finally {
      this.nesting--;
      this.wake();
    }
  }

  /** In the virtual world, and a realm of our own. */
  private get state(): JsState {
    if (this.jsState === undefined) throw new Error('a Go program has a state that can be saved only on the virtual clock and in a realm of its own');
    return this.jsState;
  }

  save(): Data {
    const { turn, command, probed, exitCode } = this;
    return { js: this.state.save(), turn: { ...turn }, command: command === undefined ? null : [...command], probed, exitCode: exitCode ?? null };
  }

  load(state: Data): void {
    const saved = state as unknown as SavedProgram;
    this.state.load(saved.js);
    this.turn = saved.turn;
    this.command = saved.command ?? undefined;
    this.probed = saved.probed;
    this.exitCode = saved.exitCode ?? undefined;
  }

  live(): string[] {
    if (!this.options.realm.fresh) return ["the JavaScript realm is the host's own"];
    if (this.options.world === 'real') return ['the clock is real, and so is what the program waits for'];
    if (this.jsState === undefined) return ['this host cannot tell what JavaScript objects are inside'];
    return this.jsState.live();
  }

  /** A function of the host for the realm: what it fails with ends the program, and after the end there is no more of it. */
  private guarded<F extends (...args: never[]) => unknown>(func: F): F {
    const guard = (...args: never[]): unknown => {
      if (this.failure !== undefined) throw this.failure;
      try {
        return func(...args);
      } catch (error) {
        if (!(error instanceof RangeError)) this.failure ??= error;
        throw error;
      }
    };
    return guard as F;
  }

  private request(operation: string, args: readonly unknown[], done: (result: FileResult) => void): void {
    if (this.options.input !== undefined && this.files.readsInput(operation, args)) {
      this.reads.push({ args, done });
      this.readOn();
    } else done(this.files.perform(operation, args));
  }

  /** Waits for standard input on behalf of the first `read` that wants it. */
  private readOn(): void {
    const next = this.reads[0];
    if (this.reading || next === undefined) return;
    this.reading = true;
    const finish = (result: FileResult): void => {
      this.reading = false;
      this.reads.shift();
      next.done(result);
      this.readOn();
      this.wake();
    };
    this.files.readInput(next.args, this.options.input!).then(finish, (error: unknown) => {
      this.failure ??= error;
      this.wake();
    });
  }

  private host(): GoHost {
    const { clock, random } = this.options;
    return {
      values: this.values,
      js: this.js,
      guest: () => this.guest,
      nanotime: () => clock.monotonic(),
      walltime: () => clock.realtime(),
      random: (into) => random.fill(into),
      log: (line) => this.options.streams.write(1, new TextEncoder().encode(`${line}\n`)),
      writeSync: (fd, bytes) => {
        this.inRuntime = true;
        try {
          this.js.writeSync(fd, bytes);
        } catch (error) {
          this.uncaught(this.settle(error));
        } finally {
          this.inRuntime = false;
        }
      },
      scheduleTimeout: (milliseconds) => this.events.addTimeout(clock.monotonic() + BigInt(milliseconds) * NS_PER_MS),
      clearTimeout: (id) => {
        this.events.remove(id);
        if (this.turn.kind === 'timeout' && this.turn.id === id) this.turn.cleared = true;
      },
      exit: (code) => {
        this.exitCode = code;
        this.failure = new GuestExit(code);
        throw this.failure;
      },
      uncaught: (error) => this.uncaught(error),
      settle: (error) => this.settle(error),
      during: (run) => {
        this.hostCalls++;
        try {
          run();
        } finally {
          this.hostCalls--;
        }
      },
      changing: (target) => this.watch.changing(target),
      calling: (func, self, args) => this.watch.calling(func, self, args),
    };
  }
}

/** Whether JavaScript of the program has left enough of the stack: an overflow within the machine would tear it. */
function hasHeadroom(): boolean {
  const descend = (levels: number): number => (levels === 0 ? 0 : 1 + descend(levels - 1));
  try {
    return descend(HEADROOM) === HEADROOM;
  } catch {
    return false;
  }
}

const RESUME: Next = { kind: 'call', name: 'resume', args: [] };

/** What `save` makes. */
interface SavedProgram {
  readonly js: Data;
  readonly turn: Turn;
  readonly command: readonly [number, number] | null;
  readonly probed: boolean;
  readonly exitCode: number | null;
}
