import { SyntaxError } from '../errors.js';

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

  constructor(text: string | Uint8Array) {
    this.bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    this.latin1 = new TextDecoder('latin1').decode(this.bytes);
  }

  /** Byte offsets at which lines start. A line ends with LF, CR or CR LF. */
  get lineStarts(): Int32Array {
    if (this.#lineStarts === undefined) {
      const starts = [0];
      for (let i = 0; i < this.bytes.length; i++) {
        const byte = this.bytes[i]!;
        if (byte === 0x0a || (byte === 0x0d && this.bytes[i + 1] !== 0x0a)) starts.push(i + 1);
      }
      this.#lineStarts = Int32Array.from(starts);
    }
    return this.#lineStarts;
  }

  /** The position of a byte offset; one past the end is the end. */
  position(offset: number): Position {
    const starts = this.lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    let column = 1;
    for (let i = starts[low]!; i < offset; i++) if ((this.bytes[i + 1]! & 0xc0) !== 0x80) column++;
    return { line: low + 1, column };
  }

  error(message: string, offset: number): SyntaxError {
    const { line, column } = this.position(offset);
    return new SyntaxError(message, line, column);
  }
}

const SHOWN_COLUMNS = 100;

/**
 * An error for a person: `file:line:column: message`, then the line and a caret under the place. Long lines are cut
 * around the place.
 */
export function describeError(source: string | Uint8Array, error: SyntaxError, file: string): string {
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
  const head = `${file}:${error.line}:${error.column}: ${error.message}`;
  const line = text.split(/\r\n|\r|\n/)[error.line - 1];
  if (line === undefined) return head;
  const characters = Array.from(line, (c) => (c < ' ' || c === '\x7f' ? ' ' : c));
  const from = Math.max(0, error.column - 1 - SHOWN_COLUMNS / 2);
  const shown = characters.slice(from, from + SHOWN_COLUMNS).join('').trimEnd();
  return `${head}\n  ${shown}\n  ${' '.repeat(error.column - 1 - from)}^`;
}
