import type { InstructionReader } from '../../wasm/binary/code-reader.js';
import { OP } from '../../wasm/opcodes.js';

/**
 * Loops that do nothing but fill, copy or compare memory, an element a turn: how Go's memclr, memmove, memequal and
 * cmpbody are written, and memset and the like elsewhere. They are known by what a turn means, and not by their
 * instructions: a turn is followed with symbols for the values of the locals.
 */
export interface Turns {
  readonly kind: 'fill' | 'copy' | 'compare';
  /** Bytes of an element. */
  readonly size: number;
  /** The first address; of `compare` one of the two. */
  readonly to: Address;
  /** The second address; of `fill` the same. */
  readonly from: Address;
  /** What each byte is filled with. */
  readonly byte: number;
  readonly remaining: Remaining;
  /** Locals, and what a turn adds to each. */
  readonly steps: ReadonlyMap<number, number>;
  /** Instructions of a turn. */
  readonly count: number;
}

/** An address: the low word of a local and more; it moves by an element a turn. */
export interface Address {
  readonly local: number;
  readonly by: number;
  /** Of the access: it is added without regard to 32 bits. */
  readonly offset: number;
}

/** A turn is done as long as a local, and what is added to it, are at least so much, as unsigned numbers. */
export interface Remaining {
  readonly local: number;
  readonly by: number;
  readonly least: number;
  /** What a turn takes off. */
  readonly step: number;
}

/** Constants that a turn adds and compares with are no larger. */
const NEAR = 64;

/** A value of a turn. A sum, and a load through one, begin with what the local holds before the turn. */
type Value =
  | { readonly kind: 'sum'; readonly local: number; readonly by: number }
  | { readonly kind: 'constant'; readonly low: number; readonly high: number }
  | { readonly kind: 'load'; readonly op: number; readonly size: number; readonly address: Address }
  | { readonly kind: 'test'; readonly relation: 'equal' | 'below' | 'above'; readonly a: Value; readonly b: Value; readonly holds: boolean };

/**
 * @param reader Stands at the first instruction of the loop; it moves.
 * @returns Undefined for any other loop.
 */
export function recognise(reader: InstructionReader): Turns | undefined {
  const turn = new Turn(reader);
  return turn.follow() ? turn.meaning() : undefined;
}

/** Follows the one way through a loop that comes back to its head. */
class Turn {
  private readonly reader: InstructionReader;
  private readonly stack: Value[] = [];
  /** The loop, and what has begun in it: can its end be reached only this way? */
  private readonly labels: boolean[] = [true];
  private count = 0;
  /** Locals that have been set. */
  private readonly now = new Map<number, Value>();
  /** Locals whose value from before the turn is used. */
  private readonly used = new Set<number>();
  private readonly loads: Value[] = [];
  private readonly stores: { address: Address; value: Value; size: number }[] = [];
  private readonly equal: [Value, Value][] = [];
  private readonly remaining: { local: number; by: number; least: number }[] = [];

  constructor(reader: InstructionReader) {
    this.reader = reader;
  }

  /** Is there a single way back, on which everything is understood? */
  follow(): boolean {
    const { reader, labels } = this;
    for (;;) {
      const op = reader.next();
      if (op === OP.end) {
        const only = labels.pop();
        if (!only || labels.length === 0) return false;
      } else if (op === OP.block) {
        if (reader.blockType !== 0) return false;
        labels.push(true);
      } else {
        this.count++;
        const back = (op === OP.br || op === OP.br_if) && reader.x === labels.length - 1;
        if (op === OP.if) {
          if (!this.condition()) return false;
        } else if (op === OP.br_if) {
          if (reader.x < labels.length - 1 || !this.test(this.stack.pop(), back)) return false;
        } else if (!back && !this.instruction(op)) return false;
        if (back) return this.neverBack();
      }
    }
  }

  /** An `if`, of which one way leads out of the loop. */
  private condition(): boolean {
    const { reader, labels } = this;
    if (reader.blockType !== 0) return false;
    const value = this.stack.pop();
    const { pos } = reader;
    if (this.leaves()) return this.test(value, false);
    // The way back is inside, and ends there; what follows is outside.
    reader.pos = pos;
    labels.push(false);
    return this.test(value, true);
  }

  /** Does everything up to the end of an `if` without `else` lead out of the loop? */
  private leaves(): boolean {
    const { reader } = this;
    const outside = this.labels.length + 1;
    for (let last = 0, nested = 0; ; ) {
      const op = reader.next();
      if (BRANCHES.has(op) || op === OP.else) return false;
      if (op === OP.block || op === OP.loop || op === OP.if) nested++;
      else if (op === OP.end && nested-- === 0) return last === OP.return || last === OP.br || last === OP.unreachable;
      else if ((op === OP.br || op === OP.br_if) && reader.x >= nested && reader.x < outside + nested) return false;
      last = op;
    }
  }

  /** Does nothing that follows, up to the end of the loop, go back to its head? */
  private neverBack(): boolean {
    const { reader } = this;
    for (let depth = this.labels.length; depth > 0; ) {
      const op = reader.next();
      if (BRANCHES.has(op)) return false;
      if (op === OP.block || op === OP.loop || op === OP.if) depth++;
      else if (op === OP.end) depth--;
      else if ((op === OP.br || op === OP.br_if) && reader.x === depth - 1) return false;
    }
    return true;
  }

  private instruction(op: number): boolean {
    const { reader, stack } = this;
    switch (op) {
      case OP.nop:
      case OP.i32_wrap_i64:
        return stack.at(-1)?.kind !== 'load';
      case OP.drop:
        return stack.pop() !== undefined;
      case OP.local_get:
        stack.push(this.valueOf(reader.x));
        return true;
      case OP.local_set:
      case OP.local_tee: {
        const value = op === OP.local_set ? stack.pop() : stack.at(-1);
        if (value !== undefined) this.now.set(reader.x, value);
        return value !== undefined;
      }
      case OP.i32_const:
        stack.push({ kind: 'constant', low: reader.x, high: reader.x >> 31 });
        return true;
      case OP.i64_const:
        stack.push({ kind: 'constant', low: reader.lo, high: reader.hi });
        return true;
      case OP.i32_add:
      case OP.i64_add:
        return this.sum(1);
      case OP.i32_sub:
      case OP.i64_sub:
        return this.sum(-1);
    }
    if (op >= OP.i32_eqz && op <= OP.i64_ge_u) return this.compare(op);
    if ((op >= OP.i32_load && op <= OP.i64_load) || (op >= OP.i32_load8_s && op <= OP.i64_load32_u)) return this.load(op);
    return op >= OP.i32_store && op <= OP.i64_store32 && op !== OP.f32_store && op !== OP.f64_store && this.store();
  }

  private valueOf(local: number): Value {
    const value = this.now.get(local);
    if (value !== undefined) return value;
    this.used.add(local);
    return { kind: 'sum', local, by: 0 };
  }

  private sum(sign: number): boolean {
    const { stack } = this;
    const b = stack.pop();
    const a = stack.pop();
    const [value, constant] = sign > 0 && a?.kind === 'constant' ? [b, a] : [a, b];
    if (value?.kind !== 'sum' || constant?.kind !== 'constant') return false;
    const by = value.by + sign * constant.low;
    if (constant.high !== constant.low >> 31 || Math.abs(by) > NEAR) return false;
    stack.push({ kind: 'sum', local: value.local, by });
    return true;
  }

  private compare(op: number): boolean {
    const { stack } = this;
    const zero = op === OP.i32_eqz || op === OP.i64_eqz;
    const b: Value | undefined = zero ? { kind: 'constant', low: 0, high: 0 } : stack.pop();
    const a = stack.pop();
    if (a === undefined || b === undefined) return false;
    if (zero && a.kind === 'test') stack.push({ ...a, holds: !a.holds });
    else {
      const relation = RELATIONS[zero ? OP.i32_eq : op >= OP.i64_eq ? op - OP.i64_eq + OP.i32_eq : op];
      if (relation === undefined) return false;
      stack.push({ kind: 'test', ...relation, a, b });
    }
    return true;
  }

  private load(op: number): boolean {
    const address = this.address();
    if (address === undefined) return false;
    const load: Value = { kind: 'load', op, size: 1 << this.reader.instruction.align!, address };
    this.loads.push(load);
    this.stack.push(load);
    return true;
  }
  private store(): boolean {
    const value = this.stack.pop();
    const address = this.address();
    if (value === undefined || address === undefined) return false;
    this.stores.push({ address, value, size: 1 << this.reader.instruction.align! });
    return true;
  }
  private address(): Address | undefined {
    const value = this.stack.pop();
    const { reader } = this;
    if (value?.kind !== 'sum' || reader.memory !== 0 || reader.hi !== 0 || reader.lo < 0) return undefined;
    return { local: value.local, by: value.by, offset: reader.lo };
  }

  /** Notes what must hold for the turn to go on. */
  private test(value: Value | undefined, holds: boolean): boolean {
    if (value === undefined) return false;
    if (value.kind !== 'test') return this.test({ kind: 'test', relation: 'equal', holds: false, a: value, b: { kind: 'constant', low: 0, high: 0 } }, holds);
    const { a, b, relation } = value;
    const really = value.holds === holds;
    if (a.kind === 'load' && b.kind === 'load') {
      this.equal.push([a, b]);
      return relation === 'equal' && really && a.op === b.op;
    }
    if (a.kind !== 'sum' || b.kind !== 'constant' || b.high !== 0 || b.low < 0 || b.low > NEAR) return false;
    const { local, by } = a;
    if (relation === 'equal' && !really) this.remaining.push({ local, by: by - b.low, least: 1 });
    else if (relation === 'below' && !really) this.remaining.push({ local, by, least: b.low });
    else if (relation === 'above' && really) this.remaining.push({ local, by, least: b.low + 1 });
    else return false;
    return true;
  }

  /** What the turn comes to. */
  meaning(): Turns | undefined {
    const steps = new Map<number, number>();
    for (const [local, value] of this.now) {
      const own = value.kind === 'sum' && value.local === local;
      // Others are set anew in each turn.
      if (!own && this.used.has(local)) return undefined;
      if (own && value.by !== 0) steps.set(local, value.by);
    }
    const [count, ...more] = this.remaining;
    if (count === undefined || more.length > 0) return undefined;
    const step = -(steps.get(count.local) ?? 0);
    // Otherwise it would jump over 0, or wrap.
    if (step < 1 || count.least < step) return undefined;
    const { loads, stores, equal } = this;
    const common = { remaining: { ...count, step }, steps, count: this.count };
    const moves = ({ local }: Address, by: number): boolean => steps.get(local) === by && local !== count.local;
    const [a, b] = loads as Extract<Value, { kind: 'load' }>[];
    const [store] = stores;
    if (a !== undefined && b !== undefined && loads.length === 2 && stores.length === 0 && equal.length === 1) {
      const { size } = a;
      return moves(a.address, size) && moves(b.address, size) ? { kind: 'compare', size, to: a.address, from: b.address, byte: 0, ...common } : undefined;
    }
    if (store === undefined || stores.length > 1 || equal.length > 0 || loads.length > 1) return undefined;
    const { size, address: to, value } = store;
    if (!moves(to, size) && !moves(to, -size)) return undefined;
    if (value.kind === 'constant' && loads.length === 0) {
      const byte = value.low & 0xff;
      const all = Math.imul(byte, 0x01010101);
      const same = size === 1 || (size === 2 ? (value.low & 0xffff) === (all & 0xffff) : value.low === all && (size === 4 || value.high === all));
      return same ? { kind: 'fill', size, to, from: to, byte, ...common } : undefined;
    }
    if (value !== a || a.size !== size || !moves(a.address, steps.get(to.local)!)) return undefined;
    return { kind: 'copy', size, to, from: a.address, byte: 0, ...common };
  }
}

/** Other instructions that may go to a label. */
const BRANCHES: ReadonlySet<number> = new Set([
  OP.br_table, OP.try_table, OP.try, OP.delegate, OP.br_on_null, OP.br_on_non_null, OP.br_on_cast, OP.br_on_cast_fail, OP.br_on_cast_desc_eq, OP.br_on_cast_desc_eq_fail,
]);

/** What instructions on integers test, by their form for i32; those with a sign are not among them. */
const RELATIONS: Readonly<Record<number, { readonly relation: 'equal' | 'below' | 'above'; readonly holds: boolean }>> = {
  [OP.i32_eq]: { relation: 'equal', holds: true },
  [OP.i32_ne]: { relation: 'equal', holds: false },
  [OP.i32_lt_u]: { relation: 'below', holds: true },
  [OP.i32_ge_u]: { relation: 'below', holds: false },
  [OP.i32_gt_u]: { relation: 'above', holds: true },
  [OP.i32_le_u]: { relation: 'above', holds: false },
};
