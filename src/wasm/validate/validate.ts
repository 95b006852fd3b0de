import { checkBodies } from '../binary/decode.js';
import { DATA } from '../data-segments.js';
import { DecodeError, ValidationError } from '../errors.js';
import { type Features, WASM_3 } from '../features.js';
import type { ElemSegment, Export, Module } from '../module.js';
import { TypeRegistry } from '../type-registry.js';
import {
  heapOf,
  I32,
  I64,
  isAbstract,
  isDefaultable,
  isRef,
  type Limits,
  type MemoryType,
  type TableType,
  type TagType,
  type ValType,
} from '../types.js';
import { ModuleContext } from './context.js';
import { FunctionTyper } from './function-typer.js';
import { validateTypes } from './types.js';

/**
 * Validates a decoded module (§3.4, §A.2), completely: what passes can be instantiated and run without a check of
 * types. Throws `ValidationError`, or `DecodeError` where the code is malformed, which goes first: a module that is
 * both is malformed.
 */
export function validate(module: Module, features: Features = WASM_3): void {
  try {
    new Validator(module, features).run();
  } catch (error) {
    if (error instanceof ValidationError || error instanceof DecodeError) checkWellFormed(module, features);
    throw error;
  }
}

function checkWellFormed({ bytes, funcs, dataCount }: Module, features: Features): void {
  if (checkBodies(bytes, funcs, features) && dataCount === undefined) throw new DecodeError('data count section required', bytes.length);
}

class Validator {
  private readonly module: Module;
  private readonly features: Features;
  private readonly context: ModuleContext;
  private readonly typer: FunctionTyper;
  private readonly declared: Uint8Array;
  /** Where the section stands that is being looked at: the place of errors that have no closer one. */
  private offset = 0;

  constructor(module: Module, features: Features) {
    this.module = module;
    this.features = features;
    const registry = new TypeRegistry();
    const ids = validateTypes(module, features, registry);
    this.checkReferences(ids.length);
    this.context = new ModuleContext(module, features, registry, ids);
    this.declared = this.context.declared = new Uint8Array(this.context.funcs.length);
    this.typer = new FunctionTyper(this.context);
  }

  private fail(message: string): never {
    throw new ValidationError(message, this.offset);
  }

  /** Errors from here on are in the section with this id. */
  private inSection(id: number): void {
    this.offset = this.module.sections.find((section) => section.id === id)?.start ?? 0;
  }

  run(): void {
    const { module } = this;
    this.imports();
    this.inSection(4);
    for (const { type } of module.tables) this.tableType(type);
    this.inSection(5);
    for (const type of module.memories) this.memoryType(type);
    this.inSection(13);
    for (const type of module.tags) this.tagType(type);
    this.counts();
    this.globals();
    this.tableInits();
    this.elems();
    this.datas();
    this.inSection(8);
    if (module.start !== undefined) this.start(module.start);
    this.inSection(7);
    this.exports();
    this.bodies();
  }

  /** Every type index outside of bodies and the type section, before types are made canonical with them. */
  private checkReferences(count: number): void {
    const { module } = this;
    const index = (type: number): void => {
      if (type >= count) this.fail(`unknown type ${type}`);
    };
    const func = (type: number): void => {
      index(type);
      if (module.types[type]!.comp.kind !== 'func') this.fail(`type mismatch: type ${type} is no function type`);
    };
    const value = (type: ValType): void => {
      if (isRef(type) && !isAbstract(heapOf(type))) index(heapOf(type));
    };
    for (const { desc, offset } of module.imports) {
      this.offset = offset;
      if (desc.kind === 'func') func(desc.type);
      else if (desc.kind === 'tag') func(desc.type.type);
      else if (desc.kind === 'table') value(desc.type.element);
      else if (desc.kind === 'global') value(desc.type.value);
    }
    this.inSection(3);
    for (const { type } of module.funcs) func(type);
    this.inSection(4);
    for (const { type } of module.tables) value(type.element);
    this.inSection(13);
    for (const { type } of module.tags) func(type);
    this.inSection(6);
    for (const { type } of module.globals) value(type.value);
    for (const { type, offset } of module.elems) {
      this.offset = offset;
      value(type);
    }
  }

  private imports(): void {
    for (const { desc, offset } of this.module.imports) {
      this.offset = offset;
      if (desc.kind === 'table') this.tableType(desc.type);
      else if (desc.kind === 'memory') this.memoryType(desc.type);
      else if (desc.kind === 'tag') this.tagType(desc.type);
      else if (desc.kind === 'global' && desc.type.mutable && !this.features.has('mutable-globals'))
        this.fail('mutable globals cannot be imported');
    }
  }

  private limits({ min, max }: Limits, range: bigint, message: string): void {
    if (min > range || (max !== undefined && max > range)) this.fail(message);
    if (max !== undefined && min > max) this.fail('size minimum must not be greater than maximum');
  }

  private tableType(type: TableType): void {
    const range = type.address === I64 ? 2n ** 64n - 1n : 2n ** 32n - 1n;
    this.limits(type.limits, range, `table size must be at most ${range}`);
  }

  private memoryType(type: MemoryType): void {
    const { pageSizeLog2 } = type;
    if (pageSizeLog2 !== 16 && pageSizeLog2 !== 0) this.fail(`invalid custom page size: 2^${pageSizeLog2}`);
    const bits = type.address === I64 ? 64n : 32n;
    // With pages of one byte the size itself must fit into an address.
    const range = pageSizeLog2 === 0 ? 2n ** bits - 1n : 2n ** (bits - 16n);
    const bytes = type.address === I64 ? '16 EiB' : '4GiB';
    this.limits(type.limits, range, `memory size must be at most ${range} pages${pageSizeLog2 === 16 ? ` (${bytes})` : ''}`);
    if (type.shared && type.limits.max === undefined) this.fail('shared memory must have maximum');
  }

  private tagType({ type }: TagType): void {
    const comp = this.context.comp(type)!;
    if (comp.kind === 'func' && comp.results.length > 0) this.fail('non-empty tag result type');
  }

  /** Before multi-memory and reference types a module had one of each. */
  private counts(): void {
    const { context } = this;
    if (context.memories.length > 1 && !this.features.has('multi-memory')) this.fail('multiple memories');
    if (context.tables.length > 1 && !this.features.has('reference-types')) this.fail('multiple tables');
  }

  private constant(range: { offset: number; end: number }, result: ValType, globalLimit: number): void {
    this.typer.enterConstant(range, result, globalLimit);
    this.typer.run();
  }

  /** The globals that constant expressions after the globals themselves may read. */
  private get globalLimit(): number {
    return this.features.has('gc') ? this.context.globals.length : this.module.imported.globals;
  }

  private globals(): void {
    const { imported, globals } = this.module;
    for (const [i, { init }] of globals.entries()) {
      const index = imported.globals + i;
      this.constant(init, this.context.globals[index]!.value, this.features.has('gc') ? index : imported.globals);
    }
  }

  private tableInits(): void {
    const { imported, tables } = this.module;
    this.inSection(4);
    for (const [i, { init }] of tables.entries()) {
      const { element } = this.context.tables[imported.tables + i]!;
      if (init !== undefined) this.constant(init, element, imported.globals);
      else if (!isDefaultable(element))
        this.fail(`type mismatch: ${this.context.show(element)} has no default, the table needs an initial value`);
    }
  }

  private elems(): void {
    for (const [i, elem] of this.module.elems.entries()) {
      this.offset = elem.offset;
      this.elem(elem, this.context.elems[i]!);
    }
  }

  private elem(elem: ElemSegment, type: ValType): void {
    const { context } = this;
    const { mode, items } = elem;
    if (items.kind === 'funcs') {
      for (const signed of items.indices) {
        const index = signed >>> 0;
        if (index >= context.funcs.length) this.fail(`unknown function ${index}`);
        this.declared[index] = 1;
      }
    } else for (const expr of items.exprs) this.constant(expr, type, this.globalLimit);
    if (mode.kind !== 'active') return;
    const table = context.tables[mode.target] ?? this.fail(`unknown table ${mode.target}`);
    if (!context.registry.matches(type, table.element)) {
      this.fail(`type mismatch: elements of type ${context.show(type)} do not fit a table of ${context.show(table.element)}`);
    }
    this.constant(mode.at, table.address, this.globalLimit);
  }

  private datas(): void {
    this.inSection(11);
    const { datas } = this.module;
    const { memories } = this.context;
    const { length, rows } = datas;
    for (let i = 0; i < length; i++) {
      const at = i * DATA.words;
      const offset = rows[at + DATA.offset]!;
      if (offset === 0) continue;
      const target = rows[at + DATA.memory]! >>> 0;
      const memory = memories[target] ?? this.fail(`unknown memory ${target}`);
      // What has an address is an `i32.const`.
      if (rows[at + DATA.address]! >= 0 && memory.address === I32) continue;
      this.constant({ offset, end: rows[at + DATA.offsetEnd]! }, memory.address, this.globalLimit);
    }
  }

  private start(index: number): void {
    const type = this.context.funcs[index] ?? this.fail(`unknown function ${index}`);
    if (type.params.length > 0 || type.results.length > 0) this.fail('start function must have no parameters and no results');
  }

  private exports(): void {
    const names = new Set<string>();
    for (const item of this.module.exports) {
      this.exported(item);
      if (names.has(item.name)) this.fail(`duplicate export name "${item.name}"`);
      names.add(item.name);
    }
  }

  private exported({ kind, index }: Export): void {
    const { context } = this;
    const spaces = { func: context.funcs, table: context.tables, memory: context.memories, global: context.globals, tag: context.tags };
    if (index >= spaces[kind].length) this.fail(`unknown ${kind === 'func' ? 'function' : kind} ${index}`);
    if (kind === 'func') this.declared[index] = 1;
    if (kind === 'global' && context.globals[index]!.mutable && !this.features.has('mutable-globals'))
      this.fail('mutable globals cannot be exported');
  }

  private bodies(): void {
    const { typer } = this;
    const { imported, funcs } = this.module;
    for (let i = 0; i < funcs.length; i++) {
      typer.enter(imported.funcs + i);
      typer.run();
    }
  }
}
