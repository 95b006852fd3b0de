import type { Cursor } from './cursor.js';
import { TOKEN } from './lexer.js';

/** One index space (spec §6.1.3): which identifier stands for which index. */
export class IndexSpace {
  /** As errors call it. */
  readonly kind: string;
  /** Names by index, for the name section: identifiers, or what a `@name` annotation says instead. */
  readonly names: Map<number, string> = new Map();
  count = 0;
  private readonly indices = new Map<string, number>();

  constructor(kind: string) {
    this.kind = kind;
  }

  /** Takes the next index, bound to the identifier at the cursor if there is one. */
  define(cursor: Cursor): void {
    const index = this.count++;
    const { at } = cursor;
    const id = cursor.tryId();
    if (id !== undefined) {
      if (this.indices.has(id)) throw cursor.error(`duplicate ${this.kind} $${id}`, at);
      this.indices.set(id, index);
    }
    this.name(index, cursor, id);
  }
  /** Takes the next index, which has no identifier. */
  skip(cursor?: Cursor): void {
    this.name(this.count++, cursor, undefined);
  }
  /** A `@name` annotation at the cursor has precedence. */
  private name(index: number, cursor: Cursor | undefined, id: string | undefined): void {
    const name = cursor?.tryName(this.kind) ?? id;
    if (name !== undefined) this.names.set(index, name);
  }

  /** Reads an index in either form. Whether a number is in range is for validation to say. */
  resolve(cursor: Cursor): number {
    if (!cursor.is(TOKEN.id)) return cursor.u32(`a ${this.kind} index`);
    const { at } = cursor;
    const id = cursor.tryId()!;
    const index = this.indices.get(id);
    if (index === undefined) throw cursor.error(`unknown ${this.kind === 'func' ? 'function' : this.kind} $${id}`, at);
    return index;
  }
}
