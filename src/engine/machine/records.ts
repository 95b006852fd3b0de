import { type Frame, localTypes, materialise, readOperand, readValues, startOffset } from '../frames.js';
import { BRIDGE_PC, LEAVE_PC } from '../interpret/code-heap.js';
import { type ExecutionState, FP, FRAME, FUNC, KIND, RECORD } from '../interpret/state.js';
import type { Snapshot, SnapshotFrame } from '../snapshot.js';
import type { FrameStack } from './frame-stack.js';
import type { Functions } from './functions.js';
import type { Positions } from './positions.js';

/** The frame records as the module sees them: to be looked at, and in snapshots. */
export class Records {
  private readonly state: ExecutionState;
  private readonly functions: Functions;
  private readonly stack: FrameStack;
  private readonly positions: Positions;

  constructor(state: ExecutionState, functions: Functions, stack: FrameStack, positions: Positions) {
    this.state = state;
    this.functions = functions;
    this.stack = stack;
    this.positions = positions;
  }

  /** The frames of all activations, innermost first; only the innermost `limit` of them. */
  frames(activations: number, limit: number): Frame[] {
    const { state } = this;
    const frames: Frame[] = [];
    let activation = activations - 1;
    for (let rp = state.rp; rp > 0 && frames.length < limit; rp -= RECORD) {
      const kind = state.records[rp + KIND];
      if (kind === FRAME.wasm) frames.push(this.wasmFrame(rp, activation));
      else if (kind === FRAME.host) {
        // What runs above a pending host call is an activation of its own.
        if (rp !== state.rp) activation--;
        frames.push(this.hostFrame(rp, activation));
      }
    }
    return frames;
  }

  /** How many frames there are. */
  get count(): number {
    const { rp, records } = this.state;
    let bridges = 0;
    for (let at = RECORD; at <= rp; at += RECORD) if (records[at + KIND] === FRAME.bridge) bridges++;
    return rp / RECORD - bridges;
  }

  private hostFrame(rp: number, activation: number): Frame {
    const { records, cells, store } = this.state;
    const func = records[rp + FUNC]!;
    const args = readValues(cells, records[rp + FP]!, store.funcs[func]!.type.params);
    return { kind: 'host', func, name: this.functions.hostOfPending(func)?.name ?? '', args, activation };
  }

  private wasmFrame(rp: number, activation: number): Frame {
    const { state } = this;
    const func = state.records[rp + FUNC]!;
    const wasm = this.functions.wasm(func);
    const fp = state.records[rp + FP]!;
    const place = this.positions.placeOf(rp);
    return {
      kind: 'wasm',
      func,
      instance: wasm.instance,
      funcIndex: wasm.index,
      offset: rp === state.rp ? startOffset(wasm, place.offset) : place.offset,
      locals: readValues(state.cells, fp, localTypes(state.store, wasm)),
      operands: place.operands.map((source) => readOperand(state.cells, fp, source)),
      activation,
    };
  }

  /** All records, the outermost first. Puts every operand into its own cell. */
  capture(): SnapshotFrame[] {
    const { state } = this;
    const frames: SnapshotFrame[] = [];
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      const kind = state.records[rp + KIND]!;
      const func = state.records[rp + FUNC]!;
      const fp = state.records[rp + FP]!;
      if (kind === FRAME.wasm) {
        const place = this.positions.placeOf(rp);
        materialise(state.cells, fp, place);
        const wasm = this.functions.wasm(func);
        const types = [...localTypes(state.store, wasm), ...place.operands.map((operand) => operand.type)];
        frames.push({ kind, func, fp, offset: rp === state.rp ? startOffset(wasm, place.offset) : place.offset, types });
      } else {
        const types = kind === FRAME.host ? state.store.funcs[func]!.type.params : [];
        frames.push({ kind, func, fp, offset: 0, types });
      }
    }
    return frames;
  }

  /** Puts records and cells into the state of a snapshot; every frame goes on in exact code. */
  restore({ frames, cells }: Snapshot): void {
    const { state, stack, positions } = this;
    stack.dropTo(0);
    state.cells.reserve((cells.length >> 1) + 4096);
    if (frames.length + 3 * RECORD > state.records.length) state.records = new Int32Array(frames.length * 2 + 3 * RECORD);
    stack.applyLimits();
    state.cells.i32.set(cells);
    for (let i = 0; i < frames.length; i += RECORD) {
      const [kind, func, fp, offset] = frames.subarray(i, i + RECORD) as unknown as [number, number, number, number];
      const innermost = i + RECORD === frames.length;
      let pc = kind === FRAME.bridge ? BRIDGE_PC : LEAVE_PC;
      if (kind === FRAME.wasm) pc = innermost ? positions.exactEntry(func, offset) : positions.exactReturn(func, offset);
      state.rp = i;
      stack.setRecord(i, func, pc, fp, kind);
      state.pc = pc;
      state.fp = fp;
      if (kind === FRAME.wasm) state.enterInstance(this.functions.wasm(func).instance);
    }
  }
}
