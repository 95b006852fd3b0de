import type { Outcome } from '../program/program.js';
import { currentStack, stackPair } from '../go/stacks.js';
import { tracebackFrames, type TracebackFrame } from '../go/traceback.js';
import type { Goroutine } from '../go/goroutines.js';
import { readArguments } from '../go/arguments.js';
import type { ValueLimits } from '../go/values.js';
import type { GoCall } from '../go/pclntab.js';
import { Registers } from '../go/registers.js';
import { mostSimilar } from '../go/similar.js';
import type { Frame } from '../engine/frames.js';
import type { GuestFailure } from '../engine/errors.js';
import { Cancelled, type Search, type Stop } from '../replay/position.js';
import { type Live, Timeline } from '../replay/timeline.js';
import { Divergence, Replay } from '../replay/replay.js';
import { type Breakpoint, fits, type Trigger } from './breakpoint.js';
import { type Detector, findLast, findNext, type Found, hearWithin, standAt } from './detector.js';
import { EVENT_KINDS, eventDetector, eventsOf, turnDetector } from './events.js';
import { ForkOutput } from './fork-output.js';
import { type Scope, showResult } from './expression.js';
import { findPlaces, type Here, importCallSites, NoSuchPlace, type Site } from './places.js';
import { blockStep, callBefore, callOfFrame, calls, lineBefore, lineStep, outOfCall, overCall, placesHere, standsAt, type Step, stepOut } from './stepping.js';
import { Target } from './target.js';
import { type Change, showThing, watchDetector, WatchedFrame, type WatchedFor, type WatchedThing, watchedValue } from './watched.js';

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
  /** A fork has come to where it does something else than what was recorded: a call, which would have written that. */
  | { readonly kind: 'diverged'; readonly message: string; readonly unwritten: Uint8Array | undefined }
  | { readonly kind: 'end'; readonly outcome: Outcome }
  | { readonly kind: 'failure'; readonly error: GuestFailure }
  | { readonly kind: 'deadlock' };

/** A breakpoint that was met, and what of it. */
export interface Met {
  readonly kind: 'met';
  readonly breakpoint: Breakpoint;
  readonly site: Site | undefined;
  /** Events: the goroutine that it is about, and what more there is to say. */
  readonly goroutine: number | undefined;
  readonly detail: string | undefined;
  /** Watchpoints: what was there before the instruction, and what is there after it; undefined for reads. */
  readonly change: Change | undefined;
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

/** What is heard of a breakpoint only after its moment, so that its condition has yet to be asked there. */
interface Late {
  readonly kind: 'late';
  readonly breakpoint: Breakpoint;
  readonly goroutine: number | undefined;
  readonly detail: string | undefined;
}

type Event = Met | Step | Late;
type About = Partial<Pick<Met, 'site' | 'goroutine' | 'detail' | 'change'>>;

/**
 * A debugging session over a timeline, with no face: what a command line, an editor or a program asks for. It stands
 * at a moment of the run and can be put to any other.
 */
export class Session {
  readonly target: Target;
  readonly timeline: Timeline;
  readonly breakpoints: Breakpoint[] = [];
  readonly checkpoints: Checkpoint[] = [];
  /** Gets each piece of what the guest writes to its standard streams, when the session first comes past it. */
  onOutput: ((bytes: Uint8Array) => void) | undefined = undefined;
  /** Gets what log points say. */
  onLog: ((text: string) => void) | undefined = undefined;
  /** How much of Go's values is shown, where that is not `VALUE_LIMITS`. */
  limits: Partial<ValueLimits> = {};
  /** Id of the goroutine that is looked at instead of the current one. */
  private chosenGoroutine: number | undefined = undefined;
  private chosenFrame = 0;
  private lastBreakpoint = 0;
  private lastCheckpoint = 0;
  /** Steps that have been made, each with where it began and ended; `rev` takes them back. */
  private readonly trail: { readonly step: StepKind; readonly from: number; readonly to: number }[] = [];

  /** Is it a fork of another session? Then it goes on only as long as it does what was recorded. */
  readonly isFork: boolean;
  /** Of a fork. */
  private readonly output: ForkOutput | undefined;
  /** What the recording grows by; of its forks too. */
  private readonly live: Live | undefined;

  /** `change`: made in a fork before anything remembers how it was. */
  private constructor(replay: Replay, live: Live | undefined, memoryBudget: number | undefined, change?: (target: Target) => void) {
    this.isFork = change !== undefined;
    this.live = live;
    this.target = new Target(replay);
    change?.(this.target);
    this.timeline = new Timeline(replay, { live, memoryBudget });
    this.output = this.isFork ? new ForkOutput(replay) : undefined;
    this.timeline.onOutput = (_, bytes) => this.onOutput?.(this.output?.insteadOf(bytes) ?? bytes);
  }

  /** `replay`: which has not run yet; the session stands before its first instruction. */
  static async open(replay: Replay, options: { readonly live?: Live | undefined; readonly memoryBudget?: number | undefined } = {}): Promise<Session> {
    const session = new Session(replay, options.live, options.memoryBudget);
    await session.travel(0);
    return session;
  }

  /** The same moment on a machine of its own, after a change of its state. It cannot go back beyond here. */
  async fork(change: (target: Target) => void = () => {}): Promise<Session> {
    const { replay } = this.target;
    const copy = new Replay(replay.module, replay.recording, { trampoline: replay.trampoline === undefined ? 'module' : 'host' });
    copy.machine.restore(replay.machine.snapshot());
    copy.load(replay.save());
    const fork = new Session(copy, this.live, FORK_BUDGET, change);
    for (const breakpoint of this.breakpoints) {
      const { trigger } = breakpoint;
      const isLocal = trigger.kind === 'watch' && trigger.thing.kind === 'local';
      const own: Trigger = isLocal ? { ...trigger, thing: { ...trigger.thing, frame: await trigger.thing.frame.inFork(fork.target, this.timeline) } } : trigger;
      fork.breakpoints.push({ ...breakpoint, trigger: own, hits: 0 });
    }
    fork.lastBreakpoint = this.lastBreakpoint;
    fork.limits = this.limits;
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
  /** At an event, of any goroutine or of the one with this id. Throws `NoSuchPlace` where the program has none that is called so. */
  breakOn(event: string, goroutine?: number, name?: string): Breakpoint {
    const known = eventsOf(this.target);
    const kind = known.find((candidate) => candidate.name === event);
    const of = goroutine === undefined ? '' : ` of ${goroutine}`;
    if (kind !== undefined) return this.add({ kind: 'event', event: kind, goroutine }, `event ${event}${of}`, name);
    if (EVENT_KINDS.some((candidate) => candidate.name === event)) throw new NoSuchPlace(`${event} is an event of Go programs`);
    const [guess] = mostSimilar(event, known.map((candidate) => candidate.name), 1);
    throw new NoSuchPlace(`there is no event ${event}${guess === undefined ? '' : `; did you mean ${guess}?`} (${known.map((candidate) => candidate.name).join(', ')})`);
  }
  /** At what touches memory or a global; for a local there is `watchLocal`. */
  watch(thing: WatchedThing, on: WatchedFor = 'change', text: string = showThing(thing)): Breakpoint {
    return this.add({ kind: 'watch', on, thing }, text);
  }
  private add(trigger: Trigger, text: string, name?: string): Breakpoint {
    const breakpoint: Breakpoint = { id: ++this.lastBreakpoint, name, text, trigger, enabled: true, condition: undefined, hitCondition: undefined, log: undefined, hits: 0 };
    this.breakpoints.push(breakpoint);
    return breakpoint;
  }
  /** Watches a local of the wasm frame that is looked at, as long as there is that frame; undefined if there is no such local. */
  async watchLocal(index: number, on: WatchedFor, search: Search = {}): Promise<Breakpoint | undefined> {
    const { target, timeline } = this;
    const frame = this.wasmFrame();
    if (frame?.kind !== 'wasm' || frame.instance !== target.instance || frame.locals[index] === undefined) return undefined;
    const watched = await WatchedFrame.now(target, timeline, frame.funcIndex, this.wasmLevel, search);
    return this.watch({ kind: 'local', index, frame: watched }, on, `$${index}`);
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
    return this.moved(() => this.forward([], search));
  }

  /** To the last moment before this one at which a breakpoint is met, or to the beginning. */
  async reverseContinue(search?: Search): Promise<Cause> {
    return this.moved(async () => {
      for (;;) {
        const found = await findLast<Event>(this.timeline, await this.detectors(false, search), search);
        if (found === undefined) {
          await this.travel(0, search);
          return { kind: 'beginning' };
        }
        const cause = await this.confirm(found, false, search);
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

  private travel(clock: number, search?: Search): Promise<void> {
    return standAt(this.timeline, clock, search);
  }

  private async moved(move: () => Promise<Cause>): Promise<Cause> {
    this.chosenGoroutine = undefined;
    this.chosenFrame = 0;
    try {
      return await move();
    } catch (error) {
      if (error instanceof Cancelled) return { kind: 'cancelled' };
      if (this.isFork && error instanceof Divergence) return { kind: 'diverged', message: error.message, unwritten: this.output?.unwritten };
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

  /** On to where one of these hears something, or a breakpoint is met; or to `limit`. */
  private async forward(detectors: readonly Detector<Event>[], search: Search | undefined, limit: number = Infinity): Promise<Cause> {
    for (;;) {
      const found = await findNext<Event>(this.timeline, [...detectors, ...(await this.detectors(true, search))], search, limit);
      if (!('what' in found)) return found.kind === 'limit' ? { kind: 'step', note: undefined } : this.causeOf(found);
      const cause = await this.confirm(found, true, search);
      if (cause !== undefined) return cause;
    }
  }

  /** Answers nothing where, seen from the moment itself, there is nothing to stop for. */
  private async confirm(found: Found<Event>, forward: boolean, search: Search | undefined): Promise<Cause | undefined> {
    const hits: Met[] = [];
    let step: Step | undefined;
    for (const event of found.what) {
      if (event.kind === 'step') step = event;
      else if (!hits.some(({ breakpoint }) => breakpoint === event.breakpoint)) {
        const hit = event.kind === 'met' ? event : await this.confirmLate(event, forward, search);
        if (hit !== undefined) hits.push(hit);
      }
    }
    return hits.length > 0 ? { kind: 'breakpoint', hits } : step;
  }
  private async confirmLate({ breakpoint, goroutine, detail }: Late, forward: boolean, search: Search | undefined): Promise<Met | undefined> {
    const { trigger } = breakpoint;
    let change: Change | undefined;
    if (trigger.kind === 'watch') {
      const { clock, target } = this;
      const before = watchedValue(target, trigger.thing);
      await this.travel(clock + 1, search);
      const after = watchedValue(target, trigger.thing);
      await this.travel(clock, search);
      if (trigger.on === 'change' && before === after) return undefined;
      change = { before, after };
    }
    return this.meeting(breakpoint, forward)?.({ goroutine, detail, change });
  }

  private async stepForward(kind: StepKind, search: Search | undefined): Promise<Cause> {
    const detector = this.stepDetector(kind);
    return detector === undefined ? this.forward([], search, this.clock + 1) : this.forward([detector], search);
  }

  private async stepBackward(kind: StepKind, search: Search | undefined): Promise<Cause> {
    if (this.clock === 0 && !this.ended) return { kind: 'beginning' };
    return (await this.findBefore(kind, search)) ?? { kind: 'step', note: 'there is no such moment before this one' };
  }

  private async findBefore(kind: StepKind, search: Search | undefined): Promise<Step | undefined> {
    const { target } = this;
    const goLine = kind === 'next' || kind === 'step' ? lineBefore(target) : undefined;
    if (goLine !== undefined) return this.lineBefore(goLine, kind === 'step', search);
    switch (kind) {
      case 'instruction':
      case 'step':
        return this.instructionBefore(search);
      case 'over':
      case 'next':
        return this.callOrInstructionBefore(search);
      case 'stepout':
        return this.last(callBefore(target) ?? callOfFrame(target), search);
      default:
        return this.last(this.stepDetector(kind), search, kind === 'block');
    }
  }

  /** Goes to the last moment of a kind, which is likely near. */
  private async last(detector: Detector<Step> | undefined, search: Search | undefined, near = true): Promise<Step | undefined> {
    return detector && (await findLast(this.timeline, [detector], search, near))?.what[0];
  }

  private async instructionBefore(search: Search | undefined): Promise<Step> {
    const { clock, ended } = this;
    // The last instruction may have ended the program without being counted.
    if (ended) await this.travel(clock, search);
    if (!ended || this.ended) await this.travel(clock - 1, search);
    return { kind: 'step', note: undefined };
  }

  private async callOrInstructionBefore(search: Search | undefined): Promise<Step | undefined> {
    const { target, ended } = this;
    const { level } = target;
    const step = await this.instructionBefore(search);
    if (ended || target.level <= level) return step;
    const caller = target.machine.frames()[target.level - level];
    return caller?.kind === 'wasm' ? this.last(standsAt(target, caller, level), search) : step;
  }

  /** `before` hears the last place of the line before; that line began behind the last place of the one before it. */
  private async lineBefore(before: Detector<Step>, into: boolean, search: Search = {}): Promise<Step | undefined> {
    const { clock: end, timeline, target } = this;
    const found = await this.last(before, search);
    if (found === undefined) return undefined;
    await this.toLineStart(search);
    const called = into ? calls(target) : undefined;
    if (called === undefined) return found;
    // What the line called last, and there the last place before it returned.
    const { clock } = this;
    const [entered] = await hearWithin(timeline, [called], clock, end - 1, 1, search);
    await this.travel(entered?.clock ?? clock, search);
    const inside = entered && placesHere(target);
    if (entered === undefined || inside === undefined) return found;
    const [place] = await hearWithin(timeline, [inside], entered.clock - 1, end - 1, 1, search);
    await this.travel(place?.clock ?? entered.clock, search);
    await this.toLineStart(search);
    return found;
  }

  /** Back to where the line that one stands in began. */
  private async toLineStart(search: Search | undefined): Promise<void> {
    const { clock, target, timeline } = this;
    const here = placesHere(target);
    if (here === undefined || (await this.last(lineBefore(target), search)) === undefined) return;
    const first = await findNext<Step>(timeline, [here], search);
    if (!('what' in first) || first.clock > clock) await this.travel(clock, search);
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
        // The outermost function has no caller: it is left when the program ends.
        return stepOut(target) ?? outOfCall(target) ?? (() => {});
      case 'switch':
        return eventDetector(target, EVENT_KINDS[0]!, undefined, (goroutine) => ({ kind: 'step', note: `goroutine ${goroutine} gets the processor` }));
      case 'turn':
        return turnDetector(target, arrived);
      case 'host': {
        const sites = (this.hostCalls ??= importCallSites(target));
        return (ears) => {
          for (const { func, offset } of sites) ears.at(target.address(func), offset, arrived);
        };
      }
    }
  }
  private hostCalls: readonly Site[] | undefined = undefined;

  /** All breakpoints that are on. `forward`: their hits count, and log points speak. */
  private async detectors(forward: boolean, search: Search | undefined): Promise<Detector<Event>[]> {
    const on = this.breakpoints.filter(({ enabled }) => enabled);
    for (const { trigger } of on) if (trigger.kind === 'watch' && trigger.thing.kind === 'local') await trigger.thing.frame.resolve(this.timeline, search ?? {});
    return on.map((breakpoint) => this.detector(breakpoint, forward));
  }

  private detector(breakpoint: Breakpoint, forward: boolean): Detector<Event> {
    const { target } = this;
    const { trigger } = breakpoint;
    const late = (goroutine?: number, detail?: string): Late => ({ kind: 'late', breakpoint, goroutine, detail });
    switch (trigger.kind) {
      case 'places':
        return (ears) => {
          for (const site of trigger.sites) ears.at(target.address(site.func), site.offset, () => this.meeting(breakpoint, forward)?.({ site }));
        };
      case 'event': {
        const { event, goroutine } = trigger;
        return eventDetector<Event>(target, event, goroutine, (about, detail) => (event.at === undefined ? late(about, detail) : this.meeting(breakpoint, forward)?.({ goroutine: about, detail })));
      }
      case 'watch':
        return watchDetector<Event>(target, trigger.thing, trigger.on, {
          byGuest: () => {
            const tell = this.meeting(breakpoint, forward);
            return tell && ((change) => tell({ change }));
          },
          byHost: late,
        });
    }
  }

  /** Does the condition hold at this moment? Then what is to be told if it counts; that says so if it is to stop. */
  private meeting(breakpoint: Breakpoint, forward: boolean): ((about: About) => Met | undefined) | undefined {
    const { condition, log } = breakpoint;
    if (condition?.holds(this.scope()) === false || (log !== undefined && !forward)) return undefined;
    const says = log && this.said(breakpoint);
    return ({ site, goroutine, detail, change }) => {
      if (forward) {
        breakpoint.hits++;
        if (breakpoint.hitCondition !== undefined && !fits(breakpoint.hitCondition, breakpoint.hits)) return undefined;
      }
      if (says === undefined) return { kind: 'met', breakpoint, site, goroutine, detail, change };
      this.onLog?.(says);
      return undefined;
    };
  }

  private said({ log, id, text }: Breakpoint): string {
    const { clock, call, goroutine } = this.where();
    const values = log!.map((expression) => {
      try {
        return `${expression.text} = ${showResult(expression.value(this.scope()))}`;
      } catch (error) {
        return `${expression.text}: ${(error as Error).message}`;
      }
    });
    const place = call === undefined ? text : `${call.name} ${call.file}:${call.line}`;
    return [`> [log point ${id}] ${place} (clock ${clock}${goroutine === undefined ? '' : `, goroutine ${goroutine}`})`, ...values].join(' ');
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
    const count = this.target.view === undefined ? this.target.level : this.goFrames().length;
    if (!(index >= 0 && index < count)) return false;
    this.chosenFrame = index;
    return true;
  }

  /** The wasm frame that carries out the chosen one; undefined where a trampoline has yet to make it. */
  wasmFrame(): Frame | undefined {
    const index = this.wasmFrameIndex();
    return index === undefined ? undefined : this.target.machine.frames(index + 1)[index];
  }
  /** How many frames there are with that one and those that wait for it. */
  get wasmLevel(): number {
    return this.target.level - (this.wasmFrameIndex() ?? 0);
  }
  private wasmFrameIndex(): number | undefined {
    const { view } = this.target;
    if (view === undefined || (this.chosenFrame === 0 && this.chosenGoroutine === undefined)) return this.chosenFrame;
    const chosen = this.goFrames()[this.chosenFrame]?.frame;
    return chosen && stackPair(view).logical.find(({ goFrame }) => goFrame.fp === chosen.fp && goFrame.func === chosen.func)?.physical;
  }

  /** What names mean in the chosen frame. */
  scope(): Scope {
    return {
      target: this.target,
      goroutine: this.goroutine()?.id,
      frame: () => this.wasmFrame(),
      args: () => this.argumentWords().map(({ value }) => value),
      limits: this.limits,
    };
  }

  /** The words of the arguments of the chosen Go frame, as far as they are known, with their addresses and sizes in bytes. */
  argumentWords(): readonly { readonly address: number; readonly size: number; readonly value: bigint }[] {
    const { view } = this.target;
    const frame = this.goFrames()[this.chosenFrame]?.frame;
    if (view === undefined || frame === undefined) return [];
    const items = readArguments(view.memory, frame.func, frame.callPcB, frame.fp) ?? [];
    return items.flatMap((item) => (item.kind === 'word' ? [{ address: frame.fp + item.offset, size: item.size, value: item.value }] : []));
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
