import { DecodeError } from '../errors.js';
import type { Module } from '../module.js';
import { ByteReader } from './byte-reader.js';

/** Index spaces that the name section names directly, by subsection id (§A.5.3 and the extended names). */
export const SUBSECTIONS = { func: 1, type: 4, table: 5, memory: 6, global: 7, elem: 8, data: 9, tag: 11 } as const;
/** Those whose members belong to another index: locals and labels to a function, fields to a type. */
export const INDIRECT_SUBSECTIONS = { local: 2, label: 3, field: 10 } as const;

export type NameKind = keyof typeof SUBSECTIONS;
export type IndirectNameKind = keyof typeof INDIRECT_SUBSECTIONS;
export type NameMap = ReadonlyMap<number, string>;

const NO_NAMES: NameMap = new Map();

/**
 * What the name section says, read when it is asked for. A section that is not well-formed counts as far as it is: it
 * has no effect on the module's meaning (§5.5.3).
 */
export class Names {
  private readonly wasm: Module;
  private readonly ranges = new Map<number, { readonly start: number; readonly end: number }>();
  private readonly maps = new Map<NameKind, NameMap>();
  private readonly indirect = new Map<IndirectNameKind, ReadonlyMap<number, NameMap>>();

  constructor(module: Module) {
    this.wasm = module;
    const section = module.customs.find((custom) => custom.name === 'name');
    if (section === undefined) return;
    const reader = new ByteReader(module.bytes, section.start, section.end);
    tolerantly(() => {
      while (reader.pos < section.end) {
        const id = reader.byte();
        const size = reader.length();
        this.ranges.set(id, { start: reader.pos, end: reader.pos + size });
        reader.skip(size);
      }
    });
  }

  /** The module's own name. */
  get module(): string | undefined {
    const reader = this.subsection(0);
    let name: string | undefined;
    if (reader !== undefined) tolerantly(() => (name = reader.name()));
    return name;
  }

  func(index: number): string | undefined {
    return this.of('func').get(index);
  }
  local(func: number, index: number): string | undefined {
    return this.within('local', func).get(index);
  }

  /** What a person may call a function: its name, what it is imported or exported as, or its index. */
  showFunc(index: number): string {
    return (
      this.func(index) ??
      this.importName(index) ??
      this.wasm.exports.find((item) => item.kind === 'func' && item.index === index)?.name ??
      `func[${index}]`
    );
  }

  private importName(index: number): string | undefined {
    if (index >= this.wasm.imported.funcs) return undefined;
    let at = -1;
    const item = this.wasm.imports.find(({ desc }) => desc.kind === 'func' && ++at === index);
    return item === undefined ? undefined : `${item.module}.${item.name}`;
  }

  /** All names of an index space. */
  of(kind: NameKind): NameMap {
    let map = this.maps.get(kind);
    if (map === undefined) {
      const reader = this.subsection(SUBSECTIONS[kind]);
      this.maps.set(kind, (map = reader === undefined ? NO_NAMES : readMap(reader)));
    }
    return map;
  }

  /** All names of locals or labels of a function, or of fields of a type. */
  within(kind: IndirectNameKind, owner: number): NameMap {
    let maps = this.indirect.get(kind);
    if (maps === undefined) {
      const reader = this.subsection(INDIRECT_SUBSECTIONS[kind]);
      this.indirect.set(kind, (maps = reader === undefined ? new Map<number, NameMap>() : readIndirect(reader)));
    }
    return maps.get(owner) ?? NO_NAMES;
  }

  private subsection(id: number): ByteReader | undefined {
    const range = this.ranges.get(id);
    return range === undefined ? undefined : new ByteReader(this.wasm.bytes, range.start, range.end);
  }
}

const cache = new WeakMap<Module, Names>();

/** The names of a module; the same object every time. */
export function functionNames(module: Module): Names {
  let names = cache.get(module);
  if (names === undefined) cache.set(module, (names = new Names(module)));
  return names;
}

function readMap(reader: ByteReader): NameMap {
  const map = new Map<number, string>();
  tolerantly(() => {
    const count = reader.u32();
    for (let i = 0; i < count; i++) map.set(reader.u32(), reader.name());
  });
  return map;
}

function readIndirect(reader: ByteReader): ReadonlyMap<number, NameMap> {
  const maps = new Map<number, NameMap>();
  tolerantly(() => {
    const count = reader.u32();
    for (let i = 0; i < count; i++) maps.set(reader.u32(), readMap(reader));
  });
  return maps;
}

/** Reads up to the first thing that is malformed. */
function tolerantly(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}
