import { ByteWriter } from '../binary/writer.js';
import { type Features, WASM_3 } from '../features.js';
import { Cursor } from './cursor.js';
import { type CustomAnnotation, FIRST, LAST, metadataSections } from './custom.js';
import { type Tokens, TOKEN, lex } from './lexer.js';
import { type ParsedModule, parseModule } from './module-parser.js';
import { encodeNames } from './name-section.js';
import { SECTION, SECTIONS } from './sections.js';
import type { Position, Source } from './source.js';

/** Where the bytes of an assembled module come from. */
export class SourceMap {
  private readonly source: Source;
  /** Ascending byte offsets in the module, and for each the offset in the text. */
  private readonly offsets: Int32Array;
  private readonly places: Int32Array;

  constructor(source: Source, marks: readonly number[]) {
    this.source = source;
    this.offsets = Int32Array.from({ length: marks.length / 2 }, (_, i) => marks[2 * i]!);
    this.places = Int32Array.from({ length: marks.length / 2 }, (_, i) => marks[2 * i + 1]!);
  }

  /** The place in the text of the instruction or field that the byte at `offset` belongs to. */
  position(offset: number): Position | undefined {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.source.position(this.places[low - 1]!);
  }
}

export interface Assembled {
  readonly bytes: Uint8Array;
  readonly sourceMap: SourceMap;
  /** The module's identifier, without its `$`. */
  readonly id: string | undefined;
}

export interface AssembleOptions {
  /** What of the language is admitted (default: WebAssembly 3.0). */
  readonly features?: Features;
}

/**
 * Text to binary. The text is one `(module …)` or just its fields; names go to the name section. Throws `SyntaxError`
 * with line and column; an assembled module is well-formed but not validated.
 */
export function assemble(source: string | Uint8Array, { features = WASM_3 }: AssembleOptions = {}): Assembled {
  const tokens = lex(source);
  const cursor = new Cursor(tokens, 0);
  const assembled = assembleAt(cursor, features);
  if (!cursor.is(TOKEN.eof)) throw cursor.unexpected('the end of the text');
  return assembled;
}

/** `(module …)` at the cursor, in any of its forms, or the fields of a module up to the end of the text. */
export function assembleAt(cursor: Cursor, features: Features): Assembled {
  // Annotations between `(` and `module` do not matter, so that the tokens are enough to look at.
  if (!cursor.tryOpen('module')) return layout(parseModule(cursor, features, undefined), undefined, cursor.tokens);
  const id = cursor.tryId();
  const assembled = assembleBody(cursor, features, id);
  cursor.close();
  return assembled;
}

/** What stands in `(module id? …)` after the identifier: fields, `binary "…"*` or `quote "…"*`. */
export function assembleBody(cursor: Cursor, features: Features, id: string | undefined): Assembled {
  if (cursor.tryWord('binary')) return { bytes: cursor.strings(), sourceMap: new SourceMap(cursor.tokens.source, []), id };
  if (cursor.tryWord('quote')) return { ...assemble(cursor.strings(), { features }), id };
  return layout(parseModule(cursor, features, id), id, cursor.tokens);
}

/** Puts the sections in order, with the custom ones in their places. */
function layout(parsed: ParsedModule, id: string | undefined, tokens: Tokens): Assembled {
  const { scope, sections, start } = parsed;
  const out = new ByteWriter(4096).header();
  const marks: number[] = [];
  const customs: CustomAnnotation[] = [...parsed.customs, ...metadataSections(parsed.metadata)];
  const writeCustoms = (place: number): void => {
    for (const { name, data } of customs.filter((custom) => custom.place === place)) {
      out.section(SECTION.custom, (content) => content.blob(name).bytes(data));
    }
  };
  writeCustoms(FIRST);
  for (const [i, section] of SECTIONS.entries()) {
    writeCustoms(2 * i);
    const content = sections.get(section.id);
    if (section.id === SECTION.type && scope.types.types.length > 0) out.section(section.id, (types) => types.types(scope.types.types));
    else if (section.id === SECTION.start && start !== undefined) {
      marks.push(out.length, start.offset);
      out.section(section.id, (item) => item.u32(start.index));
    } else if (section.id === SECTION.datacount && scope.usesData) out.section(section.id, (item) => item.u32(scope.datas.count));
    else if (content !== undefined) {
      const count = new ByteWriter(8).u32(content.count).take();
      out.byte(section.id).u32(count.length + content.out.length).bytes(count);
      const base = out.length;
      for (let at = 0; at < content.marks.length; at += 2) marks.push(base + content.marks[at]!, content.marks[at + 1]!);
      out.bytes(content.out.take());
    }
    writeCustoms(2 * i + 1);
  }
  const names = encodeNames(scope.names(parsed.name));
  if (names.length > 0) out.customSection('name', names);
  writeCustoms(LAST);
  return { bytes: out.take().slice(), sourceMap: new SourceMap(tokens.source, marks), id };
}
