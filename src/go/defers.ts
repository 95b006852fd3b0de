import type { Goroutine } from './goroutines.js';
import type { GoCall } from './pclntab.js';
import { uvarint } from './pc-table.js';
import { goroutineStack } from './stacks.js';
import { DEFER, G } from './structs.js';
import { Types } from './types.js';
import { type GoValue, ValueReader } from './values.js';
import type { GoView } from './view.js';

const FUNCDATA_OPEN_CODED_DEFER_INFO = 4;
/** A list that is longer is damaged. */
const MAX_RECORDS = 100_000;

/** A call that is put off until a function returns or panics. */
export interface DeferredCall {
  /** The function that will be called; a call with arguments is wrapped in a closure (`main.f.deferwrap1`). */
  readonly function: string;
  /** Where that function is defined. */
  readonly definedAt: GoCall | undefined;
  /** SP of the frame that deferred it. */
  readonly sp: number;
  /** The function that deferred it and, for calls with a record, the line of the `defer` statement. */
  readonly deferredBy: GoCall | undefined;
  /** `open-coded`: the function keeps its few deferred calls in its own frame; `range`: deferred in a range-over-func body. */
  readonly kind: 'record' | 'open-coded' | 'range';
}

/** A panic that was raised and is not over. */
export interface PanicInFlight {
  /** What `panic` was called with; nothing for `runtime.Goexit`, which is carried out like a panic. */
  readonly value: GoValue | undefined;
  readonly goexit: boolean;
  readonly recovered: boolean;
  /** A later panic has taken its place (up to Go 1.21). */
  readonly aborted: boolean;
}

/**
 * The deferred calls of a goroutine in the order in which they will run. Those of functions that keep them in their
 * frame are found there; in a function that is only being entered, its marks may not be set yet.
 */
export function deferredCalls(view: GoView, goroutine: Goroutine): DeferredCall[] {
  const { memory, go } = view;
  const { structs } = go;
  const found: DeferredCall[] = [];
  const seen = new Set<number>();
  const follow = (from: number, kind: 'record' | 'range'): void => {
    for (let record = from; record !== 0 && memory.contains(record, 48) && seen.size < MAX_RECORDS; record = memory.word(record + structs._defer_link)) {
      if (seen.has(record)) return;
      seen.add(record);
      if (structs._defer_openDefer >= 0 && memory.u8(record + structs._defer_openDefer) !== 0) continue;
      const sp = memory.word(record + DEFER.sp);
      const pc = memory.word(record + DEFER.pc);
      if (structs._defer_rangefunc >= 0 && memory.u8(record + structs._defer_rangefunc) !== 0) {
        follow(memory.word(memory.word(record + structs._defer_head)), 'range');
        continue;
      }
      found.push({ ...closure(view, memory.word(record + DEFER.fn)), sp, deferredBy: view.runtime.callSite(pc), kind });
    }
  };
  follow(memory.word(goroutine.address + G.defer), 'record');
  found.push(...openCoded(view, goroutine));
  // Inner frames return first; Array.sort keeps the order within one frame.
  return found.sort((a, b) => a.sp - b.sp);
}

function openCoded(view: GoView, goroutine: Goroutine): DeferredCall[] {
  const { memory, go } = view;
  const found: DeferredCall[] = [];
  for (const { func, fp, sp, pcB, callPcB } of goroutineStack(view, goroutine)) {
    const info = func.funcdata(FUNCDATA_OPEN_CODED_DEFER_INFO);
    if (info === undefined || pcB === 0) continue;
    const tables = func.table.memory;
    const cursor = { at: info };
    const varp = fp - 8;
    const bits = memory.u8(varp - uvarint(tables, cursor));
    const slots: number[] = [];
    if (go.minor >= 22) {
      const from = varp - uvarint(tables, cursor);
      for (let i = 7; i >= 0; i--) if ((bits & (1 << i)) !== 0) slots.push(from + 8 * i);
    } else {
      const count = Math.min(uvarint(tables, cursor), 8);
      for (let i = count - 1; i >= 0; i--) {
        const slot = varp - uvarint(tables, cursor);
        if ((bits & (1 << i)) !== 0) slots.push(slot);
      }
    }
    const deferredBy = func.calls(callPcB).at(-1);
    for (const slot of slots) found.push({ ...closure(view, memory.word(slot)), sp, deferredBy, kind: 'open-coded' });
  }
  return found;
}

function closure({ go, memory }: GoView, funcval: number): { function: string; definedAt: GoCall | undefined } {
  const func = go.pclntab?.funcOf(memory.word(funcval));
  return { function: func?.name ?? '?', definedAt: func?.calls(0).at(-1) };
}

/** The panics in flight of a goroutine, the latest first. */
export function panicsInFlight(view: GoView, goroutine: Goroutine): PanicInFlight[] {
  const { memory, go } = view;
  const { structs } = go;
  const found: PanicInFlight[] = [];
  const seen = new Set<number>();
  const reader = new ValueReader(new Types(go, memory));
  for (let at = memory.word(goroutine.address + G.panic); at !== 0 && memory.contains(at, 104) && !seen.has(at); at = memory.word(at + structs._panic_link)) {
    seen.add(at);
    const flag = (field: number): boolean => field >= 0 && memory.u8(at + field) !== 0;
    const goexit = flag(structs._panic_goexit);
    found.push({
      value: goexit ? undefined : reader.readAny(at + structs._panic_arg),
      goexit,
      recovered: flag(structs._panic_recovered),
      aborted: flag(structs._panic_aborted),
    });
  }
  return found;
}
