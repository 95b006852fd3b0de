import type { Argument } from './subject.js';

/**
 * One of the two engines with one instance of the module under test, and the functions that binaryen's random modules
 * import, which behave the same on both sides. What happens is told in text that both sides write alike.
 */
export interface Side {
  /** What the module logged, in order. */
  readonly log: string[];
  /** The results, or how it failed. */
  call(name: string, args: readonly Argument[]): string;
  global(name: string): string;
  memory(name: string): Uint8Array;
  table(name: string): string;
}

/** What is not compared: the module asks for more than one of the engines allows, or for what the other side cannot give. */
export class Excluded extends Error {
  override readonly name = 'Excluded';
}

/** Elements of a table that are looked at. */
export const TABLE_WINDOW = 100;

/** An exception of the host's own: in JavaScript any error that is not the engine's, as the failed conversion of an argument. */
export const HOST_FAILURE = 'exception of the host';

export function showFloat(value: number, bits: 32 | 64): string {
  if (Number.isNaN(value)) return `f${bits}:nan`;
  return `f${bits}:${Object.is(value, -0) ? '-0' : value}`;
}

/** How an instantiation failed, as far as both sides can say: tags have no names before there are exports. */
export function beforeExports(failure: string): string {
  return failure === HOST_FAILURE ? failure : failure.replace(/^exception .*/, 'exception');
}
