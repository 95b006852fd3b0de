import { Crash, Exhaustion, type GuestFailure, OUT_OF_MEMORY, Trap, UncaughtException } from '../errors.js';
import type { CodeHeap } from '../interpret/code-heap.js';
import { adopt, deliver, findHandler, uncaught } from '../interpret/exceptions.js';
import { X } from '../interpret/opcodes.js';
import type { Place } from '../interpret/position-map.js';
import { type ExecutionState, FP, FUNC } from '../interpret/state.js';
import { TRAP_TEXTS, TRAPS } from '../interpret/traps.js';
import type { Snapshot } from '../snapshot.js';
import type { StopReason } from '../stop-reason.js';
import type { FrameStack } from './frame-stack.js';
import type { Functions } from './functions.js';
import type { Positions } from './positions.js';

const CALL_STACK_EXHAUSTED = 'call stack exhausted';

export function callStackExhausted(): Exhaustion {
  return new Exhaustion(CALL_STACK_EXHAUSTED);
}

/** Traps, exhaustions and exceptions: what state they leave the program in, and who catches them. */
export class Failures {
  /** What the innermost activation has failed with; it is not gone on with. */
  current: GuestFailure | undefined = undefined;
  private readonly state: ExecutionState;
  private readonly heap: CodeHeap;
  private readonly functions: Functions;
  private readonly stack: FrameStack;
  private readonly positions: Positions;

  constructor(state: ExecutionState, heap: CodeHeap, functions: Functions, stack: FrameStack, positions: Positions) {
    this.state = state;
    this.heap = heap;
    this.functions = functions;
    this.stack = stack;
    this.positions = positions;
  }

  /** The loop has come back with the number of a trap. */
  trap(number: number): StopReason | undefined {
    const { state } = this;
    if (number === TRAPS.exception) {
      return this.handle(state.rp) ? undefined : this.fail(uncaught(state.store, state.thrown), this.positions.failingPlace(), 0);
    }
    // Nothing of what has failed is charged.
    const opcode = state.code[state.pc];
    if (opcode === X.BULK) state.left += state.code[state.pc + 5]!;
    else if (opcode === X.ATOMIC) state.left += state.code[state.pc + 6]!;
    if (number === TRAPS.outOfMemory) return this.exhaust(OUT_OF_MEMORY);
    if (number === TRAPS.deadlock) {
      const place = this.positions.failingPlace();
      this.standBefore(place, place.count);
      return { kind: 'deadlock' };
    }
    const text = TRAP_TEXTS[number];
    if (text === undefined) throw new Crash(`the loop came back with an unknown trap ${number}`);
    const index = number === TRAPS.uninitializedElement ? ` ${state.cells.i32[state.fp + state.code[state.pc + 5]!]! >>> 0}` : '';
    // The failing instruction is counted too.
    const place = this.positions.failingPlace();
    return this.fail(new Trap(text + index), place, place.count + 1);
  }

  /** Before the instruction that needs more than there is: nothing of it has happened. */
  exhaust(message: string = CALL_STACK_EXHAUSTED): StopReason {
    const place = this.positions.failingPlace();
    return this.fail(new Exhaustion(message), place, place.count);
  }

  /** A leaf has failed; handlers of the frame at `from` and below may catch that. */
  failed(from: number): StopReason | undefined {
    const error = this.raise(this.current!, from);
    return error === undefined ? undefined : this.fail(error, this.positions.failingPlace(), 0);
  }

  /** Compiled code has failed, whose frames and charges are written already. */
  failedCompiled(failure: GuestFailure): StopReason | undefined {
    this.current = failure;
    const error = this.raise(failure, this.state.rp);
    return error === undefined ? undefined : this.fail(error, this.positions.place(this.positions.top()), 0);
  }

  /** Leaves the state as the module sees it before the instruction at `place`; `count` instructions are still to be charged. */
  private fail(error: GuestFailure, place: Place, count: number): StopReason {
    this.current = error;
    this.standBefore(place, count);
    return { kind: 'trap', error };
  }
  private standBefore(place: Place, count: number): void {
    this.positions.standBefore(this.state.records[this.state.rp + FUNC]!, place, count);
  }

  /** Throws what a host function has thrown. Answers what is left of it: nothing where a handler of the frame at `from` or one below has it. */
  raise(error: GuestFailure, from: number): GuestFailure | undefined {
    if (!(error instanceof UncaughtException) || error.exception === undefined) return error;
    try {
      this.state.thrown = adopt(this.state, error.exception);
    } catch (exhaustion) {
      if (exhaustion instanceof Exhaustion) return exhaustion;
      throw exhaustion;
    }
    return this.handle(from) ? undefined : error;
  }

  /** The thrown exception goes to its handler, if the frame at `from` or one below has one. A handler is a branch. */
  private handle(from: number): boolean {
    const { state } = this;
    const found = findHandler(state, this.heap, state.thrown, from);
    if (found === undefined) return false;
    const { rp, clause } = found;
    this.stack.dropTo(rp);
    const func = state.records[rp + FUNC]!;
    state.fp = state.records[rp + FP]!;
    state.enterInstance(this.functions.wasm(func).instance);
    deliver(state, state.thrown, state.fp, clause);
    this.clear();
    this.positions.goTo(func, clause.target);
    return true;
  }

  clear(): void {
    this.current = undefined;
    this.state.thrown = 0;
  }

  // In snapshots

  capture(): Snapshot['failure'] {
    const { current } = this;
    return current && { kind: current.name, message: current.message, exception: this.state.thrown };
  }
  restore(failure: Snapshot['failure']): void {
    this.state.thrown = failure?.exception ?? 0;
    this.current = failure && this.decode(failure);
  }
  private decode({ kind, message, exception }: NonNullable<Snapshot['failure']>): GuestFailure {
    switch (kind) {
      case 'Trap':
        return new Trap(message);
      case 'Exhaustion':
        return new Exhaustion(message);
      default:
        return new UncaughtException(message, exception === 0 ? undefined : uncaught(this.state.store, exception).exception);
    }
  }
}
