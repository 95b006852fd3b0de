import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

/**
 * The test programs: built from `spec-tests/programs/{go,c,zig}` by `tools/build-programs.mjs` and committed
 * compressed, so that tests need no toolchain.
 */
export interface Program {
  readonly name: string;
  readonly language: 'go' | 'c' | 'zig';
  /** The compiler's version, as far as it matters. */
  readonly toolchain: string;
  readonly target: 'js' | 'wasip1' | 'freestanding';
  /** `command` has a start of its own; a `library` is initialised, then its exports are called. */
  readonly mode: 'command' | 'library';
  /** The source file or package, relative to `spec-tests/programs`. */
  readonly source: string;
  /** Import modules beyond WASI and gojs that the program needs (`support/imports.ts` offers them). */
  readonly imports?: readonly string[];
  /** Bytes, before packing. */
  readonly size: number;
  readonly sha256: string;
}

const folder = new URL('../programs/', import.meta.url);

export const programs: readonly Program[] = JSON.parse(readFileSync(new URL('programs.json', folder), 'utf8')) as Program[];

const loaded = new Map<string, Uint8Array>();

/** The bytes of the program's module; one copy per process, not to be written to. Throws when there is no such program. */
export function loadProgram(name: string): Uint8Array {
  let bytes = loaded.get(name);
  if (bytes === undefined) {
    if (!programs.some((program) => program.name === name)) {
      throw new Error(`no test program ${name}; there are ${programs.map((program) => program.name).join(', ')}`);
    }
    bytes = new Uint8Array(brotliDecompressSync(readFileSync(new URL(`built/${name}.wasm.br`, folder))));
    loaded.set(name, bytes);
  }
  return bytes;
}
