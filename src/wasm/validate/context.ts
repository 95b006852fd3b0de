import type { Feature, Features } from '../features.js';
import { WASM_3 } from '../features.js';
import type { Module } from '../module.js';
import { showType } from '../show.js';
import { TypeRegistry } from '../type-registry.js';
import type { CompType, FuncType, GlobalType, MemoryType, TableType, ValType } from '../types.js';

/** Stands for the type of a function or tag whose type index is wrong, until that is reported. */
const NO_TYPE: FuncType = { kind: 'func', params: [], results: [] };

/**
 * A module's index spaces as typing needs them (§3.1.1): imports first, every type canonical in `registry`. Pass a
 * store's registry to see the types as that store knows them.
 */
export class ModuleContext {
  readonly module: Module;
  readonly features: Features;
  readonly registry: TypeRegistry;
  /** Id in the registry by type index. */
  readonly typeIds: Int32Array;
  /** By function index. */
  readonly funcs: readonly FuncType[];
  /** Type index by function index. */
  readonly funcTypes: Int32Array;
  /** 1 by function index where the function's type is known exactly: all but inexact imports. */
  readonly exactFuncs: Uint8Array;
  readonly tables: readonly TableType[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly GlobalType[];
  /** The function type of each tag. */
  readonly tags: readonly FuncType[];
  readonly elems: readonly ValType[];
  /** Functions that `ref.func` may name in a body; undefined to allow all, for code that was validated before. */
  declared: Uint8Array | undefined = undefined;

  /** The module's type section must be valid. `ids`: what `registry.add` answered for it, if already asked. */
  constructor(module: Module, features: Features = WASM_3, registry: TypeRegistry = new TypeRegistry(), ids?: Int32Array) {
    this.module = module;
    this.features = features;
    this.registry = registry;
    this.typeIds = ids ?? registry.add(module.types);
    const { imported } = module;
    const funcTypes = new Int32Array(imported.funcs + module.funcs.length);
    const exactFuncs = new Uint8Array(funcTypes.length).fill(1);
    const tables: TableType[] = [];
    const memories: MemoryType[] = [];
    const globals: GlobalType[] = [];
    const tags: number[] = [];
    let func = 0;
    for (const { desc } of module.imports) {
      if (desc.kind === 'func') {
        exactFuncs[func] = desc.exact === true ? 1 : 0;
        funcTypes[func++] = desc.type;
      } else if (desc.kind === 'table') tables.push(this.table(desc.type));
      else if (desc.kind === 'memory') memories.push(desc.type);
      else if (desc.kind === 'global') globals.push(this.global(desc.type));
      else tags.push(desc.type.type);
    }
    for (const { type } of module.funcs) funcTypes[func++] = type;
    for (const { type } of module.tables) tables.push(this.table(type));
    for (const { type } of module.globals) globals.push(this.global(type));
    for (const { type } of module.tags) tags.push(type);
    this.funcTypes = funcTypes;
    this.exactFuncs = exactFuncs;
    this.funcs = Array.from(funcTypes, (type) => this.funcType(type) ?? NO_TYPE);
    this.tables = tables;
    this.memories = [...memories, ...module.memories];
    this.globals = globals;
    this.tags = tags.map((type) => this.funcType(type) ?? NO_TYPE);
    this.elems = module.elems.map((elem) => this.canon(elem.type));
  }

  has(feature: Feature): boolean {
    return this.features.has(feature);
  }

  private table(type: TableType): TableType {
    return { ...type, element: this.canon(type.element) };
  }
  private global(type: GlobalType): GlobalType {
    return { ...type, value: this.canon(type.value) };
  }

  /** Canonical form of a value type that names a type index; an unknown index stays, to be reported by others. */
  canon(type: ValType): ValType {
    return this.registry.canon(type, this.typeIds);
  }

  /** The canonical type at a type index; undefined if there is none. */
  comp(type: number): CompType | undefined {
    const id = this.typeIds[type];
    return id === undefined ? undefined : this.registry.comp(id);
  }
  funcType(type: number): FuncType | undefined {
    const comp = this.comp(type);
    return comp?.kind === 'func' ? comp : undefined;
  }

  /** A canonical type as the module would write it. */
  show(type: ValType): string {
    return showType(type, (id) => {
      const index = this.typeIds.indexOf(id);
      return index < 0 ? `#${id}` : `${index}`;
    });
  }
  showAll(types: Iterable<ValType>): string {
    return `[${Array.from(types, (type) => this.show(type)).join(' ')}]`;
  }
}
