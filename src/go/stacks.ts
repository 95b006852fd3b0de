import type { Frame, WasmFrame } from '../engine/frames.js';
import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import { frameDepth } from './frame-depth.js';
import type { Goroutine } from './goroutines.js';
import type { GoFunc } from './pclntab.js';
import { CodeSegments } from './segments.js';
import { type GoFrame, walkStack } from './stack.js';
import type { GoView } from './view.js';

/** Where the virtual CPU stands in Go's terms. */
interface Position {
  readonly pc: number;
  readonly sp: number;
  /** Bytes from SP to the return-address slot, where the code tells. */
  readonly depth: number | undefined;
  /** False: `pc` is a return address, the call is one before. */
  readonly exact: boolean;
}

/** A stretch of the logical stack: what the runtime does on its own stack stands before what the goroutine does. */
export interface StackPart {
  /** Address of the `g` whose stack it is. */
  readonly g: number;
  /** True for `g0`, the scheduler's own stack. */
  readonly system: boolean;
  readonly frames: readonly GoFrame[];
}

/** Functions at which the stack of the system meets that of the goroutine it works for. */
const SWITCHES = new Set(['runtime.mcall', 'runtime.systemstack', 'runtime.morestack', 'runtime.morestack_noctxt', 'runtime.mstart']);

/**
 * The logical stack that the processor works on, innermost first: on the goroutine's own stack, or on `g0` for it and
 * then the goroutine's. Empty before the runtime is initialised.
 */
export function currentStack(view: GoView): StackPart[] {
  const { runtime, registers, memory, go } = view;
  const table = go.pclntab;
  const { g } = registers;
  if (table === undefined || g === 0 || registers.sp === 0) return [];
  const at = position(view);
  const walked = (from: Position): GoFrame[] => [...walkStack(memory, table, from.pc, from.sp, from.exact, from.depth)];
  if (g !== runtime.g0(g)) return [{ g, system: false, frames: at === undefined ? [] : walked(at) }];
  const parts: StackPart[] = [];
  const frames = at === undefined ? [] : walked(at);
  const end = frames.findIndex(({ func }) => SWITCHES.has(func.name));
  parts.push({ g, system: true, frames: end < 0 ? frames : frames.slice(0, end + 1) });
  const current = runtime.current(g);
  if (current !== 0) parts.push({ g: current, system: false, frames: runtime.frames(runtime.goroutine(current)) });
  return parts;
}

/** The physical Go frames of a goroutine, running or not, innermost first. */
export function goroutineStack(view: GoView, goroutine: Goroutine): GoFrame[] {
  const { runtime, registers } = view;
  if (registers.g === goroutine.address) return [...(currentStack(view)[0]?.frames ?? [])];
  return runtime.frames(goroutine);
}

/** Where execution stands: in the innermost Go function on the wasm stack, or between two turns of a trampoline. */
function position(view: GoView): Position | undefined {
  const { sp } = view.registers;
  const frames = view.frames();
  const saved = (at: number): Position => ({ pc: view.memory.word(at), sp: at + 8, depth: undefined, exact: false });
  for (const frame of frames) {
    if (frame.kind === 'host' || frame.instance !== view.instance) continue;
    // Another goroutine's stack is in place already: these frames only wait for their end.
    if (isUnwinding(view, frame)) return saved(view.registers.pause ? sp : sp - 8);
    const place = goPlace(view, frame);
    if (place !== undefined) return { pc: place.func.pcF * 65536 + place.pcB, sp, depth: place.depth, exact: true };
    // The trampoline goes on with what the word below SP says.
    if (isTrampoline(view, frame)) return saved(sp - 8);
  }
  // `pause` has put SP where its caller was entered: the next call from the host stands in for it.
  return saved(sp);
}

/** A frame of a function that follows Go's convention, in Go's terms. */
export interface GoPlace {
  readonly func: GoFunc;
  readonly pcB: number;
  /** Last PC_B that is possible: the tables and the code may leave a choice. */
  readonly pcBHigh: number;
  /** Bytes from SP to the return-address slot. */
  readonly depth: number | undefined;
}

/** `undefined` for host functions, trampolines and helpers outside Go's calling convention. */
export function goPlace(view: GoView, frame: Frame): GoPlace | undefined {
  if (frame.kind === 'host' || frame.instance !== view.instance) return undefined;
  const parameter = frame.locals[0];
  // Write barriers and arithmetic helpers have one parameter as well, but a wide one.
  if (parameter === undefined || !('i32' in parameter)) return undefined;
  const { go } = view;
  const pcF = go.code?.pcFOf(frame.funcIndex);
  const func = pcF === undefined ? undefined : go.pclntab?.funcOf(pcF * 65536);
  const segments = segmentsOf(view, frame.funcIndex);
  if (func === undefined || segments === undefined) return undefined;
  const range = segments.at(frame.offset);
  if (range === undefined) {
    // At the dispatch, where PC_B is still the parameter.
    const pcB = parameter.i32 & 0xffff;
    return { func, pcB, pcBHigh: pcB, depth: undefined };
  }
  const depth = frameDepth(go, segments, frame.funcIndex, frame.offset);
  return { func, pcB: range.lo, pcBHigh: range.hi, depth: typeof depth === 'number' ? depth : undefined };
}

/**
 * Does the innermost frame hand on an unwinding? A call has just given it 1, or it is at the end where it gives 1
 * itself, or it is the function that put another stack in place.
 */
function isUnwinding(view: GoView, frame: WasmFrame): boolean {
  const segments = segmentsOf(view, frame.funcIndex);
  const [first] = segments?.segments ?? [];
  const parameter = frame.locals[0];
  if (segments === undefined || first === undefined || parameter === undefined || !('i32' in parameter)) return false;
  if (segments.at(frame.offset) === undefined) return frame.offset > first.start;
  const name = view.go.name(frame.funcIndex);
  if (name === 'runtime.gogo' || name === 'runtime.pause') return frameDepth(view.go, segments, frame.funcIndex, frame.offset) === 'moved';
  const result = frame.operands[0];
  return result !== undefined && 'i32' in result && result.i32 === 1 && frame.operands.length === 1 && followsCall(view, frame);
}

/** Is the instruction the `br_if` that looks at what a call gave, or one of the two before it that fetch SP? */
function followsCall({ go }: GoView, frame: WasmFrame): boolean {
  const body = go.module.funcs[frame.funcIndex - go.module.imported.funcs]!.body;
  const segment = segmentsOf({ go }, frame.funcIndex)!.segments.find(({ start, end }) => start <= frame.offset && frame.offset < end);
  const reader = new InstructionReader(go.module.bytes, segment?.start ?? body.offset, segment?.end ?? body.end);
  let since = -1;
  while (reader.pos < reader.end) {
    const op = reader.next();
    if (reader.start === frame.offset) return since >= 0 && since <= 2;
    since = op === OP.call || op === OP.call_indirect ? 0 : since < 0 ? -1 : since + 1;
  }
  return false;
}

const decoded = new WeakMap<object, Map<number, CodeSegments | undefined>>();

/** The segments of a function, decoded once. */
export function segmentsOf(view: Pick<GoView, 'go'>, funcIndex: number): CodeSegments | undefined {
  let known = decoded.get(view.go);
  if (known === undefined) decoded.set(view.go, (known = new Map()));
  if (!known.has(funcIndex)) known.set(funcIndex, CodeSegments.of(view.go, funcIndex));
  return known.get(funcIndex);
}

/** One frame of the wasm stack. */
export interface PhysicalFrame {
  readonly frame: Frame;
  /** What it is: a Go function; `wasm_pc_f_loop`; a function that the host called; helper code outside Go's convention; a host function. */
  readonly kind: 'go' | 'trampoline' | 'export' | 'helper' | 'host';
  readonly name: string;
  /** Position in `StackPair.logical` of the Go frame that it carries out; absent where the Go stack has none (tail calls, imports that called back into Go, frames that unwind). */
  readonly logical?: number;
}

/** One frame of the Go stack. */
export interface LogicalFrame {
  readonly goFrame: GoFrame;
  readonly g: number;
  readonly system: boolean;
  /** Position in `StackPair.physical`; absent for a frame that no wasm function is in: a trampoline has to resume it. */
  readonly physical?: number;
}

/** The two stacks beside each other, both innermost first. */
export interface StackPair {
  readonly physical: readonly PhysicalFrame[];
  readonly logical: readonly LogicalFrame[];
  /**
   * Position in `logical` of the first frame that the innermost trampoline has to resume: those before it are on the
   * wasm stack above the trampoline and return by themselves.
   */
  readonly line: number;
}

/** The physical wasm stack and the logical Go stack of what runs now, and which frame belongs to which. */
export function stackPair(view: GoView): StackPair {
  const frames = view.frames();
  const parts = currentStack(view);
  const logical = parts.flatMap(({ g, system, frames }) => frames.map((goFrame) => ({ goFrame, g, system })));
  const places = new Map<string, number>();
  logical.forEach(({ goFrame }, i) => {
    const key = `${goFrame.func.index} ${goFrame.fp}`;
    if (!places.has(key)) places.set(key, i);
  });
  // What goes over to the system's stack has two: it is the last one there.
  const switches = new Map(parts.filter(({ system }) => system).map(({ frames }) => [frames.at(-1)?.func.index ?? -1, frames.length - 1]));
  const carried = new Map<number, number>();
  const innermost = frames.findIndex(({ kind }) => kind === 'wasm');
  const exported = new Set(view.go.module.exports.filter(({ kind }) => kind === 'func').map(({ index }) => index));
  const physical = frames.map((frame, i): PhysicalFrame => {
    if (frame.kind === 'host') return { frame, kind: 'host', name: frame.name };
    const name = frame.instance === view.instance ? (view.go.name(frame.funcIndex) ?? `function ${frame.funcIndex}`) : `function ${frame.funcIndex} of another module`;
    if (frame.instance !== view.instance) return { frame, kind: 'helper', name };
    if (isTrampoline(view, frame)) return { frame, kind: 'trampoline', name };
    if (exported.has(frame.funcIndex)) return { frame, kind: 'export', name };
    const place = goPlace(view, frame);
    if (place === undefined) return { frame, kind: 'helper', name };
    const fp = frameSp(view, frame, i === innermost) + (place.depth ?? place.func.spDelta(place.pcB) ?? 0) + 8;
    const at = switches.get(place.func.index) ?? places.get(`${place.func.index} ${fp}`);
    if (at === undefined || carried.has(at)) return { frame, kind: 'go', name };
    carried.set(at, i);
    return { frame, kind: 'go', name, logical: at };
  });
  const matched = logical.map((frame, i): LogicalFrame => {
    const of = carried.get(i);
    return of === undefined ? frame : { ...frame, physical: of };
  });
  return { physical, logical: matched, line: firstLost(matched, physical) };
}

function isTrampoline(view: GoView, frame: WasmFrame): boolean {
  return frame.funcIndex === view.go.loop?.func || frame.funcIndex === view.go.exportLoop?.func;
}

function firstLost(logical: readonly LogicalFrame[], physical: readonly PhysicalFrame[]): number {
  const loop = physical.findIndex(({ kind }) => kind === 'trampoline');
  let line = 0;
  logical.forEach(({ physical: of }, i) => {
    if (of !== undefined && (loop < 0 || of < loop)) line = i + 1;
  });
  return line;
}

/** A frame's copy of SP: its first local after PC_B; of the innermost frame SP itself, which the copy may not have yet. */
function frameSp(view: GoView, frame: WasmFrame, innermost: boolean): number {
  if (innermost) return view.registers.sp;
  const copy = frame.locals[1];
  return copy !== undefined && 'i32' in copy ? copy.i32 >>> 0 : 0;
}
