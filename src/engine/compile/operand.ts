import type { ValType } from '../../wasm/types.js';
import type { Location } from './guard.js';

/**
 * An operand while a block is translated: JavaScript expressions for its words, or for its number. An i64 and an f64
 * have two words; the high one, and the words of a number, are only computed where somebody asks.
 */
export interface Operand {
  readonly type: ValType;
  /** The low word, as an int32. */
  readonly lo: () => string;
  readonly hi: () => string;
  /** The value of a float as a number. */
  readonly number: () => string;
  /** The same words for code that is hardly ever run: without computing them before. */
  readonly coldLo: () => string;
  readonly coldHi: () => string;
  /** Of a comparison: as a condition. */
  readonly condition: string | undefined;
  /** Locals that the expressions read. */
  readonly reads: readonly number[];
  /** `lo` may be written down any number of times. */
  readonly simple: boolean;
  /** The value of an i32 constant. */
  readonly constant: number | undefined;
  /** A float of which `number` says everything: if it is a NaN, it is the canonical one. */
  readonly exact: boolean;
  readonly location: Location | undefined;
}

const zero = (): string => '0';
export const NOTHING: readonly number[] = [];

/** Words that are expressions already. */
export function words(type: ValType, lo: string, hi: string | (() => string), reads: readonly number[], simple: boolean): Operand {
  const low = (): string => lo;
  const high = typeof hi === 'string' ? (): string => hi : hi;
  const number = (): string => (hi === '0' || type === 0x7d ? `fs(${lo})` : `fd(${lo},${high()})`);
  return { type, lo: low, hi: high, number, coldLo: low, coldHi: high, condition: undefined, reads, simple, constant: undefined, exact: false, location: undefined };
}

/** A float as a number in a variable, any NaN of which stands for the canonical one; words are computed where they are asked for. */
export function float(type: ValType, name: string, lo: () => string, hi: () => string, reads: readonly number[]): Operand {
  const [low, high] = wordsOfNumber(type, name);
  return { type, lo, hi, number: () => name, coldLo: () => low, coldHi: () => high, condition: undefined, reads, simple: true, constant: undefined, exact: true, location: undefined };
}

/** The words of a number with such NaNs. */
export function wordsOfNumber(type: ValType, name: string): [lo: string, hi: string] {
  return type === 0x7d ? [`sl(${name})`, '0'] : [`dl(${name})`, `dh(${name})`];
}

export function constant(type: ValType, lo: number, hi: number): Operand {
  const operand = words(type, literal(lo), literal(hi), NOTHING, true);
  return { ...operand, number: type === 0x7d ? () => `fs(${lo})` : () => `fd(${lo},${hi})`, constant: type === 0x7f ? lo : undefined };
}

export function conditional(condition: string, reads: readonly number[], type: ValType): Operand {
  const text = `(${condition}?1:0)`;
  const lo = (): string => text;
  return { type, lo, hi: zero, number: zero, coldLo: lo, coldHi: zero, condition, reads, simple: false, constant: undefined, exact: false, location: undefined };
}

export function literal(value: number): string {
  return value < 0 ? `(${value})` : `${value}`;
}

/** The number that an expression is. */
export function literalOf(text: string): number | undefined {
  const match = /^\(?(-?\d+)\)?$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

export function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return [...new Set([...a, ...b])];
}

/** `operand` is `more` more than what a location is known of, which may be nothing. */
export function located(operand: Operand, location: Location | undefined, more: number = 0): Operand {
  return location === undefined ? operand : { ...operand, location: { base: location.base, by: (location.by + more) | 0 } };
}
