import type { WasmFrame } from '../engine/frames.js';
import type { Machine } from '../engine/machine.js';
import type { Probe } from '../engine/probes.js';
import type { Instance } from '../engine/store.js';
import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { GcAction, GoEvent, LoopEvent, Place, UnwindCause } from './events.js';
import { Runtime } from './goroutines.js';
import type { Loop } from './loop.js';
import type { GoCall } from './pclntab.js';
import type { GoModule } from './recognise.js';
import { Registers } from './registers.js';
import { walkStack } from './stack.js';
import { G, GOBUF, STATUS, STATUS_SCAN, statusName } from './structs.js';
import { showInterface } from './values.js';

type State = 'runnable' | 'running' | 'parked';

interface Known {
  readonly id: number;
  readonly name: string;
  state: State;
  /** Has it had a turn of a trampoline? Its first one starts it. */
  started: boolean;
}

/**
 * Turns what the machine does into what the goroutines do, by probes at the entries of a few runtime functions, which
 * are in every binary and never inlined. `casgstatus` sees all changes of status but those of coroutines; `gogo`, which
 * every switch goes through, sees the rest. The g register alone tells nothing: the runtime puts g0 there whenever it
 * works on its own stack.
 */
export class GoWatch {
  readonly runtime: Runtime;
  private readonly machine: Machine;
  private readonly instance: Instance;
  private readonly go: GoModule;
  private readonly registers: Registers;
  private readonly emit: (event: GoEvent) => void;
  private readonly probes: Probe[] = [];
  private readonly known = new Map<number, Known>();
  /** Function indices: where the host comes in, no unwinding goes out. */
  private readonly exported: ReadonlySet<number>;
  /** Function addresses of the trampolines. */
  private readonly loops: ReadonlySet<number>;
  /** The goroutine that has the processor, by its address; 0 before the first one. */
  private running = 0;
  /** In the middle of `newproc1`, `park_m`: the goroutine that it is about. */
  private creating = 0;
  private parking = 0;
  private cause: UnwindCause | undefined = undefined;
  private cycle = 0;
  private lastTurn: LoopEvent | undefined = undefined;

  constructor(machine: Machine, instance: Instance, go: GoModule, emit: (event: GoEvent) => void) {
    this.machine = machine;
    this.instance = instance;
    this.go = go;
    this.registers = new Registers(machine.store, instance, go.globals);
    this.runtime = new Runtime(go, this.registers.memory);
    this.emit = emit;
    this.exported = new Set(go.module.exports.filter(({ kind }) => kind === 'func').map(({ index }) => index));
    const loops = [go.loop, go.exportLoop].filter((loop) => loop !== undefined);
    this.loops = new Set(loops.map((loop) => instance.funcs[loop.func]!));
    this.meet();
    this.atEntry('runtime.casgstatus', () => this.statusChange());
    this.atReturns('runtime.newproc1', () => this.created());
    this.atEntry('runtime.park_m', () => {
      this.parking = this.argument(0);
      this.cause = 'park';
    });
    this.atEntry('runtime.mstart1', () => (this.cause = 'start'));
    this.atEntry('runtime.newstack', () => (this.cause = 'preempt'));
    this.atEntry('runtime.recovery', () => this.recovery());
    this.atEntry('runtime.coroswitch_m', () => (this.cause = 'coroutine'));
    this.atEntry('runtime.copystack', () => this.copystack());
    this.atEntry('runtime.gogo', () => this.gogo());
    this.atEntry('runtime.gopanic', () => this.panic());
    this.atEntry('runtime.Goexit', () => this.goexit());
    this.atEntry('runtime.pause', () => this.pause());
    this.atEntry('wasm_export_resume', () => this.emit({ ...this.about(this.current, 'wasm_export_resume'), event: 'pause', action: 'resume' }));
    this.atEntry('runtime.exit', () => this.exit());
    for (const [name, action] of COLLECTION) this.atEntry(name, () => this.gc(name, action));
    for (const loop of loops) {
      const probe = machine.probes.at(instance.funcs[loop.func]!, loop.turnAt, () => this.turn(loop, this.pcFOf(loop), this.registers.pcB));
      this.probes.push(probe);
    }
  }

  /** Hears the turns of the host-side trampoline, which no probe sees. */
  turn(loop: Loop, pcF: number, pcB: number): void {
    const goroutine = this.known.get(this.registers.g);
    const entry = pcB !== 0 ? 'resume' : goroutine?.started === false ? 'start' : 'restart';
    if (goroutine !== undefined) goroutine.started = true;
    const func = this.go.code?.funcOf(pcF);
    const name = (func === undefined ? undefined : this.go.name(func)) ?? `function ${pcF}`;
    const event: LoopEvent = {
      clock: this.machine.clock,
      event: 'loop',
      goroutine: goroutine?.id ?? this.currentId,
      function: name,
      pc_f: pcF,
      pc_b: pcB,
      entry,
      nested: loop.stops,
    };
    this.lastTurn = event;
    this.emit(event);
  }

  /** The goroutine in whose name the machine works now; 0 on g0. */
  get currentId(): number {
    const { g } = this.registers;
    if (g === 0) return 0;
    return this.known.get(g)?.id ?? (g === this.runtime.g0(g) ? 0 : this.runtime.id(g));
  }

  /** The program is over: tells how each goroutine stood that had not ended. */
  finish(): void {
    const left = [...this.known].sort(([, a], [, b]) => a.id - b.id);
    for (const [g, { id, name }] of left) {
      const status = this.runtime.status(g) & ~STATUS_SCAN;
      const reason = status === STATUS.waiting ? { reason: this.runtime.waitReason(g) } : {};
      this.emit({ clock: this.machine.clock, event: 'goroutine', goroutine: id, function: name, action: 'end', state: statusName(status), ...reason });
    }
    this.known.clear();
  }

  remove(): void {
    for (const probe of this.probes.splice(0)) probe.remove();
  }

  /** Those that were there before we came. */
  private meet(): void {
    if (this.registers.g === 0) return;
    for (const { address, id, start, status } of this.runtime.goroutines()) {
      const bare = status & ~STATUS_SCAN;
      const state = bare === STATUS.running ? 'running' : bare === STATUS.runnable ? 'runnable' : 'parked';
      this.known.set(address, { id, name: start?.name ?? '', state, started: true });
    }
    this.running = this.runtime.current(this.registers.g);
  }

  private atEntry(name: string, fire: () => void): void {
    const func = this.go.func(name);
    const address = func === undefined ? undefined : this.instance.funcs[func];
    if (address === undefined) return;
    const pcF = this.go.code?.pcFOf(func!);
    this.probes.push(
      this.machine.probes.atEntry(address, () => {
        if (!this.reentered(pcF)) fire();
      }),
    );
  }

  /** Is this entry a turn that goes on with a call made before: a resumed frame, or one that starts over after its stack check? */
  private reentered(pcF: number | undefined): boolean {
    const turn = this.lastTurn;
    return turn !== undefined && turn.pc_f === pcF && turn.entry !== 'start' && turn.clock + 1 === this.machine.clock;
  }

  /** Before each `return` of a function. */
  private atReturns(name: string, fire: () => void): void {
    const func = this.go.func(name);
    const body = func === undefined ? undefined : this.go.module.funcs[func - this.go.module.imported.funcs]?.body;
    if (body === undefined) return;
    const reader = new InstructionReader(this.go.module.bytes, body.offset, body.end);
    while (reader.pos < reader.end) {
      if (reader.next() === OP.return) this.probes.push(this.machine.probes.at(this.instance.funcs[func!]!, reader.start, fire));
    }
  }

  /** Word `index` of the arguments of the function being entered. */
  private argument(index: number): number {
    return this.registers.memory.word(this.registers.sp + 8 + 8 * index);
  }

  private get current(): number {
    return this.runtime.current(this.registers.g);
  }

  private about(g: number, name?: string): { clock: number; goroutine: number; function: string } {
    const known = this.known.get(g);
    return { clock: this.machine.clock, goroutine: known?.id ?? this.runtime.id(g), function: name ?? known?.name ?? this.runtime.startName(g) };
  }

  private aboutGoroutine(g: number): { clock: number; goroutine: number; function: string; event: 'goroutine' } {
    return { ...this.about(g), event: 'goroutine' };
  }

  private statusChange(): void {
    const { memory, sp } = this.registers;
    const g = this.argument(0);
    const from = memory.u32(sp + 16) & ~STATUS_SCAN;
    const to = memory.u32(sp + 20) & ~STATUS_SCAN;
    if (from === STATUS.dead && (to === STATUS.runnable || to === STATUS.waiting)) this.creating = g;
    else if (from === STATUS.running && to === STATUS.waiting) {
      // Without `park_m` the runtime only marks the goroutine as safe to scan while it goes on itself.
      if (this.parking === g) this.parked(g);
    } else if (from === STATUS.waiting && to === STATUS.runnable) {
      const known = this.known.get(g);
      if (known !== undefined) known.state = 'runnable';
      this.emit({ ...this.aboutGoroutine(g), action: 'ready', by: this.idOf(this.current) });
    } else if (from === STATUS.running && to === STATUS.runnable) {
      if (this.cause !== 'preempt') this.cause = 'yield';
      this.yielded(g);
    } else if (from === STATUS.running && to === STATUS.dead) {
      this.cause = 'exit';
      this.exited(g);
    }
  }

  private created(): void {
    const g = this.creating;
    if (g === 0) return;
    this.creating = 0;
    const { id, start, created, status } = this.runtime.goroutine(g);
    const state = (status & ~STATUS_SCAN) === STATUS.runnable ? 'runnable' : 'parked';
    this.known.set(g, { id, name: start?.name ?? '', state, started: false });
    this.emit({ ...this.aboutGoroutine(g), action: 'created', by: this.idOf(this.current), ...placed(created) });
  }

  private parked(g: number): void {
    this.parking = 0;
    this.leave(g, 'parked');
    this.emit({ ...this.aboutGoroutine(g), action: 'park', reason: this.runtime.waitReason(g), ...this.place(g) });
  }

  private yielded(g: number): void {
    this.leave(g, 'runnable');
    this.emit({ ...this.aboutGoroutine(g), action: 'yield', ...this.place(g) });
  }

  private exited(g: number): void {
    this.emit({ ...this.aboutGoroutine(g), action: 'exit' });
    this.known.delete(g);
  }

  private leave(g: number, state: State): void {
    const known = this.known.get(g);
    if (known !== undefined) known.state = state;
  }

  /** Every switch ends here, and every unwinding that is none. */
  private gogo(): void {
    const to = this.registers.memory.word(this.argument(0) + GOBUF.g);
    const from = this.running;
    if (to === 0 || to === this.runtime.g0(to)) return;
    if (from !== to && this.known.get(from)?.state === 'running') this.reconcile(from);
    const cause = this.cause ?? 'park';
    this.cause = undefined;
    this.unwind(from === 0 ? to : from, cause, 'runtime.gogo', this.registers.memory.word(this.argument(0) + GOBUF.sp));
    let known = this.known.get(to);
    if (known === undefined) this.known.set(to, (known = { id: this.runtime.id(to), name: this.runtime.startName(to), state: 'runnable', started: true }));
    if (from !== to || known.state !== 'running') {
      known.state = 'running';
      this.emit({ ...this.aboutGoroutine(to), action: 'running', from: this.idOf(from) });
    }
    this.running = to;
  }

  /** A goroutine lost the processor without `casgstatus`: coroutines and preemption write the status themselves. */
  private reconcile(g: number): void {
    const status = this.runtime.status(g) & ~STATUS_SCAN;
    if (status === STATUS.waiting) this.parked(g);
    else if (status === STATUS.preempted) {
      this.leave(g, 'parked');
      this.emit({ ...this.aboutGoroutine(g), action: 'park', reason: 'preempted', ...this.place(g) });
    } else if (status === STATUS.runnable) this.yielded(g);
    else if (status === STATUS.dead) this.exited(g);
  }

  private unwind(g: number, cause: UnwindCause, by: string, target = 0): void {
    const { depth, resumable } = this.lost(g, cause, target);
    this.emit({ ...this.about(g, by), event: 'unwind', cause, depth, resumable });
  }

  /**
   * Counts the wasm frames from the innermost one out to the trampoline, the export or the host call that will not
   * unwind, and those of them that a trampoline will have to resume: the goroutine's own ones, which lie outwards of
   * the frame that went over to the scheduler's stack. `target`: what lies below this SP is given up.
   */
  private lost(g: number, cause: UnwindCause, target: number): { depth: number; resumable: number } {
    const ends = cause === 'start' || cause === 'program exit' || !this.known.has(g);
    let depth = 0;
    let resumable = 0;
    let own = cause === 'pause';
    for (const frame of this.goFrames()) {
      depth++;
      const name = this.go.name(frame.funcIndex);
      const kept = own && name !== 'runtime.morestack_noctxt' && (cause !== 'recover' || cachedSp(frame) >= target);
      if (kept && !ends) resumable++;
      if (name === 'runtime.mcall' || name === 'runtime.morestack') own = true;
    }
    // `pause` takes itself and its caller off the Go stack.
    return { depth, resumable: cause === 'pause' ? Math.max(0, resumable - 2) : resumable };
  }

  /** The frames that follow Go's convention and so hand on an unwinding, innermost first. */
  private *goFrames(): Generator<WasmFrame> {
    for (const frame of this.machine.frames()) {
      if (frame.kind === 'host' || frame.instance !== this.instance || this.loops.has(frame.func)) return;
      const { type } = this.machine.store.funcs[frame.func]!;
      if (type.params.length !== 1 || type.results.length !== 1 || this.exported.has(frame.funcIndex)) return;
      yield frame;
    }
  }

  private copystack(): void {
    const g = this.argument(0);
    if (this.cause === 'preempt') this.cause = 'stack';
    const { memory } = this.registers;
    const from = memory.word(g + G.stackHi) - memory.word(g + G.stackLo);
    this.emit({ ...this.aboutGoroutine(g), action: 'stack', from, to: this.argument(1) });
  }

  private recovery(): void {
    this.cause = 'recover';
    this.emit({ ...this.aboutGoroutine(this.argument(0)), action: 'recover' });
  }

  private panic(): void {
    const value = showInterface(this.go, this.registers.memory, this.argument(0), this.argument(1));
    this.emit({ ...this.aboutGoroutine(this.current), action: 'panic', value, ...this.callerPlace() });
  }

  private goexit(): void {
    this.emit({ ...this.aboutGoroutine(this.current), action: 'goexit', ...this.callerPlace() });
  }

  private pause(): void {
    const g = this.current;
    if (this.insideExport()) this.emit({ ...this.about(g, 'runtime.pause'), event: 'pause', action: 'lost export' });
    this.emit({ ...this.about(g, 'runtime.pause'), event: 'pause', action: 'pause' });
    this.unwind(g, 'pause', 'runtime.pause');
  }

  private exit(): void {
    const code = this.registers.memory.i32(this.registers.sp + 8);
    this.emit({ ...this.about(this.current, 'runtime.exit'), event: 'pause', action: 'exit', code });
    if (this.go.goos === 'js') this.unwind(this.current, 'program exit', 'runtime.exit');
  }

  /** Is the innermost trampoline one that an exported function waits in? */
  private insideExport(): boolean {
    const loop = this.machine.frames().find((frame) => this.loops.has(frame.func));
    return loop !== undefined && loop.func === this.instance.funcs[this.go.exportLoop?.func ?? -1];
  }

  private gc(name: string, action: GcAction): void {
    if (action === 'start') this.cycle++;
    this.emit({ clock: this.machine.clock, event: 'gc', goroutine: this.currentId, function: name, action, cycle: this.cycle });
  }

  private idOf(g: number): number {
    return this.known.get(g)?.id ?? this.runtime.id(g);
  }

  private pcFOf(loop: Loop): number {
    return loop.pcFBits === 16 ? this.registers.pcF & 0xffff : this.registers.pcF;
  }

  /** Where a goroutine that has just stopped stands, in terms of the program. */
  private place(g: number): { at?: Place } {
    const { pc, sp } = this.runtime.goroutine(g);
    return this.placeFrom(pc, sp);
  }

  /** The same for the caller of the function being entered. */
  private callerPlace(): { at?: Place } {
    const { memory, sp } = this.registers;
    return this.placeFrom(memory.word(sp), sp + 8);
  }

  /** Preferably in the program's own packages: that a mutex waits in sync.(*Mutex).Lock is no news. */
  private placeFrom(pc: number, sp: number): { at?: Place } {
    const { pclntab } = this.go;
    if (pclntab === undefined) return {};
    let library: GoCall | undefined;
    let frames = 0;
    for (const { func, callPcB } of walkStack(this.registers.memory, pclntab, pc, sp)) {
      for (const call of func.calls(callPcB)) {
        if (this.isOwn(call.name)) return placed(call);
        if (!call.name.startsWith('runtime.')) library ??= call;
      }
      if (++frames === MAX_PLACE_FRAMES) break;
    }
    return placed(library);
  }

  /** Is this a function of the program's own module, not of a library? */
  private isOwn(name: string): boolean {
    const path = this.go.buildInfo?.main?.path;
    return name.startsWith('main.') || (path !== undefined && (name.startsWith(`${path}.`) || name.startsWith(`${path}/`)));
  }
}

/** How far out a place is looked for: a stack may be a million frames deep. */
const MAX_PLACE_FRAMES = 64;

/** Every Go function keeps a copy of SP in its first local after PC_B. */
function cachedSp(frame: WasmFrame): number {
  const sp = frame.locals[1];
  return sp !== undefined && 'i32' in sp ? sp.i32 >>> 0 : 0;
}

const COLLECTION: readonly (readonly [name: string, action: GcAction])[] = [
  ['runtime.(*gcControllerState).startCycle', 'start'],
  ['runtime.gcMarkTermination', 'mark termination'],
  ['runtime.gcSweep', 'sweep'],
  ['runtime.stopTheWorldWithSema', 'stop the world'],
  ['runtime.startTheWorldWithSema', 'start the world'],
];

function placed(call: GoCall | undefined): { at?: Place } {
  if (call === undefined) return {};
  const { name, file, line } = call;
  return { at: { function: name, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) } };
}
