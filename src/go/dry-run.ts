import { InstructionReader } from '../wasm/binary/code-reader.js';
import type { CodeRange } from '../wasm/module.js';

/** The made-up world that a dry run reads from and writes to. */
export interface World {
  getGlobal(index: number): number | bigint;
  setGlobal(index: number, value: number | bigint): void;
  /** `bytes` bytes from `address`, little-endian, unsigned. */
  load(address: number, bytes: number): bigint;
}

/** Where a dry run came to: a `call_indirect` whose results it now waits for, or the end. `count` is since the last one. */
export interface Halt {
  readonly at: 'call' | 'end';
  /** Counting instructions executed, the call included. */
  readonly count: number;
  readonly table: number;
  readonly type: number;
  /** Offset of the call in the module. */
  readonly offset: number;
  readonly slot: number;
  /** What lies on the operand stack below the slot. */
  readonly operands: readonly (number | bigint)[];
}

interface Step {
  readonly mnemonic: string;
  readonly offset: number;
  readonly x: number;
  readonly y: number;
  /** The constant of `i64.const`, the offset of a memory access. */
  readonly wide: bigint;
  /** Position after the matching `else` and of the matching `end` of a block. */
  elseAt: number;
  endAt: number;
}

interface Label {
  /** Position to go on from when branched to. */
  readonly target: number;
  readonly height: number;
}

/** Longer bodies are no trampolines. */
const MAX_STEPS = 256;
const MAX_EXECUTED = 10_000;

const BLOCKS = new Set(['block', 'loop', 'if']);
/** What the clock does not count (see `Machine.clock`). */
const FREE = new Set(['block', 'loop', 'else', 'end']);

/** The body does something that no trampoline does. */
export class NotUnderstood extends Error {}

/**
 * Runs one small function outside of the machine, with plain i32 and i64 code only, halting at each indirect call.
 * `loop.ts` uses it to find out what a trampoline does and what that costs.
 */
export class DryRun {
  private readonly steps: readonly Step[];
  private readonly world: World;
  private readonly locals: (number | bigint)[];
  private readonly stack: (number | bigint)[] = [];
  private readonly labels: Label[] = [];
  private at = 0;
  private executed = 0;
  /** Counting instructions since the last halt, the one being executed included. */
  count = 0;

  /** `locals`: the arguments followed by the declared locals. */
  constructor(bytes: Uint8Array, body: CodeRange, locals: readonly (number | bigint)[], world: World) {
    this.steps = readSteps(bytes, body);
    this.world = world;
    this.locals = [...locals];
  }

  /** Goes on to the next halt; `result` answers the call of the last one. Throws `NotUnderstood`. */
  run(result?: number): Halt {
    if (result !== undefined) this.stack.push(result);
    this.count = 0;
    for (;;) {
      const step = this.steps[this.at];
      if (step === undefined) return this.halted('end', undefined);
      if (++this.executed > MAX_EXECUTED) throw new NotUnderstood('runs on and on');
      this.at++;
      if (!FREE.has(step.mnemonic)) this.count++;
      if (step.mnemonic === 'return') {
        this.at = this.steps.length;
        return this.halted('end', undefined);
      }
      if (step.mnemonic === 'call_indirect') return this.halted('call', step);
      this.execute(step);
    }
  }

  private halted(at: 'call' | 'end', step: Step | undefined): Halt {
    const slot = step === undefined ? 0 : this.i32();
    const operands = this.stack.splice(0);
    return { at, count: this.count, table: step?.y ?? 0, type: step?.x ?? 0, offset: step?.offset ?? 0, slot: slot >>> 0, operands };
  }

  private execute(step: Step): void {
    const { stack, world } = this;
    switch (step.mnemonic) {
      case 'nop':
        break;
      case 'block':
        this.labels.push({ target: step.endAt + 1, height: stack.length });
        break;
      case 'loop':
        // A branch to a loop's label enters the loop again.
        this.labels.push({ target: this.at - 1, height: stack.length });
        break;
      case 'if':
        if (this.i32() !== 0) this.labels.push({ target: step.endAt + 1, height: stack.length });
        else if (step.elseAt < 0) this.at = step.endAt + 1;
        else {
          this.labels.push({ target: step.endAt + 1, height: stack.length });
          this.at = step.elseAt;
        }
        break;
      case 'else':
        this.at = step.endAt;
        break;
      case 'end':
        this.labels.pop();
        break;
      case 'br':
        this.branch(step.x);
        break;
      case 'br_if':
        if (this.i32() !== 0) this.branch(step.x);
        break;
      case 'drop':
        this.pop();
        break;
      case 'local.get':
        stack.push(this.locals[step.x]!);
        break;
      case 'local.set':
        this.locals[step.x] = this.pop();
        break;
      case 'local.tee':
        this.locals[step.x] = stack.at(-1)!;
        break;
      case 'global.get':
        stack.push(world.getGlobal(step.x));
        break;
      case 'global.set':
        world.setGlobal(step.x, this.pop());
        break;
      case 'i32.const':
        stack.push(step.x);
        break;
      case 'i64.const':
        stack.push(step.wide);
        break;
      case 'i32.load':
        stack.push(Number(BigInt.asIntN(32, this.load(step, 4))));
        break;
      case 'i32.load16_u':
        stack.push(Number(this.load(step, 2)));
        break;
      case 'i64.load':
        stack.push(BigInt.asIntN(64, this.load(step, 8)));
        break;
      case 'i64.load32_u':
        stack.push(this.load(step, 4));
        break;
      case 'i32.wrap_i64':
        stack.push(Number(BigInt.asIntN(32, this.i64())));
        break;
      case 'i32.eqz':
        stack.push(this.i32() === 0 ? 1 : 0);
        break;
      default:
        stack.push(this.binary(step.mnemonic));
    }
  }

  private binary(mnemonic: string): number | bigint {
    const b = this.pop();
    const a = this.pop();
    if (typeof a === 'bigint' && typeof b === 'bigint') {
      if (mnemonic === 'i64.shr_u') return BigInt.asIntN(64, BigInt.asUintN(64, a) >> (b & 63n));
      if (mnemonic === 'i64.and') return a & b;
      if (mnemonic === 'i64.eq') return a === b ? 1 : 0;
      if (mnemonic === 'i64.ne') return a !== b ? 1 : 0;
    } else if (typeof a === 'number' && typeof b === 'number') {
      if (mnemonic === 'i32.add') return (a + b) | 0;
      if (mnemonic === 'i32.sub') return (a - b) | 0;
      if (mnemonic === 'i32.and') return a & b;
      if (mnemonic === 'i32.or') return a | b;
      if (mnemonic === 'i32.xor') return a ^ b;
      if (mnemonic === 'i32.shl') return a << (b & 31);
      if (mnemonic === 'i32.shr_u') return (a >>> (b & 31)) | 0;
      if (mnemonic === 'i32.eq') return a === b ? 1 : 0;
      if (mnemonic === 'i32.ne') return a !== b ? 1 : 0;
    }
    throw new NotUnderstood(`${mnemonic} in a trampoline`);
  }

  private load(step: Step, bytes: number): bigint {
    return this.world.load((this.i32() >>> 0) + Number(step.wide), bytes);
  }

  private branch(depth: number): void {
    const label = this.labels.at(-1 - depth);
    if (label === undefined) {
      this.at = this.steps.length;
      return;
    }
    this.labels.length -= depth + 1;
    this.stack.length = label.height;
    this.at = label.target;
  }

  private pop(): number | bigint {
    const value = this.stack.pop();
    if (value === undefined) throw new NotUnderstood('an operand that is not there');
    return value;
  }
  private i32(): number {
    const value = this.pop();
    if (typeof value !== 'number') throw new NotUnderstood('an i32 was expected');
    return value;
  }
  private i64(): bigint {
    const value = this.pop();
    if (typeof value !== 'bigint') throw new NotUnderstood('an i64 was expected');
    return value;
  }
}

function readSteps(bytes: Uint8Array, body: CodeRange): Step[] {
  const reader = new InstructionReader(bytes, body.offset, body.end);
  const steps: Step[] = [];
  const open: Step[] = [];
  while (reader.pos < body.end) {
    reader.next();
    if (steps.length === MAX_STEPS) throw new NotUnderstood('too long for a trampoline');
    const { mnemonic, imm } = reader.instruction;
    if (imm === 'block' && reader.blockType !== 0) throw new NotUnderstood('a block with a result');
    if (imm === 'memarg' && reader.memory !== 0) throw new NotUnderstood('another memory');
    const wide = imm === 'i64' ? (BigInt(reader.hi) << 32n) | BigInt(reader.lo >>> 0) : imm === 'memarg' ? BigInt(reader.offset) : 0n;
    const step = { mnemonic, offset: reader.start, x: reader.x, y: reader.y, wide, elseAt: -1, endAt: -1 };
    steps.push(step);
    const top = open.at(-1);
    if (BLOCKS.has(mnemonic)) open.push(step);
    else if (mnemonic === 'else' && top !== undefined) {
      top.elseAt = steps.length;
      open[open.length - 1] = step;
    } else if (mnemonic === 'end' && open.length > 0) {
      const opened = open.pop()!;
      opened.endAt = steps.length - 1;
    }
  }
  // The `if` of an `else` ends where the `else` does.
  for (const step of steps) if (step.elseAt >= 0) step.endAt = steps[step.elseAt - 1]!.endAt;
  return steps;
}
