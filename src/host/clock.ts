import type { Data, HostState } from './state.js';

/** Time as a guest sees it. All values are nanoseconds. */
export interface Clock extends HostState {
  /** Since 1970-01-01T00:00:00Z. */
  realtime(): bigint;
  /** Since some moment before the program started; never 0, never decreasing. */
  monotonic(): bigint;
  /** The step of both clocks. */
  readonly resolution: bigint;
  /** Waits at least `ns`: a real clock blocks, a virtual one jumps. */
  sleep(ns: bigint): void;
}

/** 2020-01-01T00:00:00Z, when virtual time starts. */
export const VIRTUAL_START = 1_577_836_800_000_000_000n;
/** What `monotonic` says at the virtual start: Go takes a clock at 0 for one that does not work. */
const VIRTUAL_UPTIME = 1_000_000_000n;
/** How far one instruction moves virtual time, in nanoseconds. */
export const NS_PER_INSTRUCTION = 1n;

/** Moves with the instructions completed, plus the waits that were jumped over. */
export class VirtualClock implements Clock {
  readonly resolution: bigint = NS_PER_INSTRUCTION;
  private readonly instructions: () => number;
  private jumped = 0n;

  /** `instructions`: the machine's clock. */
  constructor(instructions: () => number) {
    this.instructions = instructions;
  }

  private elapsed(): bigint {
    return BigInt(this.instructions()) * NS_PER_INSTRUCTION + this.jumped;
  }
  realtime(): bigint {
    return VIRTUAL_START + this.elapsed();
  }
  monotonic(): bigint {
    return VIRTUAL_UPTIME + this.elapsed();
  }
  sleep(ns: bigint): void {
    if (ns > 0n) this.jumped += ns;
  }

  save(): Data {
    return this.jumped;
  }
  load(state: Data): void {
    this.jumped = state as bigint;
  }
  live(): string[] {
    return [];
  }
}
