import { X } from './opcodes.js';

/**
 * Which blocks of lowered code have run. The first operation of each is written as an UNSEEN, which gives its own
 * opcode back when it is met: what has run once costs nothing more.
 */

/** Numbers of a block: where its code begins, the opcode that belongs there, its byte offset. In order of the first. */
const BLOCK = 3;

export const NO_BLOCKS: Int32Array = new Int32Array(0);

/** Marks the blocks of code of `length` words at `base`. `blocks`: positions in it, each with a byte offset. */
export function markBlocks(code: Int32Array, base: number, length: number, blocks: readonly number[]): Int32Array {
  const marked = new Int32Array((blocks.length / 2) * BLOCK);
  let at = 0;
  for (let i = 0; i < blocks.length; i += 2) {
    // Nothing follows where all that would is known not to be reached.
    if (blocks[i]! >= length) continue;
    const pc = base + blocks[i]!;
    marked[at] = pc;
    marked[at + 1] = at > 0 && marked[at - BLOCK] === pc ? marked[at - BLOCK + 1]! : code[pc]!;
    marked[at + 2] = blocks[i + 1]!;
    code[pc] = X.UNSEEN;
    at += BLOCK;
  }
  return marked.subarray(0, at);
}

/** The block at `pc` runs. */
export function seeBlock(code: Int32Array, blocks: Int32Array, pc: number): void {
  let low = 0;
  let high = blocks.length / BLOCK - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle * BLOCK]! < pc) low = middle + 1;
    else high = middle;
  }
  code[pc] = blocks[low * BLOCK + 1]!;
}

/** The block at a byte offset has run, however that was. */
export function seeOffset(code: Int32Array, blocks: Int32Array, offset: number): void {
  for (let i = 0; i < blocks.length; i += BLOCK) {
    if (blocks[i + 2] === offset) code[blocks[i]!] = blocks[i + 1]!;
  }
}

/** Byte offsets of the blocks that have not run. */
export function unseenBlocks(code: Int32Array, blocks: Int32Array): Set<number> {
  const unseen = new Set<number>();
  for (let i = 0; i < blocks.length; i += BLOCK) if (code[blocks[i]!] === X.UNSEEN) unseen.add(blocks[i + 2]!);
  return unseen;
}
