import { type Block, type Edge, successors } from './block.js';

/** More nested statements than this are left to the dispatching form: the host's parser recurses. */
const MAX_NESTING = 200;

interface Node {
  readonly block: Block;
  readonly order: number;
  /** Immediate dominator. */
  dominator: Node | undefined;
  /** Edges from blocks before it in order. */
  forward: number;
  /** Is there an edge from a block behind it? */
  head: boolean;
  /** The innermost loop that it is in: its head. Of a head: its own loop. */
  loop: Node | undefined;
  /** Has a label, and is written down where `inside` or `outside` of another node says. */
  labelled: boolean;
  readonly inside: Node[];
  readonly outside: Node[];
}

/**
 * Arranges blocks as nested JavaScript: a block that is reached from one place only stands there; a block that is
 * reached from several follows a labelled statement that they break out of; a loop is a `for` around what comes back to
 * its head. Where loops have several entries the blocks become the cases of a `switch` in a loop.
 *
 * @param start Text for a block that loops come back to, before it.
 */
export function arrange(entry: Block, start: (block: Block) => string): string {
  const nodes = order(entry);
  const byBlock = new Map(nodes.map((node) => [node.block, node]));
  if (dominate(nodes, byBlock)) {
    findLoops(nodes, byBlock);
    place(nodes);
    const text = new Nested(byBlock, start).text(nodes[0]!);
    if (text !== undefined) return text;
  }
  return new Dispatching(nodes, byBlock, start).text();
}

/** Reachable blocks in reverse postorder. */
function order(entry: Block): Node[] {
  const seen = new Set<Block>([entry]);
  const finished: Block[] = [];
  const stack: { block: Block; edges: readonly Edge[]; next: number }[] = [{ block: entry, edges: successors(entry.end), next: 0 }];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    // From the last to the first, so that the first comes first in reverse.
    const edge = top.edges[top.edges.length - 1 - top.next++];
    if (edge === undefined) {
      finished.push(top.block);
      stack.pop();
    } else if (!seen.has(edge.target)) {
      seen.add(edge.target);
      stack.push({ block: edge.target, edges: successors(edge.target.end), next: 0 });
    }
  }
  return finished.reverse().map((block, i) => ({
    block, order: i, dominator: undefined, forward: 0, head: false, loop: undefined, labelled: false, inside: [], outside: [],
  }));
}

/** Finds immediate dominators (Cooper, Harvey and Kennedy's iteration); false where a loop has several entries. */
function dominate(nodes: readonly Node[], byBlock: Map<Block, Node>): boolean {
  const predecessors = new Map<Node, Node[]>();
  for (const node of nodes) {
    for (const { target } of successors(node.block.end)) {
      const to = byBlock.get(target)!;
      if (to.order > node.order) to.forward++;
      else to.head = true;
      const list = predecessors.get(to);
      if (list === undefined) predecessors.set(to, [node]);
      else list.push(node);
    }
  }
  const [root] = nodes as [Node, ...Node[]];
  root.dominator = root;
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of nodes) {
      if (node === root) continue;
      let found: Node | undefined;
      for (const from of predecessors.get(node)!) {
        if (from.dominator !== undefined) found = found === undefined ? from : common(found, from);
      }
      if (found !== node.dominator) {
        node.dominator = found;
        changed = true;
      }
    }
  }
  for (const node of nodes) {
    if (node.head) for (const from of predecessors.get(node)!) if (from.order >= node.order && !dominates(node, from)) return false;
  }
  return true;
}
function common(a: Node, b: Node): Node {
  let x = a;
  let y = b;
  while (x !== y) {
    while (x.order > y.order) x = x.dominator!;
    while (y.order > x.order) y = y.dominator!;
  }
  return x;
}
function dominates(a: Node, b: Node): boolean {
  let x = b;
  while (x.order > a.order) x = x.dominator!;
  return x === a;
}

function findLoops(nodes: readonly Node[], byBlock: Map<Block, Node>): void {
  const predecessors = new Map<Node, Node[]>();
  for (const node of nodes) {
    for (const { target } of successors(node.block.end)) {
      const to = byBlock.get(target)!;
      const list = predecessors.get(to);
      if (list === undefined) predecessors.set(to, [node]);
      else list.push(node);
    }
  }
  // Inner loops have later heads, and are found first.
  for (const head of [...nodes].reverse()) {
    if (!head.head) continue;
    const work = predecessors.get(head)!.filter((from) => from.order >= head.order);
    const inLoop = new Set<Node>([head]);
    while (work.length > 0) {
      const node = work.pop()!;
      if (inLoop.has(node)) continue;
      inLoop.add(node);
      for (const from of predecessors.get(node)!) work.push(from);
    }
    outerLoop.set(head, undefined);
    for (const node of inLoop) {
      if (node === head) continue;
      if (node.loop === undefined) node.loop = head;
      else {
        let outermost = node.loop;
        for (let next = outerLoop.get(outermost); next !== undefined; next = outerLoop.get(outermost)) outermost = next;
        if (outermost !== head) outerLoop.set(outermost, head);
      }
    }
    if (head.loop === undefined) head.loop = head;
  }
}
/** The loop around a loop, by heads. */
const outerLoop = new WeakMap<Node, Node | undefined>();

function isIn(node: Node, head: Node): boolean {
  for (let loop = node.loop; loop !== undefined; loop = outerLoop.get(loop)) if (loop === head) return true;
  return false;
}

/** Decides where each block is written down: in its only predecessor, or with a label. */
function place(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (node.order === 0) continue;
    const parent = node.dominator!;
    // Out of every loop that the dominator is in and the block is not.
    let out: Node | undefined;
    for (let loop = parent.loop; loop !== undefined && !isIn(node, loop); loop = outerLoop.get(loop)) out = loop;
    if (out !== undefined) {
      node.labelled = true;
      out.outside.push(node);
    } else if (node.forward > 1) {
      node.labelled = true;
      parent.inside.push(node);
    }
  }
}

/** Without the `|0` the host's optimiser would check for overflow, and in loops take the number for any value. */
function charge(count: number): string {
  return count > 0 ? `c=c-${count}|0;` : '';
}

/** What a block does, with the charge for it. */
function body({ count, lines }: Block): string {
  return charge(count) + lines.join('');
}

class Nested {
  private readonly byBlock: Map<Block, Node>;
  private readonly start: (block: Block) => string;
  private nesting = 0;
  private deepest = 0;

  constructor(byBlock: Map<Block, Node>, start: (block: Block) => string) {
    this.byBlock = byBlock;
    this.start = start;
  }

  text(root: Node): string | undefined {
    const text = this.tree(root, 0);
    return this.deepest > MAX_NESTING ? undefined : text;
  }

  /** @param owed Instructions that were done on the way to the node, and are not charged yet. */
  private tree(node: Node, owed: number): string {
    if (this.deepest > MAX_NESTING) return '';
    if (!node.head) return this.labelled(node.inside, () => this.own(node, owed));
    const loop = (): string => `${node.block.ahead}L${node.block.id}:for(;;){${this.start(node.block)}${this.labelled(node.inside, () => this.own(node, 0))}}`;
    return charge(owed) + this.labelled(node.outside, loop);
  }

  /** Followers in order of appearance, each behind a statement that can be broken out of. */
  private labelled(followers: readonly Node[], inner: () => string): string {
    const sorted = [...followers].sort((a, b) => a.order - b.order);
    this.nesting += sorted.length + 1;
    this.deepest = Math.max(this.deepest, this.nesting);
    let text = this.deepest > MAX_NESTING ? '' : inner();
    for (const node of sorted) text = `B${node.block.id}:{${text}}${this.tree(node, 0)}`;
    this.nesting -= sorted.length + 1;
    return text;
  }

  private own(node: Node, before: number): string {
    const { end, count, lines } = node.block;
    const text = lines.join('');
    // Where nothing is left the charge can wait for the next block.
    const waits = end.kind !== 'stop' && end.kind !== 'switch' && !text.includes('break X');
    const owed = waits ? before + count : 0;
    const all = waits ? text : charge(before + count) + text;
    switch (end.kind) {
      case 'stop':
        return all;
      case 'goto':
        return all + this.edge(node, end.edge, owed);
      case 'if':
        return `${all}if(${end.condition}){${this.edge(node, end.taken, owed)}}${this.edge(node, end.otherwise, owed)}`;
      case 'switch':
        return `${all}switch(${end.index}){${cases(end.edges, (edge) => this.edge(node, edge, 0))}}`;
    }
  }

  private edge(from: Node, { target, text, count }: Edge, before: number): string {
    const to = this.byBlock.get(target)!;
    const owed = before + count;
    if (to.order <= from.order) return `${text}${charge(owed)}continue L${target.id};`;
    if (to.labelled) return `${text}${charge(owed)}break B${target.id};`;
    return text + this.tree(to, owed);
  }
}

/** The cases of a switch, those with the same text together. The last edge is the default. */
function cases(edges: readonly Edge[], show: (edge: Edge) => string): string {
  const byText = new Map<string, string[]>();
  const shown = new Map<Block, string>();
  edges.forEach((edge, i) => {
    let text = shown.get(edge.target);
    if (text === undefined || edge.text !== '') shown.set(edge.target, (text = show(edge)));
    const labels = byText.get(text) ?? [];
    labels.push(i === edges.length - 1 ? 'default' : `case ${i}`);
    byText.set(text, labels);
  });
  return [...byText].map(([text, labels]) => `${labels.join(':')}:{${text}}`).join('');
}

class Dispatching {
  private readonly nodes: readonly Node[];
  private readonly byBlock: Map<Block, Node>;
  private readonly start: (block: Block) => string;
  private nesting = 0;
  private readonly apart: Node[] = [];

  constructor(nodes: readonly Node[], byBlock: Map<Block, Node>, start: (block: Block) => string) {
    this.nodes = nodes;
    this.byBlock = byBlock;
    this.start = start;
  }

  text(): string {
    let text = '';
    for (const node of this.nodes) {
      if (node.order === 0 || node.head || node.forward > 1) this.apart.push(node);
    }
    for (let i = 0; i < this.apart.length; i++) {
      const node = this.apart[i]!;
      text += `case ${node.block.id}:{${node.head ? this.start(node.block) : ''}${this.own(node)}}`;
    }
    return `let b=${this.nodes[0]!.block.id};D:for(;;)switch(b){${text}}`;
  }

  private own(node: Node): string {
    const { block } = node;
    const { end } = block;
    const text = body(block);
    switch (end.kind) {
      case 'stop':
        return text;
      case 'goto':
        return text + this.edge(end.edge);
      case 'if':
        return `${text}if(${end.condition}){${this.edge(end.taken)}}${this.edge(end.otherwise)}`;
      case 'switch':
        return `${text}switch(${end.index}){${cases(end.edges, (edge) => this.edge(edge))}}`;
    }
  }

  private edge({ target, text, count }: Edge): string {
    const to = this.byBlock.get(target)!;
    const apart = to.order === 0 || to.head || to.forward > 1 || this.apart.includes(to);
    if (!apart && this.nesting < MAX_NESTING) {
      this.nesting++;
      const inline = text + charge(count) + this.own(to);
      this.nesting--;
      return inline;
    }
    if (!apart) this.apart.push(to);
    return `${text}${charge(count)}b=${target.id};continue D;`;
  }
}
