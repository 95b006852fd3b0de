import type { ValType } from '../wasm/types.js';
import { Crash } from './errors.js';
import { localTypes } from './frames.js';
import type { Roots } from './heap.js';
import type { CodeHeap } from './interpret/code-heap.js';
import { OWN, type Place, wordsOf } from './interpret/position-map.js';
import { type ExecutionState, FP, FRAME, FUNC, KIND, PC, RECORD } from './interpret/state.js';
import type { Store } from './store.js';

/** What a frame counts for in the work of looking at all roots, in words. */
const FRAME_WORK = 8;

/**
 * The references that a program can reach from outside the heap, on the level of WebAssembly and so the same in
 * whatever code a frame is: locals and operands of all frames, arguments of pending host calls, globals, tables,
 * element segments. A collection happens in an instruction of the innermost frame, whose operands still count.
 * Frames of another machine on the same store are not seen, so objects want one machine a store; what the embedder keeps
 * between two runs is to be pinned (`Heap.pin`).
 */
export function rootsOf(store: Store, state: ExecutionState, heap: CodeHeap): Roots {
  const frames = new FrameRoots(store, state, heap);
  return (mark) => {
    mark(state.thrown);
    return visitStore(store, mark) + frames.visit(mark);
  };
}

function visitStore(store: Store, mark: (handle: number) => void): number {
  const { heap } = store;
  let work = 0;
  const visitAll = (handles: Int32Array): void => {
    work += handles.length;
    for (let i = 0; i < handles.length; i++) mark(handles[i]!);
  };
  for (const { type, cell } of store.globals) if (heap.traces(type.value)) mark(store.globalCells.i32[cell * 2]!);
  for (const { type, elements } of store.tables) if (heap.traces(type.element)) visitAll(elements);
  for (const { module, typeIds, elems } of store.instances) {
    elems.forEach((handles, i) => {
      if (heap.traces(store.types.canon(module.elems[i]!.type, typeIds))) visitAll(handles);
    });
  }
  return work;
}

class FrameRoots {
  private readonly store: Store;
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  /** Frame-relative words of the references, by the pc that a frame stands at; code never changes its meaning. */
  private readonly atFailing = new Map<number, readonly number[]>();
  private readonly atCall = new Map<number, readonly number[]>();

  constructor(store: Store, state: ExecutionState, heap: CodeHeap) {
    this.store = store;
    this.state = state;
    this.heap = heap;
  }

  visit(mark: (handle: number) => void): number {
    const { records, rp: top, cells } = this.state;
    for (let rp = top; rp > 0; rp -= RECORD) {
      const fp = records[rp + FP]!;
      for (const word of this.wordsOf(rp, rp === top)) mark(cells.i32[fp + word]!);
    }
    return (top / RECORD) * FRAME_WORK;
  }

  private wordsOf(rp: number, innermost: boolean): readonly number[] {
    const { state } = this;
    const func = state.records[rp + FUNC]!;
    switch (state.records[rp + KIND]) {
      case FRAME.wasm: {
        const pc = innermost ? state.pc : state.records[rp + PC]!;
        const known = innermost ? this.atFailing : this.atCall;
        let words = known.get(pc);
        if (words === undefined) known.set(pc, (words = this.ofFrame(func, pc, innermost)));
        return words;
      }
      case FRAME.host:
        return this.traced(this.store.funcs[func]!.type.params);
      default:
        return [];
    }
  }

  private ofFrame(func: number, pc: number, innermost: boolean): readonly number[] {
    const instance = this.store.funcs[func];
    const segment = this.heap.segmentAt(pc);
    if (instance?.kind !== 'wasm' || segment === undefined) throw new Crash('a frame without a function');
    const map = this.heap.map(segment);
    const place: Place | undefined = innermost ? map.failing(pc) : map.calling(pc);
    if (place === undefined) throw new Crash(`objects are collected at ${pc}, which is no place`);
    const words = this.traced(localTypes(this.store, instance));
    // What is still a local or a constant is no other reference.
    for (const { type, kind, home } of place.operands) if (kind === OWN && this.store.heap.traces(type)) words.push(home);
    return words;
  }

  /** Words of the references among values in consecutive cells. */
  private traced(types: readonly ValType[]): number[] {
    const words: number[] = [];
    let word = 0;
    for (const type of types) {
      if (this.store.heap.traces(type)) words.push(word);
      word += wordsOf(type);
    }
    return words;
  }
}
