import type { Machine } from '../engine/machine.js';
import type { Fire, Probe } from '../engine/probes.js';
import { Cancelled, type Search, type Stop } from '../replay/position.js';
import type { Timeline } from '../replay/timeline.js';

/** Something that happened at a moment, `what` of it. */
export interface Found<T> {
  readonly clock: number;
  readonly what: readonly T[];
}

/** What a detector gets while it is armed: places to listen at. What `look` answers is heard. */
export class Ears<T> {
  readonly machine: Machine;
  private readonly probes: Probe[] = [];
  private readonly heard: (what: T) => boolean;

  /** `heard` says whether the machine is to stop. */
  constructor(machine: Machine, heard: (what: T) => boolean) {
    this.machine = machine;
    this.heard = heard;
  }

  /** Before an instruction, or at the entry of a function (`offset` undefined). */
  at(func: number, offset: number | undefined, look: () => T | undefined): void {
    const { probes } = this.machine;
    const fire = this.fire(look);
    this.probes.push(offset === undefined ? probes.atEntry(func, fire) : probes.at(func, offset, fire));
  }

  /** Before every instruction. */
  everywhere(look: () => T | undefined): void {
    this.probes.push(this.machine.probes.everyInstruction(this.fire(look)));
  }

  private fire(look: () => T | undefined): Fire {
    return () => {
      const what = look();
      return what !== undefined && this.heard(what) ? 'stop' : undefined;
    };
  }

  /** Before an instruction that reads or writes one of these bytes, and after the host wrote there. */
  access(memory: number, address: number, length: number, kind: 'read' | 'write', look: () => T | undefined): void {
    const { probes } = this.machine;
    this.probes.push(kind === 'read' ? probes.onRead(memory, address, length, this.fire(look)) : probes.onWrite(memory, address, length, this.fire(look)));
  }

  remove(): void {
    for (const probe of this.probes.splice(0)) probe.remove();
  }
}

/** Listens for what it is made for, with no memory of what it heard: it is armed at any moment of a run. */
export type Detector<T> = (ears: Ears<T>) => void;

/** Runs on until something is heard behind the moment where it starts, and stands there. */
export async function findNext<T>(timeline: Timeline, detectors: readonly Detector<T>[], search: Search = {}): Promise<Found<T> | Stop> {
  const start = timeline.machine.clock;
  const found = new Finding<T>((clock) => clock > start);
  const ears = new Ears<T>(timeline.machine, (what) => found.hear(timeline.machine.clock, what));
  try {
    for (const detector of detectors) detector(ears);
    const stop = await timeline.run(Infinity, search);
    return found.last ?? stop;
  } finally {
    ears.remove();
  }
}

/**
 * Goes back to the last moment at which something is heard before this one, and answers what. `undefined`, standing
 * where it was, if there is none. `near`: likely so near that it is quicker to look there first.
 */
export async function findLast<T>(timeline: Timeline, detectors: readonly Detector<T>[], search: Search = {}, near = false): Promise<Found<T> | undefined> {
  const now = timeline.machine.clock;
  if (near) {
    let end = now;
    for (const distance of NEAR) {
      const from = Math.max(0, now - distance);
      const found = await between(timeline, detectors, from, end, search);
      await timeline.goto(found?.clock ?? now);
      if (found !== undefined || from === 0) return found;
      end = from;
    }
  }
  const found = new Finding<T>((clock) => clock < now);
  const ears = new Ears<T>(timeline.machine, (what) => found.hear(timeline.machine.clock, what));
  try {
    for (const detector of detectors) detector(ears);
    const hit = await timeline.runBack(search);
    return hit === undefined ? undefined : found.at(hit.position.clock);
  } finally {
    ears.remove();
  }
}

/** How far back is near, in instructions. */
const NEAR = [512, 65_536];

/** The last moment in `from` ≤ clock < `end` at which something is heard. */
async function between<T>(timeline: Timeline, detectors: readonly Detector<T>[], from: number, end: number, search: Search): Promise<Found<T> | undefined> {
  const now = timeline.machine.clock;
  await timeline.goto(from, search);
  const found = new Finding<T>((clock) => clock >= from && clock < end);
  const ears = new Ears<T>(timeline.machine, (what) => {
    found.hear(timeline.machine.clock, what);
    return false;
  });
  try {
    for (const detector of detectors) detector(ears);
    await timeline.run(end, search);
    return found.last;
  } catch (error) {
    if (error instanceof Cancelled) await timeline.goto(now);
    throw error;
  } finally {
    ears.remove();
  }
}

/** How far back `collect` looks first, in instructions; then further. */
const FIRST_STRETCH = 1_000_000;
const STRETCH_GROWTH = 8;

/** The last `count` moments before this one at which something is heard, in order. The timeline stays where it is. */
export async function collect<T>(timeline: Timeline, detectors: readonly Detector<T>[], count: number, search: Search = {}): Promise<Found<T>[]> {
  const now = timeline.machine.clock;
  let found: Found<T>[] = [];
  let end = now;
  for (let stretch = FIRST_STRETCH; end > 0 && found.length < count; stretch *= STRETCH_GROWTH) {
    const from = Math.max(0, end - stretch);
    await timeline.goto(from, search);
    const heard: { clock: number; what: T[] }[] = [];
    const until = end;
    const ears = new Ears<T>(timeline.machine, (what) => {
      const { clock } = timeline.machine;
      if (clock < from || clock >= until) return false;
      if (heard.at(-1)?.clock === clock) heard.at(-1)!.what.push(what);
      else heard.push({ clock, what: [what] });
      if (heard.length > count * 2 + 100) heard.splice(0, heard.length - count);
      return false;
    });
    try {
      for (const detector of detectors) detector(ears);
      await timeline.run(until, search);
    } finally {
      ears.remove();
    }
    found = [...heard, ...found];
    end = from;
  }
  await timeline.goto(now);
  return found.slice(-count);
}

/** What has been heard: of the latest moment. */
class Finding<T> {
  private readonly counts: (clock: number) => boolean;
  private readonly moments = new Map<number, T[]>();
  last: Found<T> | undefined = undefined;

  constructor(counts: (clock: number) => boolean) {
    this.counts = counts;
  }

  hear(clock: number, what: T): boolean {
    if (!this.counts(clock)) return false;
    const known = this.moments.get(clock);
    if (this.last?.clock === clock) known!.push(what);
    else {
      // Only the latest is asked for, but a run backwards may hear the same stretch in parts.
      const heard = [what];
      if (this.moments.size > MAX_MOMENTS) this.moments.clear();
      this.moments.set(clock, heard);
      this.last = { clock, what: heard };
    }
    return true;
  }
  at(clock: number): Found<T> | undefined {
    const what = this.moments.get(clock);
    return what && { clock, what };
  }
}

const MAX_MOMENTS = 10_000;
