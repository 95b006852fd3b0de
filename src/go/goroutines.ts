import { mapEntries } from './maps.js';
import type { GoCall, GoFunc } from './pclntab.js';
import type { Peek } from './peek.js';
import type { GoModule } from './recognise.js';
import { findAllgs } from './roots.js';
import { type GoFrame, walkStack } from './stack.js';
import { G, M, STATUS, statusName } from './structs.js';
import { Types } from './types.js';

const MAX_LABELS = 100;

/** One goroutine as the runtime's structures in memory describe it. */
export interface Goroutine {
  /** Address of its `runtime.g`. */
  readonly address: number;
  readonly id: number;
  readonly status: number;
  readonly state: string;
  /** Why it waits; empty unless it does. */
  readonly waitReason: string;
  /** When the collector saw it waiting first, in the nanoseconds of `runtime.nanotime`; 0 if it did not yet. */
  readonly waitSince: bigint;
  /** The function of its `go` statement. */
  readonly start: GoFunc | undefined;
  /** Who made it (0: the runtime itself; `undefined` before Go 1.21, which does not keep it). */
  readonly parent: number | undefined;
  /** Where its `go` statement is. */
  readonly created: GoCall | undefined;
  readonly stack: { readonly lo: number; readonly hi: number };
  /** Where it goes on when it runs next; stale while it runs. */
  readonly pc: number;
  readonly sp: number;
}

/** Reads the runtime's structures of one program. Never fails on damaged memory; what it reads is then nonsense. */
export class Runtime {
  readonly go: GoModule;
  readonly memory: Peek;
  /** 0: looked for in vain. */
  private allgsAt: number | undefined = undefined;

  constructor(go: GoModule, memory: Peek) {
    this.go = go;
    this.memory = memory;
  }

  /** The scheduler's own goroutine, which goroutine `g` runs under. */
  g0(g: number): number {
    return this.memory.word(this.m(g) + M.g0);
  }
  m(g: number): number {
    return this.memory.word(g + G.m);
  }
  /** The goroutine that runs, also while the runtime works on g0 for it; 0 if none does. */
  current(g: number): number {
    return g === 0 ? 0 : this.memory.word(this.m(g) + this.go.structs.m_curg);
  }
  id(g: number): number {
    return g === 0 ? 0 : this.memory.word(g + this.go.structs.g_goid);
  }
  status(g: number): number {
    return this.memory.u32(g + this.go.structs.g_atomicstatus);
  }
  waitReason(g: number): string {
    const number = this.memory.u8(g + this.go.structs.g_waitreason);
    return this.go.structs.waitReasons[number] ?? `reason ${number}`;
  }

  goroutine(g: number): Goroutine {
    const { memory, go } = this;
    const status = this.status(g);
    const gopc = memory.word(g + go.structs.g_gopc);
    const { g_parentGoid: parent } = go.structs;
    return {
      address: g,
      id: this.id(g),
      status,
      state: statusName(status),
      waitReason: (status & 0xfff) === STATUS.waiting ? this.waitReason(g) : '',
      waitSince: (status & 0xfff) === STATUS.waiting ? memory.u64(g + go.structs.g_waitsince) : 0n,
      start: go.pclntab?.funcOf(memory.word(g + go.structs.g_startpc)),
      parent: parent < 0 ? undefined : memory.word(g + parent),
      created: this.callSite(gopc),
      stack: { lo: memory.word(g + G.stackLo), hi: memory.word(g + G.stackHi) },
      pc: memory.word(g + G.schedPc),
      sp: memory.word(g + G.schedSp),
    };
  }

  /** The name of its start function. */
  startName(g: number): string {
    return this.go.pclntab?.funcOf(this.memory.word(g + this.go.structs.g_startpc))?.name ?? '';
  }

  /** All goroutines that are not dead, in the order of their making. */
  goroutines(): Goroutine[] {
    const allgs = this.allgs;
    if (allgs === undefined) return [];
    const { memory } = this;
    const list = memory.word(allgs);
    const length = Math.min(memory.word(allgs + 8), 1e6);
    const found: Goroutine[] = [];
    for (let i = 0; i < length && memory.contains(list + 8 * i, 8); i++) {
      const goroutine = this.goroutine(memory.word(list + 8 * i));
      if ((goroutine.status & 0xfff) !== STATUS.dead && (goroutine.status & 0xfff) !== STATUS.idle) found.push(goroutine);
    }
    return found;
  }

  /** Address of the slice `runtime.allgs`. */
  private get allgs(): number | undefined {
    if (this.allgsAt === undefined) this.allgsAt = findAllgs(this.go) ?? 0;
    return this.allgsAt === 0 ? undefined : this.allgsAt;
  }

  /** The goroutine with this id, unless it has ended. */
  byId(id: number): Goroutine | undefined {
    return this.goroutines().find((goroutine) => goroutine.id === id);
  }

  /** What `pprof.SetGoroutineLabels` gave it: key and value. Up to Go 1.23 only where the program has the type `map[string]string` listed. */
  labels(g: number): [string, string][] {
    const { memory, go } = this;
    const at = memory.word(g + go.structs.g_labels);
    if (at === 0) return [];
    if (go.minor >= 24) {
      const list = memory.word(at);
      const length = Math.min(memory.word(at + 8), MAX_LABELS);
      return Array.from({ length }, (_, i) => [memory.goString(list + 32 * i), memory.goString(list + 32 * i + 16)]);
    }
    const type = new Types(go, memory).byName('map[string]string');
    const labels: [string, string][] = [];
    if (type === undefined) return labels;
    for (const { key, elem } of mapEntries(memory, type, memory.word(at))) if (labels.length < MAX_LABELS) labels.push([memory.goString(key), memory.goString(elem)]);
    return labels.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The physical frames of a goroutine that does not run. */
  frames(goroutine: Goroutine): GoFrame[] {
    const table = this.go.pclntab;
    return table === undefined ? [] : [...walkStack(this.memory, table, goroutine.pc, goroutine.sp)];
  }

  /** The innermost logical call at the call whose return address is `pc`. */
  callSite(pc: number): GoCall | undefined {
    const pcB = pc % 65536;
    return this.go.pclntab?.funcOf(pc)?.calls(pcB > 0 ? pcB - 1 : pcB)[0];
  }
}
