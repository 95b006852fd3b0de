import type { GoEvent } from '../go/events.js';

/** The kinds of events, as `--events` names them. */
export const EVENTS = ['goroutine', 'unwind', 'loop', 'pause', 'host', 'export', 'memory', 'gc', 'call', 'instruction'] as const;
export type EventKind = (typeof EVENTS)[number];
/** All but what floods. */
export const DEFAULT_EVENTS: readonly EventKind[] = EVENTS.filter((kind) => kind !== 'call' && kind !== 'instruction');

/** One thing that happened. `clock` counts instructions completed before it. */
export type TraceRecord = GoEvent | HostEvent | ExportEvent | MemoryEvent | CallEvent | InstructionEvent;

interface Base {
  readonly clock: number;
  /** 0 for the scheduler of a Go program, null for a program that is not Go. */
  readonly goroutine: number | null;
  /** The function of the module that it happened in; empty where nothing names it. */
  readonly function: string;
}

/** Arguments or results: by name where the host can tell them, else as `type:value` in order. */
export type Shown = Readonly<Record<string, number | string>> | readonly string[];

/**
 * A call of an imported function. What can run guest code in between gives two records, `call` and `return`;
 * everything else one, a `call` that has results already.
 */
export interface HostEvent extends Base {
  readonly event: 'host';
  readonly action: 'call' | 'return';
  /** `module.name`. */
  readonly import: string;
  readonly args?: Shown;
  readonly results?: Shown;
  /** It did not return: what it ended with. */
  readonly error?: string;
}

/** A call of an exported function by the host: from outside, or from inside of a host call. */
export interface ExportEvent extends Base {
  readonly event: 'export';
  readonly action: 'call' | 'return';
  readonly export: string;
  readonly args?: Shown;
  readonly results?: Shown;
  readonly error?: string;
}

/** Memory grew. */
export interface MemoryEvent extends Base {
  readonly event: 'memory';
  readonly memory: number;
  readonly from_pages: number;
  readonly to_pages: number;
}

/** A function of the module is entered. */
export interface CallEvent extends Base {
  readonly event: 'call';
  readonly index: number;
  /** Position on the wasm stack: 1 is what the host called. */
  readonly depth: number;
  /** Go functions: where they are entered; 0 unless a saved frame goes on. */
  readonly pc_b?: number;
}

/** An instruction is about to be executed. */
export interface InstructionEvent extends Base {
  readonly event: 'instruction';
  readonly index: number;
  /** Byte offset in the module. */
  readonly offset: number;
  readonly instruction: string;
}
