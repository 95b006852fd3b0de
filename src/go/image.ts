import { InstructionReader } from '../wasm/binary/code-reader.js';
import type { CodeRange, Module } from '../wasm/module.js';
import { OP } from '../wasm/opcodes.js';

/** No image larger than this is built: Go puts its data close to the bottom of memory. */
const MAX_IMAGE_BYTES = 2 ** 28;

/**
 * What memory 0 will hold after instantiation, without instantiating: the active data segments laid out, up to the
 * end of the last one. Go's linker leaves out runs of zeros, so the strings and tables of a program can only be found
 * here, never in the file. `undefined` if there is nothing, or more than 256 MiB of it.
 */
export function initialMemory(module: Module): Uint8Array | undefined {
  const placed: { at: number; start: number; end: number }[] = [];
  let size = 0;
  for (const { mode, start, end } of module.datas) {
    if (mode.kind !== 'active' || mode.target !== 0) continue;
    const at = constantOffset(module.bytes, mode.at);
    if (at === undefined) continue;
    placed.push({ at, start, end });
    size = Math.max(size, at + end - start);
  }
  if (size === 0 || size > MAX_IMAGE_BYTES) return undefined;
  // A whole number of words, so that the image can be scanned through wider views.
  const image = new Uint8Array(Math.ceil(size / 8) * 8);
  for (const { at, start, end } of placed) image.set(module.bytes.subarray(start, end), at);
  return image;
}

/** The value of an offset expression that is a plain constant. */
export function constantOffset(bytes: Uint8Array, range: CodeRange): number | undefined {
  const reader = new InstructionReader(bytes, range.offset, range.end);
  if (reader.next() !== OP.i32_const) return undefined;
  const value = reader.x >>> 0;
  return reader.next() === OP.end ? value : undefined;
}
