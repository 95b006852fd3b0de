import type { Import, ImportDesc, Module } from '../wasm/module.js';
import { showFuncType, showGlobalType, showImportDesc, showMemoryType, showTableType } from '../wasm/show.js';
import { type GlobalType, type Limits, type MemoryType, type TableType } from '../wasm/types.js';
import { LinkError } from './errors.js';
import type { Extern, Store } from './store.js';

/** Answers an import with something of the store, or undefined where there is nothing of that name. */
export type Resolve = (module: string, name: string, desc: ImportDesc) => Extern | undefined;

/**
 * Finds every import and checks it against what the module asks for (spec §4.7.2, §3.5). What is missing is reported
 * all at once, with its type; what does not fit, with both types.
 */
export function resolveImports(store: Store, module: Module, typeIds: Int32Array, resolve: Resolve): Extern[] {
  const found = module.imports.map((entry) => resolve(entry.module, entry.name, entry.desc));
  const missing = module.imports.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) throw new LinkError(missingMessage(module, missing));
  module.imports.forEach((entry, i) => check(store, module, typeIds, entry, found[i]!));
  return found as Extern[];
}

function missingMessage(module: Module, missing: readonly Import[]): string {
  const lines = new Set(missing.map((entry) => `  "${entry.module}" "${entry.name}" ${showImportDesc(entry.desc, module.types)}`));
  return `unknown import${lines.size === 1 ? '' : 's'}: nothing provides\n${[...lines].join('\n')}`;
}

function check(store: Store, module: Module, typeIds: Int32Array, entry: Import, extern: Extern): void {
  const { desc } = entry;
  const refuse = (offered: string): never => {
    throw new LinkError(
      `incompatible import type for "${entry.module}" "${entry.name}": the module imports ${showImportDesc(desc, module.types)}, what is provided is ${offered}`,
    );
  };
  if (desc.kind !== extern.kind) return refuse(`a ${extern.kind}`);
  switch (desc.kind) {
    case 'func': {
      const func = store.funcs[extern.address]!;
      const wanted = typeIds[desc.type]!;
      const fits = desc.exact ? func.typeId === wanted : store.types.isSubtype(func.typeId, wanted);
      if (!fits) refuse(showFuncType(func.type));
      break;
    }
    case 'table': {
      const table = store.tables[extern.address]!;
      const actual: TableType = { ...table.type, limits: { min: BigInt(table.elements.length), max: table.type.limits.max } };
      const element = store.types.canon(desc.type.element, typeIds);
      const fits = actual.address === desc.type.address && actual.element === element && limitsFit(actual.limits, desc.type.limits);
      if (!fits) refuse(showTableType(actual));
      break;
    }
    case 'memory': {
      const memory = store.memories[extern.address]!;
      const actual: MemoryType = { ...memory.type, limits: { min: BigInt(memory.pages), max: memory.type.limits.max } };
      const wanted = desc.type;
      const fits =
        actual.address === wanted.address &&
        actual.shared === wanted.shared &&
        actual.pageSizeLog2 === wanted.pageSizeLog2 &&
        limitsFit(actual.limits, wanted.limits);
      if (!fits) refuse(showMemoryType(actual));
      break;
    }
    case 'global': {
      const actual = store.globals[extern.address]!.type;
      if (!globalFits(store, actual, { value: store.types.canon(desc.type.value, typeIds), mutable: desc.type.mutable })) {
        refuse(showGlobalType(actual));
      }
      break;
    }
    case 'tag': {
      const actual = store.tags[extern.address]!.typeId;
      const wanted = typeIds[desc.type.type]!;
      if (actual !== wanted) refuse(`a tag of another type`);
      break;
    }
  }
}

/** Limits matching (spec §3.3.10). */
function limitsFit(actual: Limits, wanted: Limits): boolean {
  if (actual.min < wanted.min) return false;
  return wanted.max === undefined || (actual.max !== undefined && actual.max <= wanted.max);
}

/** A constant may be a subtype of what is asked for; a variable must be the same type (spec §3.3.13). */
function globalFits(store: Store, actual: GlobalType, wanted: GlobalType): boolean {
  if (actual.mutable !== wanted.mutable) return false;
  if (actual.mutable) return actual.value === wanted.value;
  return store.types.matches(actual.value, wanted.value);
}
