import { CATCH, InstructionReader } from '../binary/code-reader.js';
import type { NameMap } from '../binary/names.js';
import { type Instruction, OP } from '../instructions.js';
import type { CodeRange, Module } from '../module.js';
import { showHeapType, showType } from '../show.js';
import { type FuncType, heapOf, isExact, type ValType } from '../types.js';
import { LabelStack } from './label-stack.js';
import { formatF32, formatF64 } from './literals.js';
import { type ModuleNamers, Namer, identifier, quoteName } from './print-names.js';

/** Beyond this depth, lines are not indented further: the text of deep nesting stays linear in its size. */
const MAX_INDENT = 16;
const NO_NAMES = new Namer(new Map());
const CATCH_WORDS: readonly string[] = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref'];

/** Prints instructions in the flat form. */
export class CodePrinter {
  private readonly module: Module;
  private readonly names: ModuleNamers;
  private readonly showIndex: (index: number) => string;
  private readonly reader: InstructionReader;
  private labels = new LabelStack();
  private labelNames: NameMap = new Map();
  private labelCount = 0;
  private locals = NO_NAMES;

  constructor(module: Module, names: ModuleNamers) {
    this.module = module;
    this.names = names;
    this.showIndex = (index) => names.of('type').use(index);
    this.reader = new InstructionReader(module.bytes, 0, module.bytes.length);
  }

  type(type: ValType): string {
    return showType(type, this.showIndex);
  }

  /** ` (param …) (result …)`, each parameter with its name. */
  signature(type: FuncType, locals: Namer = NO_NAMES): string {
    return this.group('param', type.params, locals, 0) + this.group('result', type.results, NO_NAMES, 0);
  }

  /** The unnamed ones together, the named ones apart. */
  group(word: string, types: readonly ValType[], names: Namer, first: number): string {
    let text = '';
    let open = false;
    for (const [i, type] of types.entries()) {
      const named = names.has(first + i);
      if (!open || named) text += `${open ? ')' : ''} (${word}${names.define(first + i)}`;
      text += ` ${this.type(type)}`;
      open = !named;
      if (named) text += ')';
    }
    return open ? `${text})` : text;
  }

  /** ` (type $t) (param …) (result …)`. */
  typeUse(index: number, locals: Namer = NO_NAMES): string {
    const comp = this.module.types[index]?.comp;
    return ` (type ${this.showIndex(index)})${comp?.kind === 'func' ? this.signature(comp, locals) : ''}`;
  }

  /** A constant expression in one line, a single instruction in parentheses. */
  expression(range: CodeRange): string {
    this.begin(NO_NAMES, new Map());
    const { reader } = this;
    reader.seek(range.offset, range.end);
    const parts: string[] = [];
    for (;;) {
      const op = reader.next();
      if (op === OP.end && this.labels.length === 0) break;
      parts.push(this.instruction(op));
    }
    return parts.length === 1 ? `(${parts[0]!})` : parts.join(' ');
  }

  /** The lines of a function's body. `annotation` is asked for the text before each instruction, by its offset. */
  *body(range: CodeRange, locals: Namer, labelNames: NameMap, annotation: (offset: number) => string): Iterable<string> {
    this.begin(locals, labelNames);
    const { reader } = this;
    reader.seek(range.offset, range.end);
    for (;;) {
      const op = reader.next();
      if (op === OP.end && this.labels.length === 0) return;
      const { start } = reader;
      const outside = this.labels.length;
      const text = this.instruction(op);
      const separates = op === OP.else || op === OP.catch || op === OP.catch_all;
      const depth = Math.min(separates ? outside - 1 : Math.min(outside, this.labels.length), MAX_INDENT);
      yield `${'  '.repeat(depth)}${annotation(start)}${text}`;
    }
  }

  private begin(locals: Namer, labelNames: NameMap): void {
    this.locals = locals;
    this.labelNames = labelNames;
    this.labels = new LabelStack();
    this.labelCount = 0;
  }

  /** The instruction that was read last. */
  private instruction(op: number): string {
    const { reader } = this;
    const row = reader.instruction;
    switch (op) {
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.try:
      case OP.try_table:
        return this.block(row);
      case OP.delegate:
        this.labels.pop();
        return `delegate ${this.label(reader.x)}`;
      case OP.end:
        this.labels.pop();
        return 'end';
      default:
        return `${row.mnemonic}${this.immediates(row)}`;
    }
  }

  private block(row: Instruction): string {
    const name = this.labelNames.get(this.labelCount++);
    const id = name === undefined ? undefined : identifier(name);
    const define = name === undefined ? '' : id === undefined ? ` (@name ${quoteName(name)})` : ` ${id}`;
    const { blockType } = this.reader;
    const type = blockType === 0 ? '' : blockType > 0 ? ` (result ${this.type(blockType)})` : this.typeUse(~blockType);
    const catches = row.imm === 'catches' ? this.catches() : '';
    this.labels.push(id);
    return `${row.mnemonic}${define}${type}${catches}`;
  }

  private catches(): string {
    const { catches, catchCount } = this.reader;
    let text = '';
    for (let i = 0; i < catchCount; i++) {
      const kind = catches[3 * i]!;
      const tag = kind === CATCH.catch || kind === CATCH.catchRef ? ` ${this.names.of('tag').use(catches[3 * i + 1]!)}` : '';
      text += ` (${CATCH_WORDS[kind]!}${tag} ${this.label(catches[3 * i + 2]!)})`;
    }
    return text;
  }

  private label(depth: number): string {
    return this.labels.id(depth) ?? String(depth);
  }

  private immediates(row: Instruction): string {
    const { names, reader } = this;
    const { x, y } = reader;
    const unlessZero = (namer: Namer, index: number): string => (index === 0 ? '' : ` ${namer.use(index)}`);
    switch (row.imm) {
      case 'none':
      case 'zero':
        return '';
      case 'label':
        return ` ${this.label(x)}`;
      case 'labels':
        return Array.from(reader.labels.subarray(0, reader.labelCount), (depth) => ` ${this.label(depth)}`).join('');
      case 'func':
      case 'global':
      case 'tag':
      case 'elem':
      case 'data':
      case 'type':
        return ` ${names.of(row.imm).use(x)}`;
      case 'local':
        return ` ${this.locals.use(x)}`;
      case 'table':
      case 'memory':
        return unlessZero(names.of(row.imm), x);
      case 'type+table':
        return unlessZero(names.of('table'), y) + this.typeUse(x);
      case 'table+table':
        return x === 0 && y === 0 ? '' : ` ${names.of('table').use(x)} ${names.of('table').use(y)}`;
      case 'memory+memory':
        return x === 0 && y === 0 ? '' : ` ${names.of('memory').use(x)} ${names.of('memory').use(y)}`;
      case 'elem+table':
        return `${unlessZero(names.of('table'), y)} ${names.of('elem').use(x)}`;
      case 'data+memory':
        return `${unlessZero(names.of('memory'), y)} ${names.of('data').use(x)}`;
      case 'memarg':
        return this.memarg(row);
      case 'memarg+lane':
        return `${this.memarg(row)} ${x}`;
      case 'lane':
      case 'i32':
        return ` ${x}`;
      case 'lanes':
        return this.words(1).join('');
      case 'i64':
        return ` ${BigInt.asIntN(64, this.wide())}`;
      case 'f32':
        return ` ${formatF32(x)}`;
      case 'f64':
        return ` ${formatF64(BigInt.asIntN(64, this.wide()))}`;
      case 'v128':
        return ` i32x4${this.words(4).join('')}`;
      case 'valtypes':
        return reader.types.length === 0 ? ' (result)' : this.group('result', reader.types, NO_NAMES, 0);
      case 'heap':
        return ` ${this.heap(reader.type)}`;
      case 'ref':
      case 'ref null':
        return ` ${this.type(reader.type)}`;
      case 'type+field':
        return ` ${names.of('type').use(x)} ${names.fieldsOf(x).use(y)}`;
      case 'type+length':
        return ` ${names.of('type').use(x)} ${y}`;
      case 'type+data':
        return ` ${names.of('type').use(x)} ${names.of('data').use(y)}`;
      case 'type+elem':
        return ` ${names.of('type').use(x)} ${names.of('elem').use(y)}`;
      case 'type+type':
        return ` ${names.of('type').use(x)} ${names.of('type').use(y)}`;
      case 'cast':
        return ` ${this.label(x)} ${this.type(reader.type)} ${this.type(reader.target)}`;
      case 'block':
      case 'catches':
        return '';
    }
  }

  private heap(type: ValType): string {
    const name = showHeapType(heapOf(type), this.showIndex);
    return isExact(type) ? `(exact ${name})` : name;
  }

  private wide(): bigint {
    return (BigInt(this.reader.hi >>> 0) << 32n) | BigInt(this.reader.lo >>> 0);
  }

  private memarg(row: Instruction): string {
    const { reader } = this;
    const offset = this.wide();
    return (
      (reader.memory === 0 ? '' : ` ${this.names.of('memory').use(reader.memory)}`) +
      (offset === 0n ? '' : ` offset=${offset}`) +
      (reader.align === row.align ? '' : ` align=${1n << BigInt(reader.align)}`)
    );
  }

  /** The 16 bytes of an immediate as numbers of `size` bytes. */
  private words(size: 1 | 4): string[] {
    const { bytes, at } = this.reader;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
    if (size === 1) return Array.from({ length: 16 }, (_, i) => ` ${view.getUint8(i)}`);
    return Array.from({ length: 4 }, (_, i) => ` 0x${view.getUint32(4 * i, true).toString(16).padStart(8, '0')}`);
  }
}
