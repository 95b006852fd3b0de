import { ByteWriter } from '../binary/writer.js';
import type { Features } from '../features.js';
import { OP } from '../instructions.js';
import { type AddressType, type ExternKind, FUNCREF, I64, type ValType } from '../types.js';
import { Annotations } from './annotations.js';
import { Cursor } from './cursor.js';
import { type CustomAnnotation, parseCustomAnnotation } from './custom.js';
import { type CodeMetadata, ExpressionParser, type Marks } from './expressions.js';
import { IndexSpace } from './index-space.js';
import { TOKEN, type Tokens } from './lexer.js';
import { ModuleScope } from './scope.js';
import { SECTION } from './sections.js';
import type { TypeUse } from './types.js';

/** The entries of one section, in binary, without their count. */
export class SectionContent {
  count = 0;
  readonly out: ByteWriter = new ByteWriter();
  readonly marks: Marks = [];

  /** Begins an entry that comes from `offset` in the text. */
  entry(offset: number): ByteWriter {
    this.count++;
    this.marks.push(this.out.length, offset);
    return this.out;
  }
}

/** What the fields of a module came to. */
export interface ParsedModule {
  readonly name: string | undefined;
  readonly scope: ModuleScope;
  readonly sections: ReadonlyMap<number, SectionContent>;
  readonly start: { readonly index: number; readonly offset: number } | undefined;
  readonly customs: readonly CustomAnnotation[];
  /** By function index. */
  readonly metadata: ReadonlyMap<number, readonly CodeMetadata[]>;
}

const EXTERN_CODES: Readonly<Record<ExternKind, number>> = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };
const EXACT_FUNC = 0x20;
const IMPORTABLE: ReadonlySet<string> = new Set(Object.keys(EXTERN_CODES));

/**
 * Reads the fields of a module (spec §6.6) from `cursor` to the parenthesis that closes the module, or to the end of
 * the text. `id` is the identifier before the fields.
 */
export function parseModule(cursor: Cursor, features: Features, id: string | undefined): ParsedModule {
  const parser = new ModuleParser(cursor, features);
  const parsed = parser.parse(id);
  cursor.at = parser.cursor.at;
  return parsed;
}

class ModuleParser {
  readonly cursor: Cursor;
  private readonly scope: ModuleScope;
  private readonly annotations: Annotations;
  private readonly expressions: ExpressionParser;
  private readonly sections = new Map<number, SectionContent>();
  private readonly customs: CustomAnnotation[] = [];
  private readonly metadata = new Map<number, CodeMetadata[]>();
  /** The next index of each kind, while definitions are read in order. */
  private readonly next = { func: 0, table: 0, memory: 0, global: 0, tag: 0, elem: 0, data: 0 };
  private start: ParsedModule['start'];

  constructor(cursor: Cursor, features: Features) {
    this.annotations = new Annotations(cursor.tokens, cursor.at, endOfModule(cursor.tokens, cursor.at));
    this.cursor = new Cursor(cursor.tokens, cursor.at, this.annotations);
    this.scope = new ModuleScope(features);
    this.expressions = new ExpressionParser(this.scope, this.cursor, this.annotations);
  }

  parse(id: string | undefined): ParsedModule {
    const { cursor } = this;
    const name = cursor.tryName('module') ?? id;
    const first = cursor.at;
    this.bindNames();
    cursor.at = first;
    while (cursor.is(TOKEN.open)) {
      this.customAnnotations();
      this.field();
    }
    this.customAnnotations();
    if (!cursor.is(TOKEN.close) && !cursor.is(TOKEN.eof)) throw cursor.unexpected('a module field');
    this.checkLeftovers();
    const { scope, sections, start, customs, metadata } = this;
    return { name, scope, sections, start, customs, metadata };
  }

  private section(id: number): SectionContent {
    let section = this.sections.get(id);
    if (section === undefined) this.sections.set(id, (section = new SectionContent()));
    return section;
  }

  private space(kind: keyof ModuleParser['next']): IndexSpace {
    return this.scope[SPACES[kind]];
  }

  // Names. All of them are known before the first definition is read, because any may be used before.

  private bindNames(): void {
    const { cursor, scope } = this;
    const typeFields: number[] = [];
    let defined: string | undefined;
    while (cursor.is(TOKEN.open)) {
      const field = cursor.at++;
      const after = cursor.tokens.skip(field);
      const word = cursor.keyword('a module field');
      if (word === 'type') {
        typeFields.push(field);
        scope.types.define(cursor);
      } else if (word === 'rec') {
        typeFields.push(field);
        while (cursor.isOpen('type')) {
          const next = cursor.tokens.skip(cursor.at);
          cursor.at += 2;
          scope.types.define(cursor);
          cursor.at = next;
        }
      } else if (word === 'import') {
        if (defined !== undefined) throw cursor.error(`import after ${defined}`, field);
        this.bindImport();
      } else if (IMPORTABLE.has(word)) {
        if (!this.bindDefinition(word as ExternKind)) defined ??= word === 'func' ? 'function' : word;
        else if (defined !== undefined) throw cursor.error(`import after ${defined}`, field);
        this.bindInlineSegment(word, after);
      } else if (word === 'elem' || word === 'data') {
        if (this.hasSegmentIds) this.space(word).define(cursor);
        else this.space(word).skip();
      } else if (word !== 'export' && word !== 'start') {
        throw cursor.unexpected('a module field', cursor.at - 1);
      }
      cursor.at = after;
    }
    for (const field of typeFields) {
      cursor.at = field;
      scope.types.definition(cursor);
    }
  }

  private bindImport(): void {
    const { cursor } = this;
    cursor.nameBytes();
    cursor.nameBytes();
    if (!cursor.is(TOKEN.open)) throw cursor.unexpected('an import description');
    cursor.at++;
    const kind = cursor.keyword('an import description');
    if (!IMPORTABLE.has(kind)) throw cursor.unexpected('an import description', cursor.at - 1);
    this.space(kind as ExternKind).define(cursor);
  }

  /** Binds the name of a definition; is it an import? */
  private bindDefinition(kind: ExternKind): boolean {
    const { cursor } = this;
    this.space(kind).define(cursor);
    while (cursor.isOpen('export')) cursor.at = cursor.tokens.skip(cursor.at);
    return cursor.isOpen('import');
  }

  /** A table may hold its element segment, a memory its data segment. */
  private bindInlineSegment(word: string, after: number): void {
    const { cursor } = this;
    const segment = word === 'table' ? 'elem' : word === 'memory' ? 'data' : undefined;
    if (segment === undefined) return;
    while (cursor.at < after - 1 && !cursor.is(TOKEN.eof)) {
      if (cursor.isOpen(segment)) this.space(segment).skip();
      cursor.at = cursor.is(TOKEN.open) ? cursor.tokens.skip(cursor.at) : cursor.at + 1;
    }
  }

  /** Before bulk memory, segments had no names and a bare index stood for the table or memory. */
  private get hasSegmentIds(): boolean {
    return this.scope.features.has('bulk-memory');
  }

  // Annotations

  private customAnnotations(): void {
    if (this.annotations.isEmpty) return;
    const found = this.annotations.take(this.cursor.at, (name) => name === 'custom');
    this.customs.push(...found.map(parseCustomAnnotation));
  }

  private checkLeftovers(): void {
    const annotation = this.annotations.leftover();
    if (annotation === undefined) return;
    const { name, offset } = annotation;
    const message = name === 'name' || name === 'custom' ? `misplaced @${name} annotation` : `@${name} annotation: not in a function`;
    throw this.cursor.tokens.source.error(message, offset);
  }

  // Fields

  private field(): void {
    const { cursor } = this;
    const field = cursor.at;
    const { offset } = cursor;
    cursor.at++;
    const word = cursor.keyword('a module field');
    switch (word) {
      case 'type':
      case 'rec':
        cursor.at = cursor.tokens.skip(field);
        return;
      case 'import':
        this.import(offset);
        break;
      case 'func':
        this.func(offset);
        break;
      case 'table':
        this.table(offset);
        break;
      case 'memory':
        this.memory(offset);
        break;
      case 'global':
        this.global(offset);
        break;
      case 'tag':
        this.tag(offset);
        break;
      case 'export':
        this.export(offset);
        break;
      case 'start':
        if (this.start !== undefined) throw cursor.error('multiple start sections', field);
        this.start = { index: this.scope.funcs.resolve(cursor), offset };
        break;
      case 'elem':
        this.elem(offset);
        break;
      case 'data':
        this.data(offset);
        break;
      default:
        throw cursor.unexpected('a module field', cursor.at - 1);
    }
    cursor.close();
  }

  private import(offset: number): void {
    const { cursor } = this;
    const out = this.section(SECTION.import).entry(offset);
    out.blob(cursor.nameBytes()).blob(cursor.nameBytes());
    cursor.at++;
    const kind = cursor.keyword('an import description') as ExternKind;
    const index = this.identifier(kind);
    this.importType(kind, index, out);
    cursor.close();
  }

  /** Past an identifier that is bound already: answers its index. */
  private identifier(kind: keyof ModuleParser['next']): number {
    this.cursor.tryId();
    return this.next[kind]++;
  }

  private importType(kind: ExternKind, index: number, out: ByteWriter): void {
    const { cursor, scope } = this;
    switch (kind) {
      case 'func': {
        const exact = scope.features.has('custom-descriptors') && cursor.tryOpen('exact');
        const use = scope.types.typeUse(cursor);
        out.byte(exact ? EXACT_FUNC : EXTERN_CODES.func).u32(use.index);
        if (exact) cursor.close();
        this.keepLocals(index, this.parameters(use));
        break;
      }
      case 'table':
        out.byte(EXTERN_CODES.table).tableType(scope.types.tableType(cursor));
        break;
      case 'memory':
        out.byte(EXTERN_CODES.memory).memoryType(scope.types.memoryType(cursor));
        break;
      case 'global':
        out.byte(EXTERN_CODES.global).globalType(scope.types.globalType(cursor));
        break;
      case 'tag':
        out.byte(EXTERN_CODES.tag).byte(0).u32(scope.types.typeUse(cursor).index);
        break;
    }
  }

  /** Inline exports, then an inline import; true if that was all. */
  private inline(kind: ExternKind, index: number): boolean {
    const { cursor } = this;
    while (cursor.isOpen('export')) {
      const out = this.section(SECTION.export).entry(cursor.offset);
      cursor.at += 2;
      out.blob(cursor.nameBytes()).byte(EXTERN_CODES[kind]).u32(index);
      cursor.close();
    }
    if (!cursor.isOpen('import')) return false;
    const out = this.section(SECTION.import).entry(cursor.offset);
    cursor.at += 2;
    out.blob(cursor.nameBytes()).blob(cursor.nameBytes());
    cursor.close();
    this.importType(kind, index, out);
    return true;
  }

  private func(offset: number): void {
    const { cursor, scope } = this;
    const index = this.identifier('func');
    if (this.inline('func', index)) return;
    const use = scope.types.typeUse(cursor);
    this.section(SECTION.func).entry(offset).u32(use.index);
    const locals = this.parameters(use);
    const body = new ByteWriter();
    this.declareLocals(locals, body);
    const marks: Marks = [];
    const metadata: CodeMetadata[] = [];
    const labelNames = this.expressions.body(locals, body, marks, metadata);
    this.keepLocals(index, locals);
    if (labelNames.size > 0) scope.labels.set(index, labelNames);
    if (metadata.length > 0) this.metadata.set(index, metadata);
    const code = this.section(SECTION.code);
    const out = code.entry(offset).u32(body.length);
    const base = out.length;
    for (let i = 0; i < marks.length; i += 2) code.marks.push(base + marks[i]!, marks[i + 1]!);
    out.bytes(body.take());
  }

  private keepLocals(func: number, { names }: IndexSpace): void {
    if (names.size > 0) this.scope.locals.set(func, names);
  }

  private parameters({ index, places }: TypeUse): IndexSpace {
    const locals = new IndexSpace('local');
    const comp = this.scope.types.types[index]?.comp;
    const count = comp?.kind === 'func' ? comp.params.length : 0;
    const { at } = this.cursor;
    for (let i = 0; i < count; i++) {
      const place = places[i];
      if (place === undefined) locals.skip();
      else {
        this.cursor.at = place;
        locals.define(this.cursor);
      }
    }
    this.cursor.at = at;
    return locals;
  }

  /** `(local …)*`, written as runs of one type. */
  private declareLocals(locals: IndexSpace, out: ByteWriter): void {
    const { cursor, scope } = this;
    const runs: [number, ValType][] = [];
    const add = (type: ValType): void => {
      const last = runs.at(-1);
      if (last !== undefined && last[1] === type) last[0]++;
      else runs.push([1, type]);
    };
    while (cursor.tryOpen('local')) {
      if (cursor.is(TOKEN.id)) {
        locals.define(cursor);
        add(scope.types.valType(cursor));
      } else {
        while (!cursor.is(TOKEN.close)) {
          locals.skip(cursor);
          add(scope.types.valType(cursor));
        }
      }
      cursor.close();
    }
    out.vec(runs, ([count, type]) => out.u32(count).valType(type));
  }

  private table(offset: number): void {
    const { cursor, scope } = this;
    const index = this.identifier('table');
    if (this.inline('table', index)) return;
    const start = cursor.at;
    const address = scope.types.addressType(cursor);
    const section = this.section(SECTION.table);
    const out = section.entry(offset);
    if (!cursor.is(TOKEN.nat)) {
      const element = scope.types.refType(cursor, 'a size or a reference type');
      cursor.open('elem');
      const count = this.inlineElems(offset, index, address, element);
      out.tableType({ limits: { min: BigInt(count), max: BigInt(count) }, address, element });
      cursor.close();
      return;
    }
    cursor.at = start;
    const type = scope.types.tableType(cursor);
    if (cursor.is(TOKEN.close)) {
      out.tableType(type);
      return;
    }
    out.bytes([0x40, 0x00]).tableType(type);
    this.expressions.expression(out, section.marks);
  }

  private memory(offset: number): void {
    const { cursor, scope } = this;
    const index = this.identifier('memory');
    if (this.inline('memory', index)) return;
    const start = cursor.at;
    const out = this.section(SECTION.memory).entry(offset);
    const address = scope.types.addressType(cursor);
    if (!cursor.is(TOKEN.open)) {
      cursor.at = start;
      out.memoryType(scope.types.memoryType(cursor));
      return;
    }
    const pageSizeLog2 = scope.types.pageSize(cursor);
    cursor.open('data');
    this.next.data++;
    const content = cursor.strings();
    cursor.close();
    const pages = BigInt(Math.ceil(content.length / 2 ** pageSizeLog2));
    out.memoryType({ limits: { min: pages, max: pages }, address, shared: false, pageSizeLog2 });
    const segment = this.section(SECTION.data).entry(offset);
    this.activeMode(segment, index, () => writeZero(segment, address));
    segment.blob(content);
  }

  private global(offset: number): void {
    const index = this.identifier('global');
    if (this.inline('global', index)) return;
    const section = this.section(SECTION.global);
    const out = section.entry(offset).globalType(this.scope.types.globalType(this.cursor));
    this.expressions.expression(out, section.marks);
  }

  private tag(offset: number): void {
    const index = this.identifier('tag');
    if (this.inline('tag', index)) return;
    this.section(SECTION.tag).entry(offset).byte(0).u32(this.scope.types.typeUse(this.cursor).index);
  }

  private export(offset: number): void {
    const { cursor } = this;
    const out = this.section(SECTION.export).entry(offset).blob(cursor.nameBytes());
    if (!cursor.is(TOKEN.open)) throw cursor.unexpected('an export description');
    cursor.at++;
    const kind = cursor.keyword('an export description');
    if (!IMPORTABLE.has(kind)) throw cursor.unexpected('an export description', cursor.at - 1);
    out.byte(EXTERN_CODES[kind as ExternKind]).u32(this.space(kind as ExternKind).resolve(cursor));
    cursor.close();
  }

  // Segments

  /** Flags and target of an active segment whose items are the short kind, then its offset. */
  private activeMode(out: ByteWriter, target: number, offset: () => void): void {
    if (target === 0) out.byte(0);
    else out.byte(2).u32(target);
    offset();
  }

  /** `(offset …)`, or one folded instruction. */
  private segmentOffset(section: SectionContent): void {
    const { cursor } = this;
    if (cursor.tryOpen('offset')) {
      this.expressions.expression(section.out, section.marks);
      cursor.close();
    } else this.expressions.foldedInstruction(section.out, section.marks);
  }

  /** `(table x)` or `(memory x)`; before bulk memory a bare index, too. */
  private segmentTarget(kind: 'table' | 'memory'): number | undefined {
    const { cursor } = this;
    if (cursor.tryOpen(kind)) {
      const index = this.space(kind).resolve(cursor);
      cursor.close();
      return index;
    }
    return !this.hasSegmentIds && cursor.isIndex() ? this.space(kind).resolve(cursor) : undefined;
  }

  private segmentIdentifier(kind: 'elem' | 'data'): void {
    if (this.hasSegmentIds) this.identifier(kind);
    else this.next[kind]++;
  }

  private data(offset: number): void {
    const { cursor } = this;
    this.segmentIdentifier('data');
    const section = this.section(SECTION.data);
    const out = section.entry(offset);
    const memory = this.segmentTarget('memory');
    if (memory !== undefined || cursor.is(TOKEN.open)) this.activeMode(out, memory ?? 0, () => this.segmentOffset(section));
    else out.byte(1);
    out.blob(cursor.strings());
  }

  private elem(offset: number): void {
    const { cursor } = this;
    this.segmentIdentifier('elem');
    const section = this.section(SECTION.elem);
    const out = section.entry(offset);
    if (cursor.tryWord('declare')) {
      this.elemList(out, (kind) => out.byte(kind === 'funcs' ? 3 : 7), false);
      return;
    }
    const table = this.segmentTarget('table');
    if (table === undefined && (!cursor.is(TOKEN.open) || cursor.isOpen('ref'))) {
      this.elemList(out, (kind) => out.byte(kind === 'funcs' ? 1 : 5), false);
      return;
    }
    // The flags depend on the items, which come after the offset expression.
    const position = new SectionContent();
    this.segmentOffset(position);
    const flags = (kind: ElemKind): ByteWriter => {
      const short = (table ?? 0) === 0 && kind !== 'exprs';
      out.byte((short ? 0 : 2) | (kind === 'funcs' ? 0 : 4));
      if (!short) out.u32(table ?? 0);
      for (let i = 0; i < position.marks.length; i += 2) section.marks.push(out.length + position.marks[i]!, position.marks[i + 1]!);
      return out.bytes(position.out.take());
    };
    this.elemList(out, flags, table === undefined || !this.hasSegmentIds);
  }

  /** `func x*`, or a reference type and expressions; `flags` writes what comes before. */
  private elemList(out: ByteWriter, flags: (kind: ElemKind) => ByteWriter, bare: boolean): void {
    const { cursor, scope } = this;
    const from = out.length;
    if (cursor.tryWord('func') || (bare && !scope.types.isValType(cursor))) {
      flags('funcs');
      if (out.take()[from] !== 0) out.byte(0);
      this.funcIndices(out);
      return;
    }
    const type = scope.types.refType(cursor, 'func or a reference type');
    flags(type === FUNCREF ? 'funcref exprs' : 'exprs');
    if (out.take()[from] !== 4) out.valType(type);
    this.elemExprs(out);
  }

  private funcIndices(out: ByteWriter): number {
    const indices: number[] = [];
    while (this.cursor.isIndex()) indices.push(this.scope.funcs.resolve(this.cursor));
    out.vec(indices, (index) => out.u32(index));
    return indices.length;
  }

  private elemExprs(out: ByteWriter): number {
    const { cursor } = this;
    const items = new ByteWriter();
    const marks: Marks = [];
    let count = 0;
    for (; cursor.is(TOKEN.open); count++) {
      if (cursor.tryOpen('item')) {
        this.expressions.expression(items, marks);
        cursor.close();
      } else this.expressions.foldedInstruction(items, marks);
    }
    out.u32(count).bytes(items.take());
    return count;
  }

  /** `(elem …` inside a table: an active segment at 0 with the table's element type. Answers the number of items. */
  private inlineElems(offset: number, table: number, address: AddressType, element: ValType): number {
    const { cursor, scope } = this;
    this.next.elem++;
    const out = this.section(SECTION.elem).entry(offset);
    if (!cursor.is(TOKEN.open) && element === FUNCREF) {
      this.activeMode(out, table, () => writeZero(out, address));
      if (table !== 0) out.byte(0);
      return this.funcIndices(out);
    }
    if (table === 0 && element === FUNCREF) writeZero(out.byte(4), address);
    else writeZero(out.byte(6).u32(table), address).valType(element);
    if (cursor.is(TOKEN.open)) return this.elemExprs(out);
    const indices: number[] = [];
    while (cursor.isIndex()) indices.push(scope.funcs.resolve(cursor));
    out.vec(indices, (index) => out.byte(OP.ref_func).u32(index).byte(OP.end));
    return indices.length;
  }
}

type ElemKind = 'funcs' | 'funcref exprs' | 'exprs';

const SPACES = {
  func: 'funcs',
  table: 'tables',
  memory: 'memories',
  global: 'globals',
  tag: 'tags',
  elem: 'elems',
  data: 'datas',
} as const;

/** The constant expression 0 of an address type. */
function writeZero(out: ByteWriter, address: AddressType): ByteWriter {
  return out.byte(address === I64 ? OP.i64_const : OP.i32_const).byte(0).byte(OP.end);
}

/** Index of the token that ends the fields starting at `at`: the module's closing parenthesis, or `eof`. */
function endOfModule(tokens: Tokens, at: number): number {
  while (tokens.kinds[at] === TOKEN.open) at = tokens.skip(at);
  return at;
}
