import type { Outcome } from '../program/program.js';
import { currentStack, stackPair } from '../go/stacks.js';
import { tracebackFrames, type TracebackFrame } from '../go/traceback.js';
import type { Goroutine } from '../go/goroutines.js';
import { readArguments } from '../go/arguments.js';
import type { GoCall } from '../go/pclntab.js';
import { Registers } from '../go/registers.js';
import type { Frame } from '../engine/frames.js';
import type { Exhaustion, Trap, UncaughtException } from '../engine/errors.js';
import { Cancelled, type Search, type Stop } from '../replay/position.js';
import { type Live, Timeline } from '../replay/timeline.js';
import { Replay } from '../replay/replay.js';
import { type Breakpoint, fits, type Trigger } from './breakpoint.js';
import { type Detector, findLast, findNext, type Found } from './detector.js';
import { EVENT_KINDS, eventDetector, turnDetector } from './events.js';
import { type Scope, showResult, type Result } from './expression.js';
import { callSites, findPlaces, type Here, type Site } from './places.js';
import { blockStep, callBefore, lineBefore, lineStep, outOfCall, overCall, placesHere, type Step, stepOut } from './stepping.js';
import { Target } from './target.js';
import { watchDetector, watchedValue } from './watched.js';

/** What a step goes to. */
export const STEPS = ['instruction', 'over', 'block', 'step', 'next', 'stepout', 'switch', 'turn', 'host'] as const;
export type StepKind = (typeof STEPS)[number];

/** Why the session stands where it does. */
export type Cause =
  | { readonly kind: 'start' | 'goto' | 'cancelled' | 'beginning' }
  | { readonly kind: 'step'; readonly note: string | undefined }
  | { readonly kind: 'breakpoint'; readonly hits: readonly Met[] }
  /** What was recorded ends here. */
  | { readonly kind: 'edge' }
  | { readonly kind: 'end'; readonly outcome: Outcome }
  | { readonly kind: 'failure'; readonly error: Trap | Exhaustion | UncaughtException }
  | { readonly kind: 'deadlock' };

/** A breakpoint that was met, and what of it. */
export interface Met {
  readonly kind: 'met';
  readonly breakpoint: Breakpoint;
  readonly site: Site | undefined;
  /** Events: the goroutine that it is about, and what more there is to say. */
  readonly goroutine: number | undefined;
  readonly detail: string | undefined;
  /** Watchpoints: what was there and what is there now. */
  readonly change?: { readonly before: Result | undefined; readonly after: Result | undefined };
}

/** Where the machine stands, in all the terms there are. */
export interface Where {
  readonly clock: number;
  /** Behind the end of the program. */
  readonly ended: boolean;
  readonly frame: Frame | undefined;
  /** The function as people call it. */
  readonly function: string | undefined;
  /** Go's call, innermost; of a trampoline, what it is about to go on with. */
  readonly call: GoCall | undefined;
  /** The function that the call was inlined into. */
  readonly into: string | undefined;
  readonly pc: { readonly f: number; readonly lo: number; readonly hi: number } | undefined;
  /** Line and file are those of every PC_B that is possible here. */
  readonly certain: boolean;
  /** Id of the goroutine in whose name the machine works; undefined without Go, or before there is one. */
  readonly goroutine: number | undefined;
  /** The runtime works on its own stack. */
  readonly system: boolean;
}

export interface Checkpoint {
  readonly id: number;
  readonly clock: number;
  readonly note: string;
}

/** What the snapshots of a fork may take. */
const FORK_BUDGET = 64 * 2 ** 20;

type Event = Met | Step;

/**
 * A debugging session over a timeline, with no face: what a command line, an editor or a program asks for. It stands
 * at a moment of the run and can be put to any other.
 */
export class Session {
  readonly target: Target;
  readonly timeline: Timeline;
  readonly breakpoints: Breakpoint[] = [];
  readonly checkpoints: Checkpoint[] = [];
  /** Gets what log points say. */
  onLog: ((text: string) => void) | undefined = undefined;
  /** Id of the goroutine that is looked at instead of the current one. */
  private chosenGoroutine: number | undefined = undefined;
  private chosenFrame = 0;
  private lastBreakpoint = 0;
  private lastCheckpoint = 0;
  /** Steps that have been made, each with where it began and ended; `rev` takes them back. */
  private readonly trail: { readonly step: StepKind; readonly from: number; readonly to: number }[] = [];

  /** Is it a fork of another session? Then it goes on only as long as it does what was recorded. */
  readonly isFork: boolean;

  private constructor(replay: Replay, live: Live | undefined, memoryBudget: number | undefined, isFork = false) {
    this.isFork = isFork;
    this.target = new Target(replay);
    this.timeline = new Timeline(replay, { live, memoryBudget });
  }

  /** `replay`: which has not run yet; the session stands before its first instruction. */
  static async open(replay: Replay, options: { readonly live?: Live | undefined; readonly memoryBudget?: number | undefined } = {}): Promise<Session> {
    const session = new Session(replay, options.live, options.memoryBudget);
    await session.travel(0);
    return session;
  }

  /** The same moment on a machine of its own, where state may be changed. It cannot go back beyond here. */
  async fork(): Promise<Session> {
    const { replay } = this.target;
    const copy = new Replay(replay.module, replay.recording, { trampoline: replay.trampoline === undefined ? 'module' : 'host' });
    copy.machine.restore(replay.machine.snapshot());
    copy.load(replay.save());
    const fork = new Session(copy, undefined, FORK_BUDGET, true);
    for (const { text, name, ...settings } of this.breakpoints) Object.assign(fork.add(settings.trigger, text, name), settings, { hits: 0 });
    return fork;
  }

  get clock(): number {
    return this.target.machine.clock;
  }
  get ended(): boolean {
    return this.target.replay.outcome !== undefined;
  }

  // Breakpoints

  /** Throws `NoSuchPlace` where the text means none. */
  breakAt(text: string, name?: string): Breakpoint {
    return this.add({ kind: 'places', sites: findPlaces(this.target, text, this.here) }, text, name);
  }
  add(trigger: Trigger, text: string, name?: string): Breakpoint {
    const breakpoint: Breakpoint = { id: ++this.lastBreakpoint, name, text, trigger, enabled: true, condition: undefined, hitCondition: undefined, log: undefined, hits: 0 };
    this.breakpoints.push(breakpoint);
    return breakpoint;
  }
  clear(breakpoint: Breakpoint): void {
    const at = this.breakpoints.indexOf(breakpoint);
    if (at >= 0) this.breakpoints.splice(at, 1);
  }
  /** File and line of the chosen frame, which places may be relative to. */
  get here(): Here {
    const call = this.goFrames()[this.chosenFrame]?.call ?? this.where().call;
    return { file: call?.file, line: call?.line };
  }

  // Moving

  /** To the next moment at which a breakpoint is met, or to the end. */
  async continue(search?: Search): Promise<Cause> {
    return this.moved(async () => {
      for (;;) {
        const found = await findNext<Event>(this.timeline, this.detectors(true), search);
        if (!('what' in found)) return this.causeOf(found);
        const cause = await this.confirm(found, search);
        if (cause !== undefined) return cause;
      }
    });
  }

  /** To the last moment before this one at which a breakpoint is met, or to the beginning. */
  async reverseContinue(search?: Search): Promise<Cause> {
    return this.moved(async () => {
      for (;;) {
        const found = await findLast<Event>(this.timeline, this.detectors(false), search);
        if (found === undefined) {
          await this.travel(0, search);
          return { kind: 'beginning' };
        }
        const cause = await this.confirm(found, search);
        if (cause !== undefined) return cause;
      }
    });
  }

  /** Breakpoints that are met on the way stop it too. */
  async step(kind: StepKind, search?: Search): Promise<Cause> {
    const from = this.clock;
    const wasEnded = this.ended;
    const cause = await this.moved(() => this.stepForward(kind, search));
    if (!wasEnded && this.clock > from) this.trail.push({ step: kind, from, to: this.clock });
    return cause;
  }

  /**
   * Takes such a step back. If it was one that came here, to where that began; else to the last moment before this one
   * at which such a step would have stopped.
   */
  async stepBack(kind: StepKind, search?: Search): Promise<Cause> {
    return this.moved(async () => {
      const { clock } = this;
      const last = this.trail.findLast(({ to }) => to === clock);
      if (last?.step === kind && !this.ended) {
        this.trail.splice(this.trail.lastIndexOf(last));
        await this.travel(last.from, search);
        return { kind: 'step', note: undefined };
      }
      return this.stepBackward(kind, search);
    });
  }

  /** To a clock value, or as near as the run comes. */
  async goto(clock: number, search?: Search): Promise<Cause> {
    return this.moved(async () => {
      await this.travel(clock, search);
      return this.ended ? this.causeOf({ kind: 'edge' }) : { kind: 'goto' };
    });
  }

  /** The host has made its first call at clock 0: the machine stands in it, not before. */
  private async travel(clock: number, search?: Search): Promise<void> {
    await this.timeline.goto(clock, search);
    if (clock !== 0 || this.target.machine.depth > 0) return;
    const { probes } = this.target.machine;
    probes.muted = true;
    try {
      await this.timeline.run(0, search);
    } finally {
      probes.muted = false;
    }
  }

  private async moved(move: () => Promise<Cause>): Promise<Cause> {
    this.chosenGoroutine = undefined;
    this.chosenFrame = 0;
    try {
      return await move();
    } catch (error) {
      if (error instanceof Cancelled) return { kind: 'cancelled' };
      throw error;
    }
  }

  private causeOf(stop: Stop): Cause {
    const { outcome } = this.target.replay;
    if (outcome?.kind === 'failed') return { kind: 'failure', error: outcome.error };
    if (outcome !== undefined) return { kind: 'end', outcome };
    if (stop.kind === 'trap') return { kind: 'failure', error: stop.error };
    return stop.kind === 'deadlock' ? { kind: 'deadlock' } : { kind: 'edge' };
  }

  /** Watchpoints on changes stop before the write: was it one? Answers nothing where there is nothing to stop for. */
  private async confirm(found: Found<Event>, search: Search | undefined): Promise<Cause | undefined> {
    const { clock } = this;
    const hits: Met[] = [];
    let step: Step | undefined;
    for (const event of found.what) {
      if (event.kind === 'step') step = event;
      else if (event.breakpoint.trigger.kind !== 'watch') hits.push(event);
      else {
        const { thing, on } = event.breakpoint.trigger;
        if (on === 'read') {
          hits.push(event);
          continue;
        }
        // Memory is watched before the instruction, all else after it.
        const after = thing.kind === 'memory' ? clock + 1 : clock;
        await this.timeline.goto(after - 1, search);
        const old = watchedValue(this.target, thing);
        await this.timeline.goto(after, search);
        const now = watchedValue(this.target, thing);
        await this.timeline.goto(clock, search);
        if (on === 'write' || old !== now) hits.push({ ...event, change: { before: old, after: now } });
      }
    }
    if (hits.length > 0) return { kind: 'breakpoint', hits };
    return step;
  }

  private async stepForward(kind: StepKind, search: Search | undefined): Promise<Cause> {
    if (kind === 'instruction') {
      const stop = await this.timeline.run(this.clock + 1, search);
      return stop.kind === 'limit' ? { kind: 'step', note: undefined } : this.causeOf(stop);
    }
    const detector = this.stepDetector(kind);
    if (detector === undefined) return this.stepForward('instruction', search);
    for (;;) {
      const found = await findNext<Event>(this.timeline, [detector as Detector<Event>, ...this.detectors(true)], search);
      if (!('what' in found)) return this.causeOf(found);
      const cause = await this.confirm(found, search);
      if (cause !== undefined) return cause;
    }
  }

  private async stepBackward(kind: StepKind, search: Search | undefined): Promise<Cause> {
    if (kind === 'instruction') {
      const { clock } = this;
      await this.travel(clock === 0 ? 0 : this.ended ? clock : clock - 1, search);
      if (this.ended) await this.travel(clock - 1, search);
      return clock === 0 ? { kind: 'beginning' } : { kind: 'step', note: undefined };
    }
    const found = await this.findBefore(kind, search);
    if (found === undefined) return { kind: 'step', note: 'there is no such moment before this one' };
    return found;
  }

  private async findBefore(kind: StepKind, search: Search | undefined): Promise<Step | undefined> {
    const { target, timeline } = this;
    const last = async (detector: Detector<Step> | undefined, near: boolean): Promise<Step | undefined> => (detector === undefined ? undefined : (await findLast(timeline, [detector], search, near))?.what[0]);
    if (kind === 'stepout' && target.view !== undefined) return last(callBefore(target), true);
    if (kind !== 'next' && kind !== 'step') return last(this.stepDetector(kind), kind === 'block' || kind === 'over' || kind === 'stepout');
    const before = lineBefore(target);
    if (before === undefined) return last(this.stepDetector(kind), true);
    const found = await last(before, true);
    if (found === undefined) return undefined;
    // That is the last place of the line. It began behind the last place of the line before it.
    const { clock } = this;
    const here = placesHere(target);
    const earlier = lineBefore(target);
    if (here === undefined || earlier === undefined || (await last(earlier, true)) === undefined) return found;
    const first = await findNext<Step>(timeline, [here], search);
    if (!('what' in first) || first.clock > clock) await this.travel(clock, search);
    return found;
  }

  /** What ends a step; undefined where it is one instruction. */
  private stepDetector(kind: StepKind): Detector<Step> | undefined {
    const { target } = this;
    const arrived = (): Step => ({ kind: 'step', note: undefined });
    switch (kind) {
      case 'instruction':
        return undefined;
      case 'over':
        return overCall(target);
      case 'block':
        return blockStep(target);
      case 'step':
        return lineStep(target, true);
      case 'next':
        return lineStep(target, false) ?? overCall(target);
      case 'stepout':
        return stepOut(target) ?? outOfCall(target);
      case 'switch':
        return eventDetector(target, EVENT_KINDS[0]!, undefined, (goroutine) => ({ kind: 'step', note: `goroutine ${goroutine} gets the processor` }));
      case 'turn':
        return turnDetector(target, arrived);
      case 'host': {
        const imports = new Set(Array.from({ length: target.module.imported.funcs }, (_, i) => i));
        const sites = (this.hostCalls ??= callSites(target, imports));
        return (ears) => {
          for (const { func, offset } of sites) ears.at(target.address(func), offset, arrived);
        };
      }
    }
  }
  private hostCalls: readonly Site[] | undefined = undefined;

  /** All breakpoints that are on. `forward`: their hits count, and log points speak. */
  private detectors(forward: boolean): Detector<Event>[] {
    return this.breakpoints.filter(({ enabled }) => enabled).map((breakpoint) => this.detector(breakpoint, forward));
  }

  private detector(breakpoint: Breakpoint, forward: boolean): Detector<Event> {
    const { target } = this;
    const { trigger } = breakpoint;
    const start = this.clock;
    const meet = (site: Site | undefined, goroutine?: number, detail?: string): Met | undefined => {
      if (forward ? this.clock <= start : this.clock >= start) return undefined;
      if (breakpoint.condition?.holds(this.scope()) === false) return undefined;
      if (forward) {
        breakpoint.hits++;
        if (breakpoint.hitCondition !== undefined && !fits(breakpoint.hitCondition, breakpoint.hits)) return undefined;
        if (breakpoint.log !== undefined) return this.log(breakpoint);
      } else if (breakpoint.log !== undefined) return undefined;
      return { kind: 'met', breakpoint, site, goroutine, detail };
    };
    switch (trigger.kind) {
      case 'places':
        return (ears) => {
          for (const site of trigger.sites) ears.at(target.address(site.func), site.offset, () => meet(site));
        };
      case 'event':
        return eventDetector(target, trigger.event, trigger.goroutine, (goroutine, detail) => meet(undefined, goroutine, detail));
      case 'watch':
        return watchDetector(target, trigger.thing, trigger.on, () => meet(undefined));
    }
  }

  private log({ log, id, text }: Breakpoint): undefined {
    const { clock, call, goroutine } = this.where();
    const values = log!.map((expression) => {
      try {
        return `${expression.text} = ${showResult(expression.value(this.scope()))}`;
      } catch (error) {
        return `${expression.text}: ${(error as Error).message}`;
      }
    });
    const place = call === undefined ? text : `${call.name} ${call.file}:${call.line}`;
    this.onLog?.([`> [log point ${id}] ${place} (clock ${clock}${goroutine === undefined ? '' : `, goroutine ${goroutine}`})`, ...values].join(' '));
  }

  // Looking

  where(): Where {
    const { target } = this;
    const { view, sources, machine } = target;
    const [frame] = machine.frames(1);
    const nothing = { call: undefined, into: undefined, pc: undefined, certain: false, goroutine: undefined, system: false };
    const base = { clock: this.clock, ended: this.ended, frame, function: frame?.kind === 'wasm' ? target.nameOf(frame.funcIndex) : frame?.name };
    if (view === undefined || sources === undefined) return { ...base, ...nothing };
    const { g } = view.registers;
    const current = view.runtime.current(g);
    const goroutine = g === 0 || current === 0 ? undefined : view.runtime.id(current);
    const system = g !== 0 && g === view.runtime.g0(g);
    const position = frame?.kind === 'wasm' && frame.instance === target.instance ? sources.position(frame.funcIndex, frame.offset) : undefined;
    if (position !== undefined && frame?.kind === 'wasm') {
      const f = target.go!.code!.pcFOf(frame.funcIndex)!;
      return { ...base, ...callOf(position.calls), pc: { f, ...position.pcB }, certain: position.certain, goroutine, system };
    }
    const [innermost] = currentStack(view)[0]?.frames ?? [];
    if (innermost === undefined) return { ...base, ...nothing, goroutine, system };
    const { func, pcB, callPcB } = innermost;
    return { ...base, ...callOf(func.calls(callPcB)), pc: { f: func.pcF, lo: pcB, hi: pcB }, certain: true, goroutine, system };
  }

  /** Goroutines that have not ended, in the order of their making. */
  goroutines(): readonly Goroutine[] {
    return this.target.view?.runtime.goroutines() ?? [];
  }
  /** The goroutine that is looked at: the chosen one, or the current one. */
  goroutine(): Goroutine | undefined {
    const { view } = this.target;
    if (view === undefined) return undefined;
    if (this.chosenGoroutine !== undefined) return view.runtime.byId(this.chosenGoroutine);
    const current = view.registers.g === 0 ? 0 : view.runtime.current(view.registers.g);
    return current === 0 ? undefined : view.runtime.goroutine(current);
  }
  /** Looks at another goroutine, or (undefined) at the current one again; false if there is none with this id. */
  chooseGoroutine(id: number | undefined): boolean {
    if (id !== undefined && this.target.view?.runtime.byId(id) === undefined) return false;
    this.chosenGoroutine = id;
    this.chosenFrame = 0;
    return true;
  }
  /** The Go frames of the goroutine that is looked at, innermost first; inlined calls are frames of their own. */
  goFrames(): readonly TracebackFrame[] {
    const { view } = this.target;
    const goroutine = this.goroutine();
    return view === undefined || goroutine === undefined ? [] : tracebackFrames(view, goroutine);
  }
  /** Where a goroutine stands in terms of the program; empty if there is none with this id. */
  programPlace(id: number): string {
    const { view } = this.target;
    const goroutine = view?.runtime.byId(id);
    if (view === undefined || goroutine === undefined) return '';
    const calls = tracebackFrames(view, goroutine).map(({ call }) => call);
    const call = calls.find(({ name }) => !/^(runtime|sync|time|internal)[./]/.test(name)) ?? calls[0];
    return call === undefined ? '' : `${call.name} ${call.file ?? '?'}:${call.line ?? '?'}`;
  }
  framesOf(goroutine: Goroutine): readonly TracebackFrame[] {
    const { view } = this.target;
    return view === undefined ? [] : tracebackFrames(view, goroutine);
  }
  /** What `chooseGoroutine` was told. */
  get chosen(): number | undefined {
    return this.chosenGoroutine;
  }
  get frameNumber(): number {
    return this.chosenFrame;
  }
  /** False if there is no such frame. */
  chooseFrame(index: number): boolean {
    const count = this.target.view === undefined ? this.target.machine.frames().length : this.goFrames().length;
    if (!(index >= 0 && index < count)) return false;
    this.chosenFrame = index;
    return true;
  }

  /** The wasm frame that carries out the chosen one; undefined where a trampoline has yet to make it. */
  wasmFrame(): Frame | undefined {
    const { view, machine } = this.target;
    if (this.chosenFrame === 0 && this.chosenGoroutine === undefined) return machine.frames(1)[0];
    if (view === undefined) return machine.frames()[this.chosenFrame];
    const chosen = this.goFrames()[this.chosenFrame]?.frame;
    if (chosen === undefined) return undefined;
    const { logical, physical } = stackPair(view);
    const found = logical.find(({ goFrame }) => goFrame.fp === chosen.fp && goFrame.func === chosen.func);
    return found?.physical === undefined ? undefined : physical[found.physical]!.frame;
  }

  /** What names mean in the chosen frame. */
  scope(): Scope {
    const { view } = this.target;
    return {
      target: this.target,
      goroutine: this.goroutine()?.id,
      frame: () => this.wasmFrame(),
      args: () => {
        const chosen = this.goFrames()[this.chosenFrame]?.frame;
        if (view === undefined || chosen === undefined) return [];
        return (readArguments(view.memory, chosen.func, chosen.callPcB, chosen.fp) ?? []).flatMap((item) => (item.kind === 'word' ? [item.value] : []));
      },
    };
  }

  registers(): Registers | undefined {
    const { go, store, instance } = this.target;
    return go === undefined ? undefined : new Registers(store, instance, go.globals);
  }

  // Checkpoints

  checkpoint(note: string): Checkpoint {
    const checkpoint = { id: ++this.lastCheckpoint, clock: this.clock, note };
    this.checkpoints.push(checkpoint);
    return checkpoint;
  }
  clearCheckpoint(checkpoint: Checkpoint): void {
    const at = this.checkpoints.indexOf(checkpoint);
    if (at >= 0) this.checkpoints.splice(at, 1);
  }
}

function callOf(calls: readonly GoCall[]): Pick<Where, 'call' | 'into'> {
  return { call: calls[0], into: calls.length > 1 ? calls.at(-1)!.name : undefined };
}
