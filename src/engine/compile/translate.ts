import { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';
import { F32, F64, type FuncType, I32, I64, V128, type ValType } from '../../wasm/types.js';
import type { Store, WasmFunction } from '../store.js';
import { funcHandle } from '../value.js';
import { AccessTranslator } from './access.js';
import { ahead } from './ahead.js';
import type { Block, Edge, Site } from './block.js';
import { isWide, type Known, NotWorthCompiling, variable } from './builder.js';
import { compare32, compare64, compareFloats, floatArithmetic, I32_BINARY } from './numeric.js';
import type { Plan } from './plan.js';
import { conditional, constant, float, literal, literalOf, located, NOTHING, type Operand, union, words, wordsOfNumber } from './operand.js';
import { recognise } from './turns.js';

/** What the generator needs of a translated function. */
export interface Translation {
  readonly entry: Block;
  readonly blocks: readonly Block[];
  readonly sites: readonly Site[];
  readonly localTypes: readonly ValType[];
  /** Which locals hold floats as numbers. */
  readonly floats: readonly boolean[];
  /** Variables of guards. */
  readonly guards: number;
  /** Operands that some block begins with, at most. */
  readonly depth: number;
  /** Temporary variables. */
  readonly temps: number;
  /** Instructions of the body. */
  readonly size: number;
  /** Types and tables of indirect calls. */
  readonly types: ReadonlySet<number>;
  readonly tables: ReadonlySet<number>;
  /** Functions that are called directly. */
  readonly callees: ReadonlySet<number>;
}

interface Control {
  readonly kind: 'function' | 'block' | 'loop' | 'if' | 'else';
  /** Operands below the parameters. */
  readonly height: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Where a branch goes; made when first needed. */
  target: Block | undefined;
  /** Of an `if`: where it goes without its condition. */
  otherwise: Block | undefined;
  /** What is known there. */
  known: Known | undefined;
}

const NO_TYPES: readonly ValType[] = [];
/** Translates one body to blocks of JavaScript. Deterministic: again means the same blocks and sites. */
export class Translator extends AccessTranslator {
  private readonly controls: Control[] = [];
  private size = 0;
  private readonly types = new Set<number>();
  private readonly tables = new Set<number>();
  private readonly callees = new Set<number>();

  constructor(store: Store, func: WasmFunction, plan: Plan) {
    super(store, func, plan);
    if (this.locals.includes(V128)) throw new NotWorthCompiling('vectors');
  }

  protected override isDead(offset: number): boolean {
    return this.plan.dead(offset);
  }

  translate(): Translation {
    this.addSite('entry', this.reader.pos);
    this.begin(this.newBlock(NO_TYPES));
    const entry = this.block;
    this.pushControl('function', NO_TYPES, this.func.type.results);
    while (this.controls.length > 0) {
      const op = this.reader.next();
      if (this.reachable) this.instruction(op);
      else this.skip(op);
    }
    for (const site of this.sites) if (site.kind === 'at') site.uncount += site.next!.count;
    return {
      entry, blocks: this.blocks, sites: this.sites, localTypes: this.locals, floats: this.floats, guards: this.guards, depth: this.depth, temps: this.temps, size: this.size, types: this.types, tables: this.tables, callees: this.callees,
    };
  }

  // Instructions

  /** In code that cannot be reached only its nesting matters. */
  private skip(first: number): void {
    let depth = 0;
    for (let op = first; ; op = this.reader.next()) {
      if (op === OP.block || op === OP.loop || op === OP.if || op === OP.try_table || op === OP.try) depth++;
      else if (op === OP.else && depth === 0) return this.else();
      else if (op === OP.end && depth-- === 0) return this.end();
      else if (op === OP.delegate) depth--;
    }
  }

  private instruction(op: number): void {
    const structural = op === OP.block || op === OP.loop || op === OP.else || op === OP.end;
    if (!structural) {
      this.block.count++;
      this.size++;
    }
    const { reader } = this;
    switch (op) {
      case OP.nop:
        return;
      case OP.local_get:
        return this.localGet(reader.x);
      case OP.local_set:
        return this.localSet(reader.x);
      case OP.local_tee: {
        const { x } = reader;
        this.localSet(x);
        return this.localGet(x);
      }
      case OP.i32_const:
        return this.push(constant(I32, reader.x, 0));
      case OP.i64_const:
        return this.push(constant(I64, reader.lo, reader.hi));
      case OP.f32_const:
        return this.push(constant(F32, reader.x, 0));
      case OP.f64_const:
        return this.push(constant(F64, reader.lo, reader.hi));
      case OP.drop:
        this.pop();
        return;
      case OP.select:
      case OP.select_types:
        return this.select();
      case OP.global_get:
      case OP.global_set:
        return this.global(op, reader.x);
      case OP.call:
      case OP.call_indirect:
        return this.call(op);
      case OP.ref_null:
        return this.push(constant(this.store.types.canon(reader.type, this.func.instance.typeIds), 0, 0));
      case OP.ref_func: {
        const address = this.func.instance.funcs[reader.x]!;
        return this.push(constant(this.store.funcs[address]!.typeId, funcHandle(address), 0));
      }
      case OP.ref_is_null: {
        const operand = this.pop();
        return this.push(conditional(`${operand.lo()}===0`, operand.reads, I32));
      }
      case OP.memory_size:
      case OP.memory_copy:
      case OP.memory_fill:
        return this.onMemory(op);
      case OP.memory_grow:
      case OP.table_grow:
      case OP.memory_init:
      case OP.data_drop:
      case OP.elem_drop:
      case OP.table_get:
      case OP.table_set:
      case OP.table_size:
      case OP.table_fill:
      case OP.table_copy:
      case OP.table_init:
        return this.interpreted();
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.else:
      case OP.end:
      case OP.br:
      case OP.br_if:
      case OP.br_table:
      case OP.return:
      case OP.unreachable:
        return this.control(op);
    }
    if (op >= OP.i32_load && op <= OP.i64_store32) return this.access(op);
    if (op >= OP.i32_eqz && op <= OP.i64_extend32_s) return this.numeric(op);
    if (op >= OP.i32_trunc_sat_f32_s && op <= OP.i64_trunc_sat_f64_u) return this.saturate(op);
    throw new NotWorthCompiling(reader.instruction.mnemonic);
  }

  /** An instruction that is seldom run, or that stops: the interpreter does it. */
  private interpreted(callee: number = -1): void {
    this.simplify();
    this.line(this.leave(callee));
    this.block.end = { kind: 'stop' };
    this.reachable = false;
  }

  // Variables

  private localGet(x: number): void {
    const type = this.locals[x]!;
    if (this.floats[x]!) {
      const [lo, hi] = wordsOfNumber(type, `l${x}`);
      return this.push(float(type, `l${x}`, this.deferred(() => lo), hi === '0' ? () => '0' : this.deferred(() => hi), [x]));
    }
    let location = this.locations.get(x);
    if (location === undefined) this.locations.set(x, (location = { base: { stack: this.pointers.has(x), guard: undefined }, by: 0 }));
    this.push(located(words(type, `l${x}`, isWide(type) ? `h${x}` : '0', [x], true), location));
  }

  private localSet(x: number): void {
    const { stack } = this;
    if (this.floats[x]!) this.stack.push(this.exact());
    const value = this.pop();
    if (value.location === undefined) this.locations.delete(x);
    else this.locations.set(x, value.location);
    for (let i = 0; i < stack.length; i++) if (stack[i]!.reads.includes(x)) stack[i] = this.settled(stack[i]!);
    if (this.floats[x]!) {
      if (value.number() !== `l${x}`) this.line(`l${x}=${value.number()};`);
    } else if (isWide(this.locals[x]!)) {
      const own = value.reads.includes(x) ? this.settled(value) : value;
      const hi = own.hi();
      if (hi !== `h${x}`) this.line(`h${x}=${hi};`);
      this.line(`l${x}=${own.lo()};`);
    } else if (value.lo() !== `l${x}`) this.line(`l${x}=${value.lo()};`);
    const { known } = this.block;
    if (value.constant !== undefined) this.block.known = { local: x, value: value.constant };
    else if (known?.local === x) this.block.known = undefined;
  }

  /** Pops a float of which a number says everything; leaves where the number does not. */
  private exact(): Operand {
    if (this.stack.at(-1)!.exact) return this.pop();
    this.simplify();
    const operand = this.stack.at(-1)!;
    const number = operand.number();
    const name = number.startsWith('t') ? number : this.assign(number);
    const odd = operand.type === F64 ? `odd(${operand.coldLo()},${operand.coldHi()})` : `oddS(${operand.coldLo()})`;
    this.line(`if(${name}!==${name}&&${odd}){${this.leave()}}`);
    this.pop();
    return float(operand.type, name, operand.lo, operand.hi, NOTHING);
  }

  private global(op: number, index: number): void {
    const { type, cell } = this.store.globals[this.func.instance.globals[index]!]!;
    if (type.value === V128) throw new NotWorthCompiling('vectors');
    const wide = isWide(type.value);
    const word = cell * 2;
    if (op === OP.global_get) this.push(words(type.value, this.assign(`G[${word}]`), wide ? this.deferred(() => `G[${word + 1}]`) : '0', NOTHING, true));
    else {
      const value = this.pop();
      if (wide) this.line(`G[${word + 1}]=${value.hi()};`);
      this.line(`G[${word}]=${value.lo()};`);
    }
  }

  private select(): void {
    const condition = this.pop();
    const b = this.pop();
    const a = this.pop();
    if (a.exact && b.exact) {
      const text = `${condition.condition ?? condition.lo()}?${a.number()}:${b.number()}`;
      return this.push(this.computed(a.type, text));
    }
    const test = condition.condition !== undefined ? condition.condition : this.simple(condition).lo();
    this.push(words(a.type, this.assign(`${test}?${a.lo()}:${b.lo()}`), isWide(a.type) ? this.deferred(() => `${test}?${a.hi()}:${b.hi()}`) : '0', NOTHING, true));
  }

  // Numbers

  private numeric(op: number): void {
    if (op === OP.i32_eqz) {
      const a = this.pop();
      return this.push(conditional(a.condition === undefined ? `${a.lo()}===0` : `!(${a.condition})`, a.reads, I32));
    }
    if (op === OP.i64_eqz) {
      const a = this.pop();
      const hi = a.hi();
      return this.push(conditional(hi === '0' ? `${a.lo()}===0` : `(${a.lo()}|${hi})===0`, a.reads, I32));
    }
    if (op <= OP.i32_ge_u) {
      const b = this.pop();
      const a = this.pop();
      return this.push(conditional(compare32(op, a.lo(), b.lo()), union(a.reads, b.reads), I32));
    }
    if (op <= OP.i64_ge_u) {
      const b = this.simple(this.pop());
      const a = this.simple(this.pop());
      return this.push(conditional(compare64(op, a.lo(), a.hi(), b.lo(), b.hi()), union(a.reads, b.reads), I32));
    }
    if (op <= OP.f64_ge) {
      const b = this.pop();
      const a = this.pop();
      return this.push(words(I32, this.assign(`${compareFloats(op, a.number(), b.number())}?1:0`), '0', NOTHING, true));
    }
    if (op <= OP.i32_rotr) return this.integer32(op);
    if (op <= OP.i64_rotr) return this.integer64(op);
    if (op <= OP.f64_copysign) return this.float(op);
    return this.convert(op);
  }

  private integer32(op: number): void {
    if (op <= OP.i32_popcnt) {
      const a = this.pop();
      return this.pushWord(I32, `${op === OP.i32_clz ? 'Math.clz32' : op === OP.i32_ctz ? 'ctz' : 'popcnt'}(${a.lo()})`, a.reads);
    }
    const binary = I32_BINARY[op];
    if (binary !== undefined) {
      const b = this.pop();
      const a = this.pop();
      this.pushWord(I32, binary(a.lo(), b.lo()), union(a.reads, b.reads));
      if (b.constant !== undefined && (op === OP.i32_add || op === OP.i32_sub)) this.locate(a, op === OP.i32_add ? b.constant : -b.constant);
      return;
    }
    if (op === OP.i32_rotl || op === OP.i32_rotr) {
      const b = this.simple(this.pop());
      const a = this.simple(this.pop());
      const [left, right] = op === OP.i32_rotl ? ['<<', '>>>'] : ['>>>', '<<'];
      const back = b.constant === undefined ? `(-${b.lo()})` : literal(-b.constant | 0);
      return this.pushWord(I32, `(${a.lo()}${left}${b.lo()}|${a.lo()}${right}${back})`, union(a.reads, b.reads));
    }
    this.divide32(op);
  }

  private divide32(op: number): void {
    this.simplify();
    const [a, b] = this.stack.slice(-2) as [Operand, Operand];
    const [x, y] = [a.lo(), b.lo()];
    const overflow = op === OP.i32_div_s ? `${y}===-1&&${x}===-2147483648` : '';
    if (b.constant === undefined || b.constant === 0) this.line(`if(${y}===0${overflow === '' ? '' : `||${overflow}`}){${this.leave()}}`);
    else if (b.constant === -1 && overflow !== '') this.line(`if(${overflow}){${this.leave()}}`);
    this.stack.length -= 2;
    const sign = op === OP.i32_div_s || op === OP.i32_rem_s ? '' : '>>>0';
    const operator = op === OP.i32_div_s || op === OP.i32_div_u ? '/' : '%';
    const text = sign === '' ? `(${x}${operator}${y}|0)` : `((${x}>>>0)${operator}(${y}>>>0)|0)`;
    this.push(words(I32, this.assign(text), '0', NOTHING, true));
  }

  private integer64(op: number): void {
    if (op <= OP.i64_popcnt) {
      const a = this.simple(this.pop());
      const name = op === OP.i64_clz ? 'clz64' : op === OP.i64_ctz ? 'ctz64' : 'popcnt64';
      return this.push(words(I64, this.assign(`${name}(${a.lo()},${a.hi()})`), '0', NOTHING, true));
    }
    if (op >= OP.i64_div_s && op <= OP.i64_rem_u) {
      this.simplify();
      const [a, b] = this.stack.slice(-2) as [Operand, Operand];
      this.line(`if(!divide(${op},${a.lo()},${a.hi()},${b.lo()},${b.hi()})){${this.leave()}}`);
      this.stack.length -= 2;
      return this.push(words(I64, this.assign('Q[0]'), this.deferred(() => 'Q[1]'), NOTHING, true));
    }
    const b = this.simple(this.pop());
    const a = this.simple(this.pop());
    if (op >= OP.i64_shl) return this.shift64(op, a, b);
    switch (op) {
      case OP.i64_and:
      case OP.i64_or:
      case OP.i64_xor: {
        const operator = op === OP.i64_and ? '&' : op === OP.i64_or ? '|' : '^';
        return this.pair(`${a.lo()}${operator}${b.lo()}`, () => bitwise(operator, a.hi(), b.hi()));
      }
      case OP.i64_add: {
        const lo = this.assign(`${a.lo()}+${b.lo()}|0`);
        this.push(words(I64, lo, this.deferred(() => `${sum(a.hi(), b.hi())}+((${lo}>>>0)<(${a.lo()}>>>0)|0)|0`), NOTHING, true));
        const more = literalOf(b.lo());
        if (more !== undefined) this.locate(a, more);
        return;
      }
      case OP.i64_sub:
        return this.pair(`${a.lo()}-${b.lo()}|0`, () => `${a.hi()}-${b.hi()}-((${a.lo()}>>>0)<(${b.lo()}>>>0)|0)|0`);
      default:
        return this.pair(`Math.imul(${a.lo()},${b.lo()})`, () => this.product(a, b));
    }
  }
  /** The top operand is so much more than another. */
  private locate({ location }: Operand, more: number): void {
    this.stack.push(located(this.stack.pop()!, location, more));
  }
  private pair(lo: string, hi: () => string): void {
    this.push(words(I64, this.assign(lo), this.deferred(hi), NOTHING, true));
  }

  /** The high word of a product. In place, because V8 inlines little into what is large. */
  private product(a: Operand, b: Operand): string {
    const x = a.lo();
    const y = b.lo();
    const factor = literalOf(y);
    const parts: string[] = [];
    if (factor !== undefined && factor >= 0 && factor <= 0xffff) parts.push(`(Math.imul(${x}>>>16,${factor})+(Math.imul(${x}&65535,${factor})>>>16)>>>16)`);
    else {
      // As `mulHigh` of the interpreter.
      const middle = this.newTemp();
      const set = `${middle}=Math.imul(${x}>>>16,${y}&65535)+(Math.imul(${x}&65535,${y}&65535)>>>16)|0`;
      parts.push(`(${set},Math.imul(${x}>>>16,${y}>>>16)+(${middle}>>>16)+(Math.imul(${x}&65535,${y}>>>16)+(${middle}&65535)>>>16))`);
    }
    if (a.hi() !== '0') parts.push(`Math.imul(${a.hi()},${y})`);
    if (b.hi() !== '0') parts.push(`Math.imul(${x},${b.hi()})`);
    return `${parts.join('+')}|0`;
  }

  private shift64(op: number, a: Operand, b: Operand): void {
    const by = literalOf(b.lo());
    if (by !== undefined) return this.shiftBy(op, a, by & 63);
    const name = op === OP.i64_shl ? 'shl' : op === OP.i64_shr_s ? 'shrS' : op === OP.i64_shr_u ? 'shrU' : 'rotl';
    const n = op === OP.i64_rotr ? `(-${b.lo()})` : b.lo();
    this.pair(`${name}(${a.lo()},${a.hi()},${n})`, () => `${name}H(${a.lo()},${a.hi()},${n})`);
  }
  private shiftBy(op: number, a: Operand, count: number): void {
    if (op === OP.i64_rotl || op === OP.i64_rotr) {
      const by = op === OP.i64_rotl ? count : (64 - count) & 63;
      const [x, y] = by < 32 ? [a.lo(), a.hi()] : [a.hi(), a.lo()];
      const n = by & 31;
      if (n === 0) return this.pair(x, () => y);
      return this.pair(`${x}<<${n}|${y}>>>${32 - n}`, () => `${y}<<${n}|${x}>>>${32 - n}`);
    }
    if (count === 0) return this.push(a);
    const n = count & 31;
    if (op === OP.i64_shl) {
      if (count >= 32) return this.pair('0', () => `${a.lo()}<<${n}`);
      return this.pair(`${a.lo()}<<${n}`, () => `${a.hi()}<<${n}|${a.lo()}>>>${32 - n}`);
    }
    const shift = op === OP.i64_shr_s ? '>>' : '>>>';
    const fill = op === OP.i64_shr_s ? (): string => `${a.hi()}>>31` : (): string => '0';
    if (count >= 32) return this.pair(`${a.hi()}${shift}${n}|0`, fill);
    this.pair(`${a.lo()}>>>${n}|${a.hi()}<<${32 - n}`, () => `${a.hi()}${shift}${n}|0`);
  }

  // Floats

  private pushNumber(type: ValType, text: string): void {
    this.push(this.computed(type, type === F32 ? `Math.fround(${text})` : text));
  }

  private float(op: number): void {
    const wide = op >= OP.f64_abs;
    const distance = op - (wide ? OP.f64_abs : OP.f32_abs);
    const type = wide ? F64 : F32;
    const two = distance >= OP.f32_add - OP.f32_abs;
    const b = two ? this.simple(this.pop()) : undefined;
    const a = this.simple(this.pop());
    const text = floatArithmetic(distance, a.number(), b !== undefined && distance <= OP.f32_max - OP.f32_abs ? b.number() : '');
    if (text !== undefined) return this.pushNumber(type, text);
    // abs, neg and copysign keep the bits of a NaN.
    const top = wide ? a.hi() : a.lo();
    const changed =
      distance === 0 ? `${top}&2147483647` : b === undefined ? `${top}^-2147483648` : `${top}&2147483647|${wide ? b.hi() : b.lo()}&-2147483648`;
    if (wide) this.push(words(F64, this.settled(a).lo(), this.assign(changed), a.reads, true));
    else this.push(words(F32, this.assign(changed), '0', NOTHING, true));
  }

  private convert(op: number): void {
    const a = this.pop();
    switch (op) {
      case OP.i32_wrap_i64:
        return this.push(located(words(I32, a.lo(), '0', a.reads, a.simple), a.location));
      case OP.i64_extend_i32_s: {
        const x = this.simple(a);
        return this.push(located(words(I64, x.lo(), `(${x.lo()}>>31)`, x.reads, true), x.location));
      }
      case OP.i64_extend_i32_u: {
        const x = this.simple(a);
        return this.push(located(words(I64, x.lo(), '0', x.reads, true), x.location));
      }
      case OP.i32_extend8_s:
      case OP.i32_extend16_s: {
        const n = op === OP.i32_extend8_s ? 24 : 16;
        return this.pushWord(I32, `(${a.lo()}<<${n}>>${n})`, a.reads);
      }
      case OP.i64_extend8_s:
      case OP.i64_extend16_s:
      case OP.i64_extend32_s: {
        const n = op === OP.i64_extend8_s ? 24 : op === OP.i64_extend16_s ? 16 : 0;
        const lo = this.assign(n === 0 ? a.lo() : `${a.lo()}<<${n}>>${n}`);
        return this.push(words(I64, lo, `(${lo}>>31)`, NOTHING, true));
      }
      case OP.i32_reinterpret_f32:
        return this.push(words(I32, a.lo(), '0', a.reads, a.simple));
      case OP.f32_reinterpret_i32: {
        const x = this.simple(a);
        return this.push(words(F32, x.lo(), '0', x.reads, true));
      }
      case OP.i64_reinterpret_f64:
      case OP.f64_reinterpret_i64: {
        const x = this.simple(a);
        return this.push(words(op === OP.i64_reinterpret_f64 ? I64 : F64, x.lo(), x.hi, x.reads, true));
      }
      case OP.f32_demote_f64:
        return this.pushNumber(F32, a.number());
      case OP.f64_promote_f32:
        return this.pushNumber(F64, a.number());
      case OP.f32_convert_i32_s:
      case OP.f64_convert_i32_s:
        return this.pushNumber(op === OP.f32_convert_i32_s ? F32 : F64, a.lo());
      case OP.f32_convert_i32_u:
      case OP.f64_convert_i32_u:
        return this.pushNumber(op === OP.f32_convert_i32_u ? F32 : F64, `(${a.lo()}>>>0)`);
      case OP.f32_convert_i64_s:
      case OP.f32_convert_i64_u:
        return this.pushNumber(F32, `wideToF32(${a.lo()},${a.hi()}${op === OP.f32_convert_i64_u ? '>>>0' : ''})`);
      case OP.f64_convert_i64_s:
      case OP.f64_convert_i64_u:
        return this.pushNumber(F64, `(${a.hi()}${op === OP.f64_convert_i64_u ? '>>>0' : ''})*4294967296+(${a.lo()}>>>0)`);
      default:
        this.push(a);
        return this.truncate(op);
    }
  }

  /** The trapping truncations, by a helper that says whether it can. */
  private truncate(op: number): void {
    this.simplify();
    const a = this.stack.at(-1)!;
    this.line(`if(!truncate(${op},${a.number()})){${this.leave()}}`);
    this.pop();
    this.pushResult(op <= OP.i32_trunc_f64_u ? I32 : I64);
  }
  private saturate(op: number): void {
    const a = this.pop();
    this.line(`saturate(${op},${a.number()});`);
    this.pushResult(op <= OP.i32_trunc_sat_f64_u ? I32 : I64);
  }
  private pushResult(type: ValType): void {
    this.push(words(type, this.assign('Q[0]'), type === I64 ? this.deferred(() => 'Q[1]') : '0', NOTHING, true));
  }

  // Control

  private blockType(): { params: readonly ValType[]; results: readonly ValType[] } {
    const { blockType } = this.reader;
    const { typeIds } = this.func.instance;
    if (blockType === 0) return { params: NO_TYPES, results: NO_TYPES };
    if (blockType > 0) return { params: NO_TYPES, results: [this.store.types.canon(blockType, typeIds)] };
    return this.store.types.comp(typeIds[~blockType]!) as FuncType;
  }

  private pushControl(kind: Control['kind'], params: readonly ValType[], results: readonly ValType[]): Control {
    if (params.includes(V128) || results.includes(V128)) throw new NotWorthCompiling('vectors');
    const control: Control = { kind, height: this.stack.length - params.length, params, results, target: undefined, otherwise: undefined, known: undefined };
    this.controls.push(control);
    return control;
  }

  /** The block that a branch to a label goes to. */
  private targetOf(control: Control): Block {
    return (control.target ??= this.newBlock([...this.typesBelow(control.height), ...control.results]));
  }

  private edge(control: Control): Edge {
    if (control.kind === 'function') return this.returning(control);
    const count = (control.kind === 'loop' ? control.params : control.results).length;
    return this.edgeTo(this.targetOf(control), control.height, count);
  }

  /** A block of its own that returns the top operands. */
  private returning(control: Control): Edge {
    const types = this.stack.slice(this.stack.length - control.results.length).map((operand) => operand.type);
    const block = this.newBlock(types, this.reader.start);
    const edge = this.edgeTo(block, 0, types.length);
    let text = '';
    types.forEach((type, i) => (text += `Q[${2 * i}]=s${i};${isWide(type) ? `Q[${2 * i + 1}]=z${i};` : ''}`));
    block.lines.push(`${text}return c;`);
    return edge;
  }

  private control(op: number): void {
    switch (op) {
      case OP.block: {
        const { params, results } = this.blockType();
        this.pushControl('block', params, results);
        return;
      }
      case OP.loop: {
        const { params, results } = this.blockType();
        const head = this.newBlock(this.stack.map((operand) => operand.type));
        this.block.end = { kind: 'goto', edge: this.edgeTo(head, this.stack.length, 0) };
        this.begin(head);
        if (params.length === 0) head.ahead = this.aheadOf();
        this.pushControl('loop', params, results).target = head;
        return;
      }
      case OP.if:
        return this.if();
      case OP.else:
        return this.else();
      case OP.end:
        return this.end();
      case OP.br:
        this.block.end = { kind: 'goto', edge: this.edge(this.controls[this.controls.length - 1 - this.reader.x]!) };
        break;
      case OP.br_if:
        return this.branchIf();
      case OP.br_table:
        this.branchTable();
        break;
      case OP.return:
        this.return();
        break;
      default:
        this.simplify();
        this.line(this.leave());
        this.block.end = { kind: 'stop' };
    }
    this.reachable = false;
  }

  private return(): void {
    const { results } = this.controls[0]!;
    const first = this.stack.length - results.length;
    let text = '';
    for (let i = 0; i < results.length; i++) {
      const operand = this.stack[first + i]!;
      if (isWide(operand.type)) text += `Q[${2 * i + 1}]=${operand.hi()};`;
      text += `Q[${2 * i}]=${operand.lo()};`;
    }
    this.line(`${text}return c;`);
    this.block.end = { kind: 'stop' };
  }

  private condition(): string {
    const operand = this.pop();
    return operand.condition ?? operand.lo();
  }

  /** What is done ahead of a loop whose turns are understood. */
  private aheadOf(): string {
    const { bytes, pos, end } = this.reader;
    const turns = recognise(new InstructionReader(bytes, pos, end));
    return turns === undefined ? '' : ahead(turns, (local) => isWide(this.locals[local]!));
  }

  private if(): void {
    const { params, results } = this.blockType();
    const condition = this.condition();
    const control = this.pushControl('if', params, results);
    const types = this.stack.map((operand) => operand.type);
    const then = this.newBlock(types);
    control.otherwise = this.newBlock(types);
    const all = this.stack.length;
    this.block.end = { kind: 'if', condition, taken: this.edgeTo(then, all, 0), otherwise: this.edgeTo(control.otherwise, all, 0) };
    control.known = this.known;
    this.begin(then, this.known);
  }

  private else(): void {
    const control = this.controls.at(-1)!;
    if (this.reachable) this.block.end = { kind: 'goto', edge: this.edge(control) };
    this.begin(control.otherwise!, control.known);
    (control as { kind: Control['kind'] }).kind = 'else';
    control.otherwise = undefined;
  }

  private end(): void {
    const control = this.controls.at(-1)!;
    if (control.kind === 'function') {
      if (this.reachable) this.return();
      this.controls.pop();
      return;
    }
    const { otherwise } = control;
    if (control.kind === 'loop') {
      this.controls.pop();
      return;
    }
    if (otherwise === undefined && control.target === undefined) {
      this.controls.pop();
      return;
    }
    if (this.reachable) {
      const edge = this.edge(control);
      this.block.end = { kind: 'goto', edge };
    }
    if (otherwise !== undefined) {
      // Without an `else` the parameters are the results.
      this.begin(otherwise, control.known);
      if (this.reachable) this.block.end = { kind: 'goto', edge: this.edge(control) };
    }
    this.controls.pop();
    if (control.target !== undefined) this.begin(control.target);
  }

  private branchIf(): void {
    const condition = this.condition();
    const taken = this.edge(this.controls[this.controls.length - 1 - this.reader.x]!);
    const next = this.newBlock(this.stack.map((operand) => operand.type));
    this.block.end = { kind: 'if', condition, taken, otherwise: this.edgeTo(next, this.stack.length, 0) };
    this.begin(next, this.known);
  }

  private branchTable(): void {
    const { reader } = this;
    const index = this.pop();
    const edges = Array.from(reader.labels.subarray(0, reader.labelCount), (depth) => this.edge(this.controls[this.controls.length - 1 - depth]!));
    const local = /^l(\d+)$/.exec(index.lo());
    this.block.end = { kind: 'switch', index: index.lo(), local: local === null ? -1 : Number(local[1]), edges };
  }

  // Calls

  private call(op: number): void {
    const { reader, store, func } = this;
    const { instance } = func;
    const indirect = op === OP.call_indirect;
    const address = indirect ? -1 : instance.funcs[reader.x]!;
    const typeId = indirect ? instance.typeIds[reader.x]! : store.funcs[address]!.typeId;
    const type = store.types.comp(typeId) as FuncType;
    if (type.params.includes(V128) || type.results.includes(V128) || type.params.length > 100) throw new NotWorthCompiling('vectors');
    if (!indirect && this.plan.cold(reader.start, address)) return this.interpreted(address);
    this.simplify();
    const table = indirect ? instance.tables[reader.y]! : -1;
    let test = `F${address}`;
    let target = test;
    if (indirect) {
      if (store.tables[table]!.is64) throw new NotWorthCompiling('a table with 64-bit addresses');
      this.types.add(typeId);
      this.tables.add(table);
      test = `(F=Y${typeId}[N${table}.elements[${this.stack.at(-1)!.lo()}>>>0]>>2])`;
      target = 'F';
    } else this.callees.add(address);
    this.line(`if(${test}===undefined){${this.leave(address, table)}}`);
    if (indirect) this.pop();
    const count = type.params.length;
    const first = this.stack.length - count;
    let args = '';
    for (let i = first; i < this.stack.length; i++) {
      const operand = this.stack[i]!;
      args += isWide(operand.type) ? `,${operand.lo()},${operand.hi()}` : `,${operand.lo()}`;
    }
    this.stack.length = first;
    for (let i = 0; i < first; i++) this.line(variable(i, this.stack[i]!));
    const below = this.typesBelow(first);
    const next = this.newBlock([...below, ...type.results]);
    const site = this.addSite('after', reader.start, next);
    this.stack.length = 0;
    for (const operand of below) this.pushVariable(operand);
    this.line(`c=${target}(c,d${args})|0;if(c<0){${this.unwinding(site, this.stack)}}`);
    this.block.known = undefined;
    type.results.forEach((result, i) => {
      this.line(`s${first + i}=Q[${2 * i}];${isWide(result) ? `z${first + i}=Q[${2 * i + 1}];` : ''}`);
    });
    this.block.end = { kind: 'goto', edge: { target: next, text: '', count: 0 } };
    this.begin(next);
  }
}

function bitwise(operator: string, a: string, b: string): string {
  if (operator === '&' && (a === '0' || b === '0')) return '0';
  if (operator !== '&' && b === '0') return a;
  if (operator !== '&' && a === '0') return b;
  return `${a}${operator}${b}`;
}
function sum(a: string, b: string): string {
  if (a === '0') return b;
  return b === '0' ? a : `${a}+${b}`;
}
