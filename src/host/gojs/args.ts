import type { GuestMemory } from '../../engine/guest-memory.js';
import { ARGS_END, ARGS_START } from '../../go/abi.js';

/** The command line and the environment do not fit the room that Go's linker leaves for them. */
export class ArgumentsTooLong extends Error {
  override readonly name = 'ArgumentsTooLong';
  constructor() {
    super('total length of command line and environment variables exceeds limit');
  }
}

const encoder = new TextEncoder();

/**
 * Writes the command line and the environment (keys in sorted order) where the `run` export expects them, as C does:
 * strings, then pointers to the arguments, 0, pointers to `KEY=value`, 0. Gives the address of the pointers. Throws
 * `ArgumentsTooLong` before anything is written.
 */
export function writeArguments(memory: GuestMemory, argv: readonly string[], env: Readonly<Record<string, string>>): number {
  const environment = Object.keys(env)
    .sort()
    .map((key) => `${key}=${env[key]}`);
  const area = new Uint8Array(ARGS_END - ARGS_START);
  const view = new DataView(area.buffer);
  let offset = 0;
  const place = (bytes: number): number => {
    const at = offset;
    offset += Math.ceil(bytes / 8) * 8;
    if (offset >= area.length) throw new ArgumentsTooLong();
    return at;
  };
  const string = (text: string): number => {
    const bytes = encoder.encode(text);
    const at = place(bytes.length + 1);
    area.set(bytes, at);
    return ARGS_START + at;
  };
  const pointers = [...argv.map(string), 0, ...environment.map(string), 0];
  const table = place(pointers.length * 8);
  pointers.forEach((pointer, i) => view.setUint32(table + i * 8, pointer, true));
  memory.write(ARGS_START, area.subarray(0, offset));
  return ARGS_START + table;
}
