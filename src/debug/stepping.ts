import type { WasmFrame } from '../engine/frames.js';
import { funcAddress } from '../engine/value.js';
import type { GoCall } from '../go/pclntab.js';
import { currentStack, goPlace, segmentsOf } from '../go/stacks.js';
import { G } from '../go/structs.js';
import type { GoView } from '../go/view.js';
import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { Detector, Ears } from './detector.js';
import type { Target } from './target.js';

/** A stop of a step, in words where it is not what was asked for. */
export interface Step {
  readonly kind: 'step';
  readonly note: string | undefined;
}

const ARRIVED: Step = { kind: 'step', note: undefined };

/**
 * A frame of a Go stack that stays the same one whatever happens to it: its goroutine, and how far it is from the upper
 * end of that one's stack. Stacks are copied when they grow, wasm frames are lost and made again; this lasts.
 */
export interface FrameKey {
  readonly g: number;
  readonly above: number;
}

interface GoStanding {
  readonly key: FrameKey;
  readonly func: number;
  /** Where it stands, or goes on. */
  readonly pcB: number;
  /** Innermost first: those that were inlined, then the function itself. */
  readonly calls: readonly GoCall[];
}

function keyOf(view: GoView, fp: number): FrameKey {
  const { g } = view.registers;
  return { g, above: view.memory.word(g + G.stackHi) - fp };
}

function isSame(a: FrameKey, b: FrameKey | undefined): boolean {
  return b !== undefined && a.g === b.g && a.above === b.above;
}

/** The Go frame that the innermost wasm frame carries out; undefined where that is none. */
function innermost(target: Target): GoStanding | undefined {
  const { view } = target;
  const [frame] = target.machine.frames(1);
  if (view === undefined || frame?.kind !== 'wasm') return undefined;
  const place = goPlace(view, frame);
  if (place === undefined) return undefined;
  const depth = place.depth ?? place.func.spDelta(place.pcB);
  if (depth === undefined) return undefined;
  return { key: keyOf(view, view.registers.sp + depth + 8), func: frame.funcIndex, pcB: place.pcB, calls: place.func.calls(place.pcB) };
}

/** Right behind a call that hands on an unwinding (it answered 1) nothing of the source is executed. */
function isUnwinding(frame: WasmFrame): boolean {
  const top = frame.operands.at(-1);
  return frame.operands.length === 1 && top !== undefined && 'i32' in top && top.i32 === 1;
}

/** Where code of other PC_Bs begins in a function, or of those that `wanted` lets through: `look` is asked when execution comes there. */
function eachPlace(ears: Ears<Step>, target: Target, func: number, look: (here: GoStanding) => Step | undefined, wanted: (lo: number, hi: number) => boolean = () => true): void {
  // Before it has made its frame, a function is not yet where its source begins.
  const body = target.sources?.afterPrologue(func) ?? 0;
  for (const { start, lo, hi } of segmentsOf(target.view!, func)?.stretches ?? []) {
    if (!wanted(lo, hi) || start < body) continue;
    ears.at(target.address(func), start, () => {
      const [frame] = target.machine.frames(1);
      if (frame?.kind !== 'wasm' || isUnwinding(frame)) return undefined;
      const here = innermost(target);
      return here && look(here);
    });
  }
}

/** How many of the calling frames are waited for: a panic may go past some. */
const CALLERS = 32;

/** The current Go frame, or the one that the trampoline goes on with, and those that called it. */
function standing(target: Target): { readonly frame: GoStanding; readonly callers: readonly GoStanding[] } | undefined {
  const { view } = target;
  if (view === undefined) return undefined;
  const part = currentStack(view)[0];
  if (part === undefined || part.frames.length === 0) return undefined;
  const frames: GoStanding[] = [];
  for (const { func, pcB, callPcB, fp } of part.frames.slice(0, CALLERS + 1)) {
    const index = view.go.code?.funcOf(func.pcF);
    if (index === undefined) break;
    frames.push({ key: { g: part.g, above: view.memory.word(part.g + G.stackHi) - fp }, func: index, pcB, calls: func.calls(callPcB) });
  }
  const [frame, ...callers] = frames;
  return frame && { frame, callers };
}

function isElsewhere(from: GoCall | undefined, to: GoCall | undefined): boolean {
  return from?.line !== to?.line || from?.file !== to?.file || from?.name !== to?.name;
}

/**
 * `next` and `step`, by Go lines: to the next line that begins in this frame, or back in the one that called it. `into`:
 * or in a function that this line calls, once that has made its frame.
 */
export function lineStep(target: Target, into: boolean): Detector<Step> | undefined {
  const at = standing(target);
  if (at === undefined) return undefined;
  const { frame, callers } = at;
  return (ears) => {
    eachPlace(ears, target, frame.func, ({ key, calls }) => {
      if (!isSame(frame.key, key) || !isElsewhere(frame.calls[0], calls[0])) return undefined;
      return into || calls.length <= frame.calls.length ? ARRIVED : undefined;
    });
    returns(ears, target, callers);
    if (into) calledFrom(ears, target, frame);
  };
}

/** `stepout`: back in the frame that called this one, or behind the inlined call that one stands in. */
export function stepOut(target: Target): Detector<Step> | undefined {
  const at = standing(target);
  if (at === undefined) return undefined;
  const { frame, callers } = at;
  return (ears) => {
    if (frame.calls.length > 1) eachPlace(ears, target, frame.func, ({ key, calls }) => (isSame(frame.key, key) && calls.length < frame.calls.length ? ARRIVED : undefined));
    returns(ears, target, callers);
  };
}

/** Backwards: the last place on another line of this frame, or where the caller stood. */
export function lineBefore(target: Target): Detector<Step> | undefined {
  const at = standing(target);
  return at && ((ears) => places(ears, target, [at.frame, ...at.callers.slice(0, 1)], (here, frame) => frame !== at.frame || (isElsewhere(frame.calls[0], here.calls[0]) && here.calls.length <= frame.calls.length)));
}

/** Backwards: the last place where the caller stood, the call itself. */
export function callBefore(target: Target): Detector<Step> | undefined {
  const at = standing(target);
  return at && at.callers.length > 0 ? (ears) => places(ears, target, at.callers.slice(0, 1), () => true) : undefined;
}

/** Where functions begin that are called by the line that one stands in. */
export function calls(target: Target): Detector<Step> | undefined {
  const at = standing(target);
  return at && ((ears) => calledFrom(ears, target, at.frame));
}

/** Any place of the frame that one stands in. */
export function placesHere(target: Target): Detector<Step> | undefined {
  const at = standing(target);
  return at && ((ears) => places(ears, target, [at.frame], () => true));
}

function places(ears: Ears<Step>, target: Target, frames: readonly GoStanding[], counts: (here: GoStanding, frame: GoStanding) => boolean): void {
  for (const func of new Set(frames.map((frame) => frame.func))) {
    eachPlace(ears, target, func, (here) => {
      const frame = frames.find((candidate) => candidate.func === func && isSame(candidate.key, here.key));
      return frame !== undefined && counts(here, frame) ? ARRIVED : undefined;
    });
  }
}

/** Where one of the callers goes on, after a return or a recovered panic, and where the goroutine ends. */
function returns(ears: Ears<Step>, target: Target, callers: readonly GoStanding[]): void {
  for (const func of new Set(callers.map((caller) => caller.func))) {
    const frames = callers.filter((caller) => caller.func === func);
    const { deferReturn = 0 } = target.go?.pclntab?.funcOf(target.go.code!.pcFOf(func)! * 65536) ?? {};
    const goesOn = (lo: number, hi: number): boolean => (deferReturn >= lo && deferReturn <= hi && deferReturn > 0) || frames.some(({ pcB }) => lo <= pcB && pcB <= hi);
    eachPlace(ears, target, func, ({ key }) => (frames.some((frame) => isSame(frame.key, key)) ? ARRIVED : undefined), goesOn);
  }
  const end = target.go?.func('runtime.goexit1');
  const g = callers[0]?.key.g;
  if (end === undefined || g === undefined) return;
  ears.at(target.address(end), undefined, () => (target.view!.registers.g === g ? { kind: 'step', note: 'the goroutine ends' } : undefined));
}

/** Functions that the line calls; those of the runtime itself are not stepped into. */
function calledFrom(ears: Ears<Step>, target: Target, frame: GoStanding): void {
  const { view, go } = target;
  const { bytes } = go!.module;
  const func = go!.pclntab?.funcOf(go!.code!.pcFOf(frame.func)! * 65536);
  const armed = new Set<number>();
  const arm = (callee: number): void => {
    const name = go!.name(callee);
    if (armed.has(callee) || name === undefined || /^(runtime\.|gosave|wasm_|_rt0|memeqbody|cmpbody)/.test(name)) return;
    armed.add(callee);
    const offset = target.sources?.afterPrologue(callee);
    if (offset === undefined || segmentsOf(view!, callee) === undefined) return;
    ears.at(target.address(callee), offset, () => {
      const here = innermost(target);
      return here !== undefined && here.key.g === frame.key.g && here.key.above > frame.key.above ? ARRIVED : undefined;
    });
  };
  const line = frame.calls[0];
  for (const { start, end, lo, hi } of segmentsOf(view!, frame.func)?.stretches ?? []) {
    let here = false;
    for (let pcB = lo; pcB <= hi && !here; pcB++) here = !isElsewhere(line, func?.calls(pcB)[0]);
    if (!here) continue;
    const reader = new InstructionReader(bytes, start, end);
    while (reader.pos < end) {
      const op = reader.next();
      if (op === OP.call) arm(reader.x);
      else if (op === OP.call_indirect) {
        ears.at(target.address(frame.func), reader.start, () => {
          const [top] = target.machine.frames(1);
          const here = innermost(target);
          const index = top?.kind === 'wasm' ? top.operands.at(-1) : undefined;
          if (index === undefined || !('i32' in index) || here === undefined || !isSame(frame.key, here.key)) return undefined;
          const callee = tableFunction(target, index.i32 >>> 0);
          if (callee !== undefined) arm(callee);
          return undefined;
        });
      }
    }
  }
}

/** Position in the function index space of what stands in table 0. */
function tableFunction(target: Target, slot: number): number | undefined {
  const table = target.store.tables[target.instance.tables[0] ?? -1];
  const handle = table?.elements[slot];
  const func = handle === undefined || handle === 0 ? undefined : target.store.funcs[funcAddress(handle)];
  return func?.kind === 'wasm' && func.instance === target.instance ? func.index : undefined;
}

/** To the next PC_B, be it of another function. Stateless but for the instruction before, so it begins to hear with the second one. */
export function blockStep(target: Target): Detector<Step> {
  return (ears) => {
    let before = block(target);
    ears.everywhere(() => {
      const now = block(target);
      const changed = now !== before && before !== undefined;
      before = now;
      return changed ? ARRIVED : undefined;
    });
  };
}

function block(target: Target): string | undefined {
  const { view } = target;
  const [frame] = target.machine.frames(1);
  if (frame?.kind !== 'wasm') return undefined;
  const place = view === undefined ? undefined : goPlace(view, frame);
  return place === undefined ? `${frame.func}` : `${frame.func} ${place.pcB} ${place.pcBHigh}`;
}

/** Without Go: `next` is an instruction, with the calls that it makes. */
export function overCall(target: Target): Detector<Step> | undefined {
  const [frame] = target.machine.frames(1);
  if (frame?.kind !== 'wasm' || frame.instance !== target.instance) return undefined;
  const { bytes } = target.module;
  const reader = new InstructionReader(bytes, frame.offset, bytes.length);
  const op = reader.next();
  if (op !== OP.call && op !== OP.call_indirect && op !== OP.call_ref) return undefined;
  return backIn(target, frame, reader.pos, target.level);
}

/** Without Go: `stepout` is behind the call that the frame below waits in. */
export function outOfCall(target: Target): Detector<Step> | undefined {
  const frames = target.machine.frames();
  const caller = frames.slice(1).find((frame) => frame.kind === 'wasm');
  if (caller?.kind !== 'wasm' || caller.instance !== target.instance) return undefined;
  const { bytes } = target.module;
  const reader = new InstructionReader(bytes, caller.offset, bytes.length);
  reader.next();
  return backIn(target, caller, reader.pos, frames.length - frames.indexOf(caller));
}

function backIn(target: Target, frame: WasmFrame, offset: number, depth: number): Detector<Step> {
  return (ears) => ears.at(frame.func, offset, () => (target.level <= depth ? ARRIVED : undefined));
}

/** Backwards: the call that the frame below waits in. */
export function callOfFrame(target: Target): Detector<Step> | undefined {
  const frames = target.machine.frames();
  const at = frames.findIndex(({ kind }, i) => i > 0 && kind === 'wasm');
  const caller = frames[at];
  return caller?.kind === 'wasm' ? standsAt(target, caller, frames.length - at) : undefined;
}

/** Where a frame stands, there being `level` frames with it. */
export function standsAt(target: Target, { func, offset }: WasmFrame, level: number): Detector<Step> {
  return (ears) => ears.at(func, offset, () => (target.level === level ? ARRIVED : undefined));
}
