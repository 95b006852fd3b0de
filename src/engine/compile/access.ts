import { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';
import { F32, F64, I32, type ValType } from '../../wasm/types.js';
import { localTypes } from '../frames.js';
import type { Store, WasmFunction } from '../store.js';
import { Builder, NotWorthCompiling } from './builder.js';
import type { Guard, Location } from './guard.js';
import { float, NOTHING, type Operand, words, wordsOfNumber } from './operand.js';
import type { Plan } from './plan.js';
import { scan } from './scan.js';

/** Translates accesses of memory: one test for alignment and bounds, or one for all accesses through a stack pointer. */
export abstract class AccessTranslator extends Builder {
  protected readonly store: Store;
  protected readonly func: WasmFunction;
  protected readonly locals: readonly ValType[];
  protected readonly plan: Plan;
  /** Locals that hold a stack pointer. */
  protected readonly pointers: ReadonlySet<number>;
  /** Does the function compute with floats? */
  private readonly computes: boolean;
  /** Locals that hold floats as numbers: in functions that compute with floats. */
  protected readonly floats: readonly boolean[];

  constructor(store: Store, func: WasmFunction, plan: Plan) {
    const { module } = func.instance;
    const { body } = module.funcs[func.index - module.imported.funcs]!;
    super(new InstructionReader(module.bytes, body.offset, body.end));
    this.store = store;
    this.func = func;
    this.plan = plan;
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
    const guarded = this.guarded(stores ? 1 : 0, reader.lo, size, Math.min(size, 4));
    if (guarded !== undefined) this.accessGuarded(guarded, op, type, reader.lo, size);
    else if (type !== undefined) this.load(op, type, reader.lo, size);
    else this.storeTo(reader.lo, size);
  }

  /**
   * What is accessed through one address at several offsets is checked once, where the first access is: the check
   * leaves where it fails for any. So it is with stack pointers always, and with others as long as they are found aligned.
   *
   * @param above Operands above the address.
   * @param unit The alignment that the access needs, in bytes.
   */
  private guarded(above: number, offset: number, size: number, unit: number): Guarded | undefined {
    const { location, lo } = this.stack[this.stack.length - 1 - above]!;
    if (location === undefined) return undefined;
    const { base } = location;
    const trusted = !this.plan.unaligned(this.reader.start, base.stack);
    if (base.guard !== undefined) return trusted || unit < 4 ? this.covered(base.guard, location, offset, size, unit) : undefined;
    // For a single byte the check would cost more than it spares.
    if (!trusted || (!base.stack && unit < 4)) return undefined;
    if (offset % unit !== 0 || offset > REACH) return undefined;
    const variable = `p${this.guard++}`;
    this.guards = Math.max(this.guards, this.guard);
    const accesses: number[] = [];
    // A byte may be the first that is accessed: what is checked to be aligned is where its word begins.
    const within = base.stack ? location.by & 3 : 0;
    const value = within === 0 ? lo() : this.assign(`${lo()}-${within}|0`);
    base.guard = { lines: this.lines, at: this.lines.length, leave: this.leave(-1, -1, accesses), value, by: location.by - within, variable, first: 0, last: -1, mask: 3, accesses };
    this.line('');
    return this.covered(base.guard, location, offset, size, unit);
  }

  /** Makes a guard check an access, too; not where that is too far off, or would not be aligned. */
  private covered(guard: Guard, location: Location, offset: number, size: number, unit: number): Guarded | undefined {
    const from = ((location.by - guard.by) | 0) + offset;
    if (from % unit !== 0 || from < -REACH || from > REACH) return undefined;
    const first = Math.floor(from / 4);
    const last = Math.floor((from + size - 1) / 4);
    guard.accesses.push(this.reader.start);
    if (first < guard.first || last > guard.last || unit - 1 > guard.mask) {
      guard.first = Math.min(first, guard.first);
      guard.last = Math.max(last, guard.last);
      guard.mask = Math.max(unit - 1, guard.mask);
      const { variable, value } = guard;
      const low = guard.first < 0 ? `||${variable}<${-guard.first}` : '';
      guard.lines[guard.at] = `if(${value}&${guard.mask}||M[${plus(`(${variable}=${value}>>>2)`, guard.last)}]===undefined${low}){${guard.leave}}`;
    }
    return { variable: guard.variable, first };
  }

  private accessGuarded({ variable, first }: Guarded, op: number, type: ValType | undefined, offset: number, size: number): void {
    const value = type === undefined ? this.pop() : undefined;
    const a = this.pop().lo();
    const view = viewOf(op, size);
    const at = (more = 0): string => {
      if (size >= 4) return `M[${plus(variable, first + more)}]`;
      return size === 2 ? `${view}[${plus(`(${a}>>>1)`, offset / 2)}]` : `${view}[${plus(a, offset)}>>>0]`;
    };
    if (value !== undefined) {
      this.line(`${at()}=${value.lo()};`);
      if (size === 8) this.line(`${at(1)}=${value.hi()};`);
      return;
    }
    const lo = this.assign(at());
    const hi = size === 8 ? this.deferred(() => at(1)) : extends64(op) ? `(${lo}>>31)` : '0';
    this.push(words(type!, lo, hi, NOTHING, true));
  }

  /** Is the address of a float known to be aligned? */
  private aligned(above: number, offset: number, size: number): boolean {
    return this.stack[this.stack.length - 1 - above]!.location?.base.stack === true && this.guarded(above, offset, size, size) !== undefined;
  }

  /** In functions that compute with floats they are loaded as numbers; a NaN that is not canonical is left to the interpreter. */
  private loadFloat(type: ValType, offset: number, size: number): void {
    const guarded = this.aligned(0, offset, size);
    const { leave, a } = this.addressed(0);
    this.pop();
    const [view, shift] = size === 8 ? ['D', 3] : ['S', 2];
    const at = this.newTemp();
    const n = this.newTemp();
    const odd = size === 8 ? `odd(M[${at}<<1],M[(${at}<<1)+1])` : `oddS(M[${at}])`;
    this.line(`${at}=${plus(`(${a}>>>${shift})`, offset / size)};`);
    this.line(`if(${guarded ? '' : `${a}&${size - 1}||`}(${n}=${view}[${at}])===undefined||${n}!==${n}&&${odd}){${leave}}`);
    const [lo, hi] = wordsOfNumber(type, n);
    this.push(float(type, n, this.deferred(() => lo), hi === '0' ? () => '0' : this.deferred(() => hi), NOTHING));
  }

  /** A number that has been computed is stored as such, unless it is a NaN. */
  private storeFloat(offset: number, size: number): void {
    const guarded = this.aligned(1, offset, size);
    const { leave, a } = this.addressed(1);
    const value = this.pop();
    this.pop();
    const [view, shift] = size === 8 ? ['D', 3] : ['S', 2];
    const n = value.number();
    const at = this.assign(plus(`(${a}>>>${shift})`, offset / size));
    const slow = `if(!${size === 8 ? 'stW' : 'stM'}(${a},${offset},${value.coldLo()}${size === 8 ? `,${value.coldHi()}` : ''})){${leave}}`;
    this.line(`if(${n}!==${n}${guarded ? '' : `||${a}&${size - 1}||${view}[${at}]===undefined`}){${slow}}else ${view}[${at}]=${n};`);
  }

  private load(op: number, type: ValType, offset: number, size: number): void {
    if (size === 8) return this.loadWide(type, offset);
    const slow = this.slow();
    const a = this.stack.at(-1)!.lo();
    const value = this.newTemp();
    const view = viewOf(op, size);
    const helper = `(${value}=ld${view}(${a},${offset}))===undefined`;
    if (size === 1) this.line(`if(${byteOutside(a, offset, `(${value}=${view}[${byteIndex(a, offset)}])`)}){${slow(helper)}}`);
    else if (offset % size !== 0) this.line(`if(${helper}){${this.leave()}}`);
    else {
      const index = plus(`(${a}>>>${size === 4 ? 2 : 1})`, offset / size);
      this.line(`if(${a}&${size - 1}||(${value}=${view}[${index}])===undefined){${slow(helper)}}`);
    }
    this.pop();
    this.push(words(type, value, extends64(op) ? `(${value}>>31)` : '0', NOTHING, true));
  }

  private loadWide(type: ValType, offset: number): void {
    const slow = this.slow();
    const a = this.stack.at(-1)!.lo();
    const lo = this.newTemp();
    const hi = this.newTemp();
    const helper = `!ldW(${a},${offset})`;
    const given = `${lo}=Q[0];${hi}=Q[1];`;
    if (offset % 4 !== 0) this.line(`if(${helper}){${this.leave()}}${given}`);
    else {
      const at = this.newTemp();
      const test = `${a}&3||(${hi}=M[(${at}=${plus(`(${a}>>>2)`, offset / 4)})+1])===undefined`;
      const text = slow(helper, given);
      this.line(text.endsWith(given) ? `if(${test}){${text}}else ${lo}=M[${at}];` : `if(${test}){${text}}${lo}=M[${at}];`);
    }
    this.pop();
    this.push(words(type, lo, hi, NOTHING, true));
  }

  private storeTo(offset: number, size: number): void {
    const slow = this.slow();
    const a = this.stack.at(-2)!.lo();
    const value = this.stack.at(-1)!;
    const v = value.lo();
    const view = size === 1 ? 'B' : size === 2 ? 'H' : 'M';
    const helper = `!st${size === 8 ? 'W' : view}(${a},${offset},${size === 8 ? `${v},${value.hi()}` : v})`;
    const unit = Math.min(size, 4);
    if (offset % unit !== 0) this.line(`if(${helper}){${this.leave()}}`);
    else {
      const at = this.newTemp();
      const index = size === 1 ? byteIndex(a, offset) : plus(`(${a}>>>${unit === 4 ? 2 : 1})`, offset / unit);
      const inside = size === 8 ? `M[(${at}=${index})+1]` : `${view}[${at}=${index}]`;
      const test = size === 1 ? byteOutside(a, offset, inside) : `${a}&${unit - 1}||${inside}===undefined`;
      const store = size === 8 ? `M[${at}]=${v};M[${at}+1]=${value.hi()};` : `${view}[${at}]=${v};`;
      const text = slow(helper, '');
      this.line(text.startsWith('if') ? `if(${test}){${text}}else{${store}}` : `if(${test}){${text}}${store}`);
    }
    this.stack.length -= 2;
  }

  /** The address that stands below `above` operands, and how to leave if it is out of bounds. */
  private addressed(above: number): { leave: string; a: string } {
    const a = this.stack[this.stack.length - 1 - above]!.lo();
    return { leave: this.leave(), a };
  }

  /** What is done with an address that is out of bounds, or not aligned: where that was met before, a helper tries. */
  private slow(): (helper: string, given?: string) => string {
    const { reader, plan } = this;
    const often = plan.unaligned(reader.start, false);
    return (helper, given = '') => (often ? `if(${helper}){${this.leave()}}${given}` : this.leave(-1, -1, [reader.start]));
  }
}

/** An access that a guard has checked: its variable, and how many words behind that it begins. */
interface Guarded {
  readonly variable: string;
  readonly first: number;
}

/** Bytes before and behind the value that a guard checks. */
const REACH = 4096;

function viewOf(op: number, size: number): string {
  const signed = op === OP.i32_load8_s || op === OP.i64_load8_s || op === OP.i32_load16_s || op === OP.i64_load16_s;
  return size === 1 ? (signed ? 'C' : 'B') : size === 2 ? (signed ? 'K' : 'H') : 'M';
}

/** Does a load extend its sign to 64 bits? */
function extends64(op: number): boolean {
  return op === OP.i64_load8_s || op === OP.i64_load16_s || op === OP.i64_load32_s;
}

/** An index that the host's optimiser computes with integers. With an offset it is right for the lower half of 4 GiB. */
function byteIndex(a: string, offset: number): string {
  return offset === 0 ? `${a}>>>0` : `${a}+${offset}|0`;
}
function byteOutside(a: string, offset: number, access: string): string {
  return offset === 0 ? `${access}===undefined` : `${a}<0||${access}===undefined`;
}

function plus(text: string, k: number): string {
  return k === 0 ? text : `${text}+${k}`;
}
