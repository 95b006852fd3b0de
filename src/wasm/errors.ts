/**
 * What can be wrong with a module. Messages begin with the specification's text (those that the official suite
 * expects), may add detail after it, and end with the place.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** Byte offset in the module. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} (at byte 0x${offset.toString(16)})`);
    this.offset = offset;
  }
}

export class ValidationError extends Error {
  override readonly name = 'ValidationError';
  /** Byte offset in the module. */
  readonly offset: number;
  /** Index of the function whose body is wrong; undefined outside of bodies. */
  readonly func: number | undefined;
  constructor(message: string, offset: number, func?: number) {
    super(`${message} (${func === undefined ? '' : `function ${func}, `}at byte 0x${offset.toString(16)})`);
    this.offset = offset;
    this.func = func;
  }
}

/** Malformed text: `line` and `column` count from 1. */
export class SyntaxError extends Error {
  override readonly name = 'SyntaxError';
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}
