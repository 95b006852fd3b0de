import { DecodeError, ValidationError } from '../errors.js';
import { OP } from '../instructions.js';
import type { CodeRange, CustomSection, Module } from '../module.js';
import { ByteReader } from './byte-reader.js';
import { InstructionReader } from './code-reader.js';

/** The sections of code metadata are called this and what kind of metadata they hold. */
export const METADATA_PREFIX = 'metadata.code.';
const BRANCH_HINT = `${METADATA_PREFIX}branch_hint`;

/** What a code metadata section says about one instruction (appendix, code metadata). */
export interface CodeMetadata {
  /** Function index. */
  readonly func: number;
  /** Byte offset in the module. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Reads a code metadata section; undefined if it is malformed or speaks of what is not there. Whether there is an
 * instruction at an offset is for the caller to see.
 */
export function readCodeMetadata(module: Module, { start, end }: CustomSection): CodeMetadata[] | undefined {
  const reader = new ByteReader(module.bytes, start, end);
  const starts = bodyStarts(module);
  const items: CodeMetadata[] = [];
  try {
    for (let functions = reader.length(); functions > 0; functions--) {
      const func = reader.u32();
      const body = starts[func - module.imported.funcs];
      if (body === undefined) return undefined;
      for (let count = reader.length(); count > 0; count--) {
        const offset = body + reader.u32();
        const size = reader.length();
        items.push({ func, offset, data: reader.bytes.subarray(reader.pos, reader.pos + size) });
        reader.skip(size);
      }
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  return reader.pos === end ? items : undefined;
}

/** Where each function's body starts, its declaration of locals included: what the offsets count from. */
function bodyStarts(module: Module): number[] {
  const section = module.sections.find(({ name }) => name === 'code');
  if (section === undefined) return [];
  const reader = new ByteReader(module.bytes, section.start, section.end);
  return Array.from({ length: reader.length() }, () => {
    const size = reader.length();
    const start = reader.pos;
    reader.skip(size);
    return start;
  });
}

/** The opcodes of a well-formed body by their offsets. */
export function instructionsOf({ bytes }: Module, { offset, end }: CodeRange): Map<number, number> {
  const reader = new InstructionReader(bytes, offset, end);
  const ops = new Map<number, number>();
  while (reader.pos < end) {
    const op = reader.next();
    ops.set(reader.start, op);
  }
  return ops;
}

/** Branch hints stand at `if` and `br_if` only. Throws `ValidationError`; the module itself is valid either way. */
export function validateBranchHints(module: Module): void {
  for (const section of module.customs) {
    if (section.name !== BRANCH_HINT) continue;
    const hints = readCodeMetadata(module, section);
    if (hints === undefined) throw new ValidationError(`@${BRANCH_HINT} annotation: malformed section`, section.start);
    for (const { func, offset } of hints) {
      const op = instructionsOf(module, module.funcs[func - module.imported.funcs]!.body).get(offset);
      if (op !== OP.if && op !== OP.br_if) throw new ValidationError(`@${BRANCH_HINT} annotation: invalid target`, offset, func);
    }
  }
}
