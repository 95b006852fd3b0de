import type { Clock } from '../host/clock.js';
import type { Data } from '../host/state.js';
import { type Need, type Outcome, Program, type ProgramOptions } from '../program/program.js';
import { Cancelled } from '../replay/position.js';
import { type About, Recorder } from '../replay/recorder.js';
import { Recording } from '../replay/recording.js';
import { Replay } from '../replay/replay.js';
import type { Live } from '../replay/timeline.js';
import type { Module } from '../wasm/module.js';
import { Session } from './session.js';

/** A program runs ahead of whoever looks at it by so many instructions at a time: few at first, for the session is to begin soon. */
const FIRST_STRIDE = 10_000;
const MOST_STRIDE = 2_000_000;
const STRIDE_GROWTH = 4;
/** How long a stride may take, in milliseconds: nothing else is heard meanwhile. */
const STRIDE_MS = 50;
/** So long a wait is, in milliseconds, before somebody may say that it is enough. */
const PATIENCE_MS = 100;

/**
 * A clock that does not block: who sleeps is ahead of the real time at once, and the program stops until somebody has
 * waited for that.
 */
class PatientClock implements Clock {
  readonly resolution: bigint;
  /** Told that the program is ahead. */
  onAhead: (() => void) | undefined = undefined;
  private readonly real: Clock;
  private until = 0n;

  constructor(real: Clock) {
    this.real = real;
    this.resolution = real.resolution;
  }

  /** In nanoseconds. */
  get ahead(): bigint {
    const ahead = this.until - this.real.monotonic();
    return ahead > 0n ? ahead : 0n;
  }
  monotonic(): bigint {
    return this.real.monotonic() + this.ahead;
  }
  realtime(): bigint {
    return this.real.realtime() + this.ahead;
  }
  sleep(ns: bigint): void {
    this.until = this.monotonic() + ns;
    this.onAhead?.();
  }

  save(): Data {
    return this.real.save();
  }
  load(state: Data): void {
    this.real.load(state);
  }
  live(): string[] {
    return this.real.live();
  }
}

/**
 * A program that is recorded as it goes. Who debugs it stands on the recording; the program itself, which lives at the
 * end of that, is only ever run on. What it writes is to be heard where the recording is walked over, not at its host.
 */
export class LiveEdge implements Live {
  /** Asked while the program runs on: `true` ends the command that wants it to. */
  cancelled: (() => boolean) | undefined = undefined;
  private readonly recorder: Recorder;
  private readonly head: Uint8Array[] = [];
  private recording: Recording | undefined = undefined;
  private program!: Program;
  private over = false;
  private stride = FIRST_STRIDE;
  private readonly clock: PatientClock | undefined;
  /** How the program stands while its clock is ahead. */
  private held: Outcome | Need | undefined = undefined;

  constructor(base: ProgramOptions, about: About) {
    const { world } = base;
    this.clock = world.clock === 'virtual' ? undefined : new PatientClock(world.clock);
    this.recorder = new Recorder({ ...base, world: { ...world, clock: this.clock ?? 'virtual' } }, about, (bytes) => {
      if (this.recording === undefined) this.head.push(bytes.slice());
      else this.recording.append(bytes);
    });
  }

  /** For the program that is to be debugged. */
  get options(): ProgramOptions {
    return this.recorder.options;
  }
  /** Before it starts. */
  attach(program: Program): void {
    this.program = program;
    this.recorder.attach(program);
    this.recording = Recording.read(joined(this.head));
    // What a host function is in the middle of cannot be stopped; it comes to its end ahead of time.
    if (this.clock !== undefined) this.clock.onAhead = () => void (program.driver.liveHostCalls.length === 0 && program.machine.pause());
  }

  /** A session at the beginning of the program, which has been told to start but not run. */
  open(memoryBudget?: number): Promise<Session> {
    return Session.open(new Replay(this.program.module, this.recording!, { trampoline: 'module' }), { live: this, memoryBudget });
  }

  async extend(): Promise<boolean> {
    if (this.over) return false;
    if (this.cancelled?.() === true) throw new Cancelled();
    const { recorder, program } = this;
    const start = performance.now();
    const progress = this.held ?? recorder.advance(program.machine.clock + this.stride);
    const pace = STRIDE_MS / Math.max(performance.now() - start, 0.1);
    this.stride = Math.ceil(Math.min(Math.max(this.stride * Math.min(pace, STRIDE_GROWTH), FIRST_STRIDE), MOST_STRIDE));
    const { ahead = 0n } = this.clock ?? {};
    this.held = ahead > 0n ? progress : undefined;
    if (ahead > 0n) {
      recorder.flush();
      await patience(ahead);
      return true;
    }
    if (progress.kind === 'jobs') await later(0);
    else if (progress.kind === 'wait') await Promise.race([progress.event, patience(progress.ns)]);
    else if (progress.kind !== 'stopped' || (progress.reason.kind !== 'limit' && progress.reason.kind !== 'paused')) {
      this.over = true;
      recorder.end(progress);
    }
    recorder.flush();
    return true;
  }
}

/**
 * A session on a program that runs in this process, before its first instruction. `prepare` says what is run, by
 * default the program's own start. With the virtual clock and a seed, every session of a program is the same.
 */
export function debugProgram(module: Module, options: ProgramOptions, prepare: (program: Program) => void = (program) => program.start()): Promise<Session> {
  const edge = new LiveEdge(options, { module: '', path: '', settings: '{}' });
  const program = new Program(module, edge.options);
  edge.attach(program);
  prepare(program);
  return edge.open();
}

/** Waits for so many nanoseconds, or as long as somebody who wants to stop may have to. */
function patience(ns: bigint | undefined): Promise<void> {
  return later(ns === undefined ? PATIENCE_MS : Math.min(Number(ns) / 1e6, PATIENCE_MS));
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
