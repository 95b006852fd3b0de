/**
 * Number literals (spec §6.3.1, §6.3.2) to bits, exactly. The functions take the text of a token that the lexer
 * found well-formed and answer undefined if the value is out of range.
 */

const DECIMAL = '\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?';
const HEXADECIMAL = '0x[\\da-fA-F]+(?:\\.[\\da-fA-F]*)?(?:[pP][+-]?\\d+)?';
const NAT = /^(?:\d+|0x[\da-fA-F]+)$/;
const FLOAT = new RegExp(`^[+-]?(?:${DECIMAL}|${HEXADECIMAL}|inf|nan(?::0x[\\da-fA-F]+)?)$`);
/** Underscores stand between two digits and nowhere else. */
const STRAY = /(?<!\d)_|_(?!\d)/;
const STRAY_IN_HEX = /(?<![\da-fA-F])_|_(?![\da-fA-F])/;

/** Is it an unsigned integer literal? */
export function isNat(text: string): boolean {
  return isLiteral(text, NAT);
}
/** Is it a literal that a float may have? Those of integers are among them. */
export function isFloat(text: string): boolean {
  return isLiteral(text, FLOAT);
}

/** In two steps, because an expression for both would need a stack as long as the text. */
function isLiteral(text: string, form: RegExp): boolean {
  if (!text.includes('_')) return form.test(text);
  return !(text.includes('x') ? STRAY_IN_HEX : STRAY).test(text) && form.test(text.replaceAll('_', ''));
}

/** More digits than any number in range has. */
const TOO_MANY_DIGITS = 50;

/** The magnitude and sign of an integer literal; the magnitude of one that is in no range is any that is not. */
function magnitude(text: string): { negative: boolean; value: bigint } {
  const negative = text.charCodeAt(0) === 0x2d;
  let digits = negative || text.charCodeAt(0) === 0x2b ? text.slice(1) : text;
  if (digits.length > TOO_MANY_DIGITS) {
    digits = digits.replaceAll('_', '').replace(/^(0x)?0+(?=[\da-f])/i, '$1');
    // All of them as a number would take time that grows with their square.
    if (digits.length > TOO_MANY_DIGITS) return { negative, value: 1n << 128n };
  }
  return { negative, value: BigInt(digits.includes('_') ? digits.replaceAll('_', '') : digits) };
}

/** An unsigned integer below 2^bits. */
export function parseNat(text: string, bits: number): bigint | undefined {
  const { value } = magnitude(text);
  return value >> BigInt(bits) === 0n ? value : undefined;
}

/** An index or other u32. */
export function parseU32(text: string): number | undefined {
  const value = text.length < 10 && !text.includes('_') ? Number(text) : Number(magnitude(text).value);
  return value < 2 ** 32 ? value : undefined;
}

/** An integer literal of either signedness, as signed: −2^(bits−1) to 2^bits−1. */
export function parseInteger(text: string, bits: number): bigint | undefined {
  const { negative, value } = magnitude(text);
  const limit = 1n << BigInt(bits);
  if (negative ? value > limit >> 1n : value >= limit) return undefined;
  return BigInt.asIntN(bits, negative ? -value : value);
}

/** As `parseInteger` for up to 32 bits. */
export function parseSmallInteger(text: string, bits: number): number | undefined {
  if (text.length < 10 && !text.includes('_') && !text.includes('x')) {
    const value = Number(text);
    if (value >= -(2 ** (bits - 1)) && value < 2 ** bits) return (value << (32 - bits)) >> (32 - bits);
    return undefined;
  }
  const value = parseInteger(text, bits);
  return value === undefined ? undefined : Number(value);
}

interface FloatFormat {
  /** Bits of the significand after the point. */
  readonly fraction: number;
  readonly bias: number;
  readonly bits: number;
}
const SINGLE: FloatFormat = { fraction: 23, bias: 127, bits: 32 };
const DOUBLE: FloatFormat = { fraction: 52, bias: 1023, bits: 64 };

const scratch = new DataView(new ArrayBuffer(8));

/** A float literal as the bits of an f32, signed. */
export function parseF32(text: string): number | undefined {
  const bits = parseFloatBits(text, SINGLE);
  return bits === undefined ? undefined : Number(BigInt.asIntN(32, bits));
}

/** A float literal as the bits of an f64, signed. */
export function parseF64(text: string): bigint | undefined {
  const bits = parseFloatBits(text, DOUBLE);
  return bits === undefined ? undefined : BigInt.asIntN(64, bits);
}

function parseFloatBits(literal: string, format: FloatFormat): bigint | undefined {
  const negative = literal.charCodeAt(0) === 0x2d;
  let text = negative || literal.charCodeAt(0) === 0x2b ? literal.slice(1) : literal;
  if (text.includes('_')) text = text.replaceAll('_', '');
  const bits = positiveBits(text, format);
  return bits === undefined || !negative ? bits : bits | (1n << BigInt(format.bits - 1));
}

function positiveBits(text: string, format: FloatFormat): bigint | undefined {
  const infinity = BigInt(2 * format.bias + 1) << BigInt(format.fraction);
  if (text === 'inf') return infinity;
  if (text === 'nan') return infinity | (1n << BigInt(format.fraction - 1));
  if (text.startsWith('nan:')) {
    const payload = magnitude(text.slice(4)).value;
    return payload === 0n || payload >> BigInt(format.fraction) !== 0n ? undefined : infinity | payload;
  }
  const bits = text.startsWith('0x') ? hexBits(text, format) : decimalBits(text, format);
  return bits === infinity ? undefined : bits;
}

function hexBits(text: string, format: FloatFormat): bigint {
  const p = text.search(/[pP]/);
  const mantissa = p < 0 ? text.slice(2) : text.slice(2, p);
  const point = mantissa.indexOf('.');
  const digits = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  const exponent = (p < 0 ? 0 : Number(text.slice(p + 1))) - (point < 0 ? 0 : 4 * (mantissa.length - point - 1));
  return round(BigInt(`0x${digits}`), exponent, false, format);
}

function decimalBits(text: string, format: FloatFormat): bigint {
  const double = Number(text);
  if (format === DOUBLE) {
    scratch.setFloat64(0, double);
    return scratch.getBigUint64(0);
  }
  const single = Math.fround(double);
  // The double is rounded already, which only matters if it lies half-way between two singles: no bit below the 25th.
  scratch.setFloat64(0, double);
  if (double !== single && (scratch.getUint32(4) & 0x0fffffff) === 0) return exactDecimalBits(text, format);
  scratch.setFloat32(0, single);
  return BigInt(scratch.getUint32(0));
}

function exactDecimalBits(text: string, format: FloatFormat): bigint {
  const e = text.search(/[eE]/);
  const mantissa = e < 0 ? text : text.slice(0, e);
  const point = mantissa.indexOf('.');
  const digits = BigInt(point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1));
  const exponent = (e < 0 ? 0 : Number(text.slice(e + 1))) - (point < 0 ? 0 : mantissa.length - point - 1);
  if (exponent >= 0) return round(digits * 10n ** BigInt(exponent), 0, false, format);
  // A quotient with more bits than the format holds; the remainder only matters as "not zero".
  const divisor = 10n ** BigInt(-exponent);
  const shift = Math.max(0, bitLength(divisor) - bitLength(digits) + format.fraction + 3);
  const scaled = digits << BigInt(shift);
  return round(scaled / divisor, -shift, scaled % divisor !== 0n, format);
}

/** significand × 2^exponent (plus something below its last bit if `sticky`) to the nearest, ties to even. */
function round(significand: bigint, exponent: number, sticky: boolean, format: FloatFormat): bigint {
  if (significand === 0n) return 0n;
  const { fraction, bias } = format;
  const length = bitLength(significand);
  // The exponent of the leading bit; a subnormal's last bit is worth 2^(1 - bias - fraction).
  const leading = exponent + length - 1;
  if (leading > bias) return BigInt(2 * bias + 1) << BigInt(fraction);
  if (leading < -bias - fraction - 1) return 0n;
  const last = Math.max(leading, 1 - bias) - fraction;
  const drop = last - exponent;
  let kept: bigint;
  if (drop <= 0) kept = significand << BigInt(-drop);
  else {
    kept = significand >> BigInt(drop);
    const rest = significand - (kept << BigInt(drop));
    const half = 1n << BigInt(drop - 1);
    if (rest > half || (rest === half && (sticky || (kept & 1n) === 1n))) kept++;
  }
  // A carry out of the significand moves into the exponent field by itself, up to infinity.
  const biased = Math.max(leading, 1 - bias) + bias - 1;
  return (BigInt(biased) << BigInt(fraction)) + kept;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(parseInt(hex[0]!, 16)));
}

/** How the 128 bits of a vector literal are written: `i8x16` to `f64x2`. */
export interface VectorShape {
  readonly float: boolean;
  /** Of one lane. */
  readonly bits: number;
  readonly lanes: number;
}

const SHAPES: ReadonlyMap<string, VectorShape> = new Map(
  ['i8x16', 'i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'].map((name) => {
    const [bits, lanes] = name.slice(1).split('x').map(Number) as [number, number];
    return [name, { float: name.startsWith('f'), bits, lanes }];
  }),
);

export function vectorShape(word: string): VectorShape | undefined {
  return SHAPES.get(word);
}

/** A number literal as the bits of one lane, signed. */
export function parseLane(text: string, { float, bits }: VectorShape): bigint | undefined {
  if (!float) return parseInteger(text, bits);
  if (bits === 64) return parseF64(text);
  const single = parseF32(text);
  return single === undefined ? undefined : BigInt(single);
}

/** The 16 bytes of a vector, lane 0 first. */
export function vectorBytes(lanes: readonly bigint[], { bits }: VectorShape): Uint8Array {
  const bytes = new Uint8Array(16);
  for (const [i, lane] of lanes.entries()) {
    for (let at = 0; at < bits / 8; at++) bytes[(i * bits) / 8 + at] = Number(BigInt.asUintN(8, lane >> BigInt(8 * at)));
  }
  return bytes;
}

/** The shortest text that reads back as exactly these bits. */
export function formatF32(bits: number): string {
  scratch.setInt32(0, bits);
  const value = scratch.getFloat32(0);
  return formatSpecial(BigInt.asUintN(32, BigInt(bits)), SINGLE) ?? shortestSingle(value);
}
export function formatF64(bits: bigint): string {
  scratch.setBigInt64(0, bits);
  const value = scratch.getFloat64(0);
  return formatSpecial(BigInt.asUintN(64, bits), DOUBLE) ?? plainDecimal(value, String(value));
}

function formatSpecial(bits: bigint, { fraction, bias, bits: width }: FloatFormat): string | undefined {
  const sign = bits >> BigInt(width - 1) ? '-' : '';
  const payload = BigInt.asUintN(fraction, bits);
  if (Number((bits >> BigInt(fraction)) & BigInt(2 * bias + 1)) !== 2 * bias + 1) return undefined;
  if (payload === 0n) return `${sign}inf`;
  return payload === 1n << BigInt(fraction - 1) ? `${sign}nan` : `${sign}nan:0x${payload.toString(16)}`;
}

function shortestSingle(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return plainDecimal(value, String(Number(text)));
  }
  return plainDecimal(value, String(Number(value.toPrecision(9))));
}

function plainDecimal(value: number, text: string): string {
  return Object.is(value, -0) ? '-0' : text;
}
