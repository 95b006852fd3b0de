import { METADATA_PREFIX } from '../binary/code-metadata.js';
import { CATCH } from '../binary/code-reader.js';
import { ByteWriter } from '../binary/writer.js';
import { type Instruction, OP } from '../instructions.js';
import type { Annotations } from './annotations.js';
import { Cursor } from './cursor.js';
import { ImmediateParser, writeOpcode } from './immediates.js';
import type { IndexSpace } from './index-space.js';
import { LabelStack } from './label-stack.js';
import { type Annotation, TOKEN, type Tokens } from './lexer.js';
import type { ModuleScope } from './scope.js';

/** Pairs: an offset in the binary, and the byte offset in the text that it comes from. */
export type Marks = number[];

/** A `@metadata.code.*` annotation at an instruction. */
export interface CodeMetadata {
  readonly name: string;
  readonly data: Uint8Array;
  /** Offset of the instruction from the start of the function's body. */
  readonly offset: number;
}

/** What the parser is inside of. The flat instructions of a block and a folded construct nest in any way. */
type FrameKind =
  /** `block … end`, also `if` before its `else` and `try` before its first `catch`. */
  | 'block'
  | 'catch part'
  /** After the `else` or `catch_all` of a flat block. */
  | 'last part'
  /** `(op …`: operands may follow, then the instruction itself is written. */
  | 'operands'
  /** `(block …`. */
  | 'folded block'
  /** `(if …`: in its condition, and after the first part. */
  | 'condition'
  | 'after then'
  /** `(try …`: before and after the first part, after a `(catch …)`. */
  | 'before do'
  | 'after do'
  | 'after catch'
  /** After the part that nothing can follow: `(else …)` and `(catch_all …)`, or `(delegate …)`, which also ends the block. */
  | 'after last'
  | 'after delegate'
  /** The inside of `(then`, `(else`, `(do`, `(catch` and `(catch_all`. */
  | 'part';

interface Frame {
  kind: FrameKind;
  readonly op: number;
  /** Where its bytes start in `held`, while they wait for the operands. */
  readonly held: number;
  /** Of the instruction, in the text. */
  readonly offset: number;
  readonly metadata: Metadata;
  readonly label: Label;
}

interface Label {
  readonly id: string | undefined;
  /** For the name section. */
  readonly name: string | undefined;
}
const NO_LABEL: Label = { id: undefined, name: undefined };

type Metadata = readonly { readonly name: string; readonly data: Uint8Array }[];
const NO_METADATA: Metadata = [];

const CATCH_WORDS: readonly (readonly [string, number])[] = [
  ['catch', CATCH.catch],
  ['catch_ref', CATCH.catchRef],
  ['catch_all', CATCH.catchAll],
  ['catch_all_ref', CATCH.catchAllRef],
];

/**
 * Reads instruction sequences (spec §6.5) and writes them in binary. Nesting is on a stack of its own, so that no
 * depth of parentheses or blocks can overflow the host's.
 */
export class ExpressionParser {
  private readonly scope: ModuleScope;
  private readonly cursor: Cursor;
  private readonly annotations: Annotations;
  private readonly immediates: ImmediateParser;
  /** Instructions whose operands come first in the binary. */
  private readonly held = new ByteWriter();
  private readonly frames: Frame[] = [];
  private labels = new LabelStack();
  private labelCount = 0;
  private labelNames = new Map<number, string>();
  private out = new ByteWriter();
  private marks: Marks = [];
  private metadata: CodeMetadata[] | undefined = undefined;

  constructor(scope: ModuleScope, cursor: Cursor, annotations: Annotations) {
    this.scope = scope;
    this.cursor = cursor;
    this.annotations = annotations;
    this.immediates = new ImmediateParser(scope, cursor);
  }

  /** The body of a function, up to its closing parenthesis. `marks` and `metadata` count from the start of `out`. */
  body(locals: IndexSpace, out: ByteWriter, marks: Marks, metadata: CodeMetadata[]): ReadonlyMap<number, string> {
    this.immediates.locals = locals;
    this.metadata = metadata;
    this.run(out, marks, false);
    this.metadata = undefined;
    this.immediates.locals = undefined;
    return this.labelNames;
  }

  /** A constant expression: everything up to the closing parenthesis. */
  expression(out: ByteWriter, marks: Marks): void {
    this.run(out, marks, false);
  }

  /** A constant expression of one folded instruction. */
  foldedInstruction(out: ByteWriter, marks: Marks): void {
    if (!this.cursor.is(TOKEN.open)) throw this.cursor.unexpected('an instruction in parentheses');
    this.run(out, marks, true);
  }

  private run(out: ByteWriter, marks: Marks, single: boolean): void {
    const { cursor, frames } = this;
    this.out = out;
    this.marks = marks;
    this.labels = new LabelStack();
    this.immediates.labels = this.labels;
    this.labelCount = 0;
    this.labelNames = new Map();
    do {
      const { kind } = cursor;
      if (kind === TOKEN.open) this.open();
      else if (kind === TOKEN.close && frames.length > 0) this.close();
      else if (kind === TOKEN.close) break;
      else this.plain();
    } while (!single || frames.length > 0);
    marks.push(out.length, cursor.offset);
    out.byte(OP.end);
  }

  // Flat instructions

  private plain(): void {
    const { cursor, frames } = this;
    const top = frames.at(-1);
    if (top !== undefined && !takesFlat(top.kind)) throw cursor.unexpected(expectedIn(top.kind));
    const metadata = this.takeMetadata(cursor.at);
    const rows = this.immediates.instruction();
    const [row] = rows as [Instruction];
    const { offset } = cursor;
    if (isSeparator(row.op)) {
      this.separator(row);
      return;
    }
    this.mark(offset, metadata);
    cursor.at++;
    if (isBlock(row)) {
      const label = this.label();
      this.blockHead(row, this.out);
      this.enter(label);
      frames.push({ kind: 'block', op: row.op, held: 0, offset, metadata, label });
    } else this.immediates.write(rows, this.out);
  }

  /** `else`, `end`, and the legacy `catch`, `catch_all` and `delegate`. */
  private separator(row: Instruction): void {
    const { cursor, frames } = this;
    const top = frames.at(-1);
    if (top === undefined || !mayFollow(row.op, top)) throw cursor.unexpected('an instruction');
    this.mark(cursor.offset, NO_METADATA);
    cursor.at++;
    if (row.op === OP.catch) {
      this.immediates.write([row], this.out);
      top.kind = 'catch part';
      return;
    }
    if (row.op === OP.delegate) {
      this.leave();
      frames.pop();
      this.immediates.write([row], this.out);
      return;
    }
    this.out.byte(row.op);
    const { at } = cursor;
    const id = cursor.tryId();
    if (id !== undefined && id !== this.labels.top) throw cursor.error(`mismatching label $${id}`, at);
    if (row.op === OP.end) {
      this.leave();
      frames.pop();
    } else top.kind = 'last part';
  }

  // Folded instructions

  private open(): void {
    const { cursor, frames } = this;
    const top = frames.at(-1);
    if (top !== undefined && this.openPart(top)) return;
    const opening = cursor.at;
    cursor.at++;
    const rows = this.immediates.instruction();
    const [row] = rows as [Instruction];
    if (isSeparator(row.op)) throw cursor.unexpected('an instruction');
    const metadata = this.takeMetadata(opening, cursor.at);
    const { offset } = cursor;
    const held = this.held.length;
    cursor.at++;
    if (isBlock(row)) {
      const label = this.label();
      // An `if` comes after its condition in the binary, and its label is not in scope there.
      const waits = row.op === OP.if;
      if (!waits) this.mark(offset, metadata);
      this.blockHead(row, waits ? this.held : this.out);
      if (!waits) this.enter(label);
      const kind = waits ? 'condition' : row.op === OP.try ? 'before do' : 'folded block';
      frames.push({ kind, op: row.op, held, offset, metadata, label });
      return;
    }
    this.immediates.write(rows, this.held);
    if (cursor.is(TOKEN.close)) {
      cursor.at++;
      this.release(held, offset, metadata);
    } else frames.push({ kind: 'operands', op: row.op, held, offset, metadata, label: NO_LABEL });
  }

  /** `(then`, `(else`, `(do`, `(catch`, `(catch_all` and `(delegate …)`, where the construct around has them. */
  private openPart(top: Frame): boolean {
    const { cursor } = this;
    const { offset } = cursor;
    switch (top.kind) {
      case 'condition':
        if (!cursor.tryOpen('then')) return false;
        this.release(top.held, top.offset, top.metadata);
        this.enter(top.label);
        top.kind = 'after then';
        break;
      case 'after then':
        cursor.open('else');
        this.writeAt(OP.else, offset);
        top.kind = 'after last';
        break;
      case 'before do':
        cursor.open('do');
        top.kind = 'after do';
        break;
      case 'after do':
      case 'after catch':
        if (this.openClause(top, offset)) return true;
        break;
      case 'after last':
      case 'after delegate':
        throw cursor.unexpected(')');
      default:
        return false;
    }
    this.frames.push({ kind: 'part', op: top.op, held: 0, offset, metadata: NO_METADATA, label: NO_LABEL });
    return true;
  }

  /** A clause of `(try …`; true if it has no inside. */
  private openClause(top: Frame, offset: number): boolean {
    const { cursor } = this;
    if (top.kind === 'after do' && cursor.tryOpen('delegate')) {
      this.leave();
      this.writeAt(OP.delegate, offset);
      this.out.u32(this.immediates.label());
      cursor.close();
      top.kind = 'after delegate';
      return true;
    }
    if (cursor.tryOpen('catch_all')) {
      this.writeAt(OP.catch_all, offset);
      top.kind = 'after last';
      return false;
    }
    cursor.open('catch');
    this.writeAt(OP.catch, offset);
    this.out.u32(this.scope.tags.resolve(cursor));
    top.kind = 'after catch';
    return false;
  }

  private close(): void {
    const { cursor, frames } = this;
    const top = frames.at(-1)!;
    switch (top.kind) {
      case 'operands':
        this.release(top.held, top.offset, top.metadata);
        break;
      case 'folded block':
      case 'after then':
      case 'after do':
      case 'after catch':
      case 'after last':
        this.writeAt(OP.end, cursor.offset);
        this.leave();
        break;
      case 'part':
      case 'after delegate':
        break;
      default:
        throw cursor.unexpected(expectedIn(top.kind));
    }
    frames.pop();
    cursor.at++;
  }

  /** Writes an instruction that waited for its operands. */
  private release(held: number, offset: number, metadata: Metadata): void {
    this.mark(offset, metadata);
    this.out.bytes(this.held.take().subarray(held));
    this.held.truncate(held);
  }

  // Blocks

  private blockHead(row: Instruction, out: ByteWriter): void {
    const { cursor, scope } = this;
    writeOpcode(row.op, out);
    if (cursor.isOpen('type')) out.blockType(~scope.types.typeUse(cursor, false).index);
    else {
      const { type } = scope.types.signature(cursor, false);
      if (type.params.length === 0 && type.results.length <= 1) out.blockType(type.results[0] ?? 0);
      else out.blockType(~scope.types.funcType(type));
    }
    if (row.imm === 'catches') this.catches(out);
  }

  private catches(out: ByteWriter): void {
    const { cursor } = this;
    const clauses = new ByteWriter();
    let count = 0;
    for (; ; count++) {
      const clause = CATCH_WORDS.find(([word]) => cursor.tryOpen(word));
      if (clause === undefined) break;
      const [, kind] = clause;
      clauses.byte(kind);
      if (kind === CATCH.catch || kind === CATCH.catchRef) clauses.u32(this.scope.tags.resolve(cursor));
      clauses.u32(this.immediates.label());
      cursor.close();
    }
    out.u32(count).bytes(clauses.take());
  }

  private label(): Label {
    const id = this.cursor.tryId();
    const name = this.cursor.tryName('label') ?? id;
    return name === undefined ? NO_LABEL : { id, name };
  }
  private enter({ id, name }: Label): void {
    if (name !== undefined) this.labelNames.set(this.labelCount, name);
    this.labelCount++;
    this.labels.push(id);
  }
  private leave(): void {
    this.labels.pop();
  }

  // Positions and metadata

  private writeAt(op: number, offset: number): void {
    this.mark(offset, NO_METADATA);
    this.out.byte(op);
  }

  private mark(offset: number, metadata: Metadata): void {
    this.marks.push(this.out.length, offset);
    for (const { name, data } of metadata) this.metadata!.push({ name, data, offset: this.out.length });
  }

  /** Those before token `at`, or between a parenthesis and its mnemonic. */
  private takeMetadata(at: number, mnemonic: number = at): Metadata {
    if (this.annotations.isEmpty || this.metadata === undefined) return NO_METADATA;
    const take = (place: number): readonly Annotation[] => this.annotations.take(place, (name) => name.startsWith(METADATA_PREFIX));
    const found = mnemonic === at ? take(at) : [...take(at), ...take(mnemonic)];
    for (const [i, { name, tokens }] of found.entries()) {
      if (found.findIndex((other) => other.name === name) !== i) {
        throw tokens.source.error(`@${name} annotation: duplicate annotation`, found[i]!.offset);
      }
    }
    return found.map(({ name, tokens }) => ({ name, data: metadataBytes(name, tokens) }));
  }
}

function isBlock(row: Instruction): boolean {
  return row.imm === 'block' || row.imm === 'catches';
}

/** Does it stand between the parts of a flat block, or end it? */
function isSeparator(op: number): boolean {
  return op === OP.end || op === OP.else || op === OP.catch || op === OP.catch_all || op === OP.delegate;
}

function mayFollow(separator: number, { kind, op }: Frame): boolean {
  switch (separator) {
    case OP.end:
      return kind === 'block' || kind === 'catch part' || kind === 'last part';
    case OP.else:
      return kind === 'block' && op === OP.if;
    case OP.delegate:
      return kind === 'block' && op === OP.try;
    default:
      return kind === 'catch part' || (kind === 'block' && op === OP.try);
  }
}

function takesFlat(kind: FrameKind): boolean {
  return kind === 'block' || kind === 'catch part' || kind === 'last part' || kind === 'folded block' || kind === 'part';
}

function expectedIn(kind: FrameKind): string {
  switch (kind) {
    case 'block':
    case 'catch part':
    case 'last part':
      return 'an instruction or end';
    case 'operands':
      return 'an operand in parentheses or )';
    case 'condition':
      return 'an operand in parentheses or (then';
    case 'before do':
      return '(do';
    default:
      return ')';
  }
}

function metadataBytes(name: string, tokens: Tokens): Uint8Array {
  const content = new Cursor(tokens, 0);
  const bytes = content.strings();
  if (!content.is(TOKEN.eof)) throw content.error(`@${name} annotation: unexpected token`);
  return bytes;
}
