import { type Block, type Edge, successors } from './block.js';
import { leaving } from './builder.js';

/**
 * Go's functions jump by setting PC_B to a constant and branching to a block that dispatches on it: such jumps go
 * straight to where the constant leads.
 */
export function thread(blocks: readonly Block[]): void {
  for (const block of blocks) {
    for (const edge of successors(block.end)) {
      const through = dispatcher(edge);
      if (through === undefined || block.known === undefined || block.known.local !== through.local) continue;
      follow(edge, through.edges[Math.min(block.known.value >>> 0, through.edges.length - 1)]!);
    }
  }
}

export function dispatcher({ target, text }: Edge): { local: number; edges: readonly Edge[] } | undefined {
  const { end } = target;
  if (end.kind !== 'switch' || end.local < 0 || target.types.length > 0 || text !== '' || target.lines.some((line) => line !== '')) return undefined;
  return end.edges.every((edge) => edge.text === '') ? end : undefined;
}
function follow(edge: Edge, next: Edge): void {
  edge.count += edge.target.count;
  edge.target = next.target;
}

/**
 * A function that begins with a dispatch is compiled for one value of what it dispatches on; for its first entry it
 * leaves where it is resumed. Answers the dispatch.
 */
export function guardDispatch(entry: Block, part: number): { local: number; edges: readonly Edge[]; site: number } | undefined {
  const { end } = entry;
  if (end.kind !== 'goto') return undefined;
  const through = dispatcher(end.edge);
  if (through === undefined) return undefined;
  const head = end.edge.target;
  const resume: Block = { ...head, id: -1, lines: [leaving(head.site, [])], count: 0, end: { kind: 'stop' }, known: undefined };
  const first: Edge = { target: head, text: '', count: 0 };
  follow(first, through.edges[Math.min(part, through.edges.length - 1)]!);
  if (part > 0) entry.end = { kind: 'goto', edge: first };
  else entry.end = { kind: 'if', condition: `l${through.local}!==0`, taken: { target: resume, text: '', count: 0 }, otherwise: first };
  return { ...through, site: head.site };
}
