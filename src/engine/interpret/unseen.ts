/**
 * Which blocks of lowered code have run. The first operation of each is marked, and the loop takes the mark away when it
 * meets it: what has run once costs nothing more.
 */

/** Added to the opcode of a marked operation. */
export const UNSEEN = 256;

/** Numbers of a block: where its code begins, its byte offset. */
const BLOCK = 2;

export const NO_BLOCKS: Int32Array = new Int32Array(0);

/** Marks the blocks of code of `length` words at `base`. `blocks`: positions in it, each with a byte offset. */
export function markBlocks(code: Int32Array, base: number, length: number, blocks: readonly number[]): Int32Array {
  const marked = new Int32Array(blocks.length);
  let at = 0;
  for (let i = 0; i < blocks.length; i += BLOCK) {
    // Nothing follows where all that would is known not to be reached.
    if (blocks[i]! >= length) continue;
    const pc = base + blocks[i]!;
    code[pc]! |= UNSEEN;
    marked[at] = pc;
    marked[at + 1] = blocks[i + 1]!;
    at += BLOCK;
  }
  return marked.subarray(0, at);
}

/** The block at a byte offset has run, however that was. */
export function seeOffset(code: Int32Array, blocks: Int32Array, offset: number): void {
  for (let i = 0; i < blocks.length; i += BLOCK) {
    if (blocks[i + 1] === offset) code[blocks[i]!]! &= ~UNSEEN;
  }
}

/** Byte offsets of the blocks that have not run. */
export function unseenBlocks(code: Int32Array, blocks: Int32Array): Set<number> {
  const unseen = new Set<number>();
  for (let i = 0; i < blocks.length; i += BLOCK) if ((code[blocks[i]!]! & UNSEEN) !== 0) unseen.add(blocks[i + 1]!);
  return unseen;
}
