import type { ByteWriter } from '../binary/writer.js';
import { byMnemonic, type Instruction } from '../instructions.js';
import { isNullable } from '../types.js';
import { type Cursor, isGrammarWord } from './cursor.js';
import type { IndexSpace } from './index-space.js';
import { LabelStack } from './label-stack.js';
import { TOKEN } from './lexer.js';
import {
  isNat,
  parseF32,
  parseF64,
  parseInteger,
  parseLane,
  parseNat,
  parseSmallInteger,
  parseU32,
  vectorBytes,
  vectorShape,
} from './literals.js';
import type { ModuleScope } from './scope.js';

/** Reads the immediates of plain instructions (spec §6.5) and writes opcode and immediates in binary. */
export class ImmediateParser {
  private readonly scope: ModuleScope;
  private readonly cursor: Cursor;
  labels: LabelStack = new LabelStack();
  locals: IndexSpace | undefined = undefined;

  constructor(scope: ModuleScope, cursor: Cursor) {
    this.scope = scope;
    this.cursor = cursor;
  }

  /** The instruction whose mnemonic is at the cursor. */
  instruction(): readonly Instruction[] {
    const rows = this.cursor.is(TOKEN.keyword) ? byMnemonic(this.cursor.text) : [];
    const { text } = this.cursor;
    if (rows.length === 0) throw this.cursor.unexpected('an instruction');
    if (!rows.some((row) => this.scope.features.has(row.feature))) {
      throw isGrammarWord(text) ? this.cursor.unexpected('an instruction') : this.cursor.error(`unknown operator ${text}`);
    }
    return rows;
  }

  /** Past the mnemonic: reads the immediates and writes the whole instruction. */
  write(rows: readonly Instruction[], out: ByteWriter): void {
    const [row] = rows as [Instruction];
    if (rows.length > 1) this.writeOneOf(rows, out);
    else {
      writeOpcode(row.op, out);
      this.immediates(row, out);
    }
  }

  /** Mnemonics with two opcodes: `select` with a type, casts to a nullable type. */
  private writeOneOf(rows: readonly Instruction[], out: ByteWriter): void {
    const { cursor, scope } = this;
    if (rows.some((row) => row.imm === 'valtypes')) {
      const typed = cursor.isOpen('result');
      writeOpcode(rows.find((row) => (row.imm === 'valtypes') === typed)!.op, out);
      if (typed) out.vec(scope.types.signature(cursor).type.results, (type) => out.valType(type));
      return;
    }
    const type = scope.types.refType(cursor);
    const imm = isNullable(type) ? 'ref null' : 'ref';
    writeOpcode(rows.find((row) => row.imm === imm)!.op, out);
    out.heapOf(type);
  }

  private immediates(row: Instruction, out: ByteWriter): void {
    const { cursor, scope } = this;
    switch (row.imm) {
      case 'none':
        return;
      case 'local':
        out.u32(this.local());
        return;
      case 'label':
        out.u32(this.label());
        return;
      case 'labels':
        this.labelTable(out);
        return;
      case 'func':
        out.u32(scope.funcs.resolve(cursor));
        return;
      case 'global':
        out.u32(scope.globals.resolve(cursor));
        return;
      case 'tag':
        out.u32(scope.tags.resolve(cursor));
        return;
      case 'elem':
        out.u32(scope.elems.resolve(cursor));
        return;
      case 'data':
        out.u32(this.data());
        return;
      case 'type':
        out.u32(scope.types.resolve(cursor));
        return;
      case 'table':
        out.u32(this.optional(scope.tables));
        return;
      case 'memory':
        out.u32(this.optional(scope.memories));
        return;
      case 'table+table':
        this.pair(scope.tables, out);
        return;
      case 'memory+memory':
        this.pair(scope.memories, out);
        return;
      case 'type+table': {
        const table = this.optional(scope.tables);
        out.u32(scope.types.typeUse(cursor, false).index).u32(table);
        return;
      }
      case 'elem+table':
      case 'data+memory':
        this.segment(row.imm, out);
        return;
      case 'memarg':
        this.memarg(row, this.optional(scope.memories), out);
        return;
      case 'memarg+lane':
        this.memarg(row, this.isMemoryBeforeLane() ? scope.memories.resolve(cursor) : 0, out);
        out.byte(this.lane());
        return;
      case 'lane':
        out.byte(this.lane());
        return;
      case 'lanes':
        this.lanes(out);
        return;
      case 'i32':
      case 'i64':
      case 'f32':
      case 'f64':
        if (!isNumber(cursor)) throw cursor.unexpected('a number');
        this.number(row.imm, out);
        return;
      case 'v128':
        this.vector(out);
        return;
      case 'heap':
        out.heapOf(scope.types.nullType(cursor));
        return;
      case 'type+field': {
        const type = scope.types.resolve(cursor);
        const names = scope.types.fields.get(type);
        if (cursor.is(TOKEN.id) && names === undefined) throw cursor.error(`unknown field ${cursor.text}`);
        out.u32(type).u32(names === undefined ? cursor.u32('a field index') : names.resolve(cursor));
        return;
      }
      case 'type+length':
        out.u32(scope.types.resolve(cursor)).u32(cursor.u32('a length'));
        return;
      case 'type+data':
        out.u32(scope.types.resolve(cursor)).u32(this.data());
        return;
      case 'type+elem':
        out.u32(scope.types.resolve(cursor)).u32(scope.elems.resolve(cursor));
        return;
      case 'type+type':
        out.u32(scope.types.resolve(cursor)).u32(scope.types.resolve(cursor));
        return;
      case 'cast': {
        const label = this.label();
        const source = scope.types.refType(cursor);
        const target = scope.types.refType(cursor);
        out.byte((isNullable(source) ? 1 : 0) | (isNullable(target) ? 2 : 0));
        out.u32(label).heapOf(source).heapOf(target);
        return;
      }
      case 'zero':
        out.byte(0);
        return;
      default:
        throw cursor.unexpected('a plain instruction', cursor.at - 1);
    }
  }

  // Indices

  label(): number {
    const { cursor } = this;
    if (!cursor.is(TOKEN.id)) return cursor.u32('a label');
    const { at } = cursor;
    const id = cursor.tryId()!;
    const depth = this.labels.depth(id);
    if (depth === undefined) throw cursor.error(`unknown label $${id}`, at);
    return depth;
  }

  private labelTable(out: ByteWriter): void {
    const depths = [this.label()];
    while (this.cursor.isIndex()) depths.push(this.label());
    const standard = depths.pop()!;
    out.vec(depths, (depth) => out.u32(depth)).u32(standard);
  }

  private local(): number {
    if (this.locals === undefined) {
      if (this.cursor.is(TOKEN.id)) throw this.cursor.error(`unknown local ${this.cursor.text}`);
      return this.cursor.u32('a local index');
    }
    return this.locals.resolve(this.cursor);
  }

  private data(): number {
    this.scope.usesData = true;
    return this.scope.datas.resolve(this.cursor);
  }

  private optional(space: IndexSpace): number {
    return this.cursor.isIndex() ? space.resolve(this.cursor) : 0;
  }

  private pair(space: IndexSpace, out: ByteWriter): void {
    if (!this.cursor.isIndex()) out.u32(0).u32(0);
    else out.u32(space.resolve(this.cursor)).u32(space.resolve(this.cursor));
  }

  /** `memory.init` and `table.init`: the memory or table comes first and may be left out. */
  private segment(imm: 'elem+table' | 'data+memory', out: ByteWriter): void {
    const { cursor, scope } = this;
    const kind = cursor.tokens.kinds[cursor.at + 1];
    const both = kind === TOKEN.nat || kind === TOKEN.id;
    const target = both ? (imm === 'elem+table' ? scope.tables : scope.memories).resolve(cursor) : 0;
    out.u32(imm === 'elem+table' ? scope.elems.resolve(cursor) : this.data()).u32(target);
  }

  // Memory accesses and lanes

  private memarg(row: Instruction, memory: number, out: ByteWriter): void {
    const offset = this.option('offset=');
    const bits = this.scope.features.has('memory64') ? 64 : 32;
    const offsetValue = offset === undefined ? 0n : parseNat(offset, bits);
    if (offsetValue === undefined) throw this.cursor.error(`i${bits} constant out of range`, this.cursor.at - 1);
    const align = this.option('align=');
    let log2 = row.align!;
    if (align !== undefined) {
      const value = parseNat(align, 64);
      if (value === undefined || value === 0n || (value & (value - 1n)) !== 0n) {
        throw this.cursor.error('alignment must be a power of two', this.cursor.at - 1);
      }
      log2 = value.toString(2).length - 1;
    }
    if (memory === 0) out.u32(log2);
    else out.u32(log2 | 0x40).u32(memory);
    out.u64(offsetValue);
  }

  /** The digits of `offset=…` or `align=…`. */
  private option(prefix: string): string | undefined {
    const { cursor } = this;
    if (!cursor.is(TOKEN.keyword)) return undefined;
    const { text } = cursor;
    if (!text.startsWith(prefix)) return undefined;
    const digits = text.slice(prefix.length);
    if (!isNat(digits)) throw cursor.error(`unknown operator ${text}`);
    cursor.at++;
    return digits;
  }

  /** Of one number alone, it is the lane. */
  private isMemoryBeforeLane(): boolean {
    const { cursor } = this;
    if (cursor.is(TOKEN.id)) return true;
    const next = cursor.tokens.kinds[cursor.at + 1];
    return cursor.is(TOKEN.nat) && (next === TOKEN.nat || next === TOKEN.keyword) && !this.isInstructionAt(cursor.at + 1);
  }
  private isInstructionAt(at: number): boolean {
    return this.cursor.tokens.kinds[at] === TOKEN.keyword && !/^(?:offset|align)=/.test(this.cursor.tokens.text(at));
  }

  private lane(): number {
    const { cursor } = this;
    if (!cursor.is(TOKEN.nat)) throw cursor.unexpected('a lane index');
    const value = parseU32(cursor.text);
    if (value === undefined || value > 255) throw cursor.error('i8 constant out of range');
    cursor.at++;
    return value;
  }

  private lanes(out: ByteWriter): void {
    const { cursor } = this;
    const count = countNumbers(cursor);
    if (count !== 16) {
      cursor.checkToken(cursor.at + count);
      throw cursor.error(`invalid lane length: ${count} lanes, expected 16`);
    }
    for (let i = 0; i < count; i++) {
      if (!cursor.is(TOKEN.nat)) throw cursor.error('i8 constant out of range');
      out.byte(this.lane());
    }
  }

  // Numbers

  private number(type: 'i32' | 'i64' | 'f32' | 'f64', out: ByteWriter): void {
    const { cursor } = this;
    if (type[0] === 'i' && cursor.is(TOKEN.float)) throw cursor.unexpected('an integer');
    const { text } = cursor;
    switch (type) {
      case 'i32':
        out.s32(this.inRange(parseSmallInteger(text, 32)));
        break;
      case 'i64':
        out.s64(this.inRange(parseInteger(text, 64)));
        break;
      case 'f32':
        out.f32Bits(this.inRange(parseF32(text)));
        break;
      case 'f64':
        out.f64Bits(this.inRange(parseF64(text)));
        break;
    }
    cursor.at++;
  }

  private inRange<T>(value: T | undefined): T {
    if (value === undefined) throw this.cursor.error('constant out of range');
    return value;
  }

  private vector(out: ByteWriter): void {
    const { cursor } = this;
    const shape = cursor.is(TOKEN.keyword) ? vectorShape(cursor.text) : undefined;
    if (shape === undefined) throw cursor.unexpected('a vector shape');
    cursor.at++;
    const count = countNumbers(cursor);
    if (count !== shape.lanes) {
      cursor.checkToken(cursor.at + count);
      throw cursor.error(`wrong number of lane literals: ${count}, expected ${shape.lanes}`);
    }
    const lanes: bigint[] = [];
    for (; lanes.length < count; cursor.at++) {
      lanes.push(this.inRange(cursor.is(TOKEN.float) && !shape.float ? undefined : parseLane(cursor.text, shape)));
    }
    out.bytes(vectorBytes(lanes, shape));
  }
}

export function writeOpcode(op: number, out: ByteWriter): void {
  if (op < 256) out.byte(op);
  else out.byte(op >>> 16).u32(op & 0xffff);
}

function isNumber(cursor: Cursor, at: number = cursor.at): boolean {
  const kind = cursor.tokens.kinds[at];
  return kind === TOKEN.nat || kind === TOKEN.int || kind === TOKEN.float;
}

function countNumbers(cursor: Cursor): number {
  let count = 0;
  while (isNumber(cursor, cursor.at + count)) count++;
  return count;
}
