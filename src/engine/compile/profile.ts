import { dispatcher } from './dispatch.js';
import type { Block } from './block.js';

/**
 * A function that is too large for the host's optimiser runs for a while in code that writes down which of its blocks
 * run: word 0 counts calls, and a word for each block says so.
 */
export function mark(blocks: readonly Block[]): void {
  for (const block of blocks) if (!dispatches(block)) block.lines.unshift(`W[${block.id + 1}]=1;`);
}

/** Byte offsets of blocks that have run. Those that dispatch are jumped over by code that knows the way. */
export function blocksThatRan(blocks: readonly Block[], words: Int32Array): Set<number> {
  return new Set(blocks.filter((block) => words[block.id + 1] === 1 || dispatches(block)).map(({ offset }) => offset));
}

function dispatches(block: Block): boolean {
  return dispatcher({ target: block, text: '', count: 0 }) !== undefined;
}
