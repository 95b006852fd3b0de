import {
  type CompType,
  F32,
  F64,
  type FieldType,
  type FuncType,
  type GlobalType,
  HEAP,
  heapOf,
  type HeapType,
  I16,
  I32,
  I64,
  I8,
  isAbstract,
  isExact,
  isNullable,
  isRef,
  type MemoryType,
  type StorageType,
  type SubType,
  type TableType,
  type TagType,
  V128,
  type ValType,
} from './types.js';
import type { ImportDesc } from './module.js';

/** How a type index is written; by default the bare number. */
export type ShowIndex = (index: number) => string;

const HEAP_NAMES: ReadonlyMap<HeapType, string> = new Map(Object.entries(HEAP).map(([name, heap]) => [heap, name]));
const SIMPLE_NAMES: ReadonlyMap<StorageType, string> = new Map([
  [I32, 'i32'],
  [I64, 'i64'],
  [F32, 'f32'],
  [F64, 'f64'],
  [V128, 'v128'],
  [I8, 'i8'],
  [I16, 'i16'],
]);
/** The abstract types whose nullable reference is not called after them. */
const NULLABLE_NAMES: ReadonlyMap<HeapType, string> = new Map([
  [HEAP.none, 'nullref'],
  [HEAP.nofunc, 'nullfuncref'],
  [HEAP.noextern, 'nullexternref'],
  [HEAP.noexn, 'nullexnref'],
  [HEAP.nocont, 'nullcontref'],
]);

export function showHeapType(heap: HeapType, index: ShowIndex = String): string {
  return isAbstract(heap) ? (HEAP_NAMES.get(heap) ?? '?') : index(heap);
}

/** A value or storage type as in the text format: `i32`, `funcref`, `(ref null 3)`, `(ref (exact 1))`. */
export function showType(type: StorageType, index: ShowIndex = String): string {
  if (!isRef(type)) return SIMPLE_NAMES.get(type) ?? 'bot';
  const heap = heapOf(type);
  const name = showHeapType(heap, index);
  if (isAbstract(heap) && isNullable(type) && heap !== HEAP.bot) return NULLABLE_NAMES.get(heap) ?? `${name}ref`;
  return `(ref ${isNullable(type) ? 'null ' : ''}${isExact(type) ? `(exact ${name})` : name})`;
}

/** `[i32 i64]`, as the specification writes stack types. */
export function showTypes(types: readonly ValType[], index: ShowIndex = String): string {
  return `[${types.map((type) => showType(type, index)).join(' ')}]`;
}

/** `(func (param i32 i32) (result i64))`. */
export function showFuncType(type: FuncType, index: ShowIndex = String): string {
  const list = (keyword: string, types: readonly ValType[]): string =>
    types.length === 0 ? '' : ` (${keyword} ${types.map((item) => showType(item, index)).join(' ')})`;
  return `(func${list('param', type.params)}${list('result', type.results)})`;
}

function showField(field: FieldType, index: ShowIndex): string {
  const type = showType(field.storage, index);
  return field.mutable ? `(mut ${type})` : type;
}

export function showCompType(type: CompType, index: ShowIndex = String): string {
  switch (type.kind) {
    case 'func':
      return showFuncType(type, index);
    case 'struct':
      return `(struct${type.fields.map((field) => ` (field ${showField(field, index)})`).join('')})`;
    case 'array':
      return `(array ${showField(type.field, index)})`;
  }
}

export function showSubType(type: SubType, index: ShowIndex = String): string {
  const described = type.describes === undefined ? '' : `(describes ${index(type.describes)}) `;
  const descriptor = type.descriptor === undefined ? '' : `(descriptor ${index(type.descriptor)}) `;
  const comp = `${described}${descriptor}${showCompType(type.comp, index)}`;
  if (type.final && type.supers.length === 0) return comp;
  return `(sub ${type.final ? 'final ' : ''}${type.supers.map((item) => `${index(item)} `).join('')}${comp})`;
}

function showLimits({ limits, address }: MemoryType | TableType): string {
  return `${address === I64 ? 'i64 ' : ''}${limits.min}${limits.max === undefined ? '' : ` ${limits.max}`}`;
}

/** `(memory 1 2)`. */
export function showMemoryType(type: MemoryType): string {
  const pageSize = type.pageSizeLog2 === 16 ? '' : ` (pagesize ${2 ** type.pageSizeLog2})`;
  return `(memory ${showLimits(type)}${type.shared ? ' shared' : ''}${pageSize})`;
}

/** `(table 10 funcref)`. */
export function showTableType(type: TableType, index: ShowIndex = String): string {
  return `(table ${showLimits(type)} ${showType(type.element, index)})`;
}

/** `(global (mut i32))`. */
export function showGlobalType(type: GlobalType, index: ShowIndex = String): string {
  const value = showType(type.value, index);
  return `(global ${type.mutable ? `(mut ${value})` : value})`;
}

/** `(tag (param i32))`: the parameters of the tag's function type among `types`. */
export function showTagType(type: TagType, types: readonly SubType[]): string {
  const comp = types[type.type]?.comp;
  return comp?.kind === 'func' ? showFuncType(comp).replace('(func', '(tag') : `(tag (type ${type.type}))`;
}

/** An import's type, in full, e.g. `(func (param i32))`; `types` is the module's type index space. */
export function showImportDesc(desc: ImportDesc, types: readonly SubType[]): string {
  switch (desc.kind) {
    case 'func': {
      const comp = types[desc.type]?.comp;
      return comp === undefined ? `(func (type ${desc.type}))` : showCompType(comp);
    }
    case 'table':
      return showTableType(desc.type);
    case 'memory':
      return showMemoryType(desc.type);
    case 'global':
      return showGlobalType(desc.type);
    case 'tag':
      return showTagType(desc.type, types);
  }
}
