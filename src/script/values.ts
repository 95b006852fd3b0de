import { isOfType } from '../engine/interpret/objects.js';
import type { Store } from '../engine/store.js';
import { hostHandle, hostIndex, isHostHandle, NULL_HANDLE, type Value } from '../engine/value.js';
import { formatF32, formatF64 } from '../wasm/text/literals.js';
import type { Constant, NanPattern, Pattern } from '../wasm/text/script.js';
import { showType } from '../wasm/show.js';
import { F32, F64, HEAP, heapOf, type HeapType, I32, I64, isAbstract, ref, V128, type ValType } from '../wasm/types.js';

type Reference = Extract<Value, { readonly handle: number }>;
/** The disjoint hierarchies of heap types (spec §3.3.3). */
type Hierarchy = 'func' | 'extern' | 'exn' | 'any';

/** The engine's value of a script's constant. Host references are numbers in the store's table of host values. */
export function toValue(constant: Constant, store: Store): Value {
  switch (constant.kind) {
    case 'i32':
      return { type: I32, i32: constant.value };
    case 'i64':
      return { type: I64, i64: constant.value };
    case 'f32':
      return { type: F32, bits: constant.bits };
    case 'f64':
      return { type: F64, bits: constant.bits };
    case 'v128': {
      const view = new DataView(constant.bytes.buffer, constant.bytes.byteOffset, 16);
      return { type: V128, low: view.getBigInt64(0, true), high: view.getBigInt64(8, true) };
    }
    case 'null':
      return { type: constant.type, handle: NULL_HANDLE };
    case 'host':
      return { type: constant.type, handle: hostHandle(store.hostValues.indexOf(constant.value)) };
  }
}

/** Is it what the script says it may be? */
export function matches(pattern: Pattern, value: Value, store: Store): boolean {
  switch (pattern.kind) {
    case 'either':
      return pattern.patterns.some((one) => matches(one, value, store));
    case 'i32':
      return value.type === I32 && (value as { i32: number }).i32 === pattern.value;
    case 'i64':
      return value.type === I64 && (value as { i64: bigint }).i64 === pattern.value;
    case 'f32':
    case 'f64':
      return matchesFloat(pattern, value);
    case 'v128':
    case 'lanes':
      return value.type === V128 && matchesVector(pattern, value as Extract<Value, { readonly low: bigint }>);
    default:
      return 'handle' in value && matchesReference(pattern, value, store);
  }
}

const SINGLE = { canonical: 0x7fc00000n, bits: 32 };
const DOUBLE = { canonical: 0x7ff8000000000000n, bits: 64 };

/** Without its sign a canonical NaN is this one number; an arithmetic one has at least its bits set. */
function isNan(bits: bigint, nan: NanPattern, format: typeof SINGLE): boolean {
  const magnitude = BigInt.asUintN(format.bits - 1, bits);
  return nan === 'nan:canonical' ? magnitude === format.canonical : (magnitude & format.canonical) === format.canonical;
}

function matchesFloat(pattern: Extract<Pattern, { kind: 'f32' | 'f64' }>, value: Value): boolean {
  const format = pattern.kind === 'f32' ? SINGLE : DOUBLE;
  if (value.type !== (pattern.kind === 'f32' ? F32 : F64)) return false;
  const bits = BigInt((value as { bits: number | bigint }).bits);
  return 'nan' in pattern ? isNan(bits, pattern.nan, format) : bits === BigInt(pattern.bits);
}

function matchesVector(pattern: Extract<Pattern, { kind: 'v128' | 'lanes' }>, { low, high }: { low: bigint; high: bigint }): boolean {
  const all = (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low);
  if (pattern.kind === 'v128') return pattern.bytes.every((byte, i) => BigInt(byte) === ((all >> BigInt(8 * i)) & 0xffn));
  const format = pattern.shape === 'f32x4' ? SINGLE : DOUBLE;
  return pattern.lanes.every((lane, i) => {
    const bits = BigInt.asUintN(format.bits, all >> BigInt(format.bits * i));
    return 'nan' in lane ? isNan(bits, lane.nan, format) : bits === BigInt.asUintN(format.bits, lane.bits);
  });
}

function matchesReference(pattern: Pattern, { handle, type }: Reference, store: Store): boolean {
  const hierarchy = hierarchyOf(type, store);
  switch (pattern.kind) {
    case 'any null':
      return handle === NULL_HANDLE;
    case 'null':
      return handle === NULL_HANDLE && hierarchy === hierarchyOf(pattern.type, store);
    case 'host':
      if (!isHostHandle(handle) || hierarchy !== hierarchyOf(pattern.type, store)) return false;
      return store.hostValues.at(hostIndex(handle)) === pattern.value;
    case 'ref':
      return handle !== NULL_HANDLE && matchesHeap(pattern.heap, handle, hierarchy, store);
    default:
      return false;
  }
}

function matchesHeap(heap: Extract<Pattern, { kind: 'ref' }>['heap'], handle: number, hierarchy: Hierarchy, store: Store): boolean {
  switch (heap) {
    case 'i31':
    case 'eq':
    case 'struct':
    case 'array':
      return hierarchy === 'any' && isOfType(store, handle, ref(HEAP[heap], false));
    default:
      return hierarchy === heap;
  }
}

const HIERARCHIES: ReadonlyMap<HeapType, Hierarchy> = new Map<HeapType, Hierarchy>([
  [HEAP.func, 'func'],
  [HEAP.nofunc, 'func'],
  [HEAP.extern, 'extern'],
  [HEAP.noextern, 'extern'],
  [HEAP.exn, 'exn'],
  [HEAP.noexn, 'exn'],
]);

function hierarchyOf(type: ValType, store: Store): Hierarchy {
  const heap = heapOf(type);
  if (isAbstract(heap)) return HIERARCHIES.get(heap) ?? 'any';
  return store.types.comp(heap).kind === 'func' ? 'func' : 'any';
}

/** As it would stand in a script. */
export function showValue(value: Value): string {
  if ('i32' in value) return `(i32.const ${value.i32})`;
  if ('i64' in value) return `(i64.const ${value.i64})`;
  if ('low' in value) {
    const words = [value.low, value.low >> 32n, value.high, value.high >> 32n].map((word) => BigInt.asUintN(32, word));
    return `(v128.const i32x4 ${words.map((word) => `0x${word.toString(16).padStart(8, '0')}`).join(' ')})`;
  }
  if ('handle' in value) {
    if (value.handle === NULL_HANDLE) return '(ref.null)';
    return isHostHandle(value.handle) ? `(ref.extern ${hostIndex(value.handle)})` : `a reference of type ${showType(value.type)}`;
  }
  return value.type === F32 ? `(f32.const ${formatF32(value.bits as number)})` : `(f64.const ${formatF64(value.bits as bigint)})`;
}

/** As it stands in a script. */
export function showPattern(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'either':
      return `(either ${pattern.patterns.map(showPattern).join(' ')})`;
    case 'any null':
      return '(ref.null)';
    case 'null':
      return `(ref.null: ${showType(pattern.type)})`;
    case 'ref':
      return `(ref.${pattern.heap})`;
    case 'host':
      return `(ref.extern ${pattern.value})`;
    case 'i32':
    case 'i64':
      return `(${pattern.kind}.const ${pattern.value})`;
    case 'f32':
      return `(f32.const ${'nan' in pattern ? pattern.nan : formatF32(pattern.bits as number)})`;
    case 'f64':
      return `(f64.const ${'nan' in pattern ? pattern.nan : formatF64(pattern.bits as bigint)})`;
    case 'v128':
      return `(v128.const i8x16 ${pattern.bytes.join(' ')})`;
    case 'lanes': {
      const show = (bits: bigint): string => (pattern.shape === 'f32x4' ? formatF32(Number(BigInt.asIntN(32, bits))) : formatF64(bits));
      return `(v128.const ${pattern.shape} ${pattern.lanes.map((lane) => ('nan' in lane ? lane.nan : show(lane.bits))).join(' ')})`;
    }
  }
}
