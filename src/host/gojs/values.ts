import type { GuestMemory } from '../../engine/guest-memory.js';

/** Upper half of a reference that is not a number: a quiet NaN whose low bits say the type. */
const NAN_HEAD = 0x7ff80000;

/** Reference ids that every program starts with; they are never freed. */
export const PREDEFINED_IDS = 7;
const ID_GLOBAL = 5;
const ID_GO = 6;

function typeFlag(value: unknown): number {
  switch (typeof value) {
    case 'object':
      return value === null ? 0 : 1;
    case 'string':
      return 2;
    case 'symbol':
      return 3;
    case 'function':
      return 4;
    default:
      return 0;
  }
}

/**
 * The JavaScript values that a Go program holds, by reference id (syscall/js `ref`). A reference is a NaN box: numbers
 * are themselves, undefined is 0, everything else an id. Go counts on two things: equal values have the same id, and each
 * hand-out is counted, to be taken back by one `finalizeRef`.
 */
export class ValueTable {
  readonly values: unknown[];
  /** How often Go was given each id and has not yet given it back. */
  readonly counts: number[];
  /** Freed ids, the last one to be used next. */
  readonly free: number[] = [];
  /** Hears of each id that begins to stand for a value. */
  onGiven: ((id: number) => void) | undefined = undefined;
  private readonly ids: Map<unknown, number>;

  constructor(global: object, go: object) {
    this.values = [NaN, 0, null, true, false, global, go];
    this.counts = this.values.map(() => Infinity);
    this.ids = new Map<unknown, number>([
      [0, 1],
      [null, 2],
      [true, 3],
      [false, 4],
      [global, ID_GLOBAL],
      [go, ID_GO],
    ]);
  }

  load(memory: GuestMemory, address: number): unknown {
    const number = memory.f64(address);
    if (number === 0) return undefined;
    if (!Number.isNaN(number)) return number;
    return this.values[memory.u32(address)];
  }

  store(memory: GuestMemory, address: number, value: unknown): void {
    if (typeof value === 'number' && value !== 0) {
      if (Number.isNaN(value)) {
        memory.setU32(address, 0);
        memory.setU32(address + 4, NAN_HEAD);
      } else memory.setF64(address, value);
    } else if (value === undefined) memory.setF64(address, 0);
    else {
      memory.setU32(address, this.give(value));
      memory.setU32(address + 4, NAN_HEAD | typeFlag(value));
    }
  }

  /** The id of a value, counted as given to Go once more. */
  private give(value: unknown): number {
    let id = this.ids.get(value);
    if (id === undefined) {
      id = this.free.pop() ?? this.values.length;
      this.values[id] = value;
      this.counts[id] = 0;
      this.ids.set(value, id);
      this.onGiven?.(id);
    }
    this.counts[id]!++;
    return id;
  }

  /** Go has dropped one reference. */
  finalize(id: number): void {
    if (id >= this.values.length) return;
    if (--this.counts[id]! !== 0) return;
    this.ids.delete(this.values[id]);
    this.values[id] = null;
    this.free.push(id);
  }

  /** Replaces everything beyond the predefined ids (restoring a snapshot). */
  reset(values: readonly unknown[], counts: readonly number[], free: readonly number[]): void {
    this.values.splice(PREDEFINED_IDS, Infinity, ...values);
    this.counts.splice(PREDEFINED_IDS, Infinity, ...counts);
    this.free.splice(0, Infinity, ...free);
    for (const [value, id] of this.ids) if (id >= PREDEFINED_IDS) this.ids.delete(value);
    const unused = new Set(free);
    this.values.forEach((value, id) => {
      if (id >= PREDEFINED_IDS && !unused.has(id)) this.ids.set(value, id);
    });
  }
}
