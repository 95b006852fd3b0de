import { decode } from '../wasm/binary/decode.js';
import { type Features, WASM_3 } from '../wasm/features.js';
import type { Module } from '../wasm/module.js';
import { validate } from '../wasm/validate/validate.js';

/** Decodes and validates a binary module. Throws `DecodeError` or `ValidationError`, both with the byte offset. */
export function loadModule(bytes: Uint8Array, features: Features = WASM_3): Module {
  const module = decode(bytes, features);
  validate(module, features);
  return module;
}

/** Does it begin as every binary module does, with `\0asm`? */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}
