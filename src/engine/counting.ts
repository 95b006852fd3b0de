import { OP } from '../wasm/opcodes.js';

/** What only says where others begin and end. Every other instruction moves the clock by 1 when it is executed. */
const STRUCTURE = new Uint8Array(256);
for (const op of [OP.block, OP.loop, OP.else, OP.end, OP.catch, OP.catch_all, OP.delegate]) STRUCTURE[op] = 1;

export function movesClock(op: number): boolean {
  return op >= STRUCTURE.length || STRUCTURE[op] === 0;
}
