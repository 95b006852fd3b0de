import { readArguments, showArguments } from './arguments.js';
import type { Goroutine } from './goroutines.js';
import type { GoCall } from './pclntab.js';
import type { GoFrame } from './stack.js';
import { walkStack } from './stack.js';
import { goroutineStack } from './stacks.js';
import { STATUS, STATUS_SCAN } from './structs.js';
import type { GoView } from './view.js';

export interface TracebackOptions {
  /** Every goroutine that Go would show, the current one first; else the current one alone. */
  readonly all?: boolean;
  /** Begin with the caller of the function that is being entered, as `runtime.Stack` does with its own. */
  readonly fromCaller?: boolean;
  /** Frames of the runtime and of code made by the compiler as well, which Go leaves out; and system goroutines. */
  readonly runtime?: boolean;
}

/** One call in a traceback: inlined calls are frames of their own. */
export interface TracebackFrame {
  readonly call: GoCall;
  readonly frame: GoFrame;
  /** As Go prints it: `main.work`, `panic` for `runtime.gopanic`, `main.F[...]` for instances of generic functions. */
  readonly name: string;
  /** `...` of an inlined call. */
  readonly arguments: string;
  /** Would Go's own traceback show it? */
  readonly shown: boolean;
}

/** Limits of Go's tracebacks: up to Go 1.20 a number of physical frames, since then so many inner and so many outer ones. */
const MAX_FRAMES_120 = 100;
const INNER_FRAMES = 50;
const OUTER_FRAMES = 50;

const PANICKING = new Set(['runtime.gopanic', 'runtime.sigpanic', 'runtime.panicwrap']);
const FINALIZERS = new Set(['runtime.runFinalizers', 'runtime.runCleanups']);

/**
 * What `runtime.Stack` would return, word for word: stopped at its entry, with `all` as its argument says and
 * `fromCaller`, this is the text that the call then makes. Waiting times are left out where the view does not know
 * Go's clock.
 */
export function printTraceback(view: GoView, options: TracebackOptions = {}): string {
  const { runtime, registers } = view;
  const current = runtime.current(registers.g);
  const texts: string[] = [];
  if (current !== 0) texts.push(printGoroutine(view, runtime.goroutine(current), options));
  if (options.all === true) {
    for (const goroutine of runtime.goroutines()) {
      if (goroutine.address === current || (options.runtime !== true && isSystemGoroutine(view, goroutine))) continue;
      texts.push(printGoroutine(view, goroutine, { ...options, fromCaller: false }));
    }
  }
  return texts.join('\n');
}

/** Header, frames and origin of one goroutine; ends with a newline. */
export function printGoroutine(view: GoView, goroutine: Goroutine, options: TracebackOptions = {}): string {
  let text = `${goroutineHeader(view, goroutine)}\n`;
  const whole = tracebackFrames(view, goroutine, options.fromCaller);
  const physical = [...new Set(whole.map(({ frame }) => frame))];
  const last = view.go.minor <= 20 ? physical[MAX_FRAMES_120] : undefined;
  const frames = last === undefined ? whole : whole.slice(0, whole.findIndex(({ frame }) => frame === last));
  const shown = frames.filter((frame) => options.runtime === true || frame.shown);
  // A goroutine with nothing but the runtime's own frames is shown with these.
  text += cut(view, shown.length === 0 ? frames : shown);
  return text + createdBy(view, goroutine);
}

/** The calls of a goroutine, inlined ones too, innermost first. */
export function tracebackFrames(view: GoView, goroutine: Goroutine, fromCaller = false): TracebackFrame[] {
  const { memory, registers, go } = view;
  const physical =
    fromCaller && go.pclntab !== undefined ? [...walkStack(memory, go.pclntab, memory.word(registers.sp), registers.sp + 8)] : goroutineStack(view, goroutine);
  const frames: TracebackFrame[] = [];
  let callee = '';
  let any = false;
  for (const frame of physical) {
    const args = (): string => showArguments(readArguments(memory, frame.func, frame.callPcB, frame.fp) ?? []);
    for (const call of frame.func.calls(frame.callPcB)) {
      const shown = isShown(view, call, !any, callee);
      any ||= shown;
      callee = call.name;
      frames.push({ call, frame, name: printedName(go.minor, call.name), arguments: call.inlined ? '...' : args(), shown });
    }
  }
  return frames;
}

/** `goroutine 7 [chan receive, 3 minutes]:` */
export function goroutineHeader(view: GoView, goroutine: Goroutine): string {
  const { memory, go } = view;
  const { minor } = go;
  const status = goroutine.status & ~STATUS_SCAN;
  const waiting = status === STATUS.waiting;
  const state = goroutine.waitReason !== '' ? goroutine.waitReason : goroutine.state;
  const notes: string[] = [];
  const minutes = waiting ? waitMinutes(view, goroutine) : 0;
  if (minutes >= 1) notes.push(`${minutes} minutes`);
  if (memory.word(goroutine.address + go.structs.g_lockedm) !== 0) notes.push('locked to thread');
  const scan = (goroutine.status & STATUS_SCAN) !== 0 ? ' (scan)' : '';
  const labels = minor >= 27 && printsLabels(view) ? showLabels(view.runtime.labels(goroutine.address)) : '';
  return `goroutine ${goroutine.id} [${state}${scan}${notes.map((note) => `, ${note}`).join('')}]${labels}:`;
}

function waitMinutes(view: GoView, goroutine: Goroutine): number {
  if (goroutine.waitSince === 0n || view.nanotime === undefined) return 0;
  return Number((view.nanotime() - goroutine.waitSince) / 60_000_000_000n);
}

/** Labels are printed since Go 1.27 unless the main module asks for an older behaviour or GODEBUG for none. */
function printsLabels({ go }: GoView): boolean {
  return !/\btracebacklabels=0\b/.test(go.buildInfo?.settings.get('DefaultGODEBUG') ?? '');
}

function showLabels(labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return '';
  const quoted = (text: string): string => (/^[\w./]*$/.test(text) ? text : quote(text));
  return ` {${labels.map(([key, value]) => `${quoted(key)}: ${quoted(value)}`).join(', ')}}`;
}

/** As the runtime's `printquoted`: all but printable ASCII is escaped. */
function quote(text: string): string {
  let quoted = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', '"': '\\"' }[char];
    if (known !== undefined) quoted += known;
    else if (code >= 0x20 && code <= 0x7e) quoted += char;
    else if (code < 127) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}

/** `created by main.main in goroutine 1` and its place; nothing for the main goroutine and those of the runtime. */
export function createdBy(view: GoView, goroutine: Goroutine): string {
  const { go, memory } = view;
  const pc = memory.word(goroutine.address + go.structs.g_gopc);
  const func = go.pclntab?.funcOf(pc);
  if (func === undefined || goroutine.id === 1) return '';
  const pcB = pc % 65536;
  const call = func.calls(pcB > 0 ? pcB - 1 : pcB)[0]!;
  if (!isShown(view, { ...call, name: func.name, funcId: func.funcId }, false, '')) return '';
  const by = goroutine.parent === undefined || goroutine.parent === 0 ? '' : ` in goroutine ${goroutine.parent}`;
  return `created by ${printedName(go.minor, func.name)}${by}\n\t${place(call)}${pcB > 0 ? ` +0x${pcB.toString(16)}` : ''}\n`;
}

function cut(view: GoView, frames: readonly TracebackFrame[]): string {
  const print = (some: readonly TracebackFrame[]): string => some.map(printFrame).join('');
  if (view.go.minor <= 20) return print(frames) + (frames.length === MAX_FRAMES_120 ? '...additional frames elided...\n' : '');
  const elided = frames.length - INNER_FRAMES - OUTER_FRAMES;
  if (elided <= 0) return print(frames);
  return `${print(frames.slice(0, INNER_FRAMES))}...${elided} frames elided...\n${print(frames.slice(-OUTER_FRAMES))}`;
}

/** Two lines: the call with its arguments, and its place with the PC_B. */
export function printFrame({ name, arguments: args, call, frame }: TracebackFrame): string {
  const offset = call.inlined || frame.pcB === 0 ? '' : ` +0x${frame.pcB.toString(16)}`;
  return `${name}(${args})\n\t${place(call)}${offset}\n`;
}

function place({ file, line }: GoCall): string {
  return `${file ?? '?'}:${line ?? 0}`;
}

function isShown(view: GoView, { name, funcId }: GoCall, first: boolean, callee: string): boolean {
  const { minor, structs } = view.go;
  if (funcId === structs.funcIdWrapper && !PANICKING.has(callee)) return false;
  if (minor >= 25 && FINALIZERS.has(name)) return true;
  // In the middle of a stack: here the program's code ends and what a panic runs begins.
  if (name === 'runtime.gopanic' && !first) return true;
  return name.includes('.') && (!name.startsWith('runtime.') || isExportedRuntime(minor, name));
}

function isExportedRuntime(minor: number, name: string): boolean {
  if (minor < 23) return /^runtime\.[A-Z]/.test(name);
  const local = name.slice('runtime.'.length);
  const dot = local.lastIndexOf('.');
  const receiver = dot < 0 ? '' : local.slice(0, dot).replace(/^\(\*(.*)\)$/, '$1');
  return /^[A-Z]/.test(local.slice(dot + 1)) && (receiver === '' || /^[A-Z]/.test(receiver));
}

/** As `printFuncName` does: what a generic function was instantiated with is left out. */
export function printedName(minor: number, name: string): string {
  if (name === 'runtime.gopanic') return 'panic';
  const open = name.indexOf('[');
  const close = name.lastIndexOf(']');
  if (minor <= 20 || open < 0 || close <= open) return name;
  const inside = name.slice(open + 1, close);
  const method = minor >= 27 ? genericMethod(inside) : undefined;
  return `${name.slice(0, open)}[...]${method === undefined ? '' : `${method}[...]`}${name.slice(close + 1)}`;
}

/** `A].M[B` between the outer brackets: a generic method (Go 1.27) of a generic type; its middle part. */
function genericMethod(inside: string): string | undefined {
  let depth = 1;
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] === '[') depth++;
    else if (inside[i] === ']' && --depth === 0) {
      const next = inside.indexOf('[', i);
      return next < 0 ? undefined : inside.slice(i + 1, next);
    }
  }
  return undefined;
}

/** One that the runtime runs for itself, which tracebacks leave out unless it is in code of the program. */
export function isSystemGoroutine(view: GoView, goroutine: Goroutine): boolean {
  const name = goroutine.start?.name ?? '';
  if (!name.startsWith('runtime.') || name === 'runtime.main' || name === 'runtime.handleAsyncEvent') return false;
  if (name === 'runtime.corostart' && view.go.minor >= 22) return false;
  if (['runtime.runfinq', 'runtime.runFinalizers', 'runtime.runCleanups'].includes(name)) {
    // They are the program's while they call its code.
    return !goroutineStack(view, goroutine).some(({ func }) => !func.name.startsWith('runtime.') && func.name.includes('.'));
  }
  return true;
}
