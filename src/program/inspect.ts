import { recognise } from '../go/recognise.js';
import { functionNames } from '../wasm/binary/names.js';
import type { Module } from '../wasm/module.js';
import { showCompType, showGlobalType, showImportDesc, showMemoryType, showTableType, showTagType } from '../wasm/show.js';
import type { ExternKind } from '../wasm/types.js';
import { programKind, type ProgramKind } from './kind.js';

/** What a module is, as plain data: `retunwind inspect --json` prints it, so fields only grow. Sizes are bytes. */
export interface ModuleReport {
  readonly bytes: number;
  readonly kind: ProgramKind;
  readonly go: GoReport | null;
  readonly sections: readonly { readonly id: number; readonly name: string; readonly offset: number; readonly bytes: number }[];
  readonly imports: readonly { readonly module: string; readonly name: string; readonly kind: ExternKind; readonly type: string }[];
  readonly exports: readonly { readonly name: string; readonly kind: ExternKind; readonly index: number; readonly type: string }[];
  readonly memories: readonly { readonly index: number; readonly imported: boolean; readonly type: string }[];
  readonly tables: readonly { readonly index: number; readonly imported: boolean; readonly type: string }[];
  readonly globals: number;
  /** Index of the start function. */
  readonly start: number | null;
  /** The functions that the module defines; `name` is null where nothing tells it. */
  readonly functions: readonly FunctionReport[];
}

export interface FunctionReport {
  readonly index: number;
  readonly name: string | null;
  readonly type: string;
  readonly bytes: number;
}

export interface GoReport {
  readonly version: string | null;
  readonly goos: string | null;
  readonly buildMode: string;
  /** Without a name section. */
  readonly stripped: boolean;
  readonly buildId: string | null;
  readonly path: string | null;
  readonly main: { readonly path: string; readonly version: string } | null;
  readonly deps: readonly { readonly path: string; readonly version: string }[];
  readonly settings: Readonly<Record<string, string>>;
}

/** `module` must be valid. */
export function inspectModule(module: Module): ModuleReport {
  const type = typeOf(module);
  const name = functionNaming(module);
  const imported = (kind: ExternKind): number => module.imports.filter((entry) => entry.desc.kind === kind).length;
  const space = (kind: 'memory' | 'table', defined: number): { index: number; imported: boolean; type: string }[] =>
    Array.from({ length: imported(kind) + defined }, (_, index) => ({ index, imported: index < imported(kind), type: type(kind, index) }));
  return {
    bytes: module.bytes.length,
    kind: programKind(module),
    go: goReport(module),
    sections: module.sections.map((section) => ({ id: section.id, name: section.name, offset: section.offset, bytes: section.end - section.offset })),
    imports: module.imports.map((entry) => ({ module: entry.module, name: entry.name, kind: entry.desc.kind, type: showImportDesc(entry.desc, module.types) })),
    exports: module.exports.map((entry) => ({ name: entry.name, kind: entry.kind, index: entry.index, type: type(entry.kind, entry.index) })),
    memories: space('memory', module.memories.length),
    tables: space('table', module.tables.length),
    globals: imported('global') + module.globals.length,
    start: module.start ?? null,
    functions: module.funcs.map((func, i) => {
      const index = module.imported.funcs + i;
      return { index, name: name(index) ?? null, type: type('func', index), bytes: func.body.end - func.body.offset };
    }),
  };
}

/** How to call a function of the module: by Go's own name, the name section's, or what it is imported or exported as. */
export function functionNaming(module: Module): (index: number) => string | undefined {
  const go = recognise(module);
  const names = functionNames(module);
  const imports = module.imports.filter((entry) => entry.desc.kind === 'func');
  const exported = new Map<number, string>();
  for (const { kind, index, name } of module.exports) if (kind === 'func' && !exported.has(index)) exported.set(index, name);
  return (index) => {
    const entry = imports[index];
    return entry === undefined ? (go?.name(index) ?? names.func(index) ?? exported.get(index)) : `${entry.module}.${entry.name}`;
  };
}

/** The type of anything in an index space, as in the text format. */
export function typeOf(module: Module): (kind: ExternKind, index: number) => string {
  const imports = new Map<ExternKind, string[]>();
  for (const { desc } of module.imports) imports.set(desc.kind, [...(imports.get(desc.kind) ?? []), showImportDesc(desc, module.types)]);
  return (kind, index) => {
    const before = imports.get(kind) ?? [];
    if (index < before.length) return before[index]!;
    const at = index - before.length;
    switch (kind) {
      case 'func':
        return showCompType(module.types[module.funcs[at]!.type]!.comp);
      case 'table':
        return showTableType(module.tables[at]!.type);
      case 'memory':
        return showMemoryType(module.memories[at]!);
      case 'global':
        return showGlobalType(module.globals[at]!.type);
      case 'tag':
        return showTagType(module.tags[at]!, module.types);
    }
  };
}

function goReport(module: Module): GoReport | null {
  const go = recognise(module);
  if (go === undefined) return null;
  const brief = ({ path, version }: { path: string; version: string }): { path: string; version: string } => ({ path, version });
  return {
    version: go.version ?? null,
    goos: go.goos ?? null,
    buildMode: go.buildMode,
    stripped: go.stripped,
    buildId: go.buildId ?? null,
    path: go.buildInfo?.path ?? null,
    main: go.buildInfo?.main === undefined ? null : brief(go.buildInfo.main),
    deps: go.buildInfo?.deps.map(brief) ?? [],
    settings: Object.fromEntries(go.buildInfo?.settings ?? []),
  };
}
