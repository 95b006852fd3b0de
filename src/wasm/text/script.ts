import { SyntaxError } from '../errors.js';
import type { Features } from '../features.js';
import { EXTERNREF, HEAP, ref, type ValType } from '../types.js';
import { type Assembled, assembleAt, assembleBody } from './assemble.js';
import { Cursor } from './cursor.js';
import { TOKEN, type Tokens, lex } from './lexer.js';
import { parseF32, parseF64, parseInteger, parseLane, parseSmallInteger, vectorBytes, vectorShape } from './literals.js';
import { TypeSpace } from './types.js';

interface Place {
  readonly line: number;
  readonly column: number;
}

/** A module in a script, still as text. */
export interface ScriptModule {
  readonly form: 'text' | 'binary' | 'quote';
  /** Identifier without its `$`. */
  readonly id: string | undefined;
  /** Throws `SyntaxError`. */
  readonly assemble: (features: Features) => Assembled;
}

export type Action =
  | { readonly kind: 'invoke'; readonly module: string | undefined; readonly name: string; readonly args: readonly Constant[] }
  | { readonly kind: 'get'; readonly module: string | undefined; readonly name: string };

/** A value, bit-exact. `v128` is its 16 bytes; `host` numbers stand for host references. */
export type Constant =
  | { readonly kind: 'i32'; readonly value: number }
  | { readonly kind: 'i64'; readonly value: bigint }
  | { readonly kind: 'f32'; readonly bits: number }
  | { readonly kind: 'f64'; readonly bits: bigint }
  | { readonly kind: 'v128'; readonly bytes: Uint8Array }
  /** `type` is the nullable reference type. */
  | { readonly kind: 'null'; readonly type: ValType }
  /** `(ref.extern n)`, and `(ref.host n)`, which is the same seen as an `anyref`. */
  | { readonly kind: 'host'; readonly type: ValType; readonly value: number };

/** `canonical`: a NaN whose payload is only its top bit; `arithmetic`: a NaN with that bit set. Either sign. */
export type NanPattern = 'nan:canonical' | 'nan:arithmetic';

export type LanePattern = { readonly bits: bigint } | { readonly nan: NanPattern };

/** What an action may return. */
export type Pattern =
  | Constant
  | { readonly kind: 'f32' | 'f64'; readonly nan: NanPattern }
  /** One pattern a lane, lane 0 first. */
  | { readonly kind: 'lanes'; readonly shape: 'f32x4' | 'f64x2'; readonly lanes: readonly LanePattern[] }
  /** Any null. */
  | { readonly kind: 'any null' }
  /** Any reference of this heap type that is not null. */
  | { readonly kind: 'ref'; readonly heap: 'func' | 'extern' | 'any' | 'eq' | 'i31' | 'struct' | 'array' | 'exn' }
  | { readonly kind: 'either'; readonly patterns: readonly Pattern[] };

/** What an `assert_*` about a module says of it. */
export type ModuleAssertion =
  | 'assert_malformed'
  | 'assert_malformed_custom'
  | 'assert_invalid'
  | 'assert_invalid_custom'
  | 'assert_unlinkable'
  /** Instantiation traps; written `assert_trap`, too. */
  | 'assert_uninstantiable';

export type Command = Place &
  (
    | { readonly kind: 'module'; readonly module: ScriptModule; readonly definition: boolean }
    /** An instance `id` of the module definition `module` (default: the last one). */
    | { readonly kind: 'instance'; readonly id: string | undefined; readonly module: string | undefined }
    | { readonly kind: 'register'; readonly as: string; readonly module: string | undefined }
    | { readonly kind: 'action'; readonly action: Action }
    | { readonly kind: 'assert_return'; readonly action: Action; readonly expected: readonly Pattern[] }
    | { readonly kind: 'assert_trap' | 'assert_exhaustion'; readonly action: Action; readonly message: string }
    | { readonly kind: 'assert_exception'; readonly action: Action }
    | { readonly kind: ModuleAssertion; readonly module: ScriptModule; readonly message: string }
    /** A command that is no command; the others can run. `word` is what it begins with, if that is a word. */
    | { readonly kind: 'malformed'; readonly word: string; readonly error: SyntaxError }
  );

/** Of a word that may be anything, what is shown. */
const MAX_WORD = 40;
const NO_WORD = 'script';

const MODULE_FIELDS: ReadonlySet<string> = new Set('type rec import func table memory global tag export start elem data'.split(' '));

/**
 * The commands of a `.wast` script, which is what the official suite is written in. Nothing of a module is read until it
 * is assembled. Never throws: a malformed command becomes a `malformed` one.
 */
export function parseScript(text: string | Uint8Array, features: Features): readonly Command[] {
  try {
    return [...commands(lex(text), features)];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [{ line: error.line, column: error.column, kind: 'malformed', word: NO_WORD, error }];
  }
}

function* commands(tokens: Tokens, features: Features): Iterable<Command> {
  const { source } = tokens;
  if (tokens.kinds[0] === TOKEN.open && MODULE_FIELDS.has(tokens.text(1))) {
    const module: ScriptModule = { form: 'text', id: undefined, assemble: (wanted) => assembleAt(new Cursor(tokens, 0), wanted) };
    yield { ...source.position(tokens.starts[0]!), kind: 'module', module, definition: false };
    return;
  }
  for (let at = 0; tokens.kinds[at] !== TOKEN.eof; ) {
    const place = source.position(tokens.starts[at]!);
    const isCommand = tokens.kinds[at] === TOKEN.open;
    const after = isCommand ? tokens.skip(at) : nextCommand(tokens, at);
    const head = isCommand ? at + 1 : at;
    try {
      yield { ...place, ...new CommandParser(new Cursor(tokens, at), after, features).command() };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const word = tokens.kinds[head] === TOKEN.error ? NO_WORD : tokens.text(head).slice(0, MAX_WORD);
      yield { ...place, kind: 'malformed', word, error };
    }
    at = after;
  }
}

/** What stands between commands is one failure, however much it is. */
function nextCommand(tokens: Tokens, from: number): number {
  let at = from;
  while (tokens.kinds[at] !== TOKEN.open && tokens.kinds[at] !== TOKEN.eof) at++;
  return at;
}

type Unplaced<T> = T extends Place ? Omit<T, 'line' | 'column'> : never;

class CommandParser {
  private readonly cursor: Cursor;
  /** Index of the token after the command. */
  private readonly after: number;
  private readonly types: TypeSpace;

  constructor(cursor: Cursor, after: number, features: Features) {
    this.cursor = cursor;
    this.after = after;
    this.types = new TypeSpace(features);
  }

  command(): Unplaced<Command> {
    const { cursor } = this;
    if (!cursor.is(TOKEN.open)) throw cursor.unexpected('a command');
    if (cursor.isOpen('module')) return this.module();
    if (cursor.isOpen('invoke') || cursor.isOpen('get')) return { kind: 'action', action: this.action() };
    cursor.at++;
    const word = cursor.keyword('a command');
    const command = this.named(word);
    cursor.close();
    if (cursor.at !== this.after) throw cursor.unexpected('the end of the command');
    return command;
  }

  private named(word: string): Unplaced<Command> {
    const { cursor } = this;
    switch (word) {
      case 'register': {
        const as = cursor.name();
        return { kind: 'register', as, module: cursor.tryId() };
      }
      case 'assert_return': {
        const action = this.action();
        const expected: Pattern[] = [];
        while (cursor.is(TOKEN.open)) expected.push(this.pattern());
        return { kind: word, action, expected };
      }
      case 'assert_exception':
        return { kind: word, action: this.action() };
      case 'assert_trap':
        if (cursor.isOpen('module')) return { kind: 'assert_uninstantiable', ...this.moduleAndMessage() };
        return { kind: word, action: this.action(), message: cursor.name() };
      case 'assert_exhaustion':
        return { kind: word, action: this.action(), message: cursor.name() };
      case 'assert_malformed':
      case 'assert_malformed_custom':
      case 'assert_invalid':
      case 'assert_invalid_custom':
      case 'assert_unlinkable':
      case 'assert_uninstantiable':
        return { kind: word, ...this.moduleAndMessage() };
      default:
        throw cursor.unexpected('a command', cursor.at - 1);
    }
  }

  // Modules

  private module(): Unplaced<Command> {
    const { cursor } = this;
    const start = cursor.at;
    cursor.open('module');
    if (cursor.tryWord('instance')) {
      const id = cursor.tryId();
      const module = cursor.tryId();
      cursor.close();
      return { kind: 'instance', id, module };
    }
    const definition = cursor.isWord('definition');
    cursor.at = start;
    return { kind: 'module', module: this.moduleText(), definition };
  }

  private moduleAndMessage(): { module: ScriptModule; message: string } {
    const { cursor } = this;
    if (!cursor.isOpen('module')) throw cursor.unexpected('a module');
    const module = this.moduleText();
    return { module, message: cursor.name() };
  }

  /** Moves past a module without reading it. */
  private moduleText(): ScriptModule {
    const { tokens, at } = this.cursor;
    const head = new Cursor(tokens, at + 2);
    head.tryWord('definition');
    const id = head.tryId();
    const body = head.at;
    const form = head.isWord('binary') ? 'binary' : head.isWord('quote') ? 'quote' : 'text';
    this.cursor.at = tokens.skip(at);
    const assemble = (features: Features): Assembled => {
      const cursor = new Cursor(tokens, body);
      const assembled = assembleBody(cursor, features, id);
      cursor.close();
      return assembled;
    };
    return { form, id, assemble };
  }

  // Actions and values

  private action(): Action {
    const { cursor } = this;
    const invoke = cursor.isOpen('invoke');
    if (!invoke && !cursor.isOpen('get')) throw cursor.unexpected('an action');
    cursor.at += 2;
    const module = cursor.tryId();
    const name = cursor.name();
    const args: Constant[] = [];
    while (invoke && cursor.is(TOKEN.open)) args.push(this.constant());
    cursor.close();
    return invoke ? { kind: 'invoke', module, name, args } : { kind: 'get', module, name };
  }

  private constant(): Constant {
    const { at } = this.cursor;
    const pattern = this.pattern();
    const isConstant = pattern.kind !== 'lanes' && pattern.kind !== 'any null' && pattern.kind !== 'ref' && pattern.kind !== 'either';
    if (!isConstant || 'nan' in pattern) throw this.cursor.unexpected('a value', at + 1);
    return pattern;
  }

  private pattern(): Pattern {
    const { cursor } = this;
    if (!cursor.is(TOKEN.open)) throw cursor.unexpected('a value');
    cursor.at++;
    const word = cursor.keyword('a value');
    const pattern = this.patternOf(word);
    cursor.close();
    return pattern;
  }

  private patternOf(word: string): Pattern {
    const { cursor } = this;
    switch (word) {
      case 'i32.const':
        return { kind: 'i32', value: this.number((text) => parseSmallInteger(text, 32), true) };
      case 'i64.const':
        return { kind: 'i64', value: this.number((text) => parseInteger(text, 64), true) };
      case 'f32.const': {
        const nan = this.nan();
        return nan !== undefined ? { kind: 'f32', nan } : { kind: 'f32', bits: this.number(parseF32) };
      }
      case 'f64.const': {
        const nan = this.nan();
        return nan !== undefined ? { kind: 'f64', nan } : { kind: 'f64', bits: this.number(parseF64) };
      }
      case 'v128.const':
        return this.vector();
      case 'either':
        return { kind: 'either', patterns: this.alternatives() };
      case 'ref.null':
        return cursor.is(TOKEN.close) ? { kind: 'any null' } : { kind: 'null', type: this.types.nullType(cursor) };
      case 'ref.extern':
        if (cursor.is(TOKEN.close)) return { kind: 'ref', heap: 'extern' };
        return { kind: 'host', type: EXTERNREF, value: cursor.u32('a number') };
      case 'ref.host':
        return { kind: 'host', type: ref(HEAP.any, true), value: cursor.u32('a number') };
      default:
        return this.referencePattern(word);
    }
  }

  /** Those of an `either` inside are among them, and not a level below: however deep it nests, it is read in one loop. */
  private alternatives(): Pattern[] {
    const { cursor } = this;
    const patterns: Pattern[] = [];
    for (let depth = 0; ; ) {
      if (cursor.tryOpen('either')) depth++;
      else if (cursor.is(TOKEN.open)) patterns.push(this.pattern());
      else if (depth-- > 0) cursor.close();
      else return patterns;
    }
  }

  private referencePattern(word: string): Pattern {
    const heap = word.startsWith('ref.') ? word.slice(4) : '';
    if (!Object.hasOwn(HEAP, heap) || heap === 'bot' || heap.startsWith('no')) throw this.cursor.unexpected('a value', this.cursor.at - 1);
    return { kind: 'ref', heap: heap as 'func' };
  }

  private nan(): NanPattern | undefined {
    const { cursor } = this;
    if (cursor.tryWord('nan:canonical')) return 'nan:canonical';
    return cursor.tryWord('nan:arithmetic') ? 'nan:arithmetic' : undefined;
  }

  private number<T>(parse: (text: string) => T | undefined, integer = false): T {
    const { cursor } = this;
    const { kind } = cursor;
    if (kind !== TOKEN.nat && kind !== TOKEN.int && (kind !== TOKEN.float || integer)) throw cursor.unexpected('a number');
    const value = parse(cursor.text);
    if (value === undefined) throw cursor.error('constant out of range');
    cursor.at++;
    return value;
  }

  private vector(): Pattern {
    const { cursor } = this;
    const word = cursor.keyword('a vector shape');
    const shape = vectorShape(word);
    if (shape === undefined) throw cursor.unexpected('a vector shape', cursor.at - 1);
    const lanes: LanePattern[] = [];
    while (lanes.length < shape.lanes) {
      const nan = shape.float ? this.nan() : undefined;
      lanes.push(nan !== undefined ? { nan } : { bits: this.number((text) => parseLane(text, shape), !shape.float) });
    }
    if (lanes.some((lane) => 'nan' in lane)) return { kind: 'lanes', shape: word as 'f32x4' | 'f64x2', lanes };
    return { kind: 'v128', bytes: vectorBytes(lanes.map((lane) => (lane as { bits: bigint }).bits), shape) };
  }
}
