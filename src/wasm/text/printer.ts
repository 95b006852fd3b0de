import { METADATA_PREFIX, instructionsOf, readCodeMetadata } from '../binary/code-metadata.js';
import { OP } from '../instructions.js';
import type { CustomSection, DefinedFunc, ElemSegment, Import, Module, SegmentMode } from '../module.js';
import { showFuncType, showMemoryType, showType } from '../show.js';
import { type FieldType, type GlobalType, I64, type MemoryType, type SubType, type TableType, type ValType } from '../types.js';
import { CodePrinter } from './print-code.js';
import { ModuleNamers, identifier, quoteBytes, quoteName } from './print-names.js';
import { SECTION, SECTIONS } from './sections.js';

/**
 * Binary to text: a module in the flat form, from which `assemble` makes a module of the same meaning, with the same
 * names and custom sections. Throws `DecodeError` if a body is malformed.
 */
export function printModule(module: Module): string {
  return [...printLines(module)].join('\n') + '\n';
}

/** The lines of the text one by one, for modules whose text would be too long for one string. */
export function printLines(module: Module): Iterable<string> {
  return new ModulePrinter(module).lines();
}

/** They stand between instructions: an annotation there would belong to nothing. */
const SEPARATORS: ReadonlySet<number> = new Set([OP.end, OP.else, OP.catch, OP.catch_all, OP.delegate]);

class ModulePrinter {
  private readonly module: Module;
  private readonly names: ModuleNamers;
  private readonly code: CodePrinter;
  private readonly index: (type: number) => string;
  /** Custom sections that the text expresses in another way than by `@custom`. */
  private readonly expressed = new Set<number>();
  /** Its position among the custom sections, −1 if there is none. */
  private readonly nameSection: number;
  /** Code metadata as annotations, by the offset of the instruction. */
  private readonly annotations = new Map<number, string>();

  constructor(module: Module) {
    this.module = module;
    this.nameSection = module.customs.findIndex(({ name }) => name === 'name');
    if (this.nameSection >= 0) this.expressed.add(this.nameSection);
    this.names = new ModuleNamers(module);
    this.code = new CodePrinter(module, this.names);
    this.index = (type) => this.names.of('type').use(type);
    for (const [i, custom] of module.customs.entries()) {
      if (custom.name.startsWith(METADATA_PREFIX) && this.readMetadata(custom)) this.expressed.add(i);
    }
  }

  *lines(): Iterable<string> {
    const { module, names } = this;
    const { imported } = module;
    const id = names.module === undefined ? undefined : identifier(names.module);
    const name = names.module === undefined ? '' : id === undefined ? ` (@name ${quoteName(names.module)})` : ` ${id}`;
    yield `(module${name}`;
    yield* this.types();
    const counts = { func: 0, table: 0, memory: 0, global: 0, tag: 0 };
    for (const item of module.imports) yield `  ${this.import(item, counts[item.desc.kind]++)}`;
    for (const [i, func] of module.funcs.entries()) yield* this.func(imported.funcs + i, func);
    for (const [i, { type, init }] of module.tables.entries()) {
      const index = imported.tables + i;
      const value = init === undefined ? '' : ` ${this.code.expression(init)}`;
      yield `  (table${names.of('table').define(index)} (;${index};) ${this.tableType(type)}${value})`;
    }
    for (const [i, type] of module.memories.entries()) {
      const index = imported.memories + i;
      yield `  (memory${names.of('memory').define(index)} (;${index};) ${memoryType(type)})`;
    }
    for (const [i, { type }] of module.tags.entries()) {
      const index = imported.tags + i;
      yield `  (tag${names.of('tag').define(index)} (;${index};)${this.code.typeUse(type)})`;
    }
    for (const [i, { type, init }] of module.globals.entries()) {
      const index = imported.globals + i;
      yield `  (global${names.of('global').define(index)} (;${index};) ${this.globalType(type)} ${this.code.expression(init)})`;
    }
    for (const item of module.exports) yield `  (export ${quoteName(item.name)} (${item.kind} ${names.of(item.kind).use(item.index)}))`;
    if (module.start !== undefined) yield `  (start ${names.of('func').use(module.start)})`;
    for (const [i, segment] of module.elems.entries()) yield `  ${this.elem(segment, i)}`;
    for (const [i, { mode, start, end }] of [...module.datas].entries()) {
      yield `  (data${names.of('data').define(i)} (;${i};)${this.mode(mode, 'memory')} ${quoteBytes(module.bytes.subarray(start, end))})`;
    }
    yield* this.customs();
    yield ')';
  }

  private *customs(): Iterable<string> {
    const { module } = this;
    const last = module.sections.findLast(({ id }) => id !== SECTION.custom)?.id ?? SECTION.custom;
    for (const [i, { name, after, start, end }] of module.customs.entries()) {
      if (this.expressed.has(i)) continue;
      // At the end, behind the names, is where custom sections go by themselves.
      const section = SECTIONS.find(({ id }) => id === after)?.name;
      const place = after === last && i > this.nameSection ? '' : section === undefined ? ' (before first)' : ` (after ${section})`;
      yield `  (@custom ${quoteName(name)}${place} ${quoteBytes(module.bytes.subarray(start, end))})`;
    }
  }

  // Types

  private *types(): Iterable<string> {
    const { types } = this.module;
    for (let i = 0; i < types.length; ) {
      const { recLength } = types[i]!;
      if (recLength === 1) yield `  ${this.type(types[i]!, i)}`;
      else {
        yield '  (rec';
        for (let member = i; member < i + recLength; member++) yield `    ${this.type(types[member]!, member)}`;
        yield '  )';
      }
      i += recLength;
    }
  }

  private type(type: SubType, index: number): string {
    const describes = type.describes === undefined ? '' : `(describes ${this.index(type.describes)}) `;
    const descriptor = type.descriptor === undefined ? '' : `(descriptor ${this.index(type.descriptor)}) `;
    let text = `${describes}${descriptor}${this.compType(type, index)}`;
    if (!type.final || type.supers.length > 0) {
      text = `(sub ${type.final ? 'final ' : ''}${type.supers.map((item) => `${this.index(item)} `).join('')}${text})`;
    }
    return `(type${this.names.of('type').define(index)} (;${index};) ${text})`;
  }

  private compType({ comp }: SubType, index: number): string {
    switch (comp.kind) {
      case 'func':
        return showFuncType(comp, this.index);
      case 'array':
        return `(array ${this.fieldType(comp.field)})`;
      case 'struct': {
        const names = this.names.fieldsOf(index);
        return `(struct${comp.fields.map((field, i) => ` (field${names.define(i)} ${this.fieldType(field)})`).join('')})`;
      }
    }
  }

  private fieldType({ storage, mutable }: FieldType): string {
    const type = showType(storage, this.index);
    return mutable ? `(mut ${type})` : type;
  }

  private tableType({ limits, address, element }: TableType): string {
    const max = limits.max === undefined ? '' : ` ${limits.max}`;
    return `${address === I64 ? 'i64 ' : ''}${limits.min}${max} ${this.code.type(element)}`;
  }

  private globalType({ value, mutable }: GlobalType): string {
    const type = this.code.type(value);
    return mutable ? `(mut ${type})` : type;
  }

  // Imports, functions and segments

  private import({ module, name, desc }: Import, index: number): string {
    const define = `${this.names.of(desc.kind).define(index)} (;${index};)`;
    return `(import ${quoteName(module)} ${quoteName(name)} (${desc.kind}${define}${this.importType(desc, index)}))`;
  }

  private importType(desc: Import['desc'], index: number): string {
    switch (desc.kind) {
      case 'func': {
        const use = this.code.typeUse(desc.type, this.names.localsOf(index));
        return desc.exact === true ? ` (exact${use})` : use;
      }
      case 'table':
        return ` ${this.tableType(desc.type)}`;
      case 'memory':
        return ` ${memoryType(desc.type)}`;
      case 'global':
        return ` ${this.globalType(desc.type)}`;
      case 'tag':
        return this.code.typeUse(desc.type.type);
    }
  }

  private *func(index: number, { type, locals, body }: DefinedFunc): Iterable<string> {
    const names = this.names.localsOf(index);
    const comp = this.module.types[type]?.comp;
    yield `  (func${this.names.of('func').define(index)} (;${index};)${this.code.typeUse(type, names)}`;
    const types: ValType[] = [];
    for (let i = 0; i < locals.length; i += 2) for (let count = locals[i]!; count > 0; count--) types.push(locals[i + 1]!);
    if (types.length > 0) yield `   ${this.code.group('local', types, names, comp?.kind === 'func' ? comp.params.length : 0)}`;
    const annotation = (offset: number): string => this.annotations.get(offset) ?? '';
    for (const instruction of this.code.body(body, names, this.names.labelsOf(index), annotation)) yield `    ${instruction}`;
    yield '  )';
  }

  private mode(mode: SegmentMode, kind: 'table' | 'memory'): string {
    if (mode.kind !== 'active') return '';
    const target = mode.target === 0 ? '' : ` (${kind} ${this.names.of(kind).use(mode.target)})`;
    return `${target} (offset ${this.code.expression(mode.at)})`;
  }

  private elem({ mode, type, items }: ElemSegment, index: number): string {
    const { code, names } = this;
    const head = `(elem${names.of('elem').define(index)} (;${index};)${mode.kind === 'declarative' ? ' declare' : this.mode(mode, 'table')}`;
    if (items.kind === 'exprs') return `${head} ${code.type(type)}${items.exprs.map((expr) => ` (item ${code.expression(expr)})`).join('')})`;
    return `${head} func${Array.from(items.indices, (func) => ` ${names.of('func').use(func >>> 0)}`).join('')})`;
  }

  /** Prepares the annotations for a section of code metadata; false if they cannot stand for all of it. */
  private readMetadata(section: CustomSection): boolean {
    const items = readCodeMetadata(this.module, section);
    if (items === undefined) return false;
    const places = new Map<number, ReadonlyMap<number, number>>();
    const seen = new Set<number>();
    for (const { func, offset } of items) {
      if (!places.has(func)) places.set(func, instructionsOf(this.module, this.module.funcs[func - this.module.imported.funcs]!.body));
      const op = places.get(func)!.get(offset);
      if (op === undefined || SEPARATORS.has(op) || seen.has(offset)) return false;
      seen.add(offset);
    }
    for (const { offset, data } of items) {
      this.annotations.set(offset, `${this.annotations.get(offset) ?? ''}(@${section.name} ${quoteBytes(data)}) `);
    }
    return true;
  }
}

function memoryType(type: MemoryType): string {
  return showMemoryType(type).slice('(memory '.length, -1);
}
