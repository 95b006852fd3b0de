import type { Data } from '../state.js';
import { type Catalogue, isObject } from './catalogue.js';
import type { ObjectClass } from './realm.js';

/**
 * JavaScript values as data: a list of nodes, one an object, which refer to each other by position. Objects that every
 * realm starts with are only named; those of the program are described; what cannot be described is foreign.
 */
export interface GraphContext {
  readonly catalogue: Catalogue;
  classOf(value: object): ObjectClass;
  /** Whether no typed array has properties beside its elements: to ask each takes long. */
  readonly bareViews: boolean;
  /** The Go function that a JavaScript function stands for. */
  goFunction(value: object): number | undefined;
  /** Makes such a function. */
  wrap(id: number): object;
}

/** A value: itself, or a list whose first item says what it is. */
type Value = Data;
export type Property = readonly [key: Value, value: Value, flags: number];

interface Node {
  readonly kind: 'known' | 'go' | 'go prototype' | Exclude<ObjectClass, 'function' | 'other'>;
  /** The name of a known object, the id of a Go function, the time of a date, the bytes of a buffer, the class of a view. */
  readonly of?: Data;
  /** Values that belong to the kind: buffer, offset and length of a view, entries of a map, members of a set. */
  readonly parts?: readonly Value[];
  readonly prototype?: Value;
  readonly properties?: readonly Property[];
  /** Absent: new properties can be added. */
  readonly sealed?: true;
}

const WRITABLE = 1;
const ENUMERABLE = 2;
const CONFIGURABLE = 4;
const ACCESSOR = 8;

/** The prototypes that an object of the kind may have, beside objects of the program: there may be a secret inside of others. */
const PLAIN_PROTOTYPES = /^globalThis\.(?:Object\.prototype|fs\.Stats\.prototype|TextEncoder\.prototype)$|^Timeout\.prototype$/;

export class GraphWriter {
  readonly nodes: Node[] = [];
  /** What cannot be written, in words. */
  readonly foreign: string[] = [];
  private readonly positions = new Map<object, number>();
  private readonly symbols = new Map<symbol, number>();
  private readonly context: GraphContext;
  /** Objects that have a position and no description yet. */
  private readonly todo: object[] = [];
  private where = '';

  constructor(context: GraphContext) {
    this.context = context;
  }

  /** `where`: how to call the place if there is something foreign. */
  write(value: unknown, where: string): Value {
    this.where = where;
    const written = this.value(value);
    this.finish();
    return written;
  }

  writeProperty(key: PropertyKey, descriptor: PropertyDescriptor, where: string): Property {
    this.where = where;
    const written = this.property(key, descriptor);
    this.finish();
    return written;
  }

  private finish(): void {
    for (let object = this.todo.shift(); object !== undefined; object = this.todo.shift()) this.nodes.push(this.describe(object));
  }

  private value(value: unknown): Value {
    switch (typeof value) {
      case 'undefined':
        return ['undefined'];
      case 'symbol':
        return this.symbol(value);
      case 'object':
        return value === null ? null : ['object', this.object(value)];
      case 'function':
        return ['object', this.object(value)];
      case 'string':
        return text(value);
      default:
        return value as boolean | number | bigint;
    }
  }

  private symbol(symbol: symbol): Value {
    const registered = Symbol.keyFor(symbol);
    if (registered !== undefined) return ['registered symbol', text(registered)];
    const { description } = symbol;
    if (description?.startsWith('Symbol.') && (Symbol as unknown as Record<string, unknown>)[description.slice(7)] === symbol) {
      return ['well-known symbol', description.slice(7)];
    }
    const known = this.symbols.get(symbol);
    const position = known ?? this.symbols.size;
    if (known === undefined) this.symbols.set(symbol, position);
    return ['symbol', position, description === undefined ? null : text(description)];
  }

  private object(object: object): number {
    const known = this.positions.get(object);
    if (known !== undefined) return known;
    const position = this.positions.size;
    this.positions.set(object, position);
    this.todo.push(object);
    return position;
  }

  /** Whether a function that stands for a Go function has the properties that every new one has, and no others. */
  private untouched(wrapper: object): boolean {
    const is = (object: object, prototype: string, properties: readonly (readonly [string, unknown, number])[]): boolean =>
      Reflect.isExtensible(object) &&
      this.context.catalogue.nameOf(Reflect.getPrototypeOf(object) ?? object) === prototype &&
      Reflect.ownKeys(object).length === properties.length &&
      properties.every(([key, value, flags]) => {
        const own = Reflect.getOwnPropertyDescriptor(object, key);
        return own !== undefined && own.value === value && flagsOf(own) === flags;
      });
    const prototype = prototypeOf(wrapper);
    return (
      isObject(prototype) &&
      is(prototype, 'globalThis.Object.prototype', [['constructor', wrapper, WRITABLE | CONFIGURABLE]]) &&
      is(wrapper, 'globalThis.Function.prototype', [
        ['length', 0, CONFIGURABLE],
        ['name', '', CONFIGURABLE],
        ['prototype', prototype, WRITABLE],
      ])
    );
  }

  private refuse(what: string): Node {
    this.foreign.push(`${this.where}: ${what}`);
    return { kind: 'plain' };
  }

  private describe(object: object): Node {
    const { catalogue } = this.context;
    const name = catalogue.nameOf(object);
    if (name !== undefined) return { kind: 'known', of: name };
    const go = this.context.goFunction(object);
    if (go !== undefined) return this.untouched(object) ? { kind: 'go', of: go } : { kind: 'go', of: go, ...this.shape(object) };
    const owner = Reflect.getOwnPropertyDescriptor(object, 'constructor')?.value as unknown;
    if (isObject(owner) && this.context.goFunction(owner) !== undefined && prototypeOf(owner) === object && this.untouched(owner)) {
      return { kind: 'go prototype', parts: [this.value(owner)] };
    }
    const kind = this.context.classOf(object);
    if (kind === 'other' || kind === 'function') return this.refuse(`a JavaScript ${kind === 'function' ? 'function' : 'object with a state of its own'}`);
    const prototype = Reflect.getPrototypeOf(object);
    const prototypeName = prototype === null ? undefined : catalogue.nameOf(prototype);
    if (kind === 'plain' && prototypeName !== undefined && !PLAIN_PROTOTYPES.test(prototypeName)) return this.refuse(`an object of ${prototypeName}`);
    switch (kind) {
      case 'date':
        return { kind, of: Date.prototype.getTime.call(object), ...this.shape(object) };
      case 'map':
        return { kind, parts: [...Map.prototype.entries.call(object)].flat().map((part) => this.value(part)), ...this.shape(object) };
      case 'set':
        return { kind, parts: [...Set.prototype.values.call(object)].map((part) => this.value(part)), ...this.shape(object) };
      case 'buffer':
        if ((object as { resizable?: boolean }).resizable === true) return this.refuse('a resizable buffer');
        return { kind, of: new Uint8Array(object as ArrayBuffer).slice(), ...this.shape(object) };
      case 'view':
        return this.view(object as ArrayBufferView);
      default:
        return { kind, ...this.shape(object) };
    }
  }

  private view(view: ArrayBufferView): Node {
    const { buffer, byteOffset, byteLength } = view;
    if (this.context.classOf(buffer) !== 'buffer') return this.refuse('a view of shared memory');
    const type = view instanceof DataView || kindOf.call(view) === undefined ? 'DataView' : (kindOf.call(view) as string);
    const size = type === 'DataView' ? 1 : (view as Uint8Array).BYTES_PER_ELEMENT;
    const length = byteLength / size;
    // The elements, which come first among the properties, are the buffer's bytes.
    return { kind: 'view', of: type, parts: [this.value(buffer), byteOffset, length], ...this.shape(view, this.context.bareViews ? Infinity : type === 'DataView' ? 0 : length) };
  }

  /** `leave`: how many of the first properties to leave out. */
  private shape(object: object, leave = 0): Omit<Node, 'kind' | 'of' | 'parts'> {
    const properties: Property[] = [];
    const keys = leave === Infinity ? [] : Reflect.ownKeys(object).slice(leave);
    for (const key of keys) properties.push(this.property(key, Reflect.getOwnPropertyDescriptor(object, key)!));
    const shape = { prototype: this.value(Reflect.getPrototypeOf(object)), properties };
    return Reflect.isExtensible(object) ? shape : { ...shape, sealed: true };
  }

  private property(key: PropertyKey, descriptor: PropertyDescriptor): Property {
    const flags = flagsOf(descriptor);
    const name = this.value(key);
    if ('value' in descriptor) return [name, this.value(descriptor.value), flags];
    return [name, ['accessor', this.value(descriptor.get), this.value(descriptor.set)], flags | ACCESSOR];
  }

  data(): Data {
    return this.nodes as unknown as Data;
  }
}

/** A string that is no Unicode text, having half a surrogate pair, as its units. */
function text(value: string): Value {
  return /\p{Surrogate}/u.test(value) ? ['units', new Uint8Array(Uint16Array.from({ length: value.length }, (_, i) => value.charCodeAt(i)).buffer)] : value;
}

function flagsOf({ writable, enumerable, configurable }: PropertyDescriptor): number {
  return (writable ? WRITABLE : 0) | (enumerable ? ENUMERABLE : 0) | (configurable ? CONFIGURABLE : 0);
}

/** What new objects of a function get as their prototype, if it is a plain property. */
function prototypeOf(func: object): unknown {
  return Reflect.getOwnPropertyDescriptor(func, 'prototype')?.value;
}

const kindOf: (this: unknown) => unknown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;

/** The position that a value which is an object refers to. */
function reference(value: Value): number {
  return (value as readonly [string, number])[1];
}

export class GraphReader {
  private readonly nodes: readonly Node[];
  private readonly objects: object[] = [];
  private readonly symbols = new Map<number, symbol>();
  private readonly context: GraphContext;

  /** Makes all the objects of the graph. Throws where something that it names is missing here. */
  constructor(context: GraphContext, data: Data) {
    this.context = context;
    this.nodes = data as unknown as readonly Node[];
    this.nodes.forEach((_, position) => this.object(position));
    this.nodes.forEach((node, position) => this.fill(this.objects[position]!, node));
  }

  read(value: Value): unknown {
    if (!Array.isArray(value)) return value;
    const [kind, of, more] = value as unknown as readonly [string, Data, Data];
    switch (kind) {
      case 'undefined':
        return undefined;
      case 'units':
        return Array.from(new Uint16Array((of as Uint8Array).slice().buffer), (unit) => String.fromCharCode(unit)).join('');
      case 'registered symbol':
        return Symbol.for(this.read(of) as string);
      case 'well-known symbol':
        return (Symbol as unknown as Record<string, symbol>)[of as string];
      case 'symbol': {
        const symbol = this.symbols.get(of as number) ?? Symbol((this.read(more) as string | null) ?? undefined);
        this.symbols.set(of as number, symbol);
        return symbol;
      }
      default:
        return this.objects[of as number];
    }
  }

  /** A view is made over its buffer, which may come later in the list. */
  private object(position: number): object {
    return (this.objects[position] ??= this.create(this.nodes[position]!));
  }

  private fill(object: object, { kind, parts, prototype, properties, sealed }: Node): void {
    if (kind === 'map') for (let i = 0; i < parts!.length; i += 2) Map.prototype.set.call(object, this.read(parts![i]!), this.read(parts![i + 1]!));
    if (kind === 'set') for (const part of parts!) Set.prototype.add.call(object, this.read(part));
    if (prototype !== undefined) Reflect.setPrototypeOf(object, this.read(prototype) as object | null);
    for (const property of properties ?? []) this.define(object, property);
    if (sealed) Reflect.preventExtensions(object);
  }

  private create({ kind, of, parts }: Node): object {
    const construct = (name: string, args: readonly unknown[]): object => Reflect.construct(this.known(`globalThis.${name}`) as never, args) as object;
    switch (kind) {
      case 'known':
        return this.known(of as string);
      case 'go':
        return this.context.wrap(of as number);
      case 'go prototype':
        return prototypeOf(this.object(reference(parts![0]!))) as object;
      case 'array':
        return construct('Array', []);
      case 'date':
        return construct('Date', [of]);
      case 'error':
        return construct('Error', []);
      case 'map':
        return construct('Map', []);
      case 'set':
        return construct('Set', []);
      case 'buffer': {
        const bytes = of as Uint8Array;
        const buffer = construct('ArrayBuffer', [bytes.length]) as ArrayBuffer;
        new Uint8Array(buffer).set(bytes);
        return buffer;
      }
      case 'view':
        return construct(of as string, [this.object(reference(parts![0]!)), parts![1], parts![2]]);
      default:
        return {};
    }
  }

  private known(name: string): object {
    const object = this.context.catalogue.named(name);
    if (object === undefined) throw new Error(`the JavaScript realm here has no ${name}, which the snapshot refers to`);
    return object;
  }

  define(object: object, [key, value, flags]: Property): void {
    const common = { enumerable: (flags & ENUMERABLE) !== 0, configurable: (flags & CONFIGURABLE) !== 0 };
    const name = this.read(key) as PropertyKey;
    if ((flags & ACCESSOR) === 0) {
      Reflect.defineProperty(object, name, { ...common, value: this.read(value), writable: (flags & WRITABLE) !== 0 });
      return;
    }
    const [, get, set] = value as readonly [string, Value, Value];
    Reflect.defineProperty(object, name, { ...common, get: this.read(get) as () => unknown, set: this.read(set) as (value: unknown) => void });
  }
}
