import { DecodeError } from '../errors.js';
import { INSTRUCTIONS } from '../instructions.js';
import type { CodeRange } from '../module.js';
import { isDefaultable, isRef, type ValType } from '../types.js';
import { passCommonCode } from './common-code.js';
import { RULES } from './rules.js';
import { OPERANDS_AT_LEAST, OPERANDS_PER_BYTE, Typing } from './typing.js';

/**
 * Types a body instruction by instruction (§A.2): the validator is a loop over it.
 *
 *     const typer = new FunctionTyper(new ModuleContext(module, features, store.types));
 *     typer.enter(func);
 *     while (typer.next()) {
 *       // before: typer.reader has the instruction and its immediates; typer.types and height the operands;
 *       // typer.control and typer.label(depth) the open blocks; typer.unreachable
 *       typer.apply();
 *       // after: the same fields with the instruction's effect
 *     }
 *
 * One typer serves any number of bodies, one after the other. `next` throws `DecodeError` for what is no instruction,
 * `apply` throws `ValidationError` for what does not fit; after either the typer may be used for another body.
 *
 * In unreachable code operands that do not exist are popped as BOT: whoever generates code skips from an instruction
 * after which `unreachable` is true to the matching `else`, `catch` or `end`.
 */
export class FunctionTyper extends Typing {
  /** Starts with the body of a defined function, given by its index in the function index space. */
  enter(func: number): void {
    const { context } = this;
    const { module } = context;
    const defined = module.funcs[func - module.imported.funcs]!;
    this.func = func;
    this.globalLimit = undefined;
    this.reader.seek(defined.body.offset, defined.body.end);
    this.localCount = 0;
    const type = context.funcs[func]!;
    for (const param of type.params) this.addLocals(1, param, true);
    const { locals } = defined;
    for (let i = 0; i < locals.length; i += 2) {
      const local = locals[i + 1]!;
      this.addLocals(locals[i]!, isRef(local) ? this.canon(local) : local, isDefaultable(local));
    }
    this.begin(type.results);
  }

  /** Starts with a constant expression that must leave one `result` (canonical) and may read globals below `globalLimit`. */
  enterConstant(range: CodeRange, result: ValType, globalLimit: number): void {
    this.func = undefined;
    this.globalLimit = globalLimit;
    this.reader.seek(range.offset, range.end);
    this.localCount = 0;
    this.begin(this.single(result));
  }

  private begin(results: readonly ValType[]): void {
    this.height = 0;
    this.depth = 0;
    this.inits.length = 0;
    this.budget = OPERANDS_AT_LEAST + OPERANDS_PER_BYTE * (this.reader.end - this.reader.pos);
    this.open('func', [], results);
  }

  private addLocals(count: number, type: ValType, initialized: boolean): void {
    const from = this.localCount;
    const to = from + count;
    if (to > this.localTypes.length) this.growLocals(to);
    this.localTypes.fill(type, from, to);
    this.initialized.fill(initialized ? 1 : 0, from, to);
    this.localCount = to;
  }

  private growLocals(count: number): void {
    const types = new Int32Array(count * 2);
    types.set(this.localTypes);
    this.localTypes = types;
    const initialized = new Uint8Array(count * 2);
    initialized.set(this.initialized);
    this.initialized = initialized;
  }

  /** Reads the next instruction into `reader`, without effect on the stacks; false after the body's final `end`. */
  next(): boolean {
    const { reader } = this;
    if (this.depth === 0) {
      if (reader.pos !== reader.end) throw new DecodeError('section size mismatch: code after the end of the function', reader.pos);
      return false;
    }
    if (reader.pos === reader.end) throw new DecodeError('END opcode expected', reader.pos);
    reader.next();
    return true;
  }

  /** Applies the instruction read last. */
  apply(): void {
    const { index } = this.reader;
    this.entryHeight = this.height;
    if (this.globalLimit !== undefined) this.checkConstant();
    const rule = RULES[index];
    if (rule !== undefined) rule(this, this.reader);
    else {
      const row = INSTRUCTIONS[index]!;
      this.popAll(row.params!);
      this.pushAll(row.results!);
    }
  }

  private checkConstant(): void {
    const { instruction } = this.reader;
    const extended = instruction.params?.length === 2 && !this.context.has('extended-const');
    if (!instruction.constant || extended) this.invalid('constant expression required');
  }

  /** Types the whole body. */
  run(): void {
    if (this.constant) while (this.next()) this.apply();
    else {
      for (;;) {
        if (this.depth > 0) passCommonCode(this);
        if (!this.next()) return;
        this.apply();
      }
    }
  }
}
