import { functionNames, type NameKind, type NameMap, type Names } from '../binary/names.js';
import type { Module } from '../module.js';

const PLAIN_ID = /^[\w!#$%&'*+\-./:<=>?@\\^`|~]+$/;
const encoder = new TextEncoder();

/** A string literal of these bytes. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    if (byte < 0x20 || byte >= 0x7f) text += `\\${byte.toString(16).padStart(2, '0')}`;
    else if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else text += String.fromCharCode(byte);
  }
  return `${text}"`;
}

/** A string literal of this name, as readable as can be. */
export function quoteName(name: string): string {
  // Quotes, backslashes, controls, and what cannot be seen or turns the reading direction.
  const text = name.replace(/["\\\p{C}\p{Zl}\p{Zp}]/gu, (c) => quoteBytes(encoder.encode(c)).slice(1, -1));
  return `"${text}"`;
}

/** An identifier for a name; undefined for the empty one, which no identifier can be. */
export function identifier(name: string): string | undefined {
  if (name === '') return undefined;
  return PLAIN_ID.test(name) ? `$${name}` : `$${quoteName(name)}`;
}

/** How the members of one index space are called in the printed text. */
export class Namer {
  private readonly names: NameMap;
  private readonly ids = new Map<number, string>();

  constructor(names: NameMap) {
    this.names = names;
    const taken = new Set<string>();
    for (const [index, name] of names) {
      const id = identifier(name);
      if (id === undefined || taken.has(id)) continue;
      taken.add(id);
      this.ids.set(index, id);
    }
  }

  has(index: number): boolean {
    return this.names.has(index);
  }
  /** For where it is used. */
  use(index: number): string {
    return this.ids.get(index) ?? String(index);
  }
  /** For where it is defined, with a space before: an identifier, or an annotation where there can be none. */
  define(index: number): string {
    const name = this.names.get(index);
    if (name === undefined) return '';
    const id = this.ids.get(index);
    return id === undefined ? ` (@name ${quoteName(name)})` : ` ${id}`;
  }
}

/** All names of a module, ready for printing. */
export class ModuleNamers {
  private readonly names: Names;
  private readonly direct = new Map<NameKind, Namer>();
  private readonly fields = new Map<number, Namer>();

  constructor(module: Module) {
    this.names = functionNames(module);
  }

  get module(): string | undefined {
    return this.names.module;
  }

  of(kind: NameKind): Namer {
    let namer = this.direct.get(kind);
    if (namer === undefined) this.direct.set(kind, (namer = new Namer(this.names.of(kind))));
    return namer;
  }
  fieldsOf(type: number): Namer {
    let namer = this.fields.get(type);
    if (namer === undefined) this.fields.set(type, (namer = new Namer(this.names.within('field', type))));
    return namer;
  }
  localsOf(func: number): Namer {
    return new Namer(this.names.within('local', func));
  }
  labelsOf(func: number): NameMap {
    return this.names.within('label', func);
  }
}
