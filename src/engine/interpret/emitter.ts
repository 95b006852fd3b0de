import { type OpcodeName, X, opcodeName } from './opcodes.js';
import type { PositionMap } from './position-map.js';

const NONE = -1;

/**
 * Writes the words of lowered code, with labels and the count of instructions.
 *
 * Counting: `pending` is the number of instructions since the last charge on the path that falls through. Only taken
 * branches, calls and returns charge; a label is reached with the same number pending from everywhere, so what a
 * branch charges is its own pending count less the label's. Straight code never charges.
 */
export class Emitter {
  words: Int32Array = new Int32Array(4096);
  length = 0;
  /** Position in the code heap where these words will stand. */
  base = 0;
  pending = 0;
  /** Largest `pending` so far. */
  longest = 0;
  map: PositionMap | undefined = undefined;

  /** Where the last operation starts and has its destination word; NONE where it must not be changed any more. */
  protected lastStart: number = NONE;
  protected lastTarget: number = NONE;

  /** Where the machine can be seen standing; a label after further instructions must be another place. */
  private seen: number = NONE;
  private labels = 0;
  private labelPcs: Int32Array = new Int32Array(256);
  private labelRefs: Int32Array = new Int32Array(256);
  private labelPending: Int32Array = new Int32Array(256);
  /** Labels that are reached without a branch. */
  private readonly used = new Set<number>();

  protected resetCode(base: number, map: PositionMap | undefined): void {
    this.length = 0;
    this.base = base;
    this.pending = 0;
    this.longest = 0;
    this.map = map;
    this.lastStart = this.lastTarget = this.seen = NONE;
    this.labels = 0;
    this.used.clear();
  }

  get pc(): number {
    return this.base + this.length;
  }

  protected reserve(count: number): void {
    if (this.length + count <= this.words.length) return;
    const bigger = new Int32Array(Math.max(this.words.length * 2, this.length + count));
    bigger.set(this.words);
    this.words = bigger;
  }

  /** An operation without a destination. */
  protected op(opcode: number): void {
    this.lastStart = this.length;
    this.lastTarget = NONE;
    this.words[this.length++] = opcode;
  }
  /** An operation that writes `target`. */
  protected opTo(opcode: number, target: number): void {
    this.lastStart = this.length;
    this.words[this.length++] = opcode;
    this.lastTarget = this.length;
    this.words[this.length++] = target;
  }
  protected word(value: number): void {
    this.words[this.length++] = value;
  }

  /** Nothing before this point may be changed any more: code jumps here, or returns here. */
  protected fence(): void {
    this.lastStart = this.lastTarget = NONE;
  }
  /** The machine can stop here, with everything charged. */
  protected stand(): void {
    this.fence();
    this.seen = this.length;
  }
  protected get lastOpcode(): number {
    return this.lastStart === NONE ? NONE : this.words[this.lastStart]!;
  }
  /** Takes the last operation back. */
  protected dropLast(): void {
    this.map?.dropFrom(this.pc);
    this.length = this.lastStart;
    this.fence();
  }
  /** Does the last operation write the word `target`, so that another destination can be given to it? */
  protected writesLast(target: number): boolean {
    return this.lastTarget !== NONE && this.words[this.lastTarget] === target;
  }
  protected retarget(target: number): void {
    this.map?.dropFrom(this.pc);
    this.words[this.lastTarget] = target;
  }
  /** Replaces the opcode of the last operation. */
  protected recode(opcode: number): void {
    this.map?.dropFrom(this.pc);
    this.words[this.lastStart] = opcode;
  }

  /** Shortens the last operation by its last word. */
  protected shorten(): void {
    this.length--;
  }
  /** Operand word `i` after the destination of the last operation. */
  protected lastOperand(i: number): number {
    return this.words[this.lastTarget + 1 + i]!;
  }

  protected newLabel(): number {
    const label = this.labels++;
    if (label === this.labelPcs.length) this.growLabels();
    this.labelPcs[label] = this.labelRefs[label] = NONE;
    this.labelPending[label] = 0;
    return label;
  }
  private growLabels(): void {
    this.labelPcs = longer(this.labelPcs);
    this.labelRefs = longer(this.labelRefs);
    this.labelPending = longer(this.labelPending);
  }
  /** The label is reached even if no branch goes there. */
  protected use(label: number): void {
    this.used.add(label);
  }
  protected isReferenced(label: number): boolean {
    return this.labelRefs[label] !== NONE || this.used.has(label);
  }
  protected pendingAt(label: number): number {
    return this.labelPending[label]!;
  }

  /** The two words of a branch: what to charge, and where to go. */
  protected target(charge: number, label: number): void {
    const pc = this.labelPcs[label]!;
    if (pc !== NONE) {
      this.word(charge - this.labelPending[label]!);
      this.word(pc);
    } else {
      this.word(charge);
      this.word(this.labelRefs[label]!);
      this.labelRefs[label] = this.length - 1;
    }
  }

  /** The label stands here, with `pending` instructions not yet charged. */
  protected bind(label: number): void {
    if (this.seen === this.length && this.pending > 0) this.op(X.NOP);
    const { words, pc, pending } = this;
    for (let at = this.labelRefs[label]!; at !== NONE; ) {
      const next = words[at]!;
      words[at] = pc;
      words[at - 1]! -= pending;
      at = next;
    }
    this.labelPcs[label] = pc;
    this.labelPending[label] = pending;
    this.fence();
  }

  protected count(): void {
    if (++this.pending > this.longest) this.longest = this.pending;
  }
  /** What a call or a probe charges. */
  protected takePending(): number {
    const { pending } = this;
    this.pending = 0;
    return pending;
  }
}

/** The same numbers, with room for as many more. */
export function longer(array: Int32Array): Int32Array {
  const copy = new Int32Array(array.length * 2);
  copy.set(array);
  return copy;
}

/**
 * What is left of an i64 operation when only the low word of its result is wanted, by opcode; 0 where nothing is
 * gained. Immediates lose their high word.
 */
export const NARROWED: Readonly<Record<number, number>> = {
  [X.I64_ADD]: X.I32_ADD,
  [X.I64_SUB]: X.I32_SUB,
  [X.I64_MUL]: X.I32_MUL,
  [X.I64_AND]: X.I32_AND,
  [X.I64_OR]: X.I32_OR,
  [X.I64_XOR]: X.I32_XOR,
  [X.I64_ADD_K]: X.I32_ADD_K,
  [X.I64_MUL_K]: X.I32_MUL_K,
  [X.I64_AND_K]: X.I32_AND_K,
  [X.I64_OR_K]: X.I32_OR_K,
  [X.I64_XOR_K]: X.I32_XOR_K,
  [X.I64_SHL_ADD_K]: X.I32_SHL_ADD_K,
};

/** The branching form of each comparison and the opposite of each; `swapped` where the opposite exchanges operands. */
interface Comparison {
  readonly branch: number;
  readonly opposite: number;
  readonly swapped: boolean;
  /** Words of operands after the destination. */
  readonly words: number;
}

const OPPOSITE: Readonly<Record<string, string>> = {
  EQ: 'NE', NE: 'EQ', LT_S: 'GE_S', GE_S: 'LT_S', LT_U: 'GE_U', GE_U: 'LT_U', GT_S: 'LE_S', LE_S: 'GT_S', GT_U: 'LE_U', LE_U: 'GT_U',
};
const SWAPPED: Readonly<Record<string, string>> = { LT_S: 'LE_S', LE_S: 'LT_S', LT_U: 'LE_U', LE_U: 'LT_U' };

function comparisonOf(name: OpcodeName | undefined): Comparison | undefined {
  const match = /^(I32|I64)_(EQ|NE|(?:LT|LE|GT|GE)_[SU])(_K)?$/.exec(name ?? '');
  if (match === null) return undefined;
  const [, type, relation, k = ''] = match as unknown as [string, string, string, string | undefined];
  const swapped = k === '' && relation in SWAPPED;
  const opposite = swapped ? SWAPPED[relation]! : OPPOSITE[relation]!;
  return {
    branch: X[`BR_${name}` as OpcodeName],
    opposite: X[`${type}_${opposite}${k}` as OpcodeName],
    swapped,
    words: type === 'I64' && k !== '' ? 3 : 2,
  };
}

/** By opcode; undefined for what is no integer comparison. */
export const COMPARISONS: readonly (Comparison | undefined)[] = Array.from({ length: Object.keys(X).length }, (_, op) => comparisonOf(opcodeName(op)));
