import { cellsOf, type ValType } from '../../wasm/types.js';
import { Handlers } from './handlers.js';

/** Where an operand is while lowered code runs. */
export const OWN = 0;
export const LOCAL = 1;
export const CONST = 2;

/** One operand at a place: its type, and where its value is. */
export interface OperandSource {
  readonly type: ValType;
  /** Word position of its own cell in the frame. */
  readonly home: number;
  /** OWN: at `home`. LOCAL: at word `a`. CONST: the words `a` and `b`. */
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

/** What lowered code means at one pc, in terms of the module. */
export interface Place {
  readonly pc: number;
  /** Byte offset of the instruction. */
  readonly offset: number;
  /** Instructions done since the last one that charged. */
  readonly count: number;
  /** Every operand is in its own cell: fused code may be entered here. */
  readonly canonical: boolean;
  readonly operands: readonly OperandSource[];
}

/** Four numbers an operand: type, kind, a, b. Their cells follow one another. */
const STRIDE = 4;

/**
 * Writes down, while a function is lowered, what its code means at every place where it can be left or entered. It is
 * filled by lowering the function again when somebody asks, and thrown away with the cache of `CodeHeap.map`.
 */
export class PositionMap {
  /** Word position of the first operand's cell. */
  operandBase = 0;
  readonly handlers: Handlers = new Handlers();
  private readonly exact: boolean;
  private readonly pcs: number[] = [];
  private readonly offsets: number[] = [];
  private readonly counts: number[] = [];
  private readonly starts: number[] = [];
  private readonly canonical: boolean[] = [];
  private readonly operands: number[] = [];
  /** Indices of records that are not instruction starts, by pc. */
  private readonly labels = new Map<number, number>();
  private readonly traps = new Map<number, number>();
  private readonly calls = new Map<number, number>();
  private readonly callPcs = new Map<number, number>();
  /** Instruction starts, in order of pc. */
  private readonly instructions: number[] = [];
  private byPc: Map<number, number> | undefined;
  private byOffset: Map<number, number> | undefined;

  constructor(exact: boolean) {
    this.exact = exact;
  }

  /** Begins a record; `operand` adds to it. */
  begin(pc: number, offset: number, count: number): number {
    this.pcs.push(pc);
    this.offsets.push(offset);
    this.counts.push(count);
    this.starts.push(this.operands.length);
    return this.canonical.push(true) - 1;
  }
  operand(type: ValType, kind: number, a: number, b: number): void {
    if (kind !== OWN) this.canonical[this.canonical.length - 1] = false;
    this.operands.push(type, kind, a, b);
  }

  addInstruction(record: number): void {
    this.instructions.push(record);
  }
  addLabel(record: number): void {
    this.labels.set(this.pcs[record]!, record);
  }
  addTrap(record: number): void {
    this.traps.set(this.pcs[record]!, record);
  }
  /** The record is the caller's view while the call is under way, at the pc that it returns to. */
  addCall(record: number): void {
    this.calls.set(this.pcs[record]!, record);
    this.callPcs.set(this.offsets[record]!, this.pcs[record]!);
  }
  /** Forgets instruction starts at or after `pc`: the code before it has been rewritten to mean more. */
  dropFrom(pc: number): void {
    const { instructions, pcs } = this;
    while (instructions.length > 0 && pcs[instructions.at(-1)!]! >= pc) instructions.pop();
  }

  private place(record: number): Place {
    const end = record + 1 < this.starts.length ? this.starts[record + 1]! : this.operands.length;
    const operands: OperandSource[] = [];
    let home = this.operandBase;
    for (let at = this.starts[record]!; at < end; at += STRIDE) {
      const type = this.operands[at]!;
      operands.push({ type, home, kind: this.operands[at + 1]!, a: this.operands[at + 2]!, b: this.operands[at + 3]! });
      home += wordsOf(type);
    }
    return { pc: this.pcs[record]!, offset: this.offsets[record]!, count: this.counts[record]!, canonical: this.canonical[record]!, operands };
  }

  /**
   * Where the machine may stand between two steps: a label, or an instruction that starts at this pc. Several do where
   * some need no code: in fused code the first is meant, in exact code the last, the only one that counts.
   */
  at(pc: number): Place | undefined {
    if (this.byPc === undefined) {
      this.byPc = new Map();
      for (const record of this.instructions) if (this.exact || !this.byPc.has(this.pcs[record]!)) this.byPc.set(this.pcs[record]!, record);
    }
    const record = this.labels.get(pc) ?? this.byPc.get(pc);
    return record === undefined ? undefined : this.place(record);
  }
  /** The instruction that can fail, or that calls, at this pc: the state before it. */
  failing(pc: number): Place | undefined {
    const record = this.traps.get(pc);
    return record === undefined ? undefined : this.place(record);
  }
  /** The call that returns to this pc: what the caller holds meanwhile. */
  calling(pc: number): Place | undefined {
    const record = this.calls.get(pc);
    return record === undefined ? undefined : this.place(record);
  }
  /** Where the call at this byte offset returns to. */
  returnPc(offset: number): number | undefined {
    return this.callPcs.get(offset);
  }
  /** Where the instruction at this byte offset can be entered with every operand in its own cell. */
  entry(offset: number): Place | undefined {
    if (this.byOffset === undefined) {
      this.byOffset = new Map();
      for (const record of this.instructions) {
        if (this.canonical[record] && !this.byOffset.has(this.offsets[record]!)) this.byOffset.set(this.offsets[record]!, record);
      }
    }
    const record = this.byOffset.get(offset);
    return record === undefined ? undefined : this.place(record);
  }
}

/** Words of the cells that a value of this type takes. */
export function wordsOf(type: ValType): number {
  return 2 * cellsOf(type);
}
