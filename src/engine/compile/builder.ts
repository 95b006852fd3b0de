import type { InstructionReader } from '../../wasm/binary/code-reader.js';
import { F64, I64, type ValType } from '../../wasm/types.js';
import { Crash } from '../errors.js';
import type { Block, Edge, Site, Word } from './block.js';
import type { Location } from './guard.js';
import { float, literalOf, located, NOTHING, type Operand, words, wordsOfNumber } from './operand.js';

/** Why a function stays interpreted. */
export class NotWorthCompiling extends Error {
  override readonly name = 'NotWorthCompiling';
}

/** Expressions longer than this go through a variable. */
const MAX_EXPRESSION = 48;

export function isWide(type: ValType): boolean {
  return type === I64 || type === F64;
}

/** What is known of addresses, and how many guards stand. */
export interface Known {
  readonly locations: Map<number, Location>;
  readonly guard: number;
}

/** Makes the blocks of a function, their lines and the places where they are left; holds the operands. */
export abstract class Builder {
  protected readonly reader: InstructionReader;
  protected readonly blocks: Block[] = [];
  protected readonly sites: Site[] = [];
  protected readonly stack: Operand[] = [];
  protected block!: Block;
  protected reachable = true;
  protected temp = 0;
  protected temps = 0;
  protected depth = 0;
  /** What is known of the values of locals, as far as they are addresses. */
  protected locations: Map<number, Location> = new Map();
  protected guard = 0;
  /** Variables of guards. */
  protected guards = 0;

  constructor(reader: InstructionReader) {
    this.reader = reader;
  }

  // Blocks and sites

  protected addSite(kind: Site['kind'], offset: number, next?: Block, callee: number = -1, table: number = -1, accesses?: readonly number[]): number {
    return this.sites.push({ kind, offset, uncount: 0, next, operands: 0, callee, table, reached: false, pc: -1, charge: 0, returnPc: -1, words: [], accesses, heat: 0 }) - 1;
  }
  protected newBlock(types: readonly ValType[], offset: number = this.reader.pos): Block {
    const id = this.blocks.length;
    const block: Block = { id, offset, types, lines: [], ahead: '', count: 0, end: { kind: 'stop' }, site: this.addSite('start', offset), known: undefined };
    this.blocks.push(block);
    this.sites[block.site]!.words = types.flatMap((type) => [undefined, isWide(type) ? undefined : 0]);
    this.depth = Math.max(this.depth, types.length);
    return block;
  }
  /**
   * Goes on in a block, whose operands are in their variables.
   *
   * @param known Of locals: in a block that is only reached from a single place, where that was known. No version begins there.
   */
  protected begin(block: Block, known?: Known): void {
    (block as { offset: number }).offset = this.reader.pos;
    const site = this.sites[block.site]!;
    (site as { offset: number }).offset = this.reader.pos;
    site.reached = known === undefined;
    this.block = block;
    this.reachable = true;
    this.temp = 0;
    this.locations = known?.locations ?? new Map();
    this.guard = known?.guard ?? 0;
    this.stack.length = 0;
    for (const type of block.types) this.pushVariable(type);
    if (this.isDead(block.offset)) {
      this.line(this.leaving(block.site, this.stack));
      block.end = { kind: 'stop' };
      this.reachable = false;
    }
  }
  /** What is known here, for a block that is reached from here alone. */
  protected get known(): Known {
    return { locations: new Map(this.locations), guard: this.guard };
  }
  /** Is a block left to the interpreter? */
  protected abstract isDead(offset: number): boolean;
  protected pushVariable(type: ValType): void {
    const i = this.stack.length;
    this.stack.push(words(type, `s${i}`, isWide(type) ? `z${i}` : '0', NOTHING, true));
  }

  protected get lines(): string[] {
    return this.block.lines;
  }
  protected newTemp(): string {
    const name = `t${this.temp++}`;
    if (this.temp > this.temps) this.temps = this.temp;
    return name;
  }
  protected line(text: string): void {
    this.block.lines.push(text);
  }
  protected assign(text: string): string {
    const name = this.newTemp();
    this.line(`${name}=${text};`);
    return name;
  }
  /** A variable that is only computed, here, if somebody asks for it. */
  protected deferred(text: () => string): () => string {
    const { lines } = this;
    const at = lines.push('') - 1;
    const name = this.newTemp();
    return () => {
      if (lines[at] === '') lines[at] = `${name}=${text()};`;
      return name;
    };
  }

  // Operands

  protected pop(): Operand {
    const operand = this.stack.pop();
    if (operand === undefined) throw new Crash('an operand is missing');
    return operand;
  }
  protected push(operand: Operand): void {
    this.stack.push(operand);
  }
  protected pushWord(type: ValType, text: string, reads: readonly number[] = NOTHING): void {
    if (text.length > MAX_EXPRESSION) this.push(words(type, this.assign(text), '0', NOTHING, true));
    else this.push(words(type, text, '0', reads, false));
  }
  /** The same operand in variables of its own, or in what cannot change. */
  protected settled(operand: Operand): Operand {
    if (operand.simple && operand.reads.length === 0) return operand;
    if (operand.exact) return this.computed(operand.type, operand.number());
    const settled = words(operand.type, this.assign(operand.lo()), isWide(operand.type) ? this.deferred(operand.hi) : '0', NOTHING, true);
    return located(settled, operand.location);
  }
  /** The result of arithmetic: a number, any NaN of which stands for the canonical one. */
  protected computed(type: ValType, text: string): Operand {
    const name = this.assign(text);
    const [lo, hi] = wordsOfNumber(type, name);
    return float(type, name, this.deferred(() => lo), hi === '0' ? () => '0' : this.deferred(() => hi), NOTHING);
  }
  protected simple(operand: Operand): Operand {
    return operand.simple ? operand : this.settled(operand);
  }
  /** Makes the expressions of all operands short, because a site is about to repeat them. */
  protected simplify(): void {
    const { stack } = this;
    for (let i = 0; i < stack.length; i++) stack[i] = this.simple(stack[i]!);
  }

  /** Leaves before the current instruction, whose operands still stand on the stack. */
  protected leave(callee: number = -1, table: number = -1, accesses?: readonly number[]): string {
    const site = this.addSite('at', this.reader.start, this.block, callee, table, accesses);
    // The instruction has been counted.
    this.sites[site]!.uncount = 1 - this.block.count;
    return this.leaving(site, this.stack);
  }

  protected leaving(site: number, operands: readonly Operand[]): string {
    const texts = operands.flatMap((operand) => [operand.coldLo(), isWide(operand.type) ? operand.coldHi() : '0']);
    const all = (this.sites[site]!.words = texts.map(known));
    return leaving(site, texts.filter((_, i) => all[i] === undefined));
  }

  /**
   * The same where a call has left. Not by a call, unless something is given: where it has not been done before, the
   * host's optimiser would give up the code of all callers for one that leaves deep down.
   */
  protected unwinding(site: number, operands: readonly Operand[]): string {
    const text = this.leaving(site, operands);
    return text === leaving(site, []) ? `k=${site};break X;` : text;
  }

  protected typesBelow(height: number): ValType[] {
    return this.stack.slice(0, height).map((operand) => operand.type);
  }

  /** A way to a block that begins with the bottom `height` operands and the top `count`. */
  protected edgeTo(target: Block, height: number, count: number): Edge {
    const first = this.stack.length - count;
    let text = '';
    for (let i = 0; i < height + count; i++) text += variable(i, this.stack[i < height ? i : first + i - height]!);
    return { target, text, count: 0 };
  }
}

/**
 * Goes to where the locals are written down, with those words of operands that nothing else says. By a call: as long as
 * it has not been done, the host's optimiser takes it for the end of the matter.
 */
export function leaving(site: number, given: readonly string[]): string {
  return `k=o(${[site, ...given].join()});break X;`;
}

/** How a word of an operand is known without being given. */
function known(text: string): Word {
  const constant = literalOf(text);
  if (constant !== undefined) return constant;
  const local = /^([lh])(\d+)$/.exec(text);
  return local === null ? undefined : { cell: 2 * Number(local[2]) + (local[1] === 'h' ? 1 : 0) };
}

/** Puts an operand into the variable that a block expects it in. */
export function variable(i: number, operand: Operand): string {
  const wide = isWide(operand.type) && operand.hi() !== `z${i}` ? `z${i}=${operand.hi()};` : '';
  return operand.lo() === `s${i}` ? wide : `${wide}s${i}=${operand.lo()};`;
}
