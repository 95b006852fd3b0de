import { OP } from '../../wasm/opcodes.js';
import { V128, type ValType } from '../../wasm/types.js';
import { COMPARISONS } from './emitter.js';
import type { Clause } from './handlers.js';
import { ValueLowering } from './lower-values.js';
import { X } from './opcodes.js';
import { isWide } from './operands.js';
import { LOCAL, wordsOf } from './position-map.js';

/** A conditional branch waiting to be written. */
interface Condition {
  opcode: number;
  a: number;
  b: number;
  c: number;
  words: number;
}

/** A `br_table` that a loop begins with: how Go's functions dispatch on PC_B. */
interface Dispatch {
  /** Word position of the local that it reads. */
  readonly slot: number;
  /** The labels, the default last; −1 where a jump cannot be threaded. */
  readonly labels: readonly number[];
  /** Instructions from the loop's head to the jump. */
  readonly count: number;
}

/** An open block. */
export interface Control {
  kind: 'function' | 'block' | 'loop' | 'if' | 'else' | 'try' | 'catch';
  /** Byte offsets of its instruction and of what comes after that. */
  readonly start: number;
  readonly body: number;
  readonly label: number;
  /** Of an `if`: where its `else` is. */
  readonly otherwise: number;
  /** Operands below the parameters. */
  readonly height: number;
  /** Word position of the first parameter and of the first result. */
  readonly position: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Where a loop's code begins. */
  head: number;
  dispatch: Dispatch | undefined;
  /** Of a block with exception handlers. */
  clauses: Clause[] | undefined;
  /** The clauses that lead to its label. */
  arrivals: Clause[] | undefined;
}

/** Does the innermost part of a block have exception handlers, not those of a block around it? */
export function protects(control: Control): boolean {
  return control.clauses !== undefined && control.kind !== 'catch';
}

export const NO_TYPES: readonly ValType[] = [];
const SINGLE = new Map<ValType, readonly ValType[]>();
function single(type: ValType): readonly ValType[] {
  let list = SINGLE.get(type);
  if (list === undefined) SINGLE.set(type, (list = [type]));
  return list;
}

/** Lowers blocks and branches. */
export abstract class ControlLowering extends ValueLowering {
  protected readonly controls: Control[] = [];
  protected control!: Control;
  protected reachable = true;
  /** Has the function exception handlers? */
  catches = false;
  protected readonly condition: Condition = { opcode: 0, a: 0, b: 0, c: 0, words: 0 };

  /** Blocks of the function: positions in the code, each with the byte offset of the block. */
  readonly blocks: number[] = [];

  /** A block begins with the next instruction. */
  private beginBlock(): void {
    this.blocks.push(this.length, this.reader.pos);
  }

  /** Records where the instruction starts, probes it and counts it. */
  protected abstract startInstruction(structural: boolean): void;

  protected controlInstruction(op: number): void {
    switch (op) {
      case OP.block:
      case OP.loop:
        return this.enter(op);
      case OP.if:
        return this.if();
      case OP.else:
        return this.else();
      case OP.end:
        return this.end();
      case OP.br:
        this.branch(this.controlAt(this.reader.x));
        this.reachable = false;
        return;
      case OP.br_if:
        return this.branchIf(this.controlAt(this.reader.x));
      case OP.br_table:
        return this.branchTable();
      case OP.return:
        this.return();
        this.reachable = false;
        return;
      default:
        this.failing();
        this.op(X.UNREACHABLE);
        this.reachable = false;
    }
  }

  // Blocks

  protected blockType(): { params: readonly ValType[]; results: readonly ValType[] } {
    const { blockType } = this.reader;
    if (blockType === 0) return { params: NO_TYPES, results: NO_TYPES };
    if (blockType > 0) return { params: NO_TYPES, results: single(this.canon(blockType)) };
    return this.funcType(this.instance.typeIds[~blockType]!);
  }

  /** The parameters stand on the operand stack already. */
  protected pushControl(kind: Control['kind'], params: readonly ValType[], results: readonly ValType[]): void {
    const height = this.height - params.length;
    const position = height === 0 ? this.localEnd : this.homes[height - 1]! + wordsOf(this.types[height - 1]!);
    const label = this.newLabel();
    const otherwise = kind === 'if' ? this.newLabel() : -1;
    this.control = {
      kind, start: this.reader.start, body: this.reader.pos, label, otherwise, height, position, params, results,
      head: -1, dispatch: undefined, clauses: undefined, arrivals: undefined,
    };
    this.controls.push(this.control);
  }

  protected controlAt(depth: number): Control {
    return this.controls[this.controls.length - 1 - depth]!;
  }

  private popControl(): Control {
    const control = this.controls.pop()!;
    this.control = this.controls[this.controls.length - 1]!;
    return control;
  }

  private enter(op: number): void {
    const { params, results } = this.blockType();
    this.canonicalise(this.height);
    this.pushControl(op === OP.loop ? 'loop' : 'block', params, results);
    if (op === OP.block) return;
    this.bindHere(this.control.label);
    this.control.head = this.length;
  }

  private if(): void {
    const { params, results } = this.blockType();
    this.takeCondition();
    this.canonicalise(this.height);
    this.pushControl('if', params, results);
    this.invertCondition();
    this.emitCondition(this.control.otherwise);
    this.beginBlock();
  }

  protected else(): void {
    const { control } = this;
    this.jumpOut(control);
    this.resetTo(control, control.params);
    this.pending = 0;
    this.bindHere(control.otherwise);
    this.beginBlock();
    control.kind = 'else';
    this.reachable = true;
  }

  /** The results of a block go to their cells. */
  private fallOut(control: Control): void {
    const count = control.results.length;
    this.canonicalise(count);
    // A handler has the exception below its own operands.
    if (control.kind === 'catch') this.moveDown(this.height - count, count, control.position);
  }

  /** From the end of one part of a block over the others. */
  protected jumpOut(control: Control): void {
    if (!this.reachable) return;
    this.fallOut(control);
    this.op(X.JUMP);
    this.target(this.exact ? 0 : this.pending, control.label);
  }

  /** The operand stack as it is at the start or the end of a block. */
  protected resetTo(control: Control, types: readonly ValType[]): void {
    this.height = control.height;
    for (let i = 0; i < types.length; i++) this.push(types[i]!);
  }

  protected end(): void {
    const { control } = this;
    if (control.kind === 'function') return this.endFunction(control);
    if (protects(control)) this.map?.handlers.end(this.reader.start);
    this.close(control);
  }

  private endFunction(control: Control): void {
    this.arrive(control, this.reader.start);
    if (!this.reachable && this.isReferenced(control.label)) {
      this.resetTo(control, control.results);
      this.pending = 0;
      this.reachable = true;
      this.startInstruction(true);
      this.fence();
    }
    if (this.reachable) this.return();
    this.controls.pop();
  }

  protected close(control: Control): void {
    this.arrive(control, this.reader.pos);
    if (this.reachable) this.fallOut(control);
    this.popControl();
    const falls = this.reachable;
    const joins = control.kind !== 'loop' && (this.isReferenced(control.label) || (control.kind === 'if' && this.isReferenced(control.otherwise)));
    this.resetTo(control, control.results);
    if (!joins) {
      this.reachable = falls;
      return;
    }
    if (!falls) this.pending = 0;
    this.reachable = true;
    if (control.kind === 'if') this.bind(control.otherwise);
    this.bindHere(control.label);
    this.beginBlock();
  }

  /** Now it is known where a label is. */
  private arrive(control: Control, target: number): void {
    if (control.arrivals !== undefined) for (const clause of control.arrivals) clause.target = target;
  }

  // Branches

  /** A branch that is always taken. */
  private branch(control: Control): void {
    if (control.kind === 'function') return this.return();
    if (this.thread(control)) return;
    this.bringTo(control);
    this.op(X.JUMP);
    this.target(this.pending, control.label);
  }

  private labelTypes(control: Control): readonly ValType[] {
    return control.kind === 'loop' ? control.params : control.results;
  }

  /** Copies the operands of a branch to where its target expects them. */
  private bringTo(control: Control): void {
    const count = this.labelTypes(control).length;
    if (count === 0) return;
    const first = this.height - count;
    if (count === 1) {
      if (this.homes[first] !== control.position && this.madeByLast(first)) this.retarget(control.position);
      else this.writeTo(first, control.position);
      return;
    }
    this.canonicalise(count);
    this.moveDown(first, count, control.position);
  }

  private needsMoves(control: Control): boolean {
    if (control.kind === 'function') return true;
    const count = this.labelTypes(control).length;
    return count > 0 && this.homes[this.height - count] !== control.position;
  }

  /**
   * Go's functions jump by setting PC_B to a constant and branching to the loop that dispatches on it: the jump goes
   * straight to where that constant leads.
   */
  private thread(control: Control): boolean {
    const { dispatch } = control;
    if (dispatch === undefined || this.exact || this.lastOpcode !== X.CONST_32 || !this.writesLast(dispatch.slot)) return false;
    if (this.lastTarget + 2 !== this.length) return false;
    const value = this.words[this.lastTarget + 1]!;
    const { labels } = dispatch;
    const label = labels[Math.min(value >>> 0, labels.length - 1)]!;
    if (label < 0) return false;
    this.dropLast();
    this.op(X.SET_JUMP);
    this.target(this.pending + dispatch.count, label);
    this.word(dispatch.slot);
    this.word(value);
    return true;
  }

  /** Takes the top operand as a condition; a comparison that was just written becomes part of the branch. */
  private takeCondition(): void {
    const { condition } = this;
    const top = this.height - 1;
    const comparison = COMPARISONS[this.lastOpcode];
    if (comparison !== undefined && !this.exact && this.madeByLast(top)) {
      const at = this.lastTarget + 1;
      condition.opcode = comparison.branch;
      condition.a = this.words[at]!;
      condition.b = this.words[at + 1]!;
      condition.c = comparison.words === 3 ? this.words[at + 2]! : 0;
      condition.words = comparison.words;
      this.dropLast();
    } else {
      condition.opcode = X.BR_NZ;
      condition.a = this.cell(top);
      condition.words = 1;
    }
    this.height--;
  }

  private invertCondition(): void {
    const { condition } = this;
    if (condition.words === 1) condition.opcode = condition.opcode === X.BR_Z ? X.BR_NZ : X.BR_Z;
    else {
      const { opposite, swapped } = BRANCHES[condition.opcode]!;
      condition.opcode = opposite;
      if (swapped) {
        const { a } = condition;
        condition.a = condition.b;
        condition.b = a;
      }
    }
  }

  private emitCondition(label: number): void {
    const { condition } = this;
    this.op(condition.opcode);
    this.target(this.pending, label);
    this.word(condition.a);
    if (condition.words > 1) this.word(condition.b);
    if (condition.words > 2) this.word(condition.c);
    this.fence();
  }

  private branchIf(control: Control): void {
    this.takeCondition();
    this.branchOnCondition(control);
    this.beginBlock();
  }

  /** What the condition reads must stay there while the operands of the label go to their cells. */
  protected branchOnCondition(control: Control): void {
    const count = this.labelTypes(control).length;
    this.canonicalise(count);
    if (!this.needsMoves(control)) return this.emitCondition(control.label);
    const past = this.newLabel();
    this.invertCondition();
    const { pending } = this;
    this.emitCondition(past);
    this.branch(control);
    this.pending = pending;
    this.bind(past);
  }

  private branchTable(): void {
    const { reader } = this;
    const labels: number[] = [];
    const top = this.height - 1;
    const slot = this.kinds[top] === LOCAL ? this.as[top]! : -1;
    const index = this.cell(top);
    this.height--;
    const count = reader.labelCount;
    this.canonicalise(this.labelTypes(this.controlAt(reader.labels[0]!)).length);
    this.reserve(64 + 2 * count);
    const head = this.length;
    this.op(X.BR_TABLE);
    this.word(count - 1);
    this.word(index);
    const stubs = new Map<Control, number>();
    for (let i = 0; i < count; i++) labels.push(this.tableTarget(this.controlAt(reader.labels[i]!), stubs));
    const { pending } = this;
    for (const [control, label] of stubs) {
      // The branch out of the stub charges, not the one to it: the machine must not stop while operands are on their way.
      this.pending = pending;
      this.bind(label);
      this.branch(control);
    }
    this.pending = pending;
    this.reachable = false;
    const loop = this.controls.findLast((control) => control.kind === 'loop');
    if (loop !== undefined && loop.head === head && loop.params.length === 0 && slot >= 0 && !this.exact) {
      loop.dispatch = { slot, labels, count: pending - this.pendingAt(loop.label) };
    }
  }

  /** Writes one entry; answers its label, or −1 where it goes through a stub that moves operands. */
  private tableTarget(control: Control, stubs: Map<Control, number>): number {
    if (!this.needsMoves(control)) {
      this.target(this.pending, control.label);
      return control.label;
    }
    let stub = stubs.get(control);
    if (stub === undefined) stubs.set(control, (stub = this.newLabel()));
    this.target(this.pending, stub);
    return -1;
  }

  private return(): void {
    const { results } = this.controls[0]!;
    const first = this.height - results.length;
    if (this.exact) {
      this.moveDown(first, results.length, 0);
      this.op(X.RETURN_EXACT);
      return;
    }
    if (results.length === 1 && results[0] !== V128) return this.returnOne(first);
    this.canonicalise(results.length);
    this.moveDown(first, results.length, 0);
    this.op(X.RETURN);
    this.word(this.pending);
  }

  private returnOne(i: number): void {
    const wide = isWide(this.types[i]!);
    if (this.isConst(i) && !wide) {
      this.op(X.RETURN_K);
      this.word(this.pending);
      this.word(this.as[i]!);
      return;
    }
    const a = this.cell(i);
    this.op(wide ? X.RETURN_64 : X.RETURN_32);
    this.word(this.pending);
    this.word(a);
  }
}

/** The opposite of each conditional branch, by opcode. */
const BRANCHES: Record<number, { opposite: number; swapped: boolean }> = {};
for (const comparison of COMPARISONS) {
  if (comparison !== undefined) {
    BRANCHES[comparison.branch] = { opposite: COMPARISONS[comparison.opposite]!.branch, swapped: comparison.swapped };
  }
}
