import { showValue, type ValueLimits, ValueReader } from '../go/values.js';
import { type GoType, Types } from '../go/types.js';
import type { Frame } from '../engine/frames.js';
import type { GlobalInstance } from '../engine/store.js';
import { loadValue, type Value } from '../engine/value.js';
import { Registers } from '../go/registers.js';
import { mostSimilar } from '../go/similar.js';
import { showType } from '../wasm/show.js';
import type { Target } from './target.js';

/** An expression is written wrongly, or has no value here. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** What an expression gives: whole numbers, floats, or a Go value in words. */
export type Result = bigint | number | string;

/** What names mean at one moment. */
export interface Scope {
  readonly target: Target;
  /** The frame that `$0`, `$1`, … are locals of. */
  readonly frame: () => Frame | undefined;
  /** Go: words of the arguments of the chosen Go frame. */
  readonly args: () => readonly bigint[];
  /** Go: the goroutine that is chosen. */
  readonly goroutine: number | undefined;
  /** How much of Go's values is shown. */
  readonly limits?: Partial<ValueLimits>;
}

/** The type of what an expression gives. */
export interface TypeOf {
  readonly name: string;
  /** Of values in the memory of a Go program. */
  readonly go?: { readonly type: GoType; /** Of an interface: what it holds; undefined where that is nil. */ readonly dynamic: GoType | undefined };
}

/** Names that expressions know, for help and completion. */
export const NAMES: readonly string[] = ['clock', 'SP', 'PC_F', 'PC_B', 'CTXT', 'g', 'goid', 'RET0', 'RET1', 'RET2', 'RET3', 'PAUSE'];

/** In memory: how a type of WebAssembly or C reads. */
const CELLS: Readonly<Record<string, (view: DataView, at: number) => Result>> = {
  u8: (view, at) => BigInt(view.getUint8(at)),
  i8: (view, at) => BigInt(view.getInt8(at)),
  u16: (view, at) => BigInt(view.getUint16(at, true)),
  i16: (view, at) => BigInt(view.getInt16(at, true)),
  u32: (view, at) => BigInt(view.getUint32(at, true)),
  i32: (view, at) => BigInt(view.getInt32(at, true)),
  u64: (view, at) => view.getBigUint64(at, true),
  i64: (view, at) => view.getBigInt64(at, true),
  f32: (view, at) => view.getFloat32(at, true),
  f64: (view, at) => view.getFloat64(at, true),
};
export const CELL_BYTES: Readonly<Record<string, number>> = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4, u64: 8, i64: 8, f64: 8 };

interface Node {
  readonly value: (scope: Scope) => Result;
  /** Where that is more than can be told from the value. */
  readonly type?: (scope: Scope) => TypeOf;
}

const TOKEN = /\s*(?:(0x[0-9a-f]+|[0-9]+(?:\.[0-9]+)?)|("(?:[^"\\]|\\.)*")|(\$[0-9]+)|([\p{L}_][\p{L}\p{N}_.]*)|(\|\||&&|[=!<>]=|<<|>>|[-+*/%&|^~!<>()[\]{},]))/iuy;

/** A small language over registers, locals, globals and memory. Parsed once, asked as often as one likes. */
export class Expression {
  readonly text: string;
  private readonly node: Node;

  /** Throws `ExpressionError`. */
  constructor(text: string) {
    this.text = text;
    this.node = new Parser(text).parse();
  }
  /** Throws `ExpressionError` where it has no value. */
  value(scope: Scope): Result {
    return this.node.value(scope);
  }
  /** Throws `ExpressionError` where it has no value. */
  type(scope: Scope): TypeOf {
    if (this.node.type !== undefined) return this.node.type(scope);
    const value = this.node.value(scope);
    return { name: typeof value === 'bigint' ? 'whole number' : typeof value === 'number' ? 'float' : 'text' };
  }
  /** For conditions: false where it has no value. */
  holds(scope: Scope): boolean {
    try {
      return truth(this.node.value(scope));
    } catch (error) {
      if (error instanceof ExpressionError) return false;
      throw error;
    }
  }
}

function truth(value: Result): boolean {
  return value !== 0n && value !== 0 && value !== '';
}

/** A number in both forms, anything else as it is. */
export function showResult(value: Result): string {
  if (typeof value !== 'bigint') return String(value);
  return value > -10n && value < 10n ? String(value) : `${value} (${value < 0n ? '-' : ''}0x${(value < 0n ? -value : value).toString(16)})`;
}

/** Binds tighter the further down. */
const LEVELS: readonly (readonly string[])[] = [['||'], ['&&'], ['==', '!=', '<', '<=', '>', '>='], ['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '%']];

const MAX_DEPTH = 200;

class Parser {
  private readonly text: string;
  private readonly tokens: string[] = [];
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    TOKEN.lastIndex = 0;
    let end = 0;
    while (text.slice(end).trim() !== '') {
      TOKEN.lastIndex = end;
      const match = TOKEN.exec(text);
      if (match === null) throw new ExpressionError(`"${text}" is no expression: what is "${text.slice(end).trim()}"?`);
      this.tokens.push(match[0].trim());
      end = TOKEN.lastIndex;
    }
  }

  parse(): Node {
    const node = this.binary(0);
    if (this.at < this.tokens.length) throw this.wrong();
    return node;
  }

  private wrong(): ExpressionError {
    const token = this.tokens[this.at];
    return new ExpressionError(token === undefined ? `"${this.text}" is no expression: something is missing at its end` : `"${this.text}" is no expression: "${token}" stands where it cannot`);
  }
  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }
  private need(token: string): void {
    if (!this.take(token)) throw this.wrong();
  }

  private binary(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = this.tokens[this.at];
      if (operator === undefined || !operators.includes(operator)) return left;
      this.at++;
      const right = this.binary(level + 1);
      const before = left;
      left = { value: (scope) => combine(operator, before, right, scope) };
    }
  }

  private unary(): Node {
    if (++this.depth > MAX_DEPTH) throw new ExpressionError('the expression is nested too deeply');
    const node = this.prefix();
    this.depth--;
    return node;
  }
  private prefix(): Node {
    if (this.take('-')) {
      const of = this.unary();
      return { value: (scope) => negate(of.value(scope)) };
    }
    if (this.take('!')) {
      const of = this.unary();
      return { value: (scope) => (truth(of.value(scope)) ? 0n : 1n) };
    }
    if (this.take('~')) {
      const of = this.unary();
      return { value: (scope) => ~integer(of.value(scope)) };
    }
    if (this.take('*')) return this.memory();
    return this.primary();
  }

  /** `*(u32*)address`, and with the types of the Go program `*(main.T*)address` or `*(*main.T)address`. */
  private memory(): Node {
    this.need('(');
    const words: string[] = [];
    while (this.tokens[this.at] !== undefined && this.tokens[this.at] !== ')') words.push(this.tokens[this.at++]!);
    this.need(')');
    const star = words.indexOf('*');
    if (star !== 0 && words.at(-1) !== '*') throw new ExpressionError(`"${this.text}": a pointer is written as *(u32*)address or *(*main.T)address`);
    const type = (star === 0 ? words.slice(1) : words.slice(0, -1)).join('');
    const address = this.unary();
    const pointed = (scope: Scope): Pointed => pointedAt(scope, type, integer(address.value(scope)));
    return { value: (scope) => readMemory(scope, pointed(scope)), type: (scope) => typeOfMemory(pointed(scope)) };
  }

  private primary(): Node {
    const token = this.tokens[this.at];
    if (token === undefined) throw this.wrong();
    if (this.take('(')) {
      const inner = this.binary(0);
      this.need(')');
      return inner;
    }
    if (/^[0-9]/.test(token)) {
      this.at++;
      const value = token.includes('.') ? Number(token) : BigInt(token);
      return { value: () => value };
    }
    if (token.startsWith('"')) {
      this.at++;
      let text: string;
      try {
        text = JSON.parse(token) as string;
      } catch {
        throw this.wrong();
      }
      return { value: () => text };
    }
    if (token.startsWith('$')) {
      this.at++;
      const index = Number(token.slice(1));
      return { value: (scope) => resultOf(local(scope, index)), type: (scope) => ({ name: showType(local(scope, index).type) }) };
    }
    if (/^[\p{L}_]/u.test(token)) {
      this.at++;
      if ((token === 'global' || token === 'arg') && this.take('[')) {
        const index = this.binary(0);
        this.need(']');
        const at = (scope: Scope): number => Number(integer(index.value(scope)));
        if (token === 'arg') return { value: (scope) => argument(scope, at(scope)) };
        return { value: (scope) => globalAt(scope, at(scope)), type: (scope) => ({ name: showType(globalOf(scope, at(scope)).type.value) }) };
      }
      return { value: (scope) => named(scope, token), type: (scope) => typeOfName(scope, token) };
    }
    throw this.wrong();
  }
}

function integer(value: Result): bigint {
  if (typeof value === 'bigint') return value;
  throw new ExpressionError(`${value} is no whole number`);
}

function negate(value: Result): Result {
  return typeof value === 'number' ? -value : -integer(value);
}

function combine(operator: string, left: Node, right: Node, scope: Scope): Result {
  const a = left.value(scope);
  if (operator === '||') return truth(a) || truth(right.value(scope)) ? 1n : 0n;
  if (operator === '&&') return truth(a) && truth(right.value(scope)) ? 1n : 0n;
  const b = right.value(scope);
  const answer = (yes: boolean): bigint => (yes ? 1n : 0n);
  switch (operator) {
    case '==':
      return answer(same(a, b));
    case '!=':
      return answer(!same(a, b));
    case '<':
      return answer(a < b);
    case '<=':
      return answer(a <= b);
    case '>':
      return answer(a > b);
    case '>=':
      return answer(a >= b);
  }
  if (typeof a === 'number' || typeof b === 'number') return float(operator, Number(a), Number(b));
  return ON_INTEGERS[operator]!(integer(a), integer(b));
}

function same(a: Result, b: Result): boolean {
  return typeof a === typeof b || typeof a === 'string' || typeof b === 'string' ? a === b : Number(a) === Number(b);
}

const ON_FLOATS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

function float(operator: string, a: number, b: number): number {
  const operation = ON_FLOATS[operator];
  if (operation === undefined) throw new ExpressionError(`${operator} is for whole numbers`);
  return operation(a, b);
}

const ON_INTEGERS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / divisor(b),
  '%': (a, b) => a % divisor(b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << width(b),
  '>>': (a, b) => a >> width(b),
};

function divisor(value: bigint): bigint {
  if (value === 0n) throw new ExpressionError('division by 0');
  return value;
}
function width(value: bigint): bigint {
  if (value < 0n || value > 64n) throw new ExpressionError(`${value} is no width to shift by`);
  return value;
}

/** A value of the machine as an expression sees it; integers signed. */
export function resultOf(value: Value): Result {
  if ('i32' in value) return BigInt(value.i32);
  if ('i64' in value) return value.i64;
  if ('low' in value) return (BigInt.asUintN(64, value.high) << 64n) | BigInt.asUintN(64, value.low);
  if ('bits' in value) {
    const view = new DataView(new ArrayBuffer(8));
    if (typeof value.bits === 'number') {
      view.setInt32(0, value.bits);
      return view.getFloat32(0);
    }
    view.setBigInt64(0, value.bits);
    return view.getFloat64(0);
  }
  return BigInt(value.handle);
}

function local(scope: Scope, index: number): Value {
  const frame = scope.frame();
  if (frame?.kind !== 'wasm') throw new ExpressionError(`there is no local $${index}: no frame of the module is chosen`);
  const value = frame.locals[index];
  if (value === undefined) throw new ExpressionError(`there is no local $${index}: the frame has ${frame.locals.length}`);
  return value;
}

function globalOf({ target: { instance, store } }: Scope, index: number): GlobalInstance {
  const address = instance.globals[index];
  if (address === undefined) throw new ExpressionError(`there is no global ${index}: the module has ${instance.globals.length}`);
  return store.globals[address]!;
}
function globalAt(scope: Scope, index: number): Result {
  const { cell, type } = globalOf(scope, index);
  return resultOf(loadValue(scope.target.store.globalCells, cell, type.value));
}

/** The index of the global that is called so: `global[N]`, an exported one by its name, one of Go's registers. */
export function globalNamed({ instance, go }: Target, name: string): number | undefined {
  const index = /^global\[([0-9]+)\]$/.exec(name)?.[1];
  if (index !== undefined) return Number(index);
  const register = (go?.globals as Readonly<Record<string, number>> | undefined)?.[name === 'g' ? 'G' : name];
  if (register !== undefined) return register;
  const exported = instance.exports.get(name);
  return exported?.kind === 'global' ? instance.globals.indexOf(exported.address) : undefined;
}

function argument(scope: Scope, index: number): Result {
  const args = scope.args();
  const word = args[index];
  if (word === undefined) throw new ExpressionError(`there is no word arg[${index}]: ${args.length === 0 ? 'the arguments of this frame are not known' : `${args.length} are known`}`);
  return word;
}

function named(scope: Scope, name: string): Result {
  const { target, goroutine } = scope;
  if (name === 'clock') return BigInt(target.machine.clock);
  if (name === 'goid' && goroutine !== undefined) return BigInt(goroutine);
  const { go } = target;
  if (go !== undefined && NAMES.includes(name)) {
    const registers = new Registers(target.store, target.instance, go.globals);
    switch (name) {
      case 'SP':
        return BigInt(registers.sp);
      case 'PC_F':
        return BigInt(registers.pcF);
      case 'PC_B':
        return BigInt(registers.pcB);
      case 'CTXT':
        return BigInt(registers.ctxt);
      case 'g':
        return BigInt(registers.g);
      case 'PAUSE':
        return registers.pause ? 1n : 0n;
      case 'goid':
        throw new ExpressionError('no goroutine runs');
      default:
        return registers.ret(Number(name.slice(3)) as 0 | 1 | 2 | 3);
    }
  }
  const exported = target.instance.exports.get(name);
  if (exported?.kind === 'global') return globalAt(scope, target.instance.globals.indexOf(exported.address));
  const similar = mostSimilar(name, [...NAMES, ...[...target.instance.exports].filter(([, extern]) => extern.kind === 'global').map(([known]) => known)], 2);
  throw new ExpressionError(`there is no ${name}${similar.length === 0 ? '' : `; did you mean ${similar.join(' or ')}?`}${go === undefined ? '' : ' (Go writes no names of variables for wasm: use $N, arg[N] and *(TYPE*)address)'}`);
}

function typeOfName(scope: Scope, name: string): TypeOf {
  const value = named(scope, name);
  const global = globalNamed(scope.target, name);
  if (global !== undefined) return { name: showType(globalOf(scope, global).type.value) };
  return { name: typeof value === 'bigint' ? 'whole number' : 'float' };
}

/** Something in the memory: a cell of WebAssembly or C, or a value of the Go program. */
type Pointed = { readonly at: number } & ({ readonly cell: string } | { readonly go: GoType; readonly types: Types });

function pointedAt({ target }: Scope, type: string, address: bigint): Pointed {
  const { store, instance, go, view } = target;
  const memory = store.memories[instance.memories[0] ?? -1];
  if (memory === undefined) throw new ExpressionError('the module has no memory');
  const at = Number(BigInt.asUintN(64, address));
  const inside = (bytes: number): void => {
    if (at + bytes > memory.byteLength) throw new ExpressionError(`0x${at.toString(16)} is outside of the memory of ${memory.byteLength} bytes`);
  };
  if (CELLS[type] !== undefined) {
    inside(CELL_BYTES[type]!);
    return { at, cell: type };
  }
  if (go === undefined || view === undefined) throw new ExpressionError(`there is no type ${type}: ${Object.keys(CELLS).join(', ')}`);
  const types = new Types(go, view.memory);
  // The spaces of a name are gone: it has been taken apart into words.
  const found = types.byName(type) ?? types.list.find(({ name }) => name.replaceAll(' ', '') === type);
  if (found === undefined) {
    const similar = mostSimilar(type, types.list.map(({ name }) => name), 3);
    throw new ExpressionError(`there is no type ${type}${similar.length === 0 ? '' : `; did you mean ${similar.join(' or ')}?`}`);
  }
  inside(found.size);
  return { at, go: found, types };
}

function readMemory({ target, limits }: Scope, pointed: Pointed): Result {
  if ('go' in pointed) return showValue(new ValueReader(pointed.types, limits).read(pointed.go, pointed.at));
  const { view } = target.store.memories[target.instance.memories[0]!]!;
  return CELLS[pointed.cell]!(view, pointed.at);
}

function typeOfMemory(pointed: Pointed): TypeOf {
  if ('cell' in pointed) return { name: pointed.cell };
  const { go: type, types, at } = pointed;
  return { name: type.name, go: { type, dynamic: type.kind === 'interface' ? types.dynamicOf(type, at) : undefined } };
}
