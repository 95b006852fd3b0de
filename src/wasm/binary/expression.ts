import { OP } from '../instructions.js';
import type { InstructionReader } from './code-reader.js';

const NAMES_DATA = new Set<number>([OP.memory_init, OP.data_drop, OP.array_new_data, OP.array_init_data]);

/**
 * Passes over an expression including its final `end` (§5.4.10), checking that it is well-formed: known opcodes,
 * whole immediates, blocks that are closed. Answers whether an instruction names a data segment.
 */
export function skipExpression(reader: InstructionReader): boolean {
  const open: number[] = [];
  let usesData = false;
  for (;;) {
    const op = reader.next();
    usesData = usesData || NAMES_DATA.has(op);
    switch (op) {
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.try:
      case OP.try_table:
        open.push(op);
        break;
      case OP.else:
        if (open.pop() !== OP.if) reader.fail('END opcode expected', reader.start);
        open.push(OP.else);
        break;
      case OP.catch:
      case OP.catch_all:
        if (open.at(-1) !== OP.try) reader.fail('END opcode expected', reader.start);
        if (op === OP.catch_all) open[open.length - 1] = OP.catch_all;
        break;
      case OP.delegate:
        if (open.pop() !== OP.try) reader.fail('END opcode expected', reader.start);
        break;
      case OP.end:
        if (open.length === 0) return usesData;
        open.pop();
        break;
    }
  }
}
