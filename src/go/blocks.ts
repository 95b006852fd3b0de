import { InstructionReader } from '../wasm/binary/code-reader.js';
import { OP } from '../wasm/instructions.js';
import type { CodeRange, Module } from '../wasm/module.js';

/** From `offset` on, up to the next one, a function executes what belongs to resume point `pcB`. */
export interface BlockStart {
  readonly offset: number;
  readonly pcB: number;
}

/**
 * Where the resume points of a Go function begin, in the order of the code: Go's assembler puts a dispatch
 * (`local.get PC_B; br_table`) in front and makes each resume point the end of one of its blocks
 * (cmd/internal/obj/wasm, `assemble`). Empty for a function without a dispatch.
 */
export function blockStarts(module: Module, body: CodeRange): BlockStart[] {
  const reader = new InstructionReader(module.bytes, body.offset, body.end);
  const starts: BlockStart[] = [];
  /** The resume point that each open label leads to, −1 for none; known once the dispatch has been read. */
  const labels: number[] = [];
  let dispatched = false;
  let selects = false;
  while (reader.pos < body.end) {
    const op = reader.next();
    switch (op) {
      case OP.block:
      case OP.loop:
      case OP.if:
        labels.push(-1);
        break;
      case OP.end: {
        const pcB = labels.pop() ?? -1;
        if (pcB >= 0) starts.push({ offset: reader.pos, pcB });
        break;
      }
      case OP.br_table:
        if (selects && !dispatched) {
          dispatched = true;
          for (let pcB = reader.labelCount - 2; pcB >= 0; pcB--) {
            const at = labels.length - 1 - reader.labels[pcB]!;
            if (at >= 0) labels[at] = pcB;
          }
        }
        break;
    }
    selects = op === OP.local_get && reader.x === 0;
  }
  return starts;
}
