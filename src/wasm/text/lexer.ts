import { METADATA_PREFIX } from '../binary/code-metadata.js';
import { isFloat, isNat } from './literals.js';
import { Source } from './source.js';

/**
 * The lexical grammar (spec §6.3): a whole text becomes two flat arrays of tokens, so that the parser can look ahead
 * and skip a module body without any cost. A lexical error is a token too: it is raised when the parser gets there,
 * which keeps one malformed command of a script from stopping the others.
 */
export const TOKEN = {
  eof: 0,
  open: 1,
  close: 2,
  /** Unsigned integer. */
  nat: 3,
  /** Signed integer. */
  int: 4,
  float: 5,
  string: 6,
  /** `$name` or `$"name"`. */
  id: 7,
  keyword: 8,
  /** A run of characters that can be no token of a module: "unknown operator". */
  reserved: 9,
  error: 10,
} as const;

/** An annotation (§6.3.7) that means something to us, with its own tokens; the others are checked and dropped. */
export interface Annotation {
  readonly name: string;
  /** Index of the token that follows it. */
  readonly before: number;
  /** Byte offset of its parenthesis. */
  readonly offset: number;
  readonly tokens: Tokens;
}

const IDCHAR = 1;
const SPACE = 2;
const RESERVED = 4;
const CLASS = new Uint8Array(256);
for (const c of "!#$%&'*+-./:<=>?@\\^_`|~") CLASS[c.charCodeAt(0)] = IDCHAR;
for (let c = 0x30; c <= 0x39; c++) CLASS[c] = IDCHAR;
for (let c = 0x41; c <= 0x5a; c++) CLASS[c] = CLASS[c + 0x20] = IDCHAR;
for (const c of ' \t\n\r') CLASS[c.charCodeAt(0)] = SPACE;
for (const c of ',;[]{}') CLASS[c.charCodeAt(0)] = RESERVED;

const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const AT = 0x40;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;

/** The tokens of one text, or of one annotation's content. The last one is always `eof`. */
export class Tokens {
  readonly source: Source;
  kinds: Uint8Array;
  /** Byte ranges in the source. */
  starts: Int32Array;
  ends: Int32Array;
  count = 0;
  readonly annotations: Annotation[] = [];
  readonly errors: Map<number, string> = new Map();

  constructor(source: Source, capacity: number) {
    this.source = source;
    this.kinds = new Uint8Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  add(kind: number, start: number, end: number): void {
    const at = this.count++;
    if (at === this.kinds.length) this.#grow();
    this.kinds[at] = kind;
    this.starts[at] = start;
    this.ends[at] = end;
  }
  fail(message: string, start: number, end: number): void {
    this.errors.set(this.count, message);
    this.add(TOKEN.error, start, end);
  }
  #grow(): void {
    const capacity = this.kinds.length * 2 + 8;
    const kinds = new Uint8Array(capacity);
    const starts = new Int32Array(capacity);
    const ends = new Int32Array(capacity);
    kinds.set(this.kinds);
    starts.set(this.starts);
    ends.set(this.ends);
    this.kinds = kinds;
    this.starts = starts;
    this.ends = ends;
  }

  text(at: number): string {
    return this.source.latin1.slice(this.starts[at]!, this.ends[at]!);
  }
  /** The bytes that a string token stands for. */
  bytes(at: number): Uint8Array {
    return unescape(this.source.bytes, this.starts[at]! + 1, this.ends[at]! - 1);
  }
  /** The name of an identifier token, in either form. */
  id(at: number): string {
    const start = this.starts[at]! + 1;
    if (this.source.bytes[start] !== QUOTE) return this.source.latin1.slice(start, this.ends[at]!);
    return utf8.decode(unescape(this.source.bytes, start + 1, this.ends[at]! - 1));
  }
  /** Index of the token after the parenthesis that closes the one at `open`, or of `eof`. */
  skip(open: number): number {
    let depth = 0;
    for (let at = open; ; at++) {
      const kind = this.kinds[at];
      if (kind === TOKEN.open) depth++;
      else if (kind === TOKEN.close && --depth <= 0) return at + 1;
      else if (kind === TOKEN.eof) return at;
    }
  }
}

/** All tokens of a text. Throws `SyntaxError` only for one that is too long; what is malformed becomes error tokens. */
export function lex(text: string | Uint8Array | Source): Tokens {
  const source = text instanceof Source ? text : new Source(text);
  return new Lexer(source).run();
}

class Lexer {
  readonly source: Source;
  readonly bytes: Uint8Array;
  readonly length: number;
  pos = 0;

  constructor(source: Source) {
    this.source = source;
    this.bytes = source.bytes;
    this.length = source.bytes.length;
  }

  run(): Tokens {
    const tokens = new Tokens(this.source, (this.length >> 2) + 8);
    while (this.pos < this.length) this.token(tokens);
    tokens.add(TOKEN.eof, this.length, this.length);
    return tokens;
  }

  private token(out: Tokens): void {
    const start = this.pos;
    const byte = this.bytes[start]!;
    const kind = CLASS[byte]!;
    if (kind === SPACE) {
      this.pos++;
    } else if (kind === IDCHAR) {
      this.word(out, start);
    } else if (byte === OPEN) {
      const next = this.bytes[start + 1];
      if (next === SEMICOLON) this.blockComment(out);
      else if (next === AT) this.annotation(out);
      else {
        this.pos++;
        out.add(TOKEN.open, start, this.pos);
      }
    } else if (byte === CLOSE) {
      this.pos++;
      out.add(TOKEN.close, start, this.pos);
    } else if (byte === QUOTE) {
      if (!this.string(out)) return;
      if (this.touches()) this.reserved(out, start);
      else out.add(TOKEN.string, start, this.pos);
    } else if (byte === SEMICOLON && this.bytes[start + 1] === SEMICOLON) {
      this.lineComment(out);
    } else if (kind === RESERVED) {
      this.pos++;
      out.add(TOKEN.reserved, start, this.pos);
    } else {
      this.illegal(out);
    }
  }

  /** A run of identifier characters: a number, an identifier or a keyword. */
  private word(out: Tokens, start: number): void {
    const bytes = this.bytes;
    let pos = start + 1;
    while (CLASS[bytes[pos]!] === IDCHAR) pos++;
    this.pos = pos;
    const first = bytes[start]!;
    if (first === DOLLAR) {
      if (pos === start + 1 && !this.stringId(out, start)) return;
      if (this.touches()) this.reserved(out, start);
      else out.add(TOKEN.id, start, this.pos);
    } else if (bytes[pos] === QUOTE) {
      this.reserved(out, start);
    } else {
      out.add(classify(this.source.latin1, start, pos, first), start, pos);
    }
  }

  /** After a bare `$`: its string, or an error token. */
  private stringId(out: Tokens, start: number): boolean {
    if (this.bytes[this.pos] === QUOTE) {
      const scratch = new Tokens(this.source, 1);
      const ok = this.string(scratch);
      const end = this.pos;
      if (ok && end - start > 3) {
        if (isUtf8(unescape(this.bytes, start + 2, end - 1))) return true;
        out.fail('malformed UTF-8 encoding', start, end);
        return false;
      }
    }
    out.fail('empty identifier', start, start + 1);
    return false;
  }

  /** Does a token character or string follow without the space that must stand between two tokens? */
  private touches(): boolean {
    const next = this.bytes[this.pos];
    return next === QUOTE || CLASS[next!] === IDCHAR;
  }

  /** The rest of a run of characters and strings that is no token. */
  private reserved(out: Tokens, start: number): void {
    for (;;) {
      const next = this.bytes[this.pos];
      if (next === QUOTE) {
        if (!this.string(out)) return;
      } else if (CLASS[next!] === IDCHAR) this.pos++;
      else break;
    }
    out.add(TOKEN.reserved, start, this.pos);
  }

  /** Moves past a string literal (§6.3.3); false, with an error token, if it is malformed. */
  private string(out: Tokens): boolean {
    const bytes = this.bytes;
    const start = this.pos;
    let pos = start + 1;
    for (;;) {
      const byte = bytes[pos];
      if (byte === QUOTE) break;
      if (byte === undefined || byte === 0x0a) return this.badString(out, 'unclosed string literal', start, pos);
      if (byte < 0x20 || byte === 0x7f) return this.badString(out, 'illegal control character in string literal', pos, pos + 1);
      if (byte === BACKSLASH) {
        const length = escapeLength(bytes, pos);
        if (length === 0) return this.badString(out, 'illegal escape', pos, pos + 2);
        pos += length;
      } else if (byte < 0x80) {
        pos++;
      } else {
        const length = utf8Length(bytes, pos);
        if (length === 0) return this.badString(out, 'malformed UTF-8 encoding', pos, pos + 1);
        pos += length;
      }
    }
    this.pos = pos + 1;
    return true;
  }
  /** After a malformed string the next line is the best place to find tokens again. */
  private badString(out: Tokens, message: string, start: number, end: number): false {
    out.fail(message, start, Math.min(end, this.length));
    while (end < this.length && this.bytes[end] !== 0x0a && this.bytes[end] !== QUOTE) end++;
    this.pos = Math.min(this.bytes[end] === QUOTE ? end + 1 : end, this.length);
    return false;
  }

  private lineComment(out: Tokens): void {
    let pos = this.pos + 2;
    while (pos < this.length) {
      const byte = this.bytes[pos]!;
      if (byte === 0x0a || byte === 0x0d) break;
      const length = byte < 0x80 ? 1 : utf8Length(this.bytes, pos);
      if (length === 0) {
        out.fail('malformed UTF-8 encoding', pos, pos + 1);
        pos++;
      } else pos += length;
    }
    this.pos = pos;
  }

  private blockComment(out: Tokens): void {
    const start = this.pos;
    let depth = 1;
    let pos = start + 2;
    while (depth > 0) {
      if (pos >= this.length) {
        out.fail('unclosed comment', start, start + 2);
        break;
      }
      const byte = this.bytes[pos]!;
      const next = this.bytes[pos + 1];
      if (byte === OPEN && next === SEMICOLON) {
        depth++;
        pos += 2;
      } else if (byte === SEMICOLON && next === CLOSE) {
        depth--;
        pos += 2;
      } else if (byte < 0x80) {
        pos++;
      } else {
        const length = utf8Length(this.bytes, pos);
        if (length === 0) out.fail('malformed UTF-8 encoding', pos, pos + 1);
        pos += length || 1;
      }
    }
    this.pos = Math.min(pos, this.length);
  }

  /** `(@id …)`: everything up to its closing parenthesis (§6.3.7). */
  private annotation(out: Tokens): void {
    const start = this.pos;
    this.pos = start + 2;
    const name = this.annotationId(out, start);
    if (name === undefined) return;
    const content = new Tokens(this.source, 8);
    for (let depth = 1; ; ) {
      if (this.pos >= this.length) {
        out.fail(firstError(content) ?? 'unclosed annotation', start, start + 2);
        return;
      }
      const at = this.pos;
      const byte = this.bytes[at]!;
      if (byte === OPEN && this.bytes[at + 1] === AT) {
        this.pos++;
        depth++;
        content.add(TOKEN.open, at, at + 1);
      } else if (byte === DOLLAR && CLASS[this.bytes[at + 1]!] !== IDCHAR && this.bytes[at + 1] !== QUOTE) {
        this.pos++;
        content.add(TOKEN.reserved, at, at + 1);
      } else {
        if (byte === OPEN && this.bytes[at + 1] !== SEMICOLON) depth++;
        else if (byte === CLOSE && --depth === 0) break;
        this.token(content);
      }
    }
    const message = firstError(content);
    if (message !== undefined) {
      const at = content.errors.keys().next().value!;
      out.fail(message, content.starts[at]!, content.ends[at]!);
    } else if (name === 'name' || name === 'custom' || name.startsWith(METADATA_PREFIX)) {
      content.add(TOKEN.eof, this.pos, this.pos);
      out.annotations.push({ name, before: out.count, offset: start, tokens: content });
    }
    this.pos++;
  }

  private annotationId(out: Tokens, start: number): string | undefined {
    const from = this.pos;
    if (this.bytes[from] === QUOTE) {
      if (this.string(new Tokens(this.source, 1)) && this.pos - from > 2) {
        const bytes = unescape(this.bytes, from + 1, this.pos - 1);
        if (isUtf8(bytes)) return utf8.decode(bytes);
        out.fail('malformed UTF-8 encoding', from, this.pos);
        return undefined;
      }
    } else {
      while (CLASS[this.bytes[this.pos]!] === IDCHAR) this.pos++;
      if (this.pos > from) return this.source.latin1.slice(from, this.pos);
    }
    out.fail('empty annotation id', start, start + 2);
    return undefined;
  }

  private illegal(out: Tokens): void {
    const start = this.pos;
    const byte = this.bytes[start]!;
    const length = byte < 0x80 ? 1 : utf8Length(this.bytes, start);
    this.pos += length || 1;
    out.fail(length === 0 ? 'malformed UTF-8 encoding' : 'illegal character', start, this.pos);
  }
}

function firstError(tokens: Tokens): string | undefined {
  return tokens.errors.values().next().value;
}

function classify(text: string, start: number, end: number, first: number): number {
  const digit = first >= 0x30 && first <= 0x39;
  if (digit && end === start + 1) return TOKEN.nat;
  if (digit || first === 0x2b || first === 0x2d) {
    const word = text.slice(start, end);
    if (digit) {
      if (isNat(word)) return TOKEN.nat;
    } else if (isNat(word.slice(1))) return TOKEN.int;
    return isFloat(word) ? TOKEN.float : TOKEN.reserved;
  }
  if (first < 0x61 || first > 0x7a) return TOKEN.reserved;
  if ((first === 0x69 || first === 0x6e) && isFloat(text.slice(start, end))) return TOKEN.float;
  return TOKEN.keyword;
}

const HEX = /^[\da-fA-F]+(?:_[\da-fA-F]+)*$/;

/** Length of the escape sequence at a backslash; 0 if there is no such escape. */
function escapeLength(bytes: Uint8Array, at: number): number {
  const byte = bytes[at + 1];
  if (byte === undefined) return 0;
  if ('nrt\\\'"'.includes(String.fromCharCode(byte))) return 2;
  if (byte === 0x75 && bytes[at + 2] === 0x7b) {
    let end = at + 3;
    while (end < bytes.length && bytes[end] !== 0x7d && CLASS[bytes[end]!] === IDCHAR) end++;
    if (bytes[end] !== 0x7d) return 0;
    const digits = String.fromCharCode(...bytes.subarray(at + 3, Math.min(end, at + 3 + 64)));
    if (!HEX.test(digits) || end - at > 60) return 0;
    const code = Number(`0x${digits.replaceAll('_', '')}`);
    return code < 0xd800 || (code >= 0xe000 && code < 0x110000) ? end + 1 - at : 0;
  }
  return hexValue(byte) >= 0 && hexValue(bytes[at + 2]) >= 0 ? 3 : 0;
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const encoder = new TextEncoder();
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes that the characters of a well-formed string literal stand for. */
function unescape(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (bytes.subarray(start, end).indexOf(BACKSLASH) < 0) return bytes.slice(start, end);
  const out = new Uint8Array(end - start);
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    if (byte !== BACKSLASH) {
      out[length++] = byte;
      at++;
      continue;
    }
    const size = escapeLength(bytes, at);
    const letter = bytes[at + 1]!;
    if (size === 3) out[length++] = (hexValue(letter) << 4) | hexValue(bytes[at + 2]);
    else if (size > 3) {
      const digits = String.fromCharCode(...bytes.subarray(at + 3, at + size - 1)).replaceAll('_', '');
      const encoded = encoder.encode(String.fromCodePoint(parseInt(digits, 16)));
      out.set(encoded, length);
      length += encoded.length;
    } else out[length++] = letter === 0x6e ? 0x0a : letter === 0x72 ? 0x0d : letter === 0x74 ? 0x09 : letter;
    at += size;
  }
  return out.subarray(0, length);
}

/** Length of the UTF-8 encoded character at `at`; 0 if it is malformed (overlong, surrogate, out of range, cut). */
export function utf8Length(bytes: Uint8Array, at: number): number {
  const b0 = bytes[at]!;
  if (b0 < 0x80) return 1;
  if (b0 < 0xc2 || b0 > 0xf4) return 0;
  const b1 = bytes[at + 1];
  if (b1 === undefined || (b1 & 0xc0) !== 0x80) return 0;
  if (b0 < 0xe0) return 2;
  if ((b0 === 0xe0 && b1 < 0xa0) || (b0 === 0xed && b1 > 0x9f)) return 0;
  const b2 = bytes[at + 2];
  if (b2 === undefined || (b2 & 0xc0) !== 0x80) return 0;
  if (b0 < 0xf0) return 3;
  if ((b0 === 0xf0 && b1 < 0x90) || (b0 === 0xf4 && b1 > 0x8f)) return 0;
  const b3 = bytes[at + 3];
  return b3 === undefined || (b3 & 0xc0) !== 0x80 ? 0 : 4;
}

export function isUtf8(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes, at);
    if (length === 0) return false;
    at += length;
  }
  return true;
}
