import type { Machine } from './machine.js';
import { type Access, type Watch, Watches, type WatchFire } from './watches.js';

/** What is called when a probe is reached. While it runs, clock, frames and store are exact. `'stop'` stops the machine. */
export type Fire = (machine: Machine) => void | 'stop';

/** One place that somebody watches. */
export interface Probe {
  /** Function address; undefined for `everyInstruction`. */
  readonly func: number | undefined;
  /** Byte offset in the module of the instruction before which it fires; undefined at entries and for `everyInstruction`. */
  readonly offset: number | undefined;
  remove(): void;
}

/** Position of a function's entry among its probed offsets. */
const AT_ENTRY = -1;

interface WatchEntry extends Watch {
  readonly probe: Probe;
}

interface Entry extends Probe {
  readonly position: number;
  readonly fire: Fire;
}

/**
 * Watches that stand before instructions. They cost nothing where there are none: a probed function is lowered again
 * with a PROBE at each place.
 */
export class Probes {
  /** By function and position in it. */
  private readonly byFunc = new Map<number, Map<number, Entry[]>>();
  private readonly every: Entry[] = [];
  private readonly changed: (funcs: ReadonlySet<number> | undefined) => void;
  private readonly place: (func: number, offset: number) => number;
  private readonly watchesChanged: () => void;
  private readonly watches = new Watches();
  private silent = false;
  /** Functions whose probed places have changed while several probes are set or removed together. */
  private gathered: Set<number> | undefined = undefined;

  /**
   * @param changed Called with functions whose probed places are others now; with undefined when every instruction is watched.
   * @param place Where an instruction that does not count moves its probe: to the next one that does.
   * @param watchesChanged Called when other ranges of memories are watched, or none any more.
   */
  constructor(changed: (funcs: ReadonlySet<number> | undefined) => void, place: (func: number, offset: number) => number, watchesChanged: () => void) {
    this.changed = changed;
    this.place = place;
    this.watchesChanged = watchesChanged;
  }

  /** While it is set nothing fires: for going over what was seen before. */
  get muted(): boolean {
    return this.silent;
  }
  set muted(muted: boolean) {
    if (muted === this.silent) return;
    this.silent = muted;
    if (this.watches.list.length > 0) this.watchesChanged();
  }

  /** Before the first instruction, whenever the function is called. */
  atEntry(func: number, fire: Fire): Probe {
    return this.add(func, AT_ENTRY, undefined, fire);
  }

  /** Before the instruction at this byte offset; where that does not count, before the next that does. */
  at(func: number, offset: number, fire: Fire): Probe {
    const position = this.place(func, offset);
    return this.add(func, position, position, fire);
  }

  /** Before every instruction of every function. The machine runs exact code meanwhile. */
  everyInstruction(fire: Fire): Probe {
    const entry: Entry = {
      func: undefined,
      offset: undefined,
      position: AT_ENTRY,
      fire,
      remove: () => {
        const at = this.every.indexOf(entry);
        if (at >= 0) this.every.splice(at, 1);
      },
    };
    this.every.push(entry);
    this.changed(undefined);
    return entry;
  }

  /**
   * Before every instruction that writes any of `length` bytes from `address` on, and after the host did. Functions are
   * lowered again so that they look at each access meanwhile. `memory`: its address in the store.
   */
  onWrite(memory: number, address: number, length: number, fire: WatchFire): Probe {
    return this.watch({ kind: 'write', memory, address, length, fire });
  }
  /** Before every instruction that reads any of these bytes. */
  onRead(memory: number, address: number, length: number, fire: WatchFire): Probe {
    return this.watch({ kind: 'read', memory, address, length, fire });
  }
  private watch(watch: Watch): Probe {
    const { list } = this.watches;
    const probe: Probe = {
      func: undefined,
      offset: undefined,
      remove: () => {
        const at = list.indexOf(entry);
        if (at < 0) return;
        list.splice(at, 1);
        this.watchesChanged();
      },
    };
    const entry: WatchEntry = { ...watch, probe };
    list.push(entry);
    this.watchesChanged();
    return probe;
  }

  /** Sets and removes many probes at once: each function is lowered again only once. The machine does not run meanwhile. */
  together(work: () => void): void {
    if (this.gathered !== undefined) return work();
    const gathered = (this.gathered = new Set<number>());
    try {
      work();
    } finally {
      this.gathered = undefined;
      if (gathered.size > 0) this.changed(gathered);
    }
  }
  private changedIn(func: number): void {
    if (this.gathered === undefined) this.changed(new Set([func]));
    else this.gathered.add(func);
  }

  private add(func: number, position: number, offset: number | undefined, fire: Fire): Probe {
    const entry: Entry = { func, offset, position, fire, remove: () => this.remove(func, entry) };
    let places = this.byFunc.get(func);
    if (places === undefined) this.byFunc.set(func, (places = new Map()));
    const entries = places.get(position);
    if (entries !== undefined) entries.push(entry);
    else {
      places.set(position, [entry]);
      this.changedIn(func);
    }
    return entry;
  }

  private remove(func: number, entry: Entry): void {
    const places = this.byFunc.get(func);
    const entries = places?.get(entry.position);
    const at = entries?.indexOf(entry) ?? -1;
    if (places === undefined || entries === undefined || at < 0) return;
    entries.splice(at, 1);
    if (entries.length > 0) return;
    places.delete(entry.position);
    if (places.size === 0) this.byFunc.delete(func);
    this.changedIn(func);
  }

  get watchesEverything(): boolean {
    return this.every.length > 0 && !this.silent;
  }
  /** Effective addresses that accesses have to be looked at for; undefined where none is watched. */
  get watchedAddresses(): { readonly low: number; readonly high: number } | undefined {
    return this.watches.list.length === 0 || this.silent ? undefined : this.watches.bounds;
  }

  /** What accesses have to be looked at for now. */
  get watchedKinds(): readonly Access['kind'][] {
    return this.silent ? [] : this.watches.kinds;
  }

  /** The probed positions of a function. */
  positions(func: number): ReadonlySet<number> | undefined {
    const places = this.byFunc.get(func);
    return places && new Set(places.keys());
  }

  /** Fires all probes at a position; answers the first that asks to stop. */
  fire(machine: Machine, func: number, position: number): Probe | undefined {
    if (this.silent) return undefined;
    return fireAll(machine, [...(this.byFunc.get(func)?.get(position) ?? [])]);
  }
  /** Fires the watches that accesses meet. */
  fireAccesses(machine: Machine, accesses: readonly Access[]): Probe | undefined {
    let stopped: Probe | undefined;
    if (this.silent) return undefined;
    for (const access of accesses) {
      for (const watch of this.watches.meeting(access)) if (watch.fire(machine, access) === 'stop') stopped ??= (watch as WatchEntry).probe;
    }
    return stopped;
  }
  fireEvery(machine: Machine): Probe | undefined {
    return fireAll(machine, [...this.every]);
  }
}

function fireAll(machine: Machine, entries: readonly Entry[]): Probe | undefined {
  let stopped: Probe | undefined;
  for (const entry of entries) if (entry.fire(machine) === 'stop') stopped ??= entry;
  return stopped;
}
