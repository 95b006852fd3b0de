import { SyntaxError } from '../errors.js';

/** Bytes of a text, at most: a string of V8 holds little more. */
const MAX_LENGTH = 2 ** 29 - 2 ** 10;
const MAX_MESSAGE = 200;

/** A place in a text: both count from 1, columns in characters (Unicode scalar values). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * A text in the WebAssembly text format, as bytes: a quoted module of a script need not be UTF-8, and its errors are
 * part of the language. `latin1` is the same text with one UTF-16 unit a byte; ASCII slices of it are the tokens.
 */
export class Source {
  readonly bytes: Uint8Array;
  readonly latin1: string;
  #lineStarts: Int32Array | undefined;
  /** The last position that was asked for: the next one is often a little further in the same line. */
  #last = { start: 0, offset: 0, column: 1 };

  /** Throws `SyntaxError` for a text that is too long to be one string. */
  constructor(text: string | Uint8Array) {
    this.bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    if (this.bytes.length > MAX_LENGTH) throw new SyntaxError(`a text of ${this.bytes.length} bytes; it may have ${MAX_LENGTH} at most`, 1, 1);
    this.latin1 = new TextDecoder('latin1').decode(this.bytes);
  }

  /** The position of a byte offset; one past the end is the end. */
  position(offset: number): Position {
    const starts = (this.#lineStarts ??= lineStarts(this.bytes));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low]!;
    const known = this.#last.start === start && this.#last.offset <= offset;
    let column = known ? this.#last.column : 1;
    for (let i = known ? this.#last.offset : start; i < offset; i++) if (!isContinuation(this.bytes[i + 1])) column++;
    this.#last = { start, offset, column };
    return { line: low + 1, column };
  }

  /** The message may quote a token of any length, of which it keeps the beginning. */
  error(message: string, offset: number): SyntaxError {
    const { line, column } = this.position(offset);
    return new SyntaxError(message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message, line, column);
  }
}

const SHOWN_COLUMNS = 100;

/**
 * An error for a person: `file:line:column: message`, then the line and a caret under the place. Long lines are cut
 * around the place.
 */
export function describeError(source: string | Uint8Array, error: SyntaxError, file: string): string {
  return new Excerpts(source).describe(error.message, error, file);
}

/** The same for several places in one text. */
export class Excerpts {
  readonly #bytes: Uint8Array;
  #lineStarts: Int32Array | undefined;

  constructor(source: string | Uint8Array) {
    this.#bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source;
  }

  describe(message: string, { line, column }: Position, file: string): string {
    const bytes = this.#bytes;
    const head = `${file}:${line}:${column}: ${message}`;
    const start = (this.#lineStarts ??= lineStarts(bytes))[line - 1];
    if (start === undefined) return head;
    const cut = Math.max(0, column - 1 - SHOWN_COLUMNS / 2);
    const from = after(bytes, start, cut);
    const text = new TextDecoder().decode(bytes.subarray(from, after(bytes, from, SHOWN_COLUMNS)));
    const shown = text.replaceAll(/\p{Cc}/gu, ' ').trimEnd();
    return `${head}\n  ${shown}\n  ${' '.repeat(column - 1 - cut)}^`;
  }
}

/** Byte offsets at which lines start. A line ends with LF, CR or CR LF. */
function lineStarts(bytes: Uint8Array): Int32Array {
  const starts = [0];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x0a || (byte === 0x0d && bytes[i + 1] !== 0x0a)) starts.push(i + 1);
  }
  return Int32Array.from(starts);
}

/** The offset so many characters further in the same line, or its end. */
function after(bytes: Uint8Array, offset: number, characters: number): number {
  let at = offset;
  for (let left = characters; left > 0 && at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d; left--) {
    at++;
    while (isContinuation(bytes[at])) at++;
  }
  return at;
}

function isContinuation(byte: number | undefined): boolean {
  return (byte! & 0xc0) === 0x80;
}
