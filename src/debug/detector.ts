import type { CallListener } from '../engine/drive.js';
import { Exhaustion, type GuestFailure, isGuestFailure } from '../engine/errors.js';
import type { Machine } from '../engine/machine.js';
import type { Probe } from '../engine/probes.js';
import type { Access } from '../engine/watches.js';
import { Cancelled, type Search, type Stop } from '../replay/position.js';
import type { Replay } from '../replay/replay.js';
import type { Timeline } from '../replay/timeline.js';

/** Something that happened at a moment, `what` of it. */
export interface Found<T> {
  readonly clock: number;
  readonly what: readonly T[];
}

/** Looks at what goes on and answers what is to be heard of it. `clock`: the moment before the instruction that it is about. */
export type Look<T> = (clock: number) => T | undefined;

/** What a detector gets while it is armed: places to listen at. What a `Look` answers is heard. */
export class Ears<T> {
  /** May it hear of a moment only when the instruction that stands there is carried out? */
  late = false;
  private readonly replay: Replay;
  private readonly probes: Probe[] = [];
  private readonly endings: (() => void)[] = [];
  private readonly within: (clock: number) => boolean;
  private readonly heard: (clock: number, what: T) => boolean;
  /** To be asked at the next instruction. */
  private readonly afters: (() => 'stop' | undefined)[] = [];
  private next: Probe | undefined = undefined;

  /** `within`: moments at which it looks at all. `heard` says whether the machine is to stop. */
  constructor(replay: Replay, within: (clock: number) => boolean, heard: (clock: number, what: T) => boolean) {
    this.replay = replay;
    this.within = within;
    this.heard = heard;
  }

  private get machine(): Machine {
    return this.replay.machine;
  }

  /** Before an instruction, or at the entry of a function (`offset` undefined). */
  at(func: number, offset: number | undefined, look: Look<T>): void {
    const { probes } = this.machine;
    const fire = (): 'stop' | undefined => this.ask(this.machine.clock, look);
    this.probes.push(offset === undefined ? probes.atEntry(func, fire) : probes.at(func, offset, fire));
  }

  /** Before every instruction. */
  everywhere(look: Look<T>): void {
    this.probes.push(this.machine.probes.everyInstruction(() => this.ask(this.machine.clock, look)));
  }

  /** Before an instruction that reads or writes one of these bytes, or (writes only) calls the host that writes there. */
  access(memory: number, address: number, length: number, kind: 'read' | 'write', look: Look<T>): void {
    const { machine } = this;
    this.late = true;
    const fire = (_: Machine, { host }: Access): 'stop' | undefined => this.ask(host ? this.hostCall : machine.clock, look);
    this.probes.push(kind === 'read' ? machine.probes.onRead(memory, address, length, fire) : machine.probes.onWrite(memory, address, length, fire));
  }

  /** Asks once more when the instruction at `clock`, before which the machine stands, has been carried out. */
  afterwards(clock: number, look: Look<T>): void {
    this.late = true;
    this.afters.push(() => this.ask(clock, look));
    this.next ??= this.machine.probes.everyInstruction(() => (this.machine.clock > clock ? this.tell() : undefined));
  }
  /** What is still to be asked, the run being at its end. */
  tell(): 'stop' | undefined {
    this.next?.remove();
    this.next = undefined;
    let stop: 'stop' | undefined;
    for (const ask of this.afters.splice(0)) stop = ask() ?? stop;
    return stop;
  }

  /** Before an instruction that calls the host, which sets a global. `address`: in the store. */
  hostSets(address: number, look: Look<T>): void {
    const { replay } = this;
    const before = replay.onHostGlobal;
    this.late = true;
    replay.onHostGlobal = (global) => {
      before?.(global);
      if (global === address && this.ask(this.hostCall, look) === 'stop') this.machine.pause();
    };
    this.endings.push(() => (replay.onHostGlobal = before));
  }

  /** Before an instruction with which the guest fails, the host having called it. */
  failures(look: (error: GuestFailure, clock: number) => T | undefined): void {
    const { driver } = this.replay;
    const before = driver.listener;
    this.late = true;
    const listener: CallListener = {
      called: (func, args) => before?.called(func, args),
      returned: (func, results) => before?.returned(func, results),
      failed: (func, error) => {
        before?.failed(func, error);
        if (!isGuestFailure(error)) return;
        // An exhaustion is that of an instruction which has not been counted.
        const clock = this.machine.clock - (error instanceof Exhaustion ? 0 : 1);
        if (this.ask(clock, () => look(error, clock)) === 'stop') this.machine.pause();
      },
    };
    driver.listener = listener;
    this.endings.push(() => (driver.listener = before));
  }

  /** The call of the host that is under way has been counted; what the host does between calls of the guest is no instruction's. */
  private get hostCall(): number {
    const { clock, depth } = this.machine;
    return depth > 0 ? clock - 1 : clock;
  }

  private ask(clock: number, look: Look<T>): 'stop' | undefined {
    if (!this.within(clock)) return undefined;
    const what = look(clock);
    return what !== undefined && this.heard(clock, what) ? 'stop' : undefined;
  }

  /** Lets detectors arm. */
  open(detectors: readonly Detector<T>[]): void {
    this.machine.probes.together(() => {
      for (const detector of detectors) detector(this);
    });
  }
  close(): void {
    this.next?.remove();
    this.machine.probes.together(() => {
      for (const probe of this.probes.splice(0)) probe.remove();
    });
    for (const end of this.endings.splice(0).reverse()) end();
  }
}

/** Listens for what it is made for, with no memory of what it heard: it is armed at any moment of a run. */
export type Detector<T> = (ears: Ears<T>) => void;

async function listening<T, R>(ears: Ears<T>, detectors: readonly Detector<T>[], work: () => Promise<R>): Promise<R> {
  try {
    ears.open(detectors);
    const result = await work();
    ears.tell();
    return result;
  } finally {
    ears.close();
  }
}

/**
 * Puts the timeline to a clock value, as near to it as the run comes. Where the program has not begun the host has made
 * its first call, and where it has ended with an instruction that is not counted it has yet to do that.
 */
export async function standAt(timeline: Timeline, clock: number, search: Search = {}): Promise<void> {
  const { machine, replay } = timeline;
  if (replay.outcome !== undefined && machine.clock === clock && clock > 0) await timeline.goto(clock - 1, search);
  await timeline.goto(clock, search);
  if (clock !== 0 || machine.depth > 0) return;
  machine.probes.muted = true;
  try {
    await timeline.run(0, search);
  } finally {
    machine.probes.muted = false;
  }
}

/** Runs on until something is heard behind the moment where it starts, up to `limit`, and stands there. */
export async function findNext<T>(timeline: Timeline, detectors: readonly Detector<T>[], search: Search = {}, limit: number = Infinity): Promise<Found<T> | Stop> {
  const { machine, replay } = timeline;
  const start = machine.clock;
  let found: { clock: number; what: T[] } | undefined;
  const ears = new Ears<T>(replay, (clock) => clock > start && (found === undefined || found.clock === clock), (clock, what) => {
    found ??= { clock, what: [] };
    found.what.push(what);
    return true;
  });
  const stop = await listening(ears, detectors, async () => {
    let reason = await timeline.run(limit, search);
    // What else there is about this moment.
    while (found?.clock === machine.clock && ears.late && (reason.kind === 'probe' || reason.kind === 'paused')) reason = await timeline.run(found.clock + 1, search);
    return reason;
  });
  if (found === undefined) return stop;
  if (machine.clock !== found.clock || replay.outcome !== undefined) await standAt(timeline, found.clock);
  return found;
}

/**
 * Goes back to the last moment at which something is heard before this one, and answers what. `undefined`, standing
 * where it was, if there is none. The intervals between snapshots are run again, the latest first. `near`: likely so
 * near that it is quicker to look there first.
 */
export async function findLast<T>(timeline: Timeline, detectors: readonly Detector<T>[], search: Search = {}, near = false): Promise<Found<T> | undefined> {
  const now = timeline.machine.clock;
  const behind = end(timeline);
  let upTo = behind - 1;
  try {
    for (const after of startsBefore(timeline, now, near)) {
      search.progress?.(1 - upTo / Math.max(now, 1));
      const found = (await hearWithin(timeline, detectors, after, upTo, 1, search)).at(-1);
      if (found !== undefined) {
        await standAt(timeline, found.clock);
        return found;
      }
      upTo = after;
    }
  } catch (error) {
    if (error instanceof Cancelled) await standAt(timeline, behind);
    throw error;
  }
  await standAt(timeline, behind);
  return undefined;
}

/** The moment where it stands; a program may have ended with an instruction that is not counted. */
function end({ machine, replay }: Timeline): number {
  return replay.outcome === undefined ? machine.clock : machine.clock + 1;
}

/** How far back is near, in instructions. */
const NEAR = [512, 65_536];

/** Behind which moments stretches before `now` begin, the latest first. */
function startsBefore({ snapshots }: Timeline, now: number, near: boolean): readonly number[] {
  const starts = [...snapshots.clocks, ...(near ? NEAR : []).map((distance) => now - distance)];
  return [...starts.filter((clock) => clock > 0 && clock < now).sort((a, b) => b - a), -1];
}

/** How far back `collect` looks first, in instructions; then further. */
const FIRST_STRETCH = 1_000_000;
const STRETCH_GROWTH = 8;

/** The last `count` moments before this one at which something is heard, in order. The timeline stays where it is. */
export async function collect<T>(timeline: Timeline, detectors: readonly Detector<T>[], count: number, search: Search = {}): Promise<readonly Found<T>[]> {
  const behind = end(timeline);
  let found: readonly Found<T>[] = [];
  let upTo = behind - 1;
  try {
    for (let stretch = FIRST_STRETCH; upTo >= 0 && found.length < count; stretch *= STRETCH_GROWTH) {
      const after = Math.max(-1, upTo - stretch);
      found = [...(await hearWithin(timeline, detectors, after, upTo, count, search)), ...found];
      upTo = after;
    }
  } finally {
    await standAt(timeline, behind);
  }
  return found.slice(-count);
}

/**
 * The last `count` moments behind `after` and up to `upTo` at which something is heard. The timeline is moved. It begins
 * with a moment that does not count, because the entry of a function is heard only by who comes there.
 */
export async function hearWithin<T>(timeline: Timeline, detectors: readonly Detector<T>[], after: number, upTo: number, count: number, search: Search): Promise<readonly Found<T>[]> {
  const quietly: Search = { cancelled: search.cancelled };
  await timeline.goto(Math.max(0, after), quietly);
  const heard: { readonly clock: number; readonly what: T[] }[] = [];
  const ears = new Ears<T>(timeline.replay, (clock) => clock > after && clock <= upTo, (clock, what) => {
    const last = heard.at(-1);
    if (last?.clock === clock) last.what.push(what);
    else heard.push({ clock, what: [what] });
    if (heard.length > count * 2 + 100) heard.splice(0, heard.length - count);
    return false;
  });
  await listening(ears, detectors, () => timeline.run(upTo + 1, quietly));
  return heard.slice(-count);
}
