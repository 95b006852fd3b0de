import { InstructionReader } from '../binary/code-reader.js';
import { MAX_NESTING, MAX_OPERANDS } from '../binary/limits.js';
import { ValidationError } from '../errors.js';
import { BOT, type FuncType, HEAP, heapOf, isAbstract, isExact, isRef, ref, type ValType } from '../types.js';
import type { ModuleContext } from './context.js';

export type ControlKind = 'func' | 'block' | 'loop' | 'if' | 'else' | 'try_table' | 'try' | 'catch' | 'catch_all';

/** A structured instruction that is open (§A.2 "control frame"). Objects are reused: do not keep one past its `end`. */
export class Control {
  kind: ControlKind = 'func';
  /** Byte offset of the instruction that opened it; `else` and `catch` keep the one of their `if` and `try`. */
  start = 0;
  /** Operands below its parameters. */
  height = 0;
  params: readonly ValType[] = [];
  results: readonly ValType[] = [];
  /** The rest up to its `else` or `end` is never reached: operands may be made up (§3.1.3). */
  unreachable = false;
  /** Locals initialised before it. */
  inits = 0;

  /** What a branch to it must bring. */
  get labelTypes(): readonly ValType[] {
    return this.kind === 'loop' ? this.params : this.results;
  }
}

/**
 * An instruction of two bytes may move a thousand operands, so hostile code could keep us busy for seconds a megabyte.
 * Code that moves more than this for each of its bytes, after a good start, does no work that anybody wants.
 */
export const OPERANDS_PER_BYTE = 64;
export const OPERANDS_AT_LEAST: number = 1 << 22;

/**
 * The state that typing a function body goes through (§A.2): operand types, open structured instructions, initialised
 * locals. The rules in `rules-*.ts` act on it through `pop` and `push`; nothing is allocated per instruction.
 *
 * All types are canonical in the context's registry.
 */
export class Typing {
  readonly context: ModuleContext;
  readonly reader: InstructionReader;

  /** Operand types, `height` of them. */
  types: Int32Array = new Int32Array(256);
  height = 0;

  /** Open structured instructions, outermost first; `depth` of them are meant. `control` is the innermost. */
  readonly controls: Control[] = [new Control()];
  depth = 0;
  control: Control = this.controls[0]!;

  /** Types of parameters and locals; `localCount` of them are meant. */
  localTypes: Int32Array = new Int32Array(64);
  localCount = 0;
  /** By local: 1 if it may be read. */
  initialized: Uint8Array = new Uint8Array(64);
  /** The locals that were initialised by instructions, in order. */
  readonly inits: number[] = [];

  /** Index of the function whose body is typed; undefined in a constant expression. */
  func: number | undefined = undefined;
  /** In a constant expression: the globals that it may read are those below this index. */
  globalLimit: number | undefined = undefined;

  /** Operands that lists may still push and take in this body: see `OPERANDS_PER_BYTE`. */
  protected budget = 0;
  /** `height` before the instruction, for messages. */
  protected entryHeight = 0;
  private readonly singles = new Map<ValType, readonly ValType[]>();

  constructor(context: ModuleContext) {
    this.context = context;
    this.reader = new InstructionReader(context.module.bytes, 0, 0, context.features);
  }

  get constant(): boolean {
    return this.func === undefined;
  }
  /** Can control never come to where `reader` stands? */
  get unreachable(): boolean {
    return this.control.unreachable;
  }

  invalid(message: string): never {
    throw new ValidationError(message, this.reader.start, this.func);
  }

  /** The operands of the innermost block, as they were before this instruction. */
  private showStack(from: number = this.control.height): string {
    return this.context.showAll(this.types.subarray(from, Math.max(from, this.entryHeight)));
  }
  mismatch(required: readonly ValType[]): never {
    this.invalid(`type mismatch: instruction requires ${this.context.showAll(required)} but stack has ${this.showStack()}`);
  }

  push(type: ValType): void {
    if (this.height === this.types.length) this.growOperands();
    this.types[this.height++] = type;
  }

  private growOperands(): void {
    if (this.types.length >= MAX_OPERANDS) this.invalid(`more than ${MAX_OPERANDS} operands on the stack`);
    this.types = grown(this.types);
  }

  /** Are there only made-up operands left? They match everything, so a loop that pops many may stop. */
  exhausted(): boolean {
    return this.control.unreachable && this.height === this.control.height;
  }

  /** Takes the top operand; BOT stands for the one that unreachable code makes up. */
  popAny(): ValType {
    const control = this.control;
    if (this.height === control.height) {
      if (control.unreachable) return BOT;
      this.invalid(`type mismatch: instruction requires an operand but stack has ${this.showStack()}`);
    }
    return this.types[--this.height]!;
  }

  /** Takes the top operand, which must match `expected`, and answers its own type. */
  pop(expected: ValType): ValType {
    const control = this.control;
    if (this.height === control.height) {
      if (control.unreachable) return BOT;
      this.mismatch([expected]);
    }
    const type = this.types[--this.height]!;
    if (type !== expected && !this.context.registry.matches(type, expected)) this.mismatch([expected]);
    return type;
  }

  /** Takes a reference of any kind. */
  popRef(): ValType {
    const type = this.popAny();
    if (type === BOT) return ref(HEAP.bot, false);
    if (!isRef(type)) this.invalid(`type mismatch: instruction requires a reference but stack has ${this.showStack()}`);
    return type;
  }

  /** Puts `type`, a reference, on the stack as one that is not null. */
  pushNonNull(type: ValType): void {
    this.push(ref(heapOf(type), false, isExact(type)));
  }

  /** Takes the top operands, the last of `expected` on top. */
  popAll(expected: readonly ValType[]): void {
    const count = expected.length;
    if (count === 0) return;
    const { control, height, types } = this;
    const bottom = height - count;
    const first = bottom < control.height ? control.height : bottom;
    if (first !== bottom && !control.unreachable) this.mismatch(expected);
    for (let at = first; at < height; at++) {
      const type = types[at]!;
      const wanted = expected[at - bottom]!;
      if (type !== wanted && !this.context.registry.matches(type, wanted)) this.mismatch(expected);
    }
    if (first < height) {
      this.spend(height - first);
      this.height = first;
    }
  }

  private spend(operands: number): void {
    this.budget -= operands;
    if (this.budget < 0) this.invalid('calls and branches move too many operands for the size of the function');
  }

  pushAll(list: readonly ValType[]): void {
    const count = list.length;
    if (count === 0) return;
    this.spend(count);
    while (this.height + count > this.types.length) this.growOperands();
    const { types, height } = this;
    for (let i = 0; i < count; i++) types[height + i] = list[i]!;
    this.height = height + count;
  }

  /** Demands that the top operands match without taking them. */
  peekAll(expected: readonly ValType[]): void {
    const { height } = this;
    this.popAll(expected);
    this.height = height;
  }

  /** The rest of the innermost block is never reached: its operands are gone. */
  setUnreachable(): void {
    const { control } = this;
    this.height = control.height;
    control.unreachable = true;
  }

  /** The target of a branch: 0 is the innermost open instruction. */
  label(depth: number): Control {
    if (depth >= this.depth) this.invalid(`unknown label ${depth}`);
    return this.controls[this.depth - 1 - depth]!;
  }

  /** Opens a structured instruction whose parameters were just taken from the stack, and puts them back. */
  open(kind: ControlKind, params: readonly ValType[], results: readonly ValType[]): void {
    const control = this.controls[this.depth] ?? this.moreControls();
    control.kind = kind;
    control.start = this.reader.start;
    control.height = this.height;
    control.params = params;
    control.results = results;
    control.unreachable = false;
    control.inits = this.inits.length;
    this.depth++;
    this.control = control;
    this.pushAll(params);
  }

  private moreControls(): Control {
    if (this.depth >= MAX_NESTING) this.invalid(`more than ${MAX_NESTING} blocks inside each other`);
    const control = new Control();
    this.controls.push(control);
    return control;
  }

  /** The results must be on the stack, and nothing else; they are taken. Locals initialised inside are forgotten. */
  finish(): void {
    const { control } = this;
    this.popAll(control.results);
    if (this.height !== control.height) {
      this.invalid(`type mismatch: block requires ${this.context.showAll(control.results)} but stack has ${this.showStack()}`);
    }
    this.forgetInits(control.inits);
  }

  /** Starts the other part of the innermost instruction (`else`, `catch`), which begins with `params`. */
  turn(kind: ControlKind, params: readonly ValType[]): void {
    const { control } = this;
    control.kind = kind;
    control.unreachable = false;
    this.height = control.height;
    this.pushAll(params);
  }

  /** Closes the innermost instruction after `finish`. */
  close(): void {
    this.depth--;
    if (this.depth > 0) this.control = this.controls[this.depth - 1]!;
  }

  private forgetInits(count: number): void {
    while (this.inits.length > count) this.initialized[this.inits.pop()!] = 0;
  }

  initialize(local: number): void {
    if (this.initialized[local] === 0) {
      this.initialized[local] = 1;
      this.inits.push(local);
    }
  }

  /** A list of one type, the same one every time. */
  single(type: ValType): readonly ValType[] {
    let list = this.singles.get(type);
    if (list === undefined) this.singles.set(type, (list = [type]));
    return list;
  }

  /** A value type from the code, made canonical; its type index must exist. */
  canon(type: ValType): ValType {
    if (isRef(type) && !isAbstract(heapOf(type)) && heapOf(type) >= this.context.typeIds.length) this.unknownType(heapOf(type));
    return this.context.canon(type);
  }

  unknownType(index: number): never {
    this.invalid(`unknown type ${index}`);
  }

  funcType(index: number): FuncType {
    const comp = this.context.comp(index) ?? this.unknownType(index);
    return comp.kind === 'func' ? comp : this.invalid(`type mismatch: type ${index} is no function type`);
  }
}

function grown(array: Int32Array): Int32Array {
  const bigger = new Int32Array(array.length * 2);
  bigger.set(array);
  return bigger;
}
