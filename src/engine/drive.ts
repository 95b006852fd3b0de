import { Crash, type GuestFailure, isGuestFailure } from './errors.js';
import type { Frame } from './frames.js';
import type { Turn, TurnFunction } from './host-function.js';
import type { Machine } from './machine.js';
import type { PendingCall, StopReason } from './stop-reason.js';
import type { Value } from './value.js';

/** The machine stopped before the call was complete: a limit, a probe, a pause or a deadlock. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(`the machine stopped: ${reason.kind}`);
    this.reason = reason;
  }
}

/** Frames that a `Failure` keeps: a runaway recursion has a million, each with all its locals. */
const FAILURE_FRAMES = 1000;

/** What went wrong in the guest, with the innermost frames as they stood at that moment. */
export interface Failure {
  readonly error: GuestFailure;
  readonly frames: readonly Frame[];
}

/** Hears of the calls that a driver makes: of exports, start functions and callbacks, not of what they call themselves. */
export interface CallListener {
  called(func: number, args: readonly Value[]): void;
  returned(func: number, results: readonly Value[]): void;
  failed(func: number, error: unknown): void;
}

/**
 * Runs calls to their end, answering host calls as they come: the outer loop of the machine for whoever does not want
 * to step. A callback from inside a `full` host function is another `call` on the same driver.
 */
export class Driver {
  readonly machine: Machine;
  /** Clock value to stop at, by an `Interruption`. */
  limit: number = Infinity;
  /** The last trap or exhaustion; kept because its frames are gone when the error reaches the caller. */
  failure: Failure | undefined = undefined;
  /** Asked about every stop that is neither a return nor a host call; `true` runs on. */
  onStop: ((reason: StopReason) => boolean) | undefined = undefined;
  /** Hears of every call made here. */
  listener: CallListener | undefined = undefined;
  /** `full` host functions whose JavaScript frame is alive now, innermost last. While there is one, no snapshot can be resumed elsewhere. */
  readonly liveHostCalls: PendingCall[] = [];
  private interruption: unknown = undefined;
  /** Address of the function that was called while nothing ran. */
  private outermost = -1;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Calls a function of the store. Throws what the guest failed with, an `Interruption`, or what a host function threw. */
  call(func: number, args: readonly Value[]): readonly Value[] {
    const base = this.machine.depth;
    this.machine.start(func, args);
    if (base === 0) this.outermost = func;
    this.listener?.called(func, args);
    return this.carryOut(func, base);
  }

  /** Goes on with the outermost call after an `Interruption`. */
  resume(): readonly Value[] {
    return this.carryOut(this.outermost, 0);
  }

  private carryOut(func: number, base: number): readonly Value[] {
    // Nobody has heard of a call that came with a restored snapshot.
    const listener = func < 0 ? undefined : this.listener;
    let results: readonly Value[];
    try {
      results = this.runTo(base);
    } catch (error) {
      // The outermost call has not ended: it can be resumed.
      if (base > 0 || !(error instanceof Interruption)) listener?.failed(func, error);
      throw error;
    }
    listener?.returned(func, results);
    return results;
  }

  /**
   * Runs on until only `base` activations are left, and returns the results of the last one that returned: goes on
   * after an `Interruption`, or with a restored snapshot.
   */
  runTo(base: number): readonly Value[] {
    const { machine } = this;
    if (this.liveHostCalls.length === 0) this.interruption = undefined;
    for (;;) {
      const stop = machine.run(this.limit);
      switch (stop.kind) {
        case 'returned':
          if (machine.depth === base) return stop.results;
          this.take(this.pendingTurns(), (call, host) => host.next(call, stop.results));
          break;
        case 'host-call':
          if (stop.call.host.kind === 'turns') this.take(stop.call, (call, host) => takeUp(host, call, stop.again));
          else this.answer(stop.call);
          break;
        case 'trap':
          if (this.failure?.error !== stop.error) this.failure = { error: stop.error, frames: machine.frames(FAILURE_FRAMES) };
          machine.abandon();
          if (machine.depth === base || machine.pending?.host.kind !== 'turns') throw stop.error;
          this.take(machine.pending, (call, host) => {
            if (host.failed !== undefined) return host.failed(call, stop.error);
            throw stop.error;
          });
          break;
        default:
          if (this.onStop?.(stop) !== true) throw this.interrupt(new Interruption(stop));
      }
    }
  }

  private pendingTurns(): PendingCall {
    const { pending } = this.machine;
    if (pending?.host.kind !== 'turns') throw new Crash('an activation returned to a host call that has no next turn');
    return pending;
  }

  private take(call: PendingCall, ask: (call: PendingCall, host: TurnFunction) => Turn): void {
    let turn: Turn;
    try {
      turn = ask(call, call.host as TurnFunction);
    } catch (error) {
      if (!isGuestFailure(error)) throw this.interrupt(error);
      this.machine.failHostCall(error);
      return;
    }
    if (turn === 'done') this.machine.finishHostCall();
    else if ('wait' in turn) this.machine.wait(turn);
    else this.machine.start(turn.call, turn.args);
  }

  private answer(call: PendingCall): void {
    if (call.host.kind !== 'full') throw new Crash('a host call without a host function');
    this.liveHostCalls.push(call);
    try {
      call.host.call(call);
    } catch (error) {
      // What cannot be the guest's failure ends the run, whatever the JavaScript in between made of it.
      if (!isGuestFailure(error)) throw this.interrupt(error);
      this.machine.failHostCall(error);
      return;
    } finally {
      this.liveHostCalls.pop();
    }
    if (this.interruption !== undefined) throw this.interruption;
    this.machine.finishHostCall();
  }

  private interrupt(error: unknown): unknown {
    this.interruption = error;
    return error;
  }
}

function takeUp(host: TurnFunction, call: PendingCall, again: number | undefined): Turn {
  if (again === undefined) return host.begin(call);
  if (host.again === undefined) throw new Crash(`${host.name} has waited and does not know what for`);
  return host.again(call, again);
}
