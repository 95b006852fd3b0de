import { mapEntries, mapLength } from './maps.js';
import type { Peek } from './peek.js';
import type { GoModule } from './recognise.js';
import { HCHAN } from './structs.js';
import { type GoKind, type GoType, Types } from './types.js';

/** How much of a value is read. What a damaged program's memory holds can be of any size, and point anywhere. */
export interface ValueLimits {
  /** Levels of nesting and pointers followed. */
  readonly depth: number;
  /** Elements of one array, slice, map or channel; fields of a struct are not limited. */
  readonly elements: number;
  /** Bytes of a string. */
  readonly bytes: number;
  /** Values altogether. */
  readonly values: number;
}

export const VALUE_LIMITS: ValueLimits = { depth: 5, elements: 64, bytes: 512, values: 2000 };

/** A Go value read from memory. */
export interface GoValue {
  readonly type: string;
  readonly kind: GoKind;
  readonly address: number;
  /** Numbers, booleans, strings (quoted), functions (their name) and nil. */
  readonly text?: string;
  /** Of strings, slices, arrays, maps and channels. */
  readonly length?: number;
  readonly capacity?: number;
  /** What pointers, slices, maps, channels, functions and strings refer to. */
  readonly target?: number;
  /** Fields by name, elements by index, entries by key, what a pointer (`*`) or an interface (its dynamic type) holds. */
  readonly children: readonly { readonly name: string; readonly value: GoValue }[];
  /** Elements that were not read. */
  readonly more: number;
  /** Why nothing of it was read. */
  readonly cut?: 'depth' | 'cycle' | 'outside memory';
}

/** Reads values of one program by their types. */
export class ValueReader {
  private readonly types: Types;
  private readonly memory: Peek;
  private readonly go: GoModule;
  private readonly limits: ValueLimits;
  private left: number;
  /** What the value being read is inside of, by address and type. */
  private readonly path = new Set<string>();

  constructor(types: Types, limits: Partial<ValueLimits> = {}) {
    this.types = types;
    this.memory = types.memory;
    this.go = types.go;
    this.limits = { ...VALUE_LIMITS, ...limits };
    this.left = this.limits.values;
  }

  /** The value of a type that stands at `address`. */
  read(type: GoType, address: number): GoValue {
    this.left = this.limits.values;
    this.path.clear();
    return this.at(type, address, 0);
  }

  /** An `any` value: the words {type, data} at `address`. */
  readAny(address: number): GoValue {
    this.left = this.limits.values;
    this.path.clear();
    const base: GoValue = { type: 'interface {}', kind: 'interface', address, children: [], more: 0 };
    return { ...base, ...this.dynamic(this.types.at(this.memory.word(address)), address, 0) };
  }

  private at(type: GoType, address: number, depth: number): GoValue {
    const { kind, size } = type;
    const base = { type: type.name, kind, address, children: [], more: 0 };
    if (!this.memory.contains(address, size)) return { ...base, cut: 'outside memory' };
    const text = scalar(this.memory, kind, address);
    if (text !== undefined) return { ...base, text };
    if (--this.left < 0 || depth > this.limits.depth) return { ...base, cut: 'depth', ...this.target(kind, address) };
    const key = `${address} ${type.address}`;
    if (this.path.has(key)) return { ...base, cut: 'cycle', ...this.target(kind, address) };
    this.path.add(key);
    try {
      return { ...base, ...this.parts(type, address, depth) };
    } finally {
      this.path.delete(key);
    }
  }

  private target(kind: GoKind, address: number): Partial<GoValue> {
    return kind === 'struct' || kind === 'array' || kind === 'interface' ? {} : { target: this.memory.word(address) };
  }

  private parts(type: GoType, address: number, depth: number): Partial<GoValue> {
    const { memory, limits } = this;
    const inner = (part: GoType | undefined, at: number): GoValue =>
      part === undefined ? { type: '?', kind: 'invalid', address: at, children: [], more: 0, cut: 'outside memory' } : this.at(part, at, depth + 1);
    const { kind } = type;
    switch (kind) {
      case 'string': {
        const target = memory.word(address);
        const length = memory.word(address + 8);
        if (length > 0 && !memory.contains(target, Math.min(length, limits.bytes))) return { length, target, cut: 'outside memory' };
        const shown = Math.min(length, limits.bytes);
        return { text: JSON.stringify(memory.text(target, shown)), length, target, more: length - shown };
      }
      case 'pointer': {
        const target = memory.word(address);
        if (target === 0) return { text: 'nil' };
        return { target, children: [{ name: '*', value: inner(type.elem, target) }] };
      }
      case 'slice':
        return this.elements(type.elem, memory.word(address), memory.word(address + 8), depth, { capacity: memory.word(address + 16) });
      case 'array':
        return { ...this.elements(type.elem, address, type.length, depth), target: address };
      case 'struct':
        return { children: type.fields.map(({ name, type: part, offset }) => ({ name, value: inner(part, address + offset) })) };
      case 'map':
        return this.entries(type, memory.word(address), inner);
      case 'chan':
        return this.channel(type, memory.word(address), inner);
      case 'interface':
        return this.dynamic(this.types.dynamicOf(type, address), address, depth);
      case 'func': {
        const target = memory.word(address);
        return { text: target === 0 ? 'nil' : (this.closureName(target) ?? `0x${target.toString(16)}`), target };
      }
      default:
        return { text: `0x${memory.word(address).toString(16)}` };
    }
  }

  /** The function that a func value (the address of a funcval) calls. */
  closureName(funcval: number): string | undefined {
    const pc = this.memory.word(funcval);
    return pc % 65536 === 0 ? this.go.pclntab?.funcOf(pc)?.name : undefined;
  }

  private elements(elem: GoType | undefined, target: number, length: number, depth: number, more: Partial<GoValue> = {}): Partial<GoValue> {
    const children: { name: string; value: GoValue }[] = [];
    if (elem === undefined) return { ...more, length, target, cut: 'outside memory' };
    const count = Math.min(length, this.limits.elements);
    for (let i = 0; i < count && this.left >= 0; i++) {
      const at = target + i * elem.size;
      if (!this.memory.contains(at, elem.size)) return { ...more, length, target, children, more: length - i, cut: 'outside memory' };
      children.push({ name: String(i), value: this.at(elem, at, depth + 1) });
    }
    return { ...more, length, target, children, more: length - children.length };
  }

  private entries(type: GoType, target: number, inner: (part: GoType | undefined, at: number) => GoValue): Partial<GoValue> {
    if (target === 0) return { text: 'nil' };
    const length = mapLength(this.memory, target);
    const children: { name: string; value: GoValue; key: GoValue }[] = [];
    for (const { key, elem } of mapEntries(this.memory, type, target)) {
      if (children.length === this.limits.elements || this.left < 0) break;
      const name = inner(type.key, key);
      children.push({ name: showValue(name, false), key: name, value: inner(type.elem, elem) });
    }
    children.sort((a, b) => compareKeys(a.key, b.key));
    return { length, target, children: children.map(({ name, value }) => ({ name, value })), more: Math.max(0, length - children.length) };
  }

  private channel(type: GoType, target: number, inner: (part: GoType | undefined, at: number) => GoValue): Partial<GoValue> {
    const { memory } = this;
    if (target === 0) return { text: 'nil' };
    const length = memory.word(target + HCHAN.qcount);
    const capacity = memory.word(target + HCHAN.dataqsiz);
    const buffer = memory.word(target + HCHAN.buf);
    const first = memory.word(target + this.go.structs.hchan_recvx);
    const size = type.elem?.size ?? 0;
    const children: { name: string; value: GoValue }[] = [];
    for (let i = 0; i < Math.min(length, capacity, this.limits.elements); i++) {
      children.push({ name: String(i), value: inner(type.elem, buffer + ((first + i) % capacity) * size) });
    }
    return { length, capacity, target, children, more: Math.max(0, length - children.length) };
  }

  private dynamic(type: GoType | undefined, address: number, depth: number): Partial<GoValue> {
    if (this.memory.word(address) === 0) return { text: 'nil' };
    if (type === undefined) return { cut: 'outside memory' };
    const data = type.isDirect ? address + 8 : this.memory.word(address + 8);
    return { children: [{ name: type.name, value: this.at(type, data, depth + 1) }] };
  }
}

/** A value on one line, in the manner of Go debuggers: `main.T {A: 1, B: []int len: 2, cap: 4, [1,2]}`. */
export function showValue(value: GoValue, withType = true): string {
  const { kind, type, text, children, cut, target } = value;
  const typed = withType ? `${type} ` : '';
  if (kind === 'string') return cut === undefined ? `${text}${value.more > 0 ? `...+${value.more} more` : ''}` : `${typed}(${cut}: ${hex(target)}, length ${value.length})`;
  if (text !== undefined) return text === 'nil' ? `${typed}nil` : text;
  if (cut !== undefined && children.length === 0) return target === undefined ? `${typed}(${cut === 'depth' ? '...' : cut})` : `(${type})(${hex(target)})`;
  const more = value.more > 0 ? `${children.length > 0 ? ',' : ''}...+${value.more} more` : '';
  switch (kind) {
    case 'pointer':
      return `*${showValue(children[0]!.value)}`;
    case 'struct':
      return `${typed}{${children.map(({ name, value: field }) => `${name}: ${showValue(field)}`).join(', ')}}`;
    case 'map':
      return `${typed}[${children.map(({ name, value: elem }) => `${name}: ${showValue(elem, false)}`).join(', ')}${more}]`;
    case 'interface':
      return `${type}(${children[0]!.name}) ${showValue(children[0]!.value, false)}`;
    case 'slice':
      return `${typed}len: ${value.length}, cap: ${value.capacity}, [${children.map(({ value: elem }) => showValue(elem, false)).join(',')}${more}]`;
    case 'chan':
      return `${typed}${value.length}/${value.capacity}${value.length === 0 ? '' : ` [${children.map(({ value: elem }) => showValue(elem, false)).join(',')}${more}]`}`;
    default:
      return `${typed}[${children.map(({ value: elem }) => showValue(elem, false)).join(',')}${more}]`;
  }
}

function hex(address: number | undefined): string {
  return `0x${(address ?? 0).toString(16)}`;
}

/** By number where both are numbers, else by text. */
function compareKeys(a: GoValue, b: GoValue): number {
  const [x, y] = [a.text ?? '', b.text ?? ''];
  if (/^-?\d+$/.test(x) && /^-?\d+$/.test(y)) {
    const [m, n] = [BigInt(x), BigInt(y)];
    return m < n ? -1 : m > n ? 1 : 0;
  }
  return x < y ? -1 : x > y ? 1 : 0;
}

const SIGNED: Partial<Record<GoKind, number>> = { int: 8, int8: 1, int16: 2, int32: 4, int64: 8 };
const UNSIGNED: Partial<Record<GoKind, number>> = { uint: 8, uint8: 1, uint16: 2, uint32: 4, uint64: 8, uintptr: 8 };

/** Numbers and booleans; `undefined` for other kinds. */
function scalar(memory: Peek, kind: GoKind, address: number): string | undefined {
  if (kind === 'bool') return String(memory.u8(address) !== 0);
  const signed = SIGNED[kind];
  if (signed !== undefined) return String(BigInt.asIntN(signed * 8, memory.u64(address)));
  const unsigned = UNSIGNED[kind];
  if (unsigned !== undefined) return String(BigInt.asUintN(unsigned * 8, memory.u64(address)));
  if (kind === 'float32') return float(memory, address, 4);
  if (kind === 'float64') return float(memory, address, 8);
  if (kind === 'complex64') return `(${float(memory, address, 4)} + ${float(memory, address + 4, 4)}i)`;
  if (kind === 'complex128') return `(${float(memory, address, 8)} + ${float(memory, address + 8, 8)}i)`;
  return undefined;
}

const scratch = new DataView(new ArrayBuffer(8));

function float(memory: Peek, address: number, bytes: 4 | 8): string {
  scratch.setBigUint64(0, memory.u64(address), true);
  const value = bytes === 4 ? shortest(scratch.getFloat32(0, true)) : scratch.getFloat64(0, true);
  return Object.is(value, -0) ? '-0' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}

/** The shortest decimal that means the same float32. */
function shortest(value: number): number {
  for (let digits = 1; digits < 10 && Number.isFinite(value); digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}

/** Pointers to structs that begin with the text of an error. */
const TEXT_ERRORS = new Set(['*errors.errorString', '*fmt.wrapError', '*fmt.wrapErrors']);

/** An `any` value {type, data} as text: its type, and its value where that is a number, a string or an error's text. */
export function showInterface(go: GoModule, memory: Peek, type: number, data: number): string {
  if (type === 0) return 'nil';
  const dynamic = new Types(go, memory).at(type);
  if (dynamic === undefined) return '';
  const { name, kind } = dynamic;
  if (kind === 'string' || TEXT_ERRORS.has(name)) return `${name} ${JSON.stringify(memory.goString(data))}`;
  const whole = kind === 'bool' || SIGNED[kind] !== undefined || UNSIGNED[kind] !== undefined;
  return whole ? `${name} ${scalar(memory, kind, data)}` : name;
}
