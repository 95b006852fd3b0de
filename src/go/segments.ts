import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/opcodes.js';
import type { GoModule } from './recognise.js';

/**
 * Which PC_B an instruction belongs to. A Go function begins with a `br_table` over PC_B into a nest of blocks; the
 * code after each block's end is a segment, which covers one PC_B or several. Inside a segment the PC is known where
 * the code itself tells it: at calls, which push it, and at the allocation of the frame.
 */
export interface Segment {
  /** Range of offsets in the module. */
  readonly start: number;
  readonly end: number;
  /** First and last PC_B that enters here. */
  readonly lo: number;
  readonly hi: number;
}

/** A range of offsets in the module whose instructions have one of the PC_Bs from `lo` to `hi`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly lo: number;
  readonly hi: number;
}

/** PC_B of one instruction: exact if `lo` equals `hi`. */
export interface PcBRange {
  readonly lo: number;
  readonly hi: number;
}

export class CodeSegments {
  readonly segments: readonly Segment[];
  /** Sorted by offset: from each one on, PC_B is at least `lo` and at most `hi`. */
  private readonly anchors: readonly { readonly at: number; readonly lo: number; readonly hi: number }[];

  private constructor(segments: readonly Segment[], anchors: readonly { at: number; lo: number; hi: number }[]) {
    this.segments = segments;
    this.anchors = anchors;
  }

  /** `func`: position in the function index space. `undefined` for imports and for functions that take no PC_B. */
  static of(go: GoModule, func: number): CodeSegments | undefined {
    const defined = go.module.funcs[func - go.module.imported.funcs];
    const type = defined === undefined ? undefined : go.module.types[defined.type]!.comp;
    const pcF = go.code?.pcFOf(func);
    if (defined === undefined || type?.kind !== 'func' || type.params.length !== 1 || type.results.length !== 1 || pcF === undefined) return undefined;
    const pcCount = go.pclntab?.funcOf(pcF * 65536)?.pcCount ?? 0;
    const segments = findSegments(go.module.bytes, defined.body, Math.max(1, pcCount));
    return new CodeSegments(segments, findAnchors(go, pcF, segments));
  }

  /** Stretches of code in which the same is known of PC_B, in the order of the code. */
  get stretches(): readonly Stretch[] {
    return this.anchors.map(({ at, lo, hi }, i) => ({ start: at, end: this.anchors[i + 1]?.at ?? this.segments.at(-1)!.end, lo, hi }));
  }

  /** Where the instruction at `offset` stands; `undefined` before the first segment and after the last. */
  at(offset: number): PcBRange | undefined {
    let low = 0;
    let high = this.anchors.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.anchors[middle]!.at <= offset) low = middle + 1;
      else high = middle;
    }
    const last = this.segments.at(-1);
    const anchor = this.anchors[low - 1];
    return anchor === undefined || last === undefined || offset >= last.end ? undefined : { lo: anchor.lo, hi: anchor.hi };
  }

  /** The offset where execution enters for a PC_B. */
  entryOf(pcB: number): number | undefined {
    return this.segments.find((segment) => segment.lo <= pcB && pcB <= segment.hi)?.start;
  }
}

function findSegments(bytes: Uint8Array, body: { offset: number; end: number }, pcCount: number): Segment[] {
  const reader = new InstructionReader(bytes, body.offset, body.end);
  let depth = 0;
  let dispatch: { outer: number; first: Int32Array; last: Int32Array } | undefined;
  const starts: number[] = [];
  while (reader.pos < reader.end) {
    const op = reader.next();
    if (op === OP.br_table && dispatch === undefined) {
      const first = new Int32Array(depth + 1).fill(-1);
      const last = new Int32Array(depth + 1).fill(-1);
      for (let pcB = 0; pcB < reader.labelCount; pcB++) {
        const target = reader.labels[pcB]!;
        if (target > depth) return [];
        if (first[target] === -1) first[target] = pcB;
        // The default takes what nothing resumes: PCs behind a call that does not return.
        last[target] = pcB === reader.labelCount - 1 ? Math.max(pcB, pcCount - 1) : pcB;
      }
      dispatch = { outer: depth, first, last };
    } else if (op === OP.block || op === OP.loop || op === OP.if) {
      // Go never opens an `if` before its dispatch: a function that does has none, and is one segment.
      if (dispatch === undefined && op === OP.if) break;
      depth++;
    } else if (op === OP.end) {
      depth--;
      if (dispatch !== undefined && depth < dispatch.outer && depth === dispatch.outer - 1 - starts.length) {
        if (dispatch.first[starts.length] === -1) {
          // No PC_B leads behind this end: the code of the last segment is over.
          return toSegments(dispatch, starts, reader.start);
        }
        starts.push(reader.pos);
      }
    }
  }
  if (dispatch === undefined) return [{ start: body.offset, end: body.end, lo: 0, hi: pcCount - 1 }];
  return toSegments(dispatch, starts, body.end);
}

function toSegments(dispatch: { first: Int32Array; last: Int32Array }, starts: readonly number[], end: number): Segment[] {
  return starts.map((start, k) => ({ start, end: starts[k + 1] ?? end, lo: dispatch.first[k]!, hi: dispatch.last[k]! }));
}

function findAnchors(go: GoModule, pcF: number, segments: readonly Segment[]): { at: number; lo: number; hi: number }[] {
  const func = go.pclntab?.funcOf(pcF * 65536);
  const hasFrame = func !== undefined && func.spDelta(0) === 0 && (func.spDelta(1) ?? 0) > 0;
  const anchors: { at: number; lo: number; hi: number }[] = [];
  for (const segment of segments) {
    const reader = new InstructionReader(go.module.bytes, segment.start, segment.end);
    // What is known backwards from a call is entered at the last anchor before it.
    let { lo } = segment;
    let from = segment.start;
    let depth = 0;
    let pushed: number | undefined;
    const close = (at: number, hi: number): void => {
      if (at > from) anchors.push({ at: from, lo, hi });
      from = at;
    };
    while (reader.pos < reader.end) {
      const op = reader.next();
      if (op === OP.block || op === OP.loop || op === OP.if) depth++;
      else if (op === OP.end) depth--;
      else if (op === OP.global_set && reader.x === go.globals.SP && hasFrame && lo === 0 && segment.hi > 0 && depth === 0) {
        close(reader.pos, 0);
        lo = 1;
      } else if (op === OP.i64_const && isOwnPc(reader.lo, reader.hi, pcF)) {
        const pcB = reader.lo & 0xffff;
        pushed = pcB > lo && pcB <= segment.hi + 1 ? pcB : undefined;
      } else if ((op === OP.call || op === OP.call_indirect) && pushed !== undefined) {
        close(reader.start, pushed - 1);
        lo = pushed - 1;
        close(reader.pos, pushed - 1);
        lo = Math.min(pushed, segment.hi);
        pushed = undefined;
      }
    }
    close(segment.end, segment.hi);
  }
  return anchors;
}

function isOwnPc(lo: number, hi: number, pcF: number): boolean {
  return (lo >>> 16) + (hi >>> 0) * 65536 === pcF;
}
