import { loadValue } from '../engine/value.js';
import { OP } from '../wasm/opcodes.js';
import type { Timeline } from '../replay/timeline.js';
import type { Search } from '../replay/position.js';
import { type Detector, type Ears, findLast, hearWithin, standAt } from './detector.js';
import { resultOf, type Result } from './expression.js';
import type { CodeOffset, Target } from './target.js';

/** What a watchpoint watches. Addresses are of memory 0. */
export type WatchedThing =
  | { readonly kind: 'memory'; readonly address: number; readonly length: number }
  | { readonly kind: 'global'; readonly index: number }
  /** A local of one frame: it ends with that. */
  | { readonly kind: 'local'; readonly index: number; readonly frame: WatchedFrame };

export type WatchedFor = 'read' | 'write' | 'change';

/** What a thing was before an instruction, and what it was after; undefined where it was not there. */
export interface Change {
  readonly before: Result | undefined;
  readonly after: Result | undefined;
}

export function showThing(thing: WatchedThing): string {
  switch (thing.kind) {
    case 'memory':
      return `${thing.length} byte${thing.length === 1 ? '' : 's'} at 0x${thing.address.toString(16)}`;
    case 'global':
      return `global[${thing.index}]`;
    case 'local':
      return `$${thing.index} of the frame of function ${thing.frame.func}`;
  }
}

/** One frame of the wasm stack, from its call to its end: its function and how many frames it is from the outermost one. */
export class WatchedFrame {
  readonly func: number;
  readonly level: number;
  private readonly target: Target;
  /** When its function was called. */
  private readonly entered: number;
  /** It is known to be there until then. */
  private alive: number;
  /** Another frame has its place by then. */
  private over = Infinity;

  private constructor(target: Target, func: number, level: number, entered: number) {
    this.target = target;
    this.func = func;
    this.level = level;
    this.entered = entered;
    this.alive = target.machine.clock;
  }

  /** The frame that is at `level` now. */
  static async now(target: Target, timeline: Timeline, func: number, level: number, search: Search): Promise<WatchedFrame> {
    const { clock } = target.machine;
    const entries: Detector<true> = (ears) => ears.at(target.address(func), undefined, () => (target.level === level ? true : undefined));
    // It may have been entered by the instruction before.
    const [here] = await hearWithin(timeline, [entries], clock - 1, clock, 1, search);
    await standAt(timeline, clock);
    const entry = here ?? (await findLast(timeline, [entries], search, true));
    await standAt(timeline, clock);
    return new WatchedFrame(target, func, level, entry?.clock ?? 0);
  }

  /** The same frame in a fork that is made now: what becomes of it there is not known. */
  async inFork(target: Target, timeline: Timeline): Promise<WatchedFrame> {
    await this.resolve(timeline, {});
    const copy = new WatchedFrame(target, this.func, this.level, this.entered);
    if (this.over <= target.machine.clock) copy.over = this.over;
    return copy;
  }

  /** Finds out whether it is still there where the timeline stands. */
  async resolve(timeline: Timeline, search: Search): Promise<void> {
    const { clock } = this.target.machine;
    if (clock <= this.alive || clock >= this.over) return;
    await hearWithin(timeline, [(ears) => this.listen(ears)], this.alive, clock, 1, search);
    await standAt(timeline, clock);
    if (clock < this.over) this.alive = clock;
  }

  /** Hears when another frame takes its place. */
  listen<T>(ears: Ears<T>): void {
    ears.at(this.target.address(this.func), undefined, (clock) => {
      if (clock > this.alive && this.target.level === this.level) this.over = Math.min(this.over, clock);
      return undefined;
    });
  }

  /** Is it innermost, and still the same one? */
  isAtWork(clock: number): boolean {
    return clock >= this.entered && clock < this.over && this.target.level === this.level;
  }
}

/** What the thing holds now; undefined where it is not there. */
export function watchedValue(target: Target, thing: WatchedThing): Result | undefined {
  const { store, instance, machine } = target;
  switch (thing.kind) {
    case 'memory': {
      const memory = store.memories[instance.memories[0]!]!;
      if (thing.address + thing.length > memory.byteLength) return undefined;
      if (thing.length > 8) return Array.from(memory.u8.subarray(thing.address, thing.address + thing.length), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
      let value = 0n;
      for (let i = thing.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(memory.u8[thing.address + i]!);
      return value;
    }
    case 'global': {
      const { cell, type } = store.globals[instance.globals[thing.index]!]!;
      return resultOf(loadValue(store.globalCells, cell, type.value));
    }
    case 'local': {
      const { level, func } = thing.frame;
      const frame = machine.frames(target.level - level + 1).at(-1);
      const value = frame?.kind === 'wasm' && frame.funcIndex === func ? frame.locals[thing.index] : undefined;
      return value && resultOf(value);
    }
  }
}

/** Instructions that read a thing, and those that write it. */
const TOUCHING = {
  global: { read: [OP.global_get], write: [OP.global_set] },
  local: { read: [OP.local_get], write: [OP.local_set, OP.local_tee] },
} as const;

/** What becomes of an access. */
export interface WatchHearing<T> {
  /** Asked before the instruction that does it whether that matters; then told what a write has made of it. */
  readonly byGuest: () => ((change: Change | undefined) => T | undefined) | undefined;
  /** The instruction calls the host, and that writes: known only when it has been done. */
  readonly byHost: () => T | undefined;
}

/** Listens to a thing, at the instructions that touch it. */
export function watchDetector<T>(target: Target, thing: WatchedThing, on: WatchedFor, { byGuest, byHost }: WatchHearing<T>): Detector<T> {
  const kind = on === 'read' ? 'read' : 'write';
  return (ears) => {
    const touched = (clock: number): T | undefined => {
      const tell = byGuest();
      if (tell === undefined || kind === 'read') return tell?.(undefined);
      const before = watchedValue(target, thing);
      ears.afterwards(clock, () => {
        const after = watchedValue(target, thing);
        return on === 'change' && before === after ? undefined : tell({ before, after });
      });
      return undefined;
    };
    if (thing.kind === 'memory') {
      const memory = target.instance.memories[0]!;
      ears.access(memory, thing.address, thing.length, kind, (clock) => (clock < target.machine.clock ? byHost() : touched(clock)));
      return;
    }
    const look = thing.kind === 'local' ? (clock: number): T | undefined => (thing.frame.isAtWork(clock) ? touched(clock) : undefined) : touched;
    if (thing.kind === 'local') thing.frame.listen(ears);
    else if (kind === 'write') ears.hostSets(target.instance.globals[thing.index]!, byHost);
    for (const { func, offset } of touching(target, thing, kind)) ears.at(target.address(func), offset, look);
  };
}

/** All code has to be read for it. */
const found = new WeakMap<WatchedThing, Partial<Record<'read' | 'write', readonly CodeOffset[]>>>();

function touching(target: Target, thing: Exclude<WatchedThing, { kind: 'memory' }>, kind: 'read' | 'write'): readonly CodeOffset[] {
  const known = found.get(thing) ?? {};
  found.set(thing, known);
  return (known[kind] ??= target.uses(TOUCHING[thing.kind][kind], (index) => index === thing.index, thing.kind === 'local' ? thing.frame.func : undefined));
}
