import { OP } from '../wasm/opcodes.js';

/** What only says where others begin and end. Every other instruction moves the clock by 1 when it is executed. */
const STRUCTURE: ReadonlySet<number> = new Set([OP.block, OP.loop, OP.else, OP.end, OP.catch, OP.catch_all, OP.delegate]);

export function movesClock(op: number): boolean {
  return op > OP.catch_all || !STRUCTURE.has(op);
}
