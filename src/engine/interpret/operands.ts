import type { InstructionReader } from '../../wasm/binary/code-reader.js';
import { INSTRUCTIONS } from '../../wasm/instructions.js';
import { BOT, F64, type FuncType, I64, V128, type ValType } from '../../wasm/types.js';
import type { Instance, Store } from '../store.js';
import { Emitter, longer } from './emitter.js';
import { X } from './opcodes.js';
import { CONST, LOCAL, OWN, wordsOf } from './position-map.js';

export function isWide(type: ValType): boolean {
  return type === I64 || type === F64;
}

/** By row of `INSTRUCTIONS`: the type of the first result, where it is always the same. */
const RESULT_TYPES: Int32Array = Int32Array.from(INSTRUCTIONS, ({ results }) => results?.[0] ?? BOT);

/**
 * The operand stack of the function that is being lowered, simulated: an operand is in its own cell, or it is still a
 * local, or a constant. At every label all of them are put into their own cells, so that a label means the same from
 * everywhere, and fused code can be entered there.
 */
export class Operands extends Emitter {
  protected readonly store: Store;
  protected instance!: Instance;
  protected reader!: InstructionReader;
  protected exact = false;
  protected localTypes: Int32Array = new Int32Array(64);
  protected localPositions: Int32Array = new Int32Array(64);
  /** Word after the locals. */
  protected localEnd = 0;
  /** Highest word that a frame of this function uses. */
  protected frameEnd = 0;

  protected readonly types: ValType[] = [];
  protected readonly kinds: number[] = [];
  protected readonly as: number[] = [];
  protected readonly bs: number[] = [];
  protected readonly homes: number[] = [];
  protected height = 0;
  /** Height when the current instruction began. */
  protected before = 0;
  protected countBefore = 0;

  constructor(store: Store) {
    super();
    this.store = store;
  }

  protected layOutLocals(type: FuncType, runs: readonly number[]): void {
    this.localEnd = 0;
    let from = 0;
    for (const param of type.params) from = this.addLocals(from, 1, param);
    for (let i = 0; i < runs.length; i += 2) from = this.addLocals(from, runs[i]!, this.canon(runs[i + 1]!));
  }
  private addLocals(from: number, count: number, type: ValType): number {
    const to = from + count;
    while (to > this.localTypes.length) {
      this.localTypes = longer(this.localTypes);
      this.localPositions = longer(this.localPositions);
    }
    const words = wordsOf(type);
    for (let i = from; i < to; i++) {
      this.localTypes[i] = type;
      this.localPositions[i] = this.localEnd;
      this.localEnd += words;
    }
    return to;
  }

  protected canon(type: ValType): ValType {
    return this.store.types.canon(type, this.instance.typeIds);
  }

  protected funcType(id: number): FuncType {
    return this.store.types.comp(id) as FuncType;
  }

  // Places: what code means

  protected recordAt(offset: number, height: number, count: number): number {
    const map = this.map!;
    const record = map.begin(this.pc, offset, count);
    for (let i = 0; i < height; i++) map.operand(this.types[i]!, this.kinds[i]!, this.as[i]!, this.bs[i]!);
    return record;
  }

  /** An instruction starts here. */
  protected place(): void {
    if (this.map !== undefined) this.map.addInstruction(this.recordAt(this.reader.pos, this.height, this.pending));
  }

  /** The current instruction can fail in the operation that comes next. */
  protected failing(): void {
    if (this.map !== undefined) this.map.addTrap(this.recordAt(this.reader.start, this.before, this.exact ? -1 : this.countBefore));
  }

  protected bindHere(label: number): void {
    this.bind(label);
    if (this.map !== undefined) this.map.addLabel(this.recordAt(this.reader.pos, this.height, this.pending));
    this.switchPoint();
  }

  protected switchPoint(): void {
    if (this.exact) this.op(X.SWITCH);
    this.fence();
  }

  // Operands

  protected nextHome(): number {
    return this.height === 0 ? this.localEnd : this.homes[this.height - 1]! + wordsOf(this.types[this.height - 1]!);
  }

  protected pushAs(type: ValType, kind: number, a: number, b: number): void {
    const home = this.nextHome();
    const i = this.height++;
    this.types[i] = type;
    this.kinds[i] = kind;
    this.as[i] = a;
    this.bs[i] = b;
    this.homes[i] = home;
    const end = home + wordsOf(type);
    if (end > this.frameEnd) this.frameEnd = end;
    if (this.exact && kind !== OWN) this.toHome(i);
  }

  /** An operand in its own cell, which the code before has written. */
  protected push(type: ValType): void {
    this.pushAs(type, OWN, 0, 0);
  }

  protected pushConst(type: ValType, lo: number, hi: number): void {
    this.pushAs(type, CONST, lo, hi);
  }

  /** Brings an operand into its own cell. */
  protected toHome(i: number): void {
    this.reserve(64);
    if (this.kinds[i] === OWN) return;
    this.writeTo(i, this.homes[i]!);
    this.kinds[i] = OWN;
  }

  protected canonicalise(count: number): void {
    for (let i = this.height - count; i < this.height; i++) this.toHome(i);
  }

  /** Emits a copy of an operand to a word position. */
  protected writeTo(i: number, target: number): void {
    const wide = isWide(this.types[i]!);
    const a = this.as[i]!;
    switch (this.kinds[i]) {
      case CONST:
        this.opTo(wide ? X.CONST_64 : X.CONST_32, target);
        this.word(a);
        if (wide) this.word(this.bs[i]!);
        break;
      case LOCAL:
        if (a !== target) this.move(this.types[i]!, target, a);
        break;
      default:
        if (this.homes[i] !== target) this.move(this.types[i]!, target, this.homes[i]!);
    }
  }

  private move(type: ValType, target: number, source: number): void {
    this.opTo(type === V128 ? X.MOVE_128 : isWide(type) ? X.MOVE_64 : X.MOVE_32, target);
    this.word(source);
  }

  /** Moves operands that are in their own cells to lower cells, in order, so that none is overwritten before it is read. */
  protected moveDown(first: number, count: number, position: number): void {
    let target = position;
    for (let i = first; i < first + count; i++) {
      this.reserve(64);
      if (this.homes[i] !== target) this.move(this.types[i]!, target, this.homes[i]!);
      target += wordsOf(this.types[i]!);
    }
  }

  /** Where operand `i` can be read: its local, or its own cell. */
  protected cell(i: number): number {
    if (this.kinds[i] === LOCAL) return this.as[i]!;
    this.toHome(i);
    return this.homes[i]!;
  }

  protected isConst(i: number): boolean {
    return this.kinds[i] === CONST;
  }

  /** Is operand `i` in its own cell because the last operation has just put it there? */
  protected madeByLast(i: number): boolean {
    return this.kinds[i] === OWN && this.writesLast(this.homes[i]!);
  }

  /** The same bits (or their low word) under another type: no code, whether in a cell, a local or a constant. */
  protected retype(type: ValType): void {
    const top = this.height - 1;
    this.types[top] = type;
  }

  protected resultType(): ValType {
    return RESULT_TYPES[this.reader.index]!;
  }
}
