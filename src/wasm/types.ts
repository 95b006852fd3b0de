/**
 * The types of WebAssembly 3.0 (spec §2.3) as small integers, so that type lists are plain number arrays, a
 * comparison is `===` and the validator allocates nothing.
 *
 * A number type and `v128` are their binary codes (§5.3.1, §5.3.2). A reference type packs its nullability, the
 * `exact` flag of the custom-descriptors proposal and its heap type into one int32:
 *
 *     bit 30  REF         always set
 *     bit 29  NULL        (ref null ht)
 *     bit 28  EXACT       (ref (exact ht))
 *     bit 27  ABSTRACT    the low bits are the code of an abstract heap type, otherwise a type index
 *     0..26               the code or the type index
 */
export type ValType = number;
/** A heap type: an abstract code with the ABSTRACT bit, or a type index. The low 28 bits of a reference type. */
export type HeapType = number;
/** What a struct field or an array element holds: a value type, or the packed `I8`/`I16`. */
export type StorageType = number;

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const I8 = 0x78;
export const I16 = 0x77;
/** The bottom value type of unreachable code (§3.1.3); never part of a module. */
export const BOT = 0;

const REF = 1 << 30;
const NULL = 1 << 29;
const EXACT = 1 << 28;
const ABSTRACT = 1 << 27;
const HEAP_MASK = ABSTRACT | (ABSTRACT - 1);

/** The abstract heap types, each `ABSTRACT | its binary code`. */
export const HEAP = {
  nocont: 0x8000075,
  noexn: 0x8000074,
  nofunc: 0x8000073,
  noextern: 0x8000072,
  none: 0x8000071,
  func: 0x8000070,
  extern: 0x800006f,
  any: 0x800006e,
  eq: 0x800006d,
  i31: 0x800006c,
  struct: 0x800006b,
  array: 0x800006a,
  exn: 0x8000069,
  /** The bottom heap type of unreachable code; never part of a module. */
  bot: 0x8000000,
} as const;

export function ref(heap: HeapType, nullable: boolean, exact = false): ValType {
  return REF | (nullable ? NULL : 0) | (exact ? EXACT : 0) | heap;
}

export const FUNCREF: ValType = ref(HEAP.func, true);
export const EXTERNREF: ValType = ref(HEAP.extern, true);
export const EXNREF: ValType = ref(HEAP.exn, true);

export function isRef(type: ValType): boolean {
  return (type & REF) !== 0;
}
export function isNullable(type: ValType): boolean {
  return (type & NULL) !== 0;
}
export function isExact(type: ValType): boolean {
  return (type & EXACT) !== 0;
}
export function heapOf(type: ValType): HeapType {
  return type & HEAP_MASK;
}
export function isAbstract(heap: HeapType): boolean {
  return (heap & ABSTRACT) !== 0;
}
export function isNumeric(type: ValType): boolean {
  return type >= F64 && type <= I32;
}
/** Has every type a default value (§3.2.1)? Non-nullable references have none. */
export function isDefaultable(type: ValType): boolean {
  return !isRef(type) || isNullable(type);
}
/** 64-bit cells that a value of this type takes on the flat stack: 2 for `v128`, else 1. */
export function cellsOf(type: ValType): 1 | 2 {
  return type === V128 ? 2 : 1;
}

export interface FuncType {
  readonly kind: 'func';
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}
export interface FieldType {
  readonly storage: StorageType;
  readonly mutable: boolean;
}
export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly FieldType[];
}
export interface ArrayType {
  readonly kind: 'array';
  readonly field: FieldType;
}
export type CompType = FuncType | StructType | ArrayType;

/** One entry of the type index space (§2.3.8). `recStart`/`recLength` name the recursion group it stands in. */
export interface SubType {
  readonly comp: CompType;
  readonly final: boolean;
  readonly supers: readonly number[];
  readonly recStart: number;
  readonly recLength: number;
  /** Custom descriptors: index of the type that this one describes / that describes this one. */
  readonly describes?: number;
  readonly descriptor?: number;
}

export type AddressType = typeof I32 | typeof I64;

/** Sizes in units of the limit: pages for a memory, elements for a table. Exact up to 2^53, else Infinity. */
export interface Limits {
  readonly min: bigint;
  readonly max: bigint | undefined;
}
export interface MemoryType {
  readonly limits: Limits;
  readonly address: AddressType;
  readonly shared: boolean;
  /** 16 except under the custom-page-sizes proposal, where it may also be 0. */
  readonly pageSizeLog2: number;
}
export interface TableType {
  readonly limits: Limits;
  readonly address: AddressType;
  readonly element: ValType;
}
export interface GlobalType {
  readonly value: ValType;
  readonly mutable: boolean;
}
/** A tag's type is the index of a function type. */
export interface TagType {
  readonly type: number;
}

export type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';
