import { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';
import { F32, F64, I32, type ValType } from '../../wasm/types.js';
import { localTypes } from '../frames.js';
import type { Store, WasmFunction } from '../store.js';
import { Builder, NotWorthCompiling } from './builder.js';
import { float, NOTHING, type Operand, words, wordsOfNumber } from './operand.js';

/** Translates accesses of memory: one test for alignment and bounds, or one for all accesses through a stack pointer. */
export class AccessTranslator extends Builder {
  protected readonly store: Store;
  protected readonly func: WasmFunction;
  protected readonly locals: readonly ValType[];
  /** Locals that hold a stack pointer. */
  protected readonly pointers: ReadonlySet<number>;
  /** Does the function compute with floats? */
  private readonly computes: boolean;
  /** Locals that hold floats as numbers: in functions that compute with floats. */
  protected readonly floats: readonly boolean[];

  constructor(store: Store, func: WasmFunction) {
    const { module } = func.instance;
    const { body } = module.funcs[func.index - module.imported.funcs]!;
    super(new InstructionReader(module.bytes, body.offset, body.end));
    this.store = store;
    this.func = func;
    this.locals = localTypes(store, func);
    const { pointers, computes } = scan(new InstructionReader(module.bytes, body.offset, body.end));
    this.pointers = pointers;
    this.computes = computes;
    this.floats = this.locals.map((type) => computes && (type === F64 || type === F32));
  }

  protected plainMemory(index: number): void {
    const address = this.func.instance.memories[index]!;
    if (index !== 0 || this.store.memories[address]!.is64) throw new NotWorthCompiling('another memory');
  }

  protected onMemory(op: number): void {
    this.plainMemory(op === OP.memory_copy ? this.reader.x | this.reader.y : this.reader.x);
    if (op === OP.memory_size) return this.push(words(I32, this.assign('pages()'), '0', NOTHING, true));
    this.simplify();
    const [a, b, n] = this.stack.slice(-3) as [Operand, Operand, Operand];
    const helper = op === OP.memory_copy ? 'copy' : 'fill';
    this.line(`if(!${helper}(${a.lo()},${b.lo()},${n.lo()})){${this.leave()}}`);
    this.stack.length -= 3;
  }

  protected access(op: number): void {
    const { reader } = this;
    this.plainMemory(reader.memory);
    if (reader.hi !== 0 || reader.lo < 0) throw new NotWorthCompiling('a large offset');
    this.simplify();
    const row = reader.instruction;
    const stores = row.results!.length === 0;
    const size = 1 << row.align!;
    const [type] = row.results!;
    if (stores && this.stack.at(-1)!.exact && reader.lo % size === 0) return this.storeFloat(reader.lo, size);
    if (this.computes && (type === F64 || type === F32) && reader.lo % size === 0) return this.loadFloat(type, reader.lo, size);
    if (this.guarded(stores ? 1 : 0, reader.lo, size)) this.accessGuarded(op, row.results![0], reader.lo, size);
    else if (!stores) this.load(op, row.results![0]!, reader.lo, 1 << row.align!);
    else this.storeTo(reader.lo, 1 << row.align!);
  }

  /**
   * Accesses through a stack pointer are aligned, and inside, all but always: one check for all of a block, which
   * leaves where it fails.
   */
  protected guarded(above: number, offset: number, size: number, unit: number = Math.min(size, 4)): boolean {
    const local = /^l(\d+)$/.exec(this.stack[this.stack.length - 1 - above]!.lo());
    if (local === null || offset % unit !== 0) return false;
    const x = Number(local[1]);
    if (!this.pointers.has(x)) return false;
    const last = (offset + size - 1) >>> 2;
    let guard = this.guards.get(x);
    if (guard === undefined) {
      guard = { at: this.lines.length, leave: this.leave(), last: -1, mask: 3 };
      this.line('');
      this.guards.set(x, guard);
    }
    if (last > guard.last || unit - 1 > guard.mask) {
      guard.last = Math.max(last, guard.last);
      guard.mask = Math.max(unit - 1, guard.mask);
      this.lines[guard.at] = `if((l${x}&${guard.mask})!==0||M[${plus(`(l${x}>>>2)`, guard.last)}]===undefined){${guard.leave}}`;
    }
    return true;
  }

  protected accessGuarded(op: number, type: ValType | undefined, offset: number, size: number): void {
    const value = type === undefined ? this.pop() : undefined;
    const a = this.pop().lo();
    const at = (view: string, unit: number, more = 0): string => `${view}[${plus(`(${a}>>>${unit === 4 ? 2 : unit - 1})`, offset / unit + more)}]`;
    const unit = Math.min(size, 4);
    const signed = op === OP.i32_load8_s || op === OP.i64_load8_s || op === OP.i32_load16_s || op === OP.i64_load16_s;
    const view = size === 1 ? (signed ? 'C' : 'B') : size === 2 ? (signed ? 'K' : 'H') : 'M';
    if (value !== undefined) {
      this.line(`${at(view, unit)}=${value.lo()};`);
      if (size === 8) this.line(`${at(view, unit, 1)}=${value.hi()};`);
      return;
    }
    const lo = this.assign(at(view, unit));
    const extended = op === OP.i64_load8_s || op === OP.i64_load16_s || op === OP.i64_load32_s;
    const hi = size === 8 ? this.deferred(() => at(view, unit, 1)) : extended ? `(${lo}>>31)` : '0';
    this.push(words(type!, lo, hi, NOTHING, true));
  }

  /** In functions that compute with floats they are loaded as numbers; a NaN that is not canonical is left to the interpreter. */
  private loadFloat(type: ValType, offset: number, size: number): void {
    const guarded = this.guarded(0, offset, size, size);
    const { leave, a } = this.addressed(0);
    this.pop();
    const [view, shift] = size === 8 ? ['D', 3] : ['S', 2];
    const at = this.newTemp();
    const n = this.newTemp();
    const odd = size === 8 ? `odd(M[${at}<<1],M[(${at}<<1)+1])` : `oddS(M[${at}])`;
    this.line(`${at}=${plus(`(${a}>>>${shift})`, offset / size)};`);
    this.line(`if(${guarded ? '' : `(${a}&${size - 1})!==0||`}(${n}=${view}[${at}])===undefined||${n}!==${n}&&${odd}){${leave}}`);
    const [lo, hi] = wordsOfNumber(type, n);
    this.push(float(type, n, this.deferred(() => lo), hi === '0' ? () => '0' : this.deferred(() => hi), NOTHING));
  }

  /** A number that has been computed is stored as such, unless it is a NaN. */
  private storeFloat(offset: number, size: number): void {
    const guarded = this.guarded(1, offset, size, size);
    const { leave, a } = this.addressed(1);
    const value = this.pop();
    this.pop();
    const [view, shift] = size === 8 ? ['D', 3] : ['S', 2];
    const n = value.number();
    const at = this.assign(plus(`(${a}>>>${shift})`, offset / size));
    const slow = `if(!${size === 8 ? 'stW' : 'stM'}(${a},${offset},${value.coldLo()}${size === 8 ? `,${value.coldHi()}` : ''})){${leave}}`;
    this.line(`if(${n}!==${n}${guarded ? '' : `||(${a}&${size - 1})!==0||${view}[${at}]===undefined`}){${slow}}else ${view}[${at}]=${n};`);
  }

  protected load(op: number, type: ValType, offset: number, size: number): void {
    const { leave, a } = this.addressed(0);
    this.pop();
    if (size === 8) return this.loadWide(type, a, offset, leave);
    const value = this.newTemp();
    const signed = op === OP.i32_load8_s || op === OP.i64_load8_s || op === OP.i32_load16_s || op === OP.i64_load16_s;
    if (size === 1) this.line(`if((${value}=${signed ? 'C' : 'B'}[${plus(`(${a}>>>0)`, offset)}])===undefined){${leave}}`);
    else {
      const view = size === 4 ? 'M' : signed ? 'K' : 'H';
      const helper = `ld${view}(${a},${offset})`;
      if (offset % size !== 0) this.line(`if((${value}=${helper})===undefined){${leave}}`);
      else {
        const index = plus(`(${a}>>>${size === 4 ? 2 : 1})`, offset / size);
        this.line(`if((${a}&${size - 1})!==0||(${value}=${view}[${index}])===undefined){if((${value}=${helper})===undefined){${leave}}}`);
      }
    }
    const extended = op === OP.i64_load8_s || op === OP.i64_load16_s || op === OP.i64_load32_s;
    this.push(words(type, value, extended ? `(${value}>>31)` : '0', NOTHING, true));
  }

  protected loadWide(type: ValType, a: string, offset: number, leave: string): void {
    const lo = this.newTemp();
    const hi = this.newTemp();
    const slow = `if(!ldW(${a},${offset})){${leave}}${lo}=Q[0];${hi}=Q[1];`;
    if (offset % 4 !== 0) this.line(slow);
    else {
      const at = this.newTemp();
      this.line(`if((${a}&3)!==0||(${hi}=M[(${at}=${plus(`(${a}>>>2)`, offset / 4)})+1])===undefined){${slow}}else ${lo}=M[${at}];`);
    }
    this.push(words(type, lo, hi, NOTHING, true));
  }

  protected storeTo(offset: number, size: number): void {
    const { leave, a } = this.addressed(1);
    const value = this.pop();
    this.pop();
    const v = value.lo();
    if (size === 1) {
      const at = this.newTemp();
      return this.line(`if(B[${at}=${plus(`(${a}>>>0)`, offset)}]===undefined){${leave}}B[${at}]=${v};`);
    }
    const view = size === 2 ? 'H' : 'M';
    const args = size === 8 ? `${v},${value.hi()}` : v;
    const slow = `if(!st${size === 8 ? 'W' : view}(${a},${offset},${args})){${leave}}`;
    const unit = Math.min(size, 4);
    if (offset % unit !== 0) return this.line(slow);
    const at = this.newTemp();
    const index = `${at}=${plus(`(${a}>>>${unit === 4 ? 2 : 1})`, offset / unit)}`;
    if (size === 8) this.line(`if((${a}&3)!==0||M[(${index})+1]===undefined){${slow}}else{M[${at}]=${v};M[${at}+1]=${value.hi()};}`);
    else this.line(`if((${a}&${unit - 1})!==0||${view}[${index}]===undefined){${slow}}else ${view}[${at}]=${v};`);
  }

  /** The address that stands below `above` operands, and how to leave if it is out of bounds. */
  protected addressed(above: number): { leave: string; a: string } {
    const a = this.stack[this.stack.length - 1 - above]!.lo();
    return { leave: this.leave(), a };
  }
}

function plus(text: string, k: number): string {
  return k === 0 ? text : `${text}+${k}`;
}

/**
 * Locals that are only ever set from globals, or moved by multiples of 4: how compilers keep a stack pointer. And
 * whether the function computes with floats.
 */
function scan(reader: InstructionReader): { pointers: ReadonlySet<number>; computes: boolean } {
  let computes = false;
  const found = new Set<number>();
  const others = new Set<number>();
  /** What the last instructions left on the stack: nothing known, a pointer, a constant. */
  let top = 0;
  let below = 0;
  while (reader.pos < reader.end) {
    const op = reader.next();
    const { x } = reader;
    let next = 0;
    computes ||= (op >= OP.f32_ceil && op <= OP.f32_max) || (op >= OP.f64_ceil && op <= OP.f64_max);
    if (op === OP.global_get) next = POINTER;
    else if (op === OP.local_get) next = found.has(x) && !others.has(x) ? POINTER : 0;
    else if (op === OP.i32_const) next = (x & 3) === 0 ? OFFSET : 0;
    else if ((op === OP.i32_add || op === OP.i32_sub) && top === OFFSET && below === POINTER) next = POINTER;
    else if (op === OP.local_set || op === OP.local_tee) {
      (top === POINTER ? found : others).add(x);
      next = op === OP.local_tee ? top : 0;
    }
    below = top;
    top = next;
  }
  for (const x of others) found.delete(x);
  return { pointers: found, computes };
}
const POINTER = 1;
const OFFSET = 2;
