import { INDIRECT_SUBSECTIONS, type IndirectNameKind, type NameKind, type NameMap, SUBSECTIONS } from '../binary/names.js';
import { ByteWriter } from '../binary/writer.js';

const MODULE = 0;

/** All names of a module, as its text gives them. Labels count the blocks of a function in the order of the binary. */
export interface ModuleNames {
  readonly module: string | undefined;
  readonly direct: Readonly<Record<NameKind, NameMap>>;
  readonly indirect: Readonly<Record<IndirectNameKind, ReadonlyMap<number, NameMap>>>;
}

/** The content of a name section; empty if nothing has a name. */
export function encodeNames({ module, direct, indirect }: ModuleNames): Uint8Array {
  const subsections: [number, ByteWriter][] = [];
  if (module !== undefined) subsections.push([MODULE, new ByteWriter().name(module)]);
  for (const [kind, id] of entriesOf(SUBSECTIONS)) {
    if (direct[kind].size > 0) subsections.push([id, writeNameMap(new ByteWriter(), direct[kind])]);
  }
  for (const [kind, id] of entriesOf(INDIRECT_SUBSECTIONS)) {
    const entries = sorted(indirect[kind]).filter(([, map]) => map.size > 0);
    if (entries.length > 0) subsections.push([id, new ByteWriter().vec(entries, ([index, map], out) => writeNameMap(out.u32(index), map))]);
  }
  const out = new ByteWriter();
  for (const [id, content] of subsections.sort(([a], [b]) => a - b)) out.byte(id).blob(content.take());
  return out.take();
}

function writeNameMap(out: ByteWriter, map: NameMap): ByteWriter {
  return out.vec(sorted(map), ([index, name]) => out.u32(index).name(name));
}

function sorted<T>(map: ReadonlyMap<number, T>): [number, T][] {
  return [...map].sort(([a], [b]) => a - b);
}

function entriesOf<K extends string>(record: Readonly<Record<K, number>>): [K, number][] {
  return Object.entries(record) as [K, number][];
}
