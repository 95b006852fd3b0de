import { decode } from '../../src/wasm/binary/decode.js';
import { ByteWriter } from '../../src/wasm/binary/writer.js';
import type { Features } from '../../src/wasm/features.js';
import type { ExternKind, FuncType, ValType } from '../../src/wasm/types.js';
import { F32, F64, HEAP, heapOf, I32, I64, isNullable, isRef, V128 } from '../../src/wasm/types.js';
import type { Module } from '../../src/wasm/module.js';
import { validate } from '../../src/wasm/validate/validate.js';
import type { Dice } from '../engine/harness.js';

/** A module whose whole state can be observed from outside, as both engines get it. */
export interface Subject {
  readonly bytes: Uint8Array;
  readonly module: Module;
  /** The functions that it exported by itself. */
  readonly functions: readonly { readonly name: string; readonly type: FuncType }[];
}

const KINDS: readonly ExternKind[] = ['func', 'table', 'memory', 'global', 'tag'];
const EXPORT_SECTION = 7;
/** What must stand behind the exports. */
const LATER_SECTIONS: readonly number[] = [8, 9, 12, 10, 11];

/** The export by which something that the module kept to itself is seen. */
export function observed(kind: ExternKind, index: number): string {
  return `observed ${kind} ${index}`;
}

/** Decodes and validates, after every table, memory, global and tag of the module has got one more export. */
export function subject(original: Uint8Array, features: Features): Subject {
  const plain = decode(original, features);
  const { imported } = plain;
  const exports = new ByteWriter();
  const counts = [
    ['table', imported.tables + plain.tables.length],
    ['memory', imported.memories + plain.memories.length],
    ['global', imported.globals + plain.globals.length],
    ['tag', imported.tags + plain.tags.length],
  ] as const;
  exports.u32(plain.exports.length + counts.reduce((sum, [, count]) => sum + count, 0));
  const add = (name: string, kind: ExternKind, index: number): void => {
    const utf8 = new TextEncoder().encode(name);
    exports.u32(utf8.length).bytes(utf8).byte(KINDS.indexOf(kind)).u32(index);
  };
  for (const { name, kind, index } of plain.exports) add(name, kind, index);
  for (const [kind, count] of counts) for (let i = 0; i < count; i++) add(observed(kind, i), kind, i);

  const all = new ByteWriter();
  const own = plain.sections.find(({ id }) => id === EXPORT_SECTION);
  const next = plain.sections.find(({ id }) => LATER_SECTIONS.includes(id));
  const from = own?.offset ?? next?.offset ?? original.length;
  all.bytes(original.subarray(0, from));
  all.byte(EXPORT_SECTION).u32(exports.length).bytes(exports.take());
  all.bytes(original.subarray(own?.end ?? from));
  const bytes = all.take().slice();
  const module = decode(bytes, features);
  validate(module, features);
  const functions = plain.exports.flatMap(({ name, kind, index }) => (kind === 'func' ? [{ name, type: functionType(module, index) }] : []));
  return { bytes, module, functions };
}

function functionType(module: Module, index: number): FuncType {
  const imports = module.imports.flatMap(({ desc }) => (desc.kind === 'func' ? [desc.type] : []));
  const type = imports[index] ?? module.funcs[index - imports.length]!.type;
  return module.types[type]!.comp as FuncType;
}

/** A value that can be made on both sides. */
export type Argument =
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'null' }
  | { readonly kind: 'i31'; readonly value: number }
  | { readonly kind: 'host'; readonly index: number };

const NUMBERS = [0, 1, -1, 2, 3, 7, 16, 31, 32, 63, 64, 255, 256, 65535, 65536, 0x7fffffff, -0x80000000, 100, 1000] as const;
const FLOATS = [0, -0, 0.5, -0.5, 1.5, -1.5, 2.5, 1e10, -1e10, 2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64, -(2 ** 63), 1e300, 1e-300, Infinity, -Infinity] as const;

/** An argument of that type, or undefined where JavaScript has none. */
export function argument(type: ValType, dice: Dice): Argument | undefined {
  const random = (): number => (dice.chance(60) ? dice.of(NUMBERS) : dice.next() | 0);
  switch (type) {
    case I32:
      return { kind: 'number', value: random() };
    case I64:
      return { kind: 'number', value: dice.chance(60) ? BigInt(random()) : BigInt.asIntN(64, (BigInt(dice.next()) << 32n) | BigInt(dice.next())) };
    case F32:
    case F64: {
      const value = dice.chance(50) ? dice.of(FLOATS) : (dice.next() | 0) / 2 ** dice.below(40);
      return { kind: 'number', value: type === F32 ? Math.fround(value) : value };
    }
  }
  if (!callable({ kind: 'func', params: [type], results: [] })) return undefined;
  const heap = heapOf(type);
  if (isNullable(type) && dice.chance(40)) return { kind: 'null' };
  if (heap === HEAP.extern) return { kind: 'host', index: dice.below(3) };
  if (heap === HEAP.any || heap === HEAP.eq || heap === HEAP.i31) return { kind: 'i31', value: dice.below(2 ** 31) - 2 ** 30 };
  return isNullable(type) ? { kind: 'null' } : undefined;
}

/** Values of some types never reach JavaScript: a function with one can only be called from inside. */
export function callable({ params, results }: FuncType): boolean {
  return [...params, ...results].every(reachesJavaScript);
}
export function reachesJavaScript(type: ValType): boolean {
  return type !== V128 && !(isRef(type) && [HEAP.exn, HEAP.noexn].includes(heapOf(type) as never));
}

