import { ByteWriter } from '../binary/writer.js';
import { Cursor } from './cursor.js';
import type { CodeMetadata } from './expressions.js';
import { type Annotation, TOKEN, isUtf8 } from './lexer.js';
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
