import type { Machine } from '../engine/machine.js';
import { Trap } from '../engine/errors.js';
import type { Instance, Store } from '../engine/store.js';
import type { Value } from '../engine/value.js';
import { GoWatch } from '../go/watch.js';
import { recognise, type GoModule } from '../go/recognise.js';
import { NS_PER_INSTRUCTION } from '../host/clock.js';
import { functionNames } from '../wasm/binary/names.js';
import { disassemble } from '../program/disassemble.js';
import type { Program } from '../program/program.js';
import { Chrome } from './chrome.js';
import { type Format, JsonLines } from './format.js';
import { globMatcher } from './glob.js';
import { type Describe, listenTo, showValue } from './host-calls.js';
import { DEFAULT_EVENTS, type EventKind, type Shown, type TraceRecord } from './records.js';
import { Text } from './text.js';

export const FORMATS = ['text', 'jsonl', 'chrome'] as const;
export type FormatName = (typeof FORMATS)[number];

export interface TraceOptions {
  readonly events?: readonly EventKind[] | undefined;
  /** Only what happens in functions whose name matches: `*` for anything, `?` for one character. */
  readonly func?: string | undefined;
  /** Clock values, both inclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly format?: FormatName | undefined;
  /** Gets the text of the trace, piece by piece. */
  readonly write: (text: string) => void;
  readonly describe?: Describe | undefined;
  /** Nanoseconds of virtual time since the start; by default what the instructions took, without idle waits. */
  readonly now?: (() => number) | undefined;
}

/** What is followed: a program, or the replay of one. */
export type Traced = Pick<Program, 'module' | 'machine' | 'store' | 'instance' | 'driver' | 'trampoline'>;

/**
 * Follows a program from before its first instruction and writes down what happens: machine-level facts by probes and
 * by listening at the host boundary, and for a Go program what they mean to its goroutines.
 */
export class TraceSession {
  private readonly machine: Machine;
  private readonly store: Store;
  private readonly instance: Instance;
  private readonly program: Traced;
  private readonly go: GoModule | undefined;
  private readonly watch: GoWatch | undefined;
  private readonly options: TraceOptions;
  private readonly format: Format;
  private readonly events: ReadonlySet<EventKind>;
  private readonly matches: (name: string) => boolean;
  private readonly name: (func: number) => string;
  /** Takes our ears off again. */
  private readonly undo: (() => void)[] = [];

  constructor(program: Traced, options: TraceOptions) {
    this.program = program;
    this.machine = program.machine;
    this.store = program.store;
    this.instance = program.instance;
    this.options = options;
    this.events = new Set(options.events ?? DEFAULT_EVENTS);
    this.matches = options.func === undefined ? () => true : globMatcher(options.func);
    this.format = options.format === 'chrome' ? new Chrome() : options.format === 'jsonl' ? new JsonLines() : new Text();
    this.go = recognise(program.module);
    const names = functionNames(program.module);
    this.name = (func) => this.go?.name(func) ?? names.func(func) ?? '';
    this.watch = this.go?.pclntab === undefined && this.go?.loop === undefined ? undefined : this.watchGo(this.go);
    if (this.events.has('host')) this.listenToHost();
    if (this.events.has('export')) this.listenToExports();
    if (this.events.has('memory')) this.listenToMemory();
    if (this.events.has('call')) this.probeCalls();
    if (this.events.has('instruction')) this.probeInstructions();
  }

  /** The program has come to its end, or is left as it is: writes what is still to be said. */
  finish(): void {
    this.watch?.finish();
    for (const undo of this.undo.splice(0)) undo();
    const text = this.format.end(this.now());
    if (text !== '') this.options.write(text);
  }

  private emit(record: TraceRecord): void {
    const { from = 0, to = Infinity } = this.options;
    if (!this.events.has(record.event) || record.clock < from || record.clock > to || !this.matches(record.function)) return;
    this.options.write(this.format.record(record, this.now()));
  }

  private now(): number {
    return this.options.now?.() ?? this.machine.clock * Number(NS_PER_INSTRUCTION);
  }

  private base(func: string): { clock: number; goroutine: number | null; function: string } {
    return { clock: this.machine.clock, goroutine: this.watch?.currentId ?? null, function: func };
  }

  /** The function of the innermost frame, which a host call or a growing memory belongs to. */
  private get here(): string {
    const top = this.machine.frames(2).find((frame) => frame.kind === 'wasm');
    return top?.kind !== 'wasm' || top.instance !== this.instance ? '' : this.name(top.funcIndex);
  }

  private watchGo(go: GoModule): GoWatch {
    const watch = new GoWatch(this.machine, this.instance, go, (event) => this.emit(event));
    this.undo.push(() => watch.remove());
    const { trampoline } = this.program;
    if (trampoline !== undefined) {
      trampoline.onTurn = (loop, pcF, pcB) => watch.turn(loop, pcF, pcB);
      this.undo.push(() => (trampoline.onTurn = undefined));
    }
    return watch;
  }

  private listenToHost(): void {
    const imports = this.program.module.imports.filter((entry) => entry.desc.kind === 'func');
    const heard = new Set<number>();
    imports.forEach(({ module, name }, i) => {
      const address = this.instance.funcs[i]!;
      const func = this.store.funcs[address]!;
      if (func.kind !== 'host' || heard.has(address)) return;
      heard.add(address);
      const about = (action: 'call' | 'return'): { clock: number; goroutine: number | null; function: string; event: 'host'; action: 'call' | 'return'; import: string } => ({
        ...this.base(this.here),
        event: 'host',
        action,
        import: `${module}.${name}`,
      });
      const host = listenTo(func.host, (args, memory) => this.options.describe?.(module, name, args, memory), {
        called: (args) => this.emit({ ...about('call'), args }),
        returned: (results) => this.emit({ ...about('return'), results }),
        completed: (args, results) => this.emit({ ...about('call'), args, results }),
        failed: (args, error) => this.emit(args === undefined ? { ...about('return'), error: briefly(error) } : { ...about('call'), args, error: briefly(error) }),
      });
      this.machine.replace(address, host);
      this.undo.push(() => this.machine.replace(address, undefined));
    });
  }

  private listenToExports(): void {
    const exported = new Map<number, string>();
    for (const [name, { kind, address }] of this.instance.exports) if (kind === 'func' && !exported.has(address)) exported.set(address, name);
    const { driver } = this.program;
    const about = (func: number, action: 'call' | 'return'): { clock: number; goroutine: number | null; function: string; event: 'export'; action: 'call' | 'return'; export: string } => {
      const instance = this.store.funcs[func]!;
      const name = instance.kind === 'wasm' ? this.name(instance.index) : '';
      return { ...this.base(name), event: 'export', action, export: exported.get(func) ?? name };
    };
    const before = driver.listener;
    driver.listener = {
      called: (func, args) => {
        before?.called(func, args);
        this.emit({ ...about(func, 'call'), args: show(args) });
      },
      returned: (func, results) => {
        before?.returned(func, results);
        this.emit({ ...about(func, 'return'), results: show(results) });
      },
      failed: (func, error) => {
        before?.failed(func, error);
        this.emit({ ...about(func, 'return'), error: briefly(error) });
      },
    };
    this.undo.push(() => (driver.listener = before));
  }

  private listenToMemory(): void {
    const own = this.instance.memories;
    const before = this.store.onMemoryGrow;
    this.store.onMemoryGrow = (address, from, to) => {
      before?.(address, from, to);
      const memory = own.indexOf(address);
      if (memory >= 0) this.emit({ ...this.base(this.here), event: 'memory', memory, from_pages: from, to_pages: to });
    };
    this.undo.push(() => (this.store.onMemoryGrow = before));
  }

  /** Defined functions that the filter lets through, with their names. */
  private *chosen(): Generator<{ index: number; address: number; name: string }> {
    const { imported, funcs } = this.program.module;
    for (let i = 0; i < funcs.length; i++) {
      const index = imported.funcs + i;
      const name = this.name(index);
      if (this.matches(name)) yield { index, address: this.instance.funcs[index]!, name };
    }
  }

  private probeCalls(): void {
    const { store } = this;
    for (const { index, address, name } of this.chosen()) {
      const { type } = store.funcs[address]!;
      const takesPcB = this.go !== undefined && type.params.length === 1 && type.results.length === 1;
      const probe = this.machine.probes.atEntry(address, () => {
        const [top] = this.machine.frames(1);
        const pcB = takesPcB && top?.kind === 'wasm' ? top.locals[0] : undefined;
        const entry = pcB !== undefined && 'i32' in pcB ? { pc_b: pcB.i32 } : {};
        this.emit({ ...this.base(name), event: 'call', index, depth: this.machine.frameCount, ...entry });
      });
      this.undo.push(() => probe.remove());
    }
  }

  private probeInstructions(): void {
    const texts = new Map<number, ReadonlyMap<number, string>>();
    const textAt = (index: number, offset: number): string => {
      let lines = texts.get(index);
      if (lines === undefined) texts.set(index, (lines = new Map(disassemble(this.program.module, index).map((line) => [line.offset, line.text.trim()]))));
      return lines.get(offset) ?? '';
    };
    const chosen = new Map<number, string>();
    for (const { index, name } of this.chosen()) chosen.set(index, name);
    const probe = this.machine.probes.everyInstruction(() => {
      const [top] = this.machine.frames(1);
      const name = top?.kind === 'wasm' && top.instance === this.instance ? chosen.get(top.funcIndex) : undefined;
      if (top?.kind !== 'wasm' || name === undefined) return;
      this.emit({ ...this.base(name), event: 'instruction', index: top.funcIndex, offset: top.offset, instruction: textAt(top.funcIndex, top.offset) });
    });
    this.undo.push(() => probe.remove());
  }
}

function show(values: readonly Value[]): Shown {
  return values.map(showValue);
}

/** Why a call did not return, in one line. */
function briefly(error: unknown): string {
  if (error instanceof Trap) return `trap: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
