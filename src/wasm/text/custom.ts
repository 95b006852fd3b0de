import { ByteWriter } from '../binary/writer.js';
import { Cursor } from './cursor.js';
import type { CodeMetadata } from './expressions.js';
import { type Annotation, TOKEN, isUtf8 } from './lexer.js';
import type { ModuleScope } from './scope.js';
import { SECTION, SECTIONS } from './sections.js';

/** A `@custom` annotation: a custom section and where it goes. */
export interface CustomAnnotation {
  /** Twice the position in `SECTIONS`, and 1 more for after it; −1 before and `LAST` after everything. */
  readonly place: number;
  readonly name: Uint8Array;
  readonly data: Uint8Array;
}

export const FIRST = -1;
export const LAST: number = 2 * SECTIONS.length;

/** `(@custom name place? data*)` (spec appendix, custom annotations). */
export function parseCustomAnnotation({ tokens }: Annotation): CustomAnnotation {
  const cursor = new Cursor(tokens, 0);
  const fail = (message: string): Error => cursor.error(`@custom annotation: ${message}`);
  if (!cursor.is(TOKEN.string)) throw fail('missing section name');
  const name = cursor.stringBytes();
  if (!isUtf8(name)) throw fail('malformed UTF-8 encoding');
  let place = LAST;
  if (cursor.is(TOKEN.open)) {
    const before = cursor.isOpen('before');
    if (!before && !cursor.isOpen('after')) throw fail('malformed placement');
    cursor.at += 2;
    const position = SECTIONS.findIndex((section) => cursor.isWord(section.name));
    if (position >= 0) place = 2 * position + (before ? 0 : 1);
    else if (cursor.isWord(before ? 'first' : 'last')) place = before ? FIRST : LAST;
    else throw fail('malformed section kind');
    cursor.at++;
    if (!cursor.is(TOKEN.close)) throw fail('unexpected token');
    cursor.at++;
  }
  const data = cursor.strings();
  if (!cursor.is(TOKEN.eof)) throw fail('unexpected token');
  return { place, name, data };
}

/** The sections that code metadata annotations stand for: one for each of their names, before the code section. */
export function metadataSections(metadata: ReadonlyMap<number, readonly CodeMetadata[]>): CustomAnnotation[] {
  const names = new Set([...metadata.values()].flatMap((items) => items.map(({ name }) => name)));
  return [...names].map((name) => {
    const functions = [...metadata].map(([index, items]) => ({ index, items: items.filter((item) => item.name === name) }));
    const data = new ByteWriter().vec(
      functions.filter(({ items }) => items.length > 0),
      ({ index, items }, out) => out.u32(index).vec(items, (item) => out.u32(item.offset).blob(item.data)),
    );
    const place = 2 * SECTIONS.findIndex(({ id }) => id === SECTION.code);
    return { place, name: encoder.encode(name), data: data.take() };
  });
}

const encoder = new TextEncoder();

/** Subsections of the name section (spec appendix, and the extended name section). */
const NAMES = { module: 0, func: 1, local: 2, label: 3, type: 4, table: 5, memory: 6, global: 7, elem: 8, data: 9, field: 10, tag: 11 } as const;

type NameMap = ReadonlyMap<number, string>;

/** The content of the name section; empty if nothing has a name. */
export function nameSection(moduleName: string | undefined, scope: ModuleScope): Uint8Array {
  const out = new ByteWriter();
  if (moduleName !== undefined) out.section(NAMES.module, (content) => content.name(moduleName));
  const direct = (id: number, map: NameMap): void => {
    if (map.size > 0) out.section(id, (content) => writeNameMap(content, map));
  };
  const indirect = (id: number, maps: ReadonlyMap<number, NameMap>): void => {
    const entries = sorted(maps).filter(([, map]) => map.size > 0);
    if (entries.length > 0) out.section(id, (content) => content.vec(entries, ([index, map]) => writeNameMap(content.u32(index), map)));
  };
  direct(NAMES.func, scope.funcs.names);
  indirect(NAMES.local, scope.locals);
  indirect(NAMES.label, scope.labels);
  direct(NAMES.type, scope.types.names);
  direct(NAMES.table, scope.tables.names);
  direct(NAMES.memory, scope.memories.names);
  direct(NAMES.global, scope.globals.names);
  direct(NAMES.elem, scope.elems.names);
  direct(NAMES.data, scope.datas.names);
  indirect(NAMES.field, new Map([...scope.types.fields].map(([index, space]) => [index, space.names])));
  direct(NAMES.tag, scope.tags.names);
  return out.take();
}

function writeNameMap(out: ByteWriter, map: NameMap): void {
  out.vec(sorted(map), ([index, name]) => out.u32(index).name(name));
}

function sorted<T>(map: ReadonlyMap<number, T>): [number, T][] {
  return [...map].sort(([a], [b]) => a - b);
}
