import type { Features } from '../features.js';
import {
  type AddressType,
  type CompType,
  F32,
  F64,
  type FieldType,
  type FuncType,
  type GlobalType,
  HEAP,
  type HeapType,
  I16,
  I32,
  I64,
  I8,
  type Limits,
  type MemoryType,
  type StorageType,
  type SubType,
  type TableType,
  V128,
  type ValType,
  ref,
} from '../types.js';
import type { Cursor } from './cursor.js';
import { IndexSpace } from './index-space.js';
import { TOKEN } from './lexer.js';
import { parseNat } from './literals.js';

const NUMBER_TYPES: ReadonlyMap<string, ValType> = new Map([
  ['i32', I32],
  ['i64', I64],
  ['f32', F32],
  ['f64', F64],
  ['v128', V128],
]);

/** Abstract heap types by keyword, and `anyref` and its like, which stand for nullable references (§6.4.3). */
const HEAP_TYPES = new Map<string, HeapType>();
const REF_TYPES = new Map<string, ValType>();
for (const [name, heap] of Object.entries(HEAP)) {
  if (name === 'bot' || name === 'nocont') continue;
  HEAP_TYPES.set(name, heap);
  const short = name === 'none' ? 'null' : name.startsWith('no') ? `null${name.slice(2)}` : name;
  REF_TYPES.set(`${short}ref`, ref(heap, true));
}

/** A type index above this does not fit a `ValType`; no module has that many types. */
const MAX_TYPE_INDEX = 0x7ffffff;

/** A type use: the type's index, and the names of parameters if it has its own list. */
export interface TypeUse {
  readonly index: number;
  /** By parameter: the token where its identifier is or would be. */
  readonly places: readonly (number | undefined)[];
}

/** The type index space while a module is parsed: definitions, names, and the types that type uses add (§6.6.5). */
export class TypeSpace extends IndexSpace {
  readonly types: SubType[] = [];
  readonly fields: Map<number, IndexSpace> = new Map();
  readonly features: Features;
  private readonly functions = new Map<string, number>();

  constructor(features: Features) {
    super('type');
    this.features = features;
  }

  // Definitions. The names of all types are bound before the first definition is read.

  /** `(type …)` or `(rec (type …)*)` at the cursor. */
  definition(cursor: Cursor): void {
    const start = this.types.length;
    const group: Omit<SubType, 'recStart' | 'recLength'>[] = [];
    if (cursor.tryOpen('rec')) {
      while (cursor.is(TOKEN.open)) group.push(this.subTypeDefinition(cursor, start + group.length));
      cursor.close();
    } else group.push(this.subTypeDefinition(cursor, start));
    for (const type of group) this.add({ ...type, recStart: start, recLength: group.length });
  }

  private add(type: SubType): number {
    const index = this.types.push(type) - 1;
    const alone = type.recLength === 1 && type.final && type.supers.length === 0;
    if (alone && type.describes === undefined && type.descriptor === undefined && type.comp.kind === 'func') {
      const key = keyOf(type.comp);
      if (!this.functions.has(key)) this.functions.set(key, index);
    }
    return index;
  }

  private subTypeDefinition(cursor: Cursor, index: number): Omit<SubType, 'recStart' | 'recLength'> {
    cursor.open('type');
    cursor.tryId();
    const supers: number[] = [];
    let final = true;
    const sub = cursor.tryOpen('sub');
    if (sub) {
      final = cursor.tryWord('final');
      while (cursor.isIndex()) supers.push(this.resolve(cursor));
    }
    const describes = this.relation(cursor, 'describes');
    const descriptor = this.relation(cursor, 'descriptor');
    const comp = this.compType(cursor, index);
    if (sub) cursor.close();
    cursor.close();
    return {
      comp,
      final,
      supers,
      ...(describes === undefined ? undefined : { describes }),
      ...(descriptor === undefined ? undefined : { descriptor }),
    };
  }

  private relation(cursor: Cursor, word: 'describes' | 'descriptor'): number | undefined {
    if (!this.features.has('custom-descriptors') || !cursor.tryOpen(word)) return undefined;
    const index = this.resolve(cursor);
    cursor.close();
    return index;
  }

  private compType(cursor: Cursor, index: number): CompType {
    let comp: CompType;
    if (cursor.tryOpen('func')) comp = this.signature(cursor).type;
    else if (cursor.tryOpen('struct')) comp = { kind: 'struct', fields: this.structFields(cursor, index) };
    else {
      cursor.open('array');
      comp = { kind: 'array', field: this.fieldType(cursor) };
    }
    cursor.close();
    return comp;
  }

  private structFields(cursor: Cursor, index: number): FieldType[] {
    const names = new IndexSpace('field');
    const fields: FieldType[] = [];
    while (cursor.tryOpen('field')) {
      if (cursor.is(TOKEN.id)) {
        names.define(cursor);
        fields.push(this.fieldType(cursor));
      } else {
        while (!cursor.is(TOKEN.close)) {
          names.skip(cursor);
          fields.push(this.fieldType(cursor));
        }
      }
      cursor.close();
    }
    this.fields.set(index, names);
    return fields;
  }

  private fieldType(cursor: Cursor): FieldType {
    const mutable = cursor.tryOpen('mut');
    const storage = this.storageType(cursor);
    if (mutable) cursor.close();
    return { storage, mutable };
  }

  private storageType(cursor: Cursor): StorageType {
    if (cursor.tryWord('i8')) return I8;
    if (cursor.tryWord('i16')) return I16;
    return this.valType(cursor);
  }

  // Value types

  isValType(cursor: Cursor): boolean {
    if (cursor.is(TOKEN.open)) return cursor.isOpen('ref');
    return cursor.is(TOKEN.keyword) && (NUMBER_TYPES.has(cursor.text) || REF_TYPES.has(cursor.text));
  }

  valType(cursor: Cursor): ValType {
    if (cursor.is(TOKEN.keyword)) {
      const number = NUMBER_TYPES.get(cursor.text);
      if (number !== undefined) {
        cursor.at++;
        return number;
      }
    }
    return this.refType(cursor, 'a value type');
  }

  refType(cursor: Cursor, expected: string = 'a reference type'): ValType {
    if (cursor.tryOpen('ref')) {
      const nullable = cursor.tryWord('null');
      const exact = this.features.has('custom-descriptors') && cursor.tryOpen('exact');
      const type = ref(exact ? this.typeIndex(cursor) : this.heapType(cursor), nullable, exact);
      if (exact) cursor.close();
      cursor.close();
      return type;
    }
    const type = cursor.is(TOKEN.keyword) ? REF_TYPES.get(cursor.text) : undefined;
    if (type === undefined) throw cursor.unexpected(expected);
    cursor.at++;
    return type;
  }

  /** A heap type, as `ref.null` has it: the nullable reference to it. */
  nullType(cursor: Cursor): ValType {
    const exact = this.features.has('custom-descriptors') && cursor.tryOpen('exact');
    const type = ref(exact ? this.typeIndex(cursor) : this.heapType(cursor), true, exact);
    if (exact) cursor.close();
    return type;
  }

  private heapType(cursor: Cursor): HeapType {
    if (cursor.isIndex()) return this.typeIndex(cursor);
    const heap = cursor.is(TOKEN.keyword) ? HEAP_TYPES.get(cursor.text) : undefined;
    if (heap === undefined) throw cursor.unexpected('a heap type');
    cursor.at++;
    return heap;
  }

  private typeIndex(cursor: Cursor): number {
    const { at } = cursor;
    const index = this.resolve(cursor);
    if (index > MAX_TYPE_INDEX) throw cursor.error(`unknown type ${index}`, at);
    return index;
  }

  // Function types and type uses

  /** `(param …)* (result …)*`, possibly nothing. */
  signature(cursor: Cursor, namedParams = true): { type: FuncType; places: number[] } {
    const params: ValType[] = [];
    const results: ValType[] = [];
    const places: number[] = [];
    while (cursor.tryOpen('param')) {
      if (cursor.is(TOKEN.id) && namedParams) {
        places.push(cursor.at++);
        params.push(this.valType(cursor));
      } else {
        while (!cursor.is(TOKEN.close)) {
          places.push(cursor.at);
          params.push(this.valType(cursor));
        }
      }
      cursor.close();
    }
    while (cursor.tryOpen('result')) {
      while (!cursor.is(TOKEN.close)) results.push(this.valType(cursor));
      cursor.close();
    }
    return { type: { kind: 'func', params, results }, places };
  }

  /** `(type x)? (param …)* (result …)*`; without `(type x)` the first matching type, added if there is none. */
  typeUse(cursor: Cursor, namedParams = true): TypeUse {
    if (!cursor.isOpen('type')) {
      const { type, places } = this.signature(cursor, namedParams);
      return { index: this.funcType(type), places };
    }
    const index = this.explicitTypeUse(cursor);
    const { at } = cursor;
    const { type, places } = this.signature(cursor, namedParams);
    if (cursor.at !== at) {
      const comp = this.types[index]?.comp;
      if (comp === undefined) throw cursor.error(`unknown type ${index}`, at);
      if (comp.kind !== 'func' || keyOf(comp) !== keyOf(type)) {
        // A list in the wrong order is a mistake of syntax before it is one of types.
        const misplaced = ['param', 'result', 'type'].some((word) => cursor.isOpen(word));
        if (misplaced) throw cursor.unexpected('no more types', cursor.at + 1);
        throw cursor.error('inline function type does not match the type that is named', at);
      }
    }
    return { index, places };
  }

  private explicitTypeUse(cursor: Cursor): number {
    cursor.open('type');
    const index = this.resolve(cursor);
    cursor.close();
    return index;
  }

  /** The smallest index of a type that is just this function type, added at the end if there is none. */
  funcType(type: FuncType): number {
    const known = this.functions.get(keyOf(type));
    if (known !== undefined) return known;
    const index = this.types.length;
    this.skip();
    return this.add({ comp: type, final: true, supers: [], recStart: index, recLength: 1 });
  }

  // Types of memories, tables and globals

  /** Limits are 64 bits wide where 64-bit addresses are part of the language (§6.4.8). */
  private limits(cursor: Cursor): Limits {
    const min = this.size(cursor);
    const max = cursor.is(TOKEN.nat) ? this.size(cursor) : undefined;
    return { min, max };
  }

  private size(cursor: Cursor): bigint {
    if (!cursor.is(TOKEN.nat)) throw cursor.unexpected('a size');
    const bits = this.features.has('memory64') ? 64 : 32;
    const value = parseNat(cursor.text, bits);
    if (value === undefined) throw cursor.error(`i${bits} constant out of range`);
    cursor.at++;
    return value;
  }

  addressType(cursor: Cursor): AddressType {
    if (!this.features.has('memory64')) return I32;
    if (cursor.tryWord('i64')) return I64;
    cursor.tryWord('i32');
    return I32;
  }

  memoryType(cursor: Cursor): MemoryType {
    const address = this.addressType(cursor);
    const limits = this.limits(cursor);
    const shared = this.features.has('threads') && cursor.tryWord('shared');
    return { limits, address, shared, pageSizeLog2: this.pageSize(cursor) };
  }

  /** `(pagesize n)?` as a power of two. */
  pageSize(cursor: Cursor): number {
    if (!this.features.has('custom-page-sizes') || !cursor.tryOpen('pagesize')) return 16;
    const { at } = cursor;
    const bytes = cursor.u32('a page size in bytes');
    const log2 = 31 - Math.clz32(bytes);
    if (bytes === 0 || bytes !== 2 ** log2) throw cursor.error('invalid custom page size', at);
    cursor.close();
    return log2;
  }

  tableType(cursor: Cursor): TableType {
    const address = this.addressType(cursor);
    const limits = this.limits(cursor);
    return { limits, address, element: this.refType(cursor) };
  }

  globalType(cursor: Cursor): GlobalType {
    const mutable = cursor.tryOpen('mut');
    const value = this.valType(cursor);
    if (mutable) cursor.close();
    return { value, mutable };
  }
}

function keyOf(type: FuncType): string {
  return `${type.params.join()}:${type.results.join()}`;
}
