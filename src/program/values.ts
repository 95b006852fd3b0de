import type { Store } from '../engine/store.js';
import { funcAddress, hostIndex, isHostHandle, type Value } from '../engine/value.js';
import { showType } from '../wasm/show.js';
import { formatF32, formatF64, parseF32, parseF64, parseInteger } from '../wasm/text/literals.js';
import { F32, F64, HEAP, heapOf, I32, I64, isNullable, isRef, V128, type ValType } from '../wasm/types.js';

/** A value that was written wrongly. */
export class ValueSyntaxError extends Error {
  override readonly name = 'ValueSyntaxError';
}

const INTEGER = /^[+-]?(?:0x[0-9a-f]+|[0-9]+)$/i;
const FLOAT = /^[+-]?(?:inf|nan(?::0x[0-9a-f]+)?|0x[0-9a-f]+(?:\.[0-9a-f]*)?(?:p[+-]?[0-9]+)?|[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?)$/i;

/** The shapes of a `v128`: how many lanes of how many bits. */
const SHAPES: Readonly<Record<string, { readonly lanes: number; readonly bits: number; readonly float: boolean }>> = {
  i8x16: { lanes: 16, bits: 8, float: false },
  i16x8: { lanes: 8, bits: 16, float: false },
  i32x4: { lanes: 4, bits: 32, float: false },
  i64x2: { lanes: 2, bits: 64, float: false },
  f32x4: { lanes: 4, bits: 32, float: true },
  f64x2: { lanes: 2, bits: 64, float: true },
};

/**
 * Reads a value as people write it: integers signed or unsigned, in decimal or `0x`; floats in decimal or as hex
 * floats, `inf`, `nan`, `nan:0x…`; `v128` as `i32x4:1,2,3,4` in any of the six shapes; `null` for a nullable
 * reference. Throws `ValueSyntaxError`.
 */
export function parseValue(text: string, type: ValType): Value {
  switch (type) {
    case I32:
      return { type: I32, i32: Number(integerBits(text, 32)) };
    case I64:
      return { type: I64, i64: integerBits(text, 64) };
    case F32:
      return { type: F32, bits: Number(floatBits(text, 32)) };
    case F64:
      return { type: F64, bits: floatBits(text, 64) };
    case V128:
      return vector(text);
  }
  if (isRef(type) && isNullable(type) && text === 'null') return { type, handle: 0 };
  throw new ValueSyntaxError(`"${text}" is no ${showType(type)}${isNullable(type) ? ': only null can be written' : ', and none can be written'}`);
}

/** The bits as a signed number. */
function integerBits(text: string, bits: number): bigint {
  if (!INTEGER.test(text)) throw new ValueSyntaxError(`"${text}" is no integer`);
  const value = parseInteger(text.toLowerCase(), bits);
  if (value === undefined) throw new ValueSyntaxError(`${text} does not fit into ${bits} bits`);
  return value;
}

/** The bits as a signed number. */
function floatBits(text: string, bits: number): bigint {
  if (!FLOAT.test(text)) throw new ValueSyntaxError(`"${text}" is no float`);
  const value = bits === 32 ? parseF32(text.toLowerCase()) : parseF64(text.toLowerCase());
  if (value === undefined) throw new ValueSyntaxError(`${text} does not fit into a float of ${bits} bits`);
  return BigInt(value);
}

function vector(text: string): Value {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0));
  const shape = Object.hasOwn(SHAPES, name) ? SHAPES[name]! : undefined;
  if (shape === undefined) throw new ValueSyntaxError(`"${text}" is no v128: it is written as i32x4:1,2,3,4, in one of the shapes ${Object.keys(SHAPES).join(', ')}`);
  const lanes = text.slice(colon + 1).split(',');
  if (lanes.length !== shape.lanes) throw new ValueSyntaxError(`${name} has ${shape.lanes} lanes, "${text}" has ${lanes.length}`);
  let bits = 0n;
  lanes.forEach((lane, i) => {
    const value = shape.float ? floatBits(lane.trim(), shape.bits) : integerBits(lane.trim(), shape.bits);
    bits |= BigInt.asUintN(shape.bits, value) << BigInt(i * shape.bits);
  });
  return { type: V128, low: BigInt.asIntN(64, bits), high: BigInt.asIntN(64, bits >> 64n) };
}

/**
 * `i32:7`: the type and the value as `parseValue` reads it; a float's text reads back as exactly its bits. With the
 * store, references say what they refer to.
 */
export function showValue(value: Value, store?: Store): string {
  if ('i32' in value) return `i32:${value.i32}`;
  if ('i64' in value) return `i64:${value.i64}`;
  if ('low' in value) {
    const lanes = [value.low, value.low >> 32n, value.high, value.high >> 32n].map((lane) => BigInt.asIntN(32, lane));
    return `v128:i32x4:${lanes.join(',')}`;
  }
  if ('bits' in value) return value.type === F32 ? `f32:${formatF32(value.bits as number)}` : `f64:${formatF64(value.bits as bigint)}`;
  return `${showType(value.type)}:${showReference(value.handle, value.type, store)}`;
}

function showReference(handle: number, type: ValType, store: Store | undefined): string {
  if (handle === 0) return 'null';
  if ((handle & 1) === 1) return `i31 ${handle >> 1}`;
  if (isHostHandle(handle)) return `host value ${hostIndex(handle)}`;
  const heapType = heapOf(type);
  if (heapType === HEAP.func || store?.types.top(heapType) === HEAP.func) return `function ${funcAddress(handle)}`;
  const number = handle >> 2;
  if (store === undefined) return `object ${number}`;
  const { kind } = store.heap.layout(store.heap.typeOf(handle));
  return kind === 'array' ? `array ${number} of ${store.heap.second(handle)}` : `${kind} ${number}`;
}
