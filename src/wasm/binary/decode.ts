import { DataSegments } from '../data-segments.js';
import { DecodeError } from '../errors.js';
import { type Features, WASM_3 } from '../features.js';
import type {
  CodeRange,
  CustomSection,
  DefinedFunc,
  DefinedGlobal,
  DefinedTable,
  ElemSegment,
  Export,
  Import,
  ImportDesc,
  Module,
  SectionInfo,
  SegmentMode,
} from '../module.js';
import { OP } from '../opcodes.js';
import { type ExternKind, FUNCREF, HEAP, type MemoryType, ref, type SubType, type TagType } from '../types.js';
import { InstructionReader } from './code-reader.js';
import { skipExpression } from './expression.js';
import { LIMITS } from './limits.js';
import { TypeReader } from './type-reader.js';

/** Section names by id; `SECTION_ORDER` is how they must come (§5.5.2). */
export const SECTION_NAMES: readonly string[] = [
  'custom',
  'type',
  'import',
  'function',
  'table',
  'memory',
  'global',
  'export',
  'start',
  'element',
  'code',
  'data',
  'data count',
  'tag',
];
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const EXTERN_KINDS: readonly ExternKind[] = ['func', 'table', 'memory', 'global', 'tag'];
const PASSIVE: SegmentMode = { kind: 'passive' };
const DECLARATIVE: SegmentMode = { kind: 'declarative' };
const NO_LOCALS: readonly number[] = [];

/**
 * Decodes a module (§5.5). Function bodies are only measured here, their instructions are read by `validate`. Throws
 * `DecodeError`. The module refers to `bytes`, which must not change any more.
 */
export function decode(bytes: Uint8Array, features: Features = WASM_3): Module {
  const decoder = new Decoder(bytes, features);
  try {
    return decoder.module();
  } catch (error) {
    // Bodies that come before the place of the error are wrong first.
    if (error instanceof DecodeError) checkBodies(bytes, decoder.funcs, features);
    throw error;
  }
}

/**
 * Reads bodies without typing them, from the start of each to its final `end`, wherever the module says that it ends:
 * a body that is too short is malformed by what it runs into. Answers whether an instruction names a data segment.
 */
export function checkBodies(bytes: Uint8Array, funcs: readonly DefinedFunc[], features: Features): boolean {
  const reader = new InstructionReader(bytes, 0, bytes.length, features);
  let usesData = false;
  for (const { body } of funcs) {
    reader.pos = body.offset;
    usesData = skipExpression(reader) || usesData;
    if (reader.pos !== body.end) reader.fail('section size mismatch: function body', body.offset);
  }
  return usesData;
}

class Decoder {
  private readonly reader: InstructionReader;
  private readonly typeReader: TypeReader;

  private types: SubType[] = [];
  private readonly imports: Import[] = [];
  private readonly imported = { funcs: 0, tables: 0, memories: 0, globals: 0, tags: 0 };
  private funcTypes: number[] = [];
  readonly funcs: DefinedFunc[] = [];
  private tables: DefinedTable[] = [];
  private memories: MemoryType[] = [];
  private globals: DefinedGlobal[] = [];
  private tags: TagType[] = [];
  private exports: Export[] = [];
  private start: number | undefined = undefined;
  private elems: ElemSegment[] = [];
  private datas: DataSegments = new DataSegments();
  private dataCount: number | undefined = undefined;
  private readonly customs: CustomSection[] = [];
  private readonly sections: SectionInfo[] = [];

  constructor(bytes: Uint8Array, features: Features) {
    this.reader = new InstructionReader(bytes, 0, bytes.length, features);
    this.typeReader = new TypeReader(this.reader);
  }

  module(): Module {
    const { reader } = this;
    const { bytes } = reader;
    this.header();
    let place = 0;
    let last = 0;
    while (reader.pos < bytes.length) {
      const offset = reader.pos;
      const id = reader.byte();
      if (id >= SECTION_NAMES.length || (id === 13 && !reader.admits('exceptions'))) reader.fail('malformed section id', offset);
      if (id !== 0) {
        const at = SECTION_ORDER.indexOf(id, place);
        if (at < 0) reader.fail(`unexpected content after last section: ${SECTION_NAMES[id]!} section`, offset);
        place = at + 1;
        last = id;
      }
      const size = reader.length();
      const start = reader.pos;
      const end = start + size;
      const name = id === 0 ? this.custom(end, last) : SECTION_NAMES[id]!;
      if (id !== 0) this.section(id);
      if (reader.pos !== end) reader.fail(`section size mismatch: ${name} section`, start);
      this.sections.push({ id, name, offset, start, end });
    }
    this.checkCounts();
    const { types, imports, imported, funcs, tables, memories, globals, tags, exports, elems, datas, dataCount, customs, sections } = this;
    return {
      bytes,
      types,
      imports,
      funcs,
      tables,
      memories,
      globals,
      tags,
      exports,
      start: this.start,
      elems,
      datas,
      dataCount,
      customs,
      sections,
      imported,
    };
  }

  private header(): void {
    const { reader } = this;
    const word = (): number => {
      const at = reader.pos;
      reader.skip(4);
      return reader.bytes[at]! | (reader.bytes[at + 1]! << 8) | (reader.bytes[at + 2]! << 16) | (reader.bytes[at + 3]! << 24);
    };
    if (word() !== 0x6d736100) reader.fail('magic header not detected', 0);
    if (word() !== 1) reader.fail('unknown binary version', 4);
  }

  private custom(end: number, after: number): string {
    const { reader } = this;
    const name = reader.name();
    if (reader.pos > end) reader.fail('unexpected end of section or function', end);
    this.customs.push({ name, start: reader.pos, end, after });
    reader.pos = end;
    return name;
  }

  private section(id: number): void {
    const { reader } = this;
    switch (id) {
      case 1:
        this.types = this.typeReader.types();
        break;
      case 2:
        this.vec('imports', () => this.import());
        break;
      case 3:
        this.vec('functions', () => this.funcTypes.push(reader.u32()));
        break;
      case 4:
        this.vec('tables', () => this.tables.push(this.table()));
        break;
      case 5:
        this.vec('memories', () => this.memories.push(this.typeReader.memoryType()));
        break;
      case 6:
        this.vec('globals', () => this.globals.push({ type: this.typeReader.globalType(), init: this.expression() }));
        break;
      case 7:
        this.vec('exports', () => this.exports.push(this.export()));
        break;
      case 8:
        this.start = reader.u32();
        break;
      case 9:
        this.vec('element segments', () => this.elems.push(this.elem()));
        break;
      case 10:
        this.code();
        break;
      case 11:
        this.dataSection();
        break;
      case 12:
        this.dataCount = reader.u32();
        break;
      case 13:
        this.vec('tags', () => this.tags.push(this.typeReader.tagType()));
        break;
    }
  }

  private vec(what: keyof typeof LIMITS, item: () => void): void {
    const count = this.reader.count(what);
    for (let i = 0; i < count; i++) item();
  }

  private import(): void {
    const { reader } = this;
    const offset = reader.pos;
    const module = reader.name();
    const name = reader.name();
    this.imports.push({ module, name, desc: this.importDesc(), offset });
  }

  private importDesc(): ImportDesc {
    const { reader, imported } = this;
    const at = reader.pos;
    const kind = reader.byte();
    switch (kind) {
      case 0:
        imported.funcs++;
        return { kind: 'func', type: reader.u32() };
      case 1:
        imported.tables++;
        return { kind: 'table', type: this.typeReader.tableType() };
      case 2:
        imported.memories++;
        return { kind: 'memory', type: this.typeReader.memoryType() };
      case 3:
        imported.globals++;
        return { kind: 'global', type: this.typeReader.globalType() };
      case 4:
        if (!reader.admits('exceptions')) break;
        imported.tags++;
        return { kind: 'tag', type: this.typeReader.tagType() };
      case 0x20:
        if (!reader.admits('custom-descriptors')) break;
        imported.funcs++;
        return { kind: 'func', type: reader.u32(), exact: true };
    }
    return reader.fail('malformed import kind', at);
  }

  private table(): DefinedTable {
    const { reader } = this;
    if (reader.bytes[reader.pos] !== 0x40 || !reader.admits('function-references'))
      return { type: this.typeReader.tableType(), init: undefined };
    reader.pos++;
    if (reader.byte() !== 0) reader.fail('malformed table', reader.pos - 1);
    return { type: this.typeReader.tableType(), init: this.expression() };
  }

  private expression(): CodeRange {
    const { reader } = this;
    const offset = reader.pos;
    skipExpression(reader);
    return { offset, end: reader.pos };
  }

  private export(): Export {
    const { reader } = this;
    const name = reader.name();
    const at = reader.pos;
    const kind: ExternKind | undefined = EXTERN_KINDS[reader.byte()];
    if (kind === undefined || (kind === 'tag' && !reader.admits('exceptions'))) return reader.fail('malformed export kind', at);
    return { name, kind, index: reader.u32() };
  }

  /** Bits of the flags: 0 passive or declarative, 1 an explicit table or declarative, 2 expressions instead of indices. */
  private elem(): ElemSegment {
    const { reader } = this;
    const offset = reader.pos;
    const flags = reader.u32();
    if (flags > 7) reader.fail('malformed elements segment kind', offset);
    let mode: SegmentMode;
    if ((flags & 1) !== 0) mode = (flags & 2) !== 0 ? DECLARATIVE : PASSIVE;
    else mode = { kind: 'active', target: (flags & 2) !== 0 ? reader.u32() : 0, at: this.expression() };
    const typed = (flags & 3) !== 0;
    if ((flags & 4) === 0) {
      if (typed && reader.byte() !== 0) reader.fail('malformed element kind', reader.pos - 1);
      const count = reader.count('elements of a segment');
      const indices = new Int32Array(reader.roomFor(count));
      for (let i = 0; i < count; i++) indices[i] = reader.u32();
      return { mode, type: ref(HEAP.func, false), items: { kind: 'funcs', indices }, offset };
    }
    const type = typed ? reader.refType() : FUNCREF;
    const exprs: CodeRange[] = [];
    this.vec('elements of a segment', () => exprs.push(this.expression()));
    return { mode, type, items: { kind: 'exprs', exprs }, offset };
  }

  private dataSection(): void {
    const { reader } = this;
    const count = reader.count('data segments');
    const datas = (this.datas = new DataSegments(reader.roomFor(count)));
    while (datas.length < count) {
      this.plainDatas(count);
      if (datas.length < count) this.data();
    }
  }

  private data(): void {
    const { reader, datas } = this;
    const at = reader.pos;
    const flags = reader.u32();
    if (flags > 2) reader.fail('malformed data segment kind', at);
    const memory = flags === 2 ? reader.u32() : 0;
    const offset = flags === 1 ? 0 : reader.pos;
    if (flags !== 1) skipExpression(reader);
    const offsetEnd = reader.pos;
    const length = reader.u32();
    const start = reader.pos;
    reader.skip(length);
    datas.add(memory, -1, offset, offsetEnd, start, reader.pos);
  }

  /**
   * Reads segments for memory 0 with an `i32.const` and a length of at most four bytes, in one loop, up to the first that
   * is in any way different: so Go's linker writes all of its tens of thousands.
   */
  private plainDatas(count: number): void {
    const { reader, datas } = this;
    const { bytes, end } = reader;
    while (datas.length < count) {
      const offset = reader.pos + 1;
      if (bytes[offset - 1] !== 0 || bytes[offset] !== OP.i32_const) return;
      let at = offset + 1;
      let address = 0;
      let byte = 0x80;
      for (let shift = 0; byte >= 0x80 && shift < 28; shift += 7) {
        byte = bytes[at++]!;
        address |= (byte & 0x7f) << shift;
      }
      // Neither longer nor negative.
      if (byte >= 0x40 || bytes[at++] !== OP.end) return;
      const offsetEnd = at;
      let length = 0;
      byte = 0x80;
      for (let shift = 0; byte >= 0x80 && shift < 28; shift += 7) {
        byte = bytes[at++]!;
        length |= (byte & 0x7f) << shift;
      }
      if (byte >= 0x80 || length > end - at) return;
      datas.add(0, address, offset, offsetEnd, at, at + length);
      reader.pos = at + length;
    }
  }

  private code(): void {
    const { reader } = this;
    const count = reader.count('functions');
    for (let i = 0; i < count; i++) {
      const size = this.bodySize();
      const start = reader.pos;
      const end = start + size;
      const locals = this.locals();
      // The body begins inside; that it ends there is for `validate` to see.
      if (reader.pos > end) reader.fail('section size mismatch: function body', start);
      this.funcs.push({ type: this.funcTypes[i] ?? 0, locals, body: { offset: reader.pos, end } });
      reader.pos = end;
    }
  }

  private bodySize(): number {
    const { reader } = this;
    const at = reader.pos;
    const size = reader.length();
    const limit = LIMITS['bytes of a function body'];
    if (size > limit) reader.fail(`too many bytes of a function body: ${size}, at most ${limit}`, at);
    return size;
  }

  private locals(): readonly number[] {
    const { reader } = this;
    const at = reader.pos;
    const groups = reader.u32();
    if (groups === 0) return NO_LOCALS;
    const locals: number[] = [];
    let total = 0;
    for (let i = 0; i < groups; i++) {
      const count = reader.u32();
      const type = reader.valType();
      total += count;
      if (count > 0) locals.push(count, type);
    }
    if (total > LIMITS.locals) reader.fail(`too many locals: ${total}, at most ${LIMITS.locals}`, at);
    return locals;
  }

  private checkCounts(): void {
    const { reader } = this;
    const end = reader.bytes.length;
    if (this.funcTypes.length !== this.funcs.length) reader.fail('function and code section have inconsistent lengths', end);
    if (this.dataCount !== undefined && this.dataCount !== this.datas.length) {
      reader.fail('data count and data section have inconsistent lengths', end);
    }
  }
}
