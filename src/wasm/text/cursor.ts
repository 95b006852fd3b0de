import type { SyntaxError } from '../errors.js';
import { byMnemonic } from '../instructions.js';
import type { Annotations } from './annotations.js';
import { type Tokens, TOKEN, isUtf8 } from './lexer.js';
import { parseU32 } from './literals.js';

/** The words of the grammar that are no instructions: met in a wrong place they are "unexpected", others "unknown". */
const WORDS: ReadonlySet<string> = new Set(
  (
    'module definition instance binary quote register invoke get input output script either ' +
    'assert_return assert_trap assert_exhaustion assert_malformed assert_invalid assert_unlinkable assert_exception ' +
    'assert_malformed_custom assert_invalid_custom nan:canonical nan:arithmetic ' +
    'ref.extern ref.host ref.struct ref.array ref.any ref.exn ' +
    'type rec sub final func struct array field mut param result local import export table memory global tag elem data start ' +
    'declare item offset then do catch catch_all catch_ref catch_all_ref shared pagesize exact describes descriptor before after first last ' +
    'i32 i64 f32 f64 v128 i8 i16 i8x16 i16x8 i32x4 i64x2 f32x4 f64x2 ref null any eq i31 none nofunc noextern extern exn noexn ' +
    'anyref eqref i31ref structref arrayref funcref externref exnref nullref nullfuncref nullexternref nullexnref'
  ).split(' '),
);

/** A reading position in a run of tokens, with what every grammar rule needs. All failures are `SyntaxError`s. */
export class Cursor {
  readonly tokens: Tokens;
  at: number;
  private readonly annotations: Annotations | undefined;

  constructor(tokens: Tokens, at: number, annotations?: Annotations) {
    this.tokens = tokens;
    this.at = at;
    this.annotations = annotations;
  }

  get kind(): number {
    return this.tokens.kinds[this.at]!;
  }
  is(kind: number): boolean {
    return this.kind === kind;
  }
  get text(): string {
    return this.tokens.text(this.at);
  }
  get offset(): number {
    return this.tokens.starts[this.at]!;
  }

  isText(at: number, text: string): boolean {
    const { starts, ends, source } = this.tokens;
    return ends[at]! - starts[at]! === text.length && source.latin1.startsWith(text, starts[at]!);
  }
  /** Is the next token this keyword? */
  isWord(word: string): boolean {
    return this.is(TOKEN.keyword) && this.isText(this.at, word);
  }
  /** Do an opening parenthesis and this keyword come next? */
  isOpen(word: string): boolean {
    return this.is(TOKEN.open) && this.tokens.kinds[this.at + 1] === TOKEN.keyword && this.isText(this.at + 1, word);
  }
  tryWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.at++;
    return true;
  }
  tryOpen(word: string): boolean {
    if (!this.isOpen(word)) return false;
    this.at += 2;
    return true;
  }

  open(word: string): void {
    if (!this.tryOpen(word)) throw this.unexpected(`(${word}`);
  }
  close(): void {
    if (!this.is(TOKEN.close)) throw this.unexpected(')');
    this.at++;
  }
  keyword(expected: string): string {
    if (!this.is(TOKEN.keyword)) throw this.unexpected(expected);
    const { text } = this;
    this.at++;
    return text;
  }

  stringBytes(): Uint8Array {
    if (!this.is(TOKEN.string)) throw this.unexpected('a string');
    return this.tokens.bytes(this.at++);
  }
  /** A string that must be UTF-8, as its bytes. */
  nameBytes(): Uint8Array {
    const bytes = this.stringBytes();
    if (!isUtf8(bytes)) throw this.error('malformed UTF-8 encoding', this.at - 1);
    return bytes;
  }
  name(): string {
    return utf8.decode(this.nameBytes());
  }
  /** All strings that follow, joined. */
  strings(): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (this.is(TOKEN.string)) {
      const part = this.stringBytes();
      parts.push(part);
      length += part.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  tryId(): string | undefined {
    return this.is(TOKEN.id) ? this.tokens.id(this.at++) : undefined;
  }
  /** What a `@name` annotation here says about a `kind`. */
  tryName(kind: string): string | undefined {
    let name: string | undefined;
    for (const { tokens, offset } of this.annotations?.take(this.at, (annotation) => annotation === 'name') ?? []) {
      if (name !== undefined) throw tokens.source.error(`@name annotation: multiple ${kind} names`, offset);
      const content = new Cursor(tokens, 0);
      name = content.name();
      if (!content.is(TOKEN.eof)) throw content.error('@name annotation: unexpected token');
    }
    return name;
  }
  isIndex(): boolean {
    return this.is(TOKEN.nat) || this.is(TOKEN.id);
  }
  u32(expected: string): number {
    if (!this.is(TOKEN.nat)) throw this.unexpected(expected);
    const value = parseU32(this.text);
    if (value === undefined) throw this.error('i32 constant out of range');
    this.at++;
    return value;
  }

  error(message: string, at: number = this.at): SyntaxError {
    return this.tokens.source.error(message, this.tokens.starts[at]!);
  }

  /** The error for a token that no rule allows here; a lexical error at this place comes first. */
  unexpected(expected: string, at: number = this.at): SyntaxError {
    const kind = this.tokens.kinds[at]!;
    if (kind === TOKEN.error) return this.error(this.tokens.errors.get(at)!, at);
    const text = this.tokens.text(at);
    if (kind === TOKEN.reserved || (kind === TOKEN.keyword && !isKnown(text))) return this.error(`unknown operator ${text}`, at);
    const found = kind === TOKEN.eof ? 'the end of the text' : text.length > 40 ? `${text.slice(0, 40)}…` : text;
    return this.error(`unexpected token: found ${found}, expected ${expected}`, at);
  }

  /** For what a later rule would say in other words: a lexical error or an unknown word at this place comes first. */
  checkToken(at: number = this.at): void {
    const kind = this.tokens.kinds[at]!;
    if (kind === TOKEN.error || kind === TOKEN.reserved || (kind === TOKEN.keyword && !isKnown(this.tokens.text(at)))) {
      throw this.unexpected('', at);
    }
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Is it a word of the grammar apart from any instruction of that name? */
export function isGrammarWord(word: string): boolean {
  return WORDS.has(word);
}

function isKnown(word: string): boolean {
  return WORDS.has(word) || byMnemonic(word).length > 0 || /^(?:offset|align)=/.test(word);
}
