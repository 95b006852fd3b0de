import { F64, I64, V128, type ValType } from '../../wasm/types.js';
import { type Frame, localTypes, materialise, readOperand, readValues, startOffset } from '../frames.js';
import { BRIDGE_PC, LEAVE_PC } from '../interpret/code-heap.js';
import { type Place, wordsOf } from '../interpret/position-map.js';
import { type ExecutionState, FP, FRAME, FUNC, KIND, PC, RECORD } from '../interpret/state.js';
import type { Snapshot } from '../snapshot.js';
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
    const { rp, records, store } = this.state;
    // Bridges are between instances: mostly there are none, and whoever asks at every call does not wait for them to be counted.
    if (store.instances.length < 2) return rp / RECORD;
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

  /** Records and cells as a snapshot has them. Puts every operand into its own cell. */
  capture(): Pick<Snapshot, 'frames' | 'cells'> {
    const { state } = this;
    const { records } = state;
    const { i32 } = state.cells;
    const frames = new Int32Array(state.rp + RECORD);
    const innermost = this.standing(state.rp);
    // The other frames end where the innermost begins, or below.
    const cells = new Int32Array(records[state.rp + FP]! + innermost.words);
    // A deep recursion waits in one place a million times.
    const callers = new Map<number, Standing>();
    for (let rp = 0; rp <= state.rp; rp += RECORD) {
      const pc = records[rp + PC]!;
      const known = rp === state.rp ? innermost : callers.get(pc);
      const standing = known ?? this.standing(rp);
      const { place, offset, used } = standing;
      if (known === undefined && place !== undefined) callers.set(pc, standing);
      const fp = records[rp + FP]!;
      frames[rp] = records[rp + KIND]!;
      frames[rp + 1] = records[rp + FUNC]!;
      frames[rp + 2] = fp;
      frames[rp + 3] = offset;
      if (place !== undefined && place.operands.length > 0) materialise(state.cells, fp, place);
      for (let i = 0; i < used.length; i++) {
        const word = fp + used[i]!;
        cells[word] = i32[word]!;
      }
    }
    return { frames, cells };
  }
  private standing(rp: number): Standing {
    const { state } = this;
    const kind = state.records[rp + KIND];
    if (kind !== FRAME.wasm) return { place: undefined, offset: 0, ...layout(kind === FRAME.host ? state.store.funcs[state.records[rp + FUNC]!]!.type.params : []) };
    const place = this.positions.placeOf(rp);
    const wasm = this.functions.wasm(state.records[rp + FUNC]!);
    const types = [...localTypes(state.store, wasm), ...place.operands.map((operand) => operand.type)];
    return { place, ...layout(types), offset: rp === state.rp ? startOffset(wasm, place.offset) : place.offset };
  }

  /** Puts records and cells into the state of a snapshot; every frame goes on in exact code. */
  restore({ frames, cells }: Snapshot): void {
    const { state, stack, positions } = this;
    stack.dropTo(0);
    // Now there is no frame to be moved.
    positions.changeCode();
    state.cells.reserve((cells.length >> 1) + 4096);
    if (frames.length + 3 * RECORD > state.records.length) state.records = new Int32Array(frames.length * 2 + 3 * RECORD);
    stack.applyLimits();
    state.cells.i32.set(cells);
    const returnPc = positions.exactReturns();
    for (let i = 0; i < frames.length; i += RECORD) {
      const kind = frames[i]!;
      const func = frames[i + 1]!;
      const fp = frames[i + 2]!;
      const offset = frames[i + 3]!;
      const innermost = i + RECORD === frames.length;
      let pc = kind === FRAME.bridge ? BRIDGE_PC : LEAVE_PC;
      if (kind === FRAME.wasm) pc = innermost ? positions.exactEntry(func, offset) : returnPc(func, offset);
      state.rp = i;
      stack.setRecord(i, func, pc, fp, kind);
      state.pc = pc;
      state.fp = fp;
      if (kind === FRAME.wasm) state.enterInstance(this.functions.wasm(func).instance);
    }
  }
}

/** Where a frame stands, and what its cells hold. */
interface Standing {
  /** Undefined where no code of the module runs. */
  readonly place: Place | undefined;
  /** Byte offset in the module. */
  readonly offset: number;
  /** How many words its cells have, and which of them hold something: the other half of a narrow value's cell does not. */
  readonly words: number;
  readonly used: readonly number[];
}

function layout(types: readonly ValType[]): Pick<Standing, 'words' | 'used'> {
  const used: number[] = [];
  let words = 0;
  for (const type of types) {
    const size = wordsOf(type);
    const wide = type === I64 || type === F64 || type === V128;
    for (let i = 0; i < (wide ? size : 1); i++) used.push(words + i);
    words += size;
  }
  return { words, used };
}
