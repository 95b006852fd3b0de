import type { GuestMemory } from '../../engine/guest-memory.js';
import type { GoType } from '../../go/abi.js';
import type { ValueTable } from './values.js';

/** One parameter or result of an import, and where it lies: bytes from the SP that the import gets. */
export interface Slot {
  readonly name: string;
  readonly type: GoType;
  readonly offset: number;
}

/** The arguments and results of one call through the stack ABI. Positions count parameters and results from 0. */
export class CallFrame {
  memory: GuestMemory;
  /** Go's stack pointer, unsigned. Moves when Go code runs during the call and the goroutine's stack is copied. */
  sp: number;
  private readonly values: ValueTable;
  private readonly params: readonly Slot[];
  private readonly results: readonly Slot[];

  constructor(values: ValueTable, params: readonly Slot[], results: readonly Slot[], memory: GuestMemory, sp: number) {
    this.values = values;
    this.params = params;
    this.results = results;
    this.memory = memory;
    this.sp = sp >>> 0;
  }

  private param(at: number): number {
    return this.sp + this.params[at]!.offset;
  }
  private result(at: number): number {
    return this.sp + this.results[at]!.offset;
  }

  int32(at: number): number {
    return this.memory.i32(this.param(at));
  }
  /** An id in the low word of a reference. */
  id(at: number): number {
    return this.memory.u32(this.param(at));
  }
  /** A 64-bit integer as the nearest JavaScript number. */
  int64(at: number): number {
    return this.wide(this.param(at));
  }
  ref(at: number): unknown {
    return this.values.load(this.memory, this.param(at));
  }
  string(at: number): string {
    const address = this.param(at);
    const length = this.wide(address + 8);
    return length === 0 ? '' : this.memory.text(this.wide(address), length);
  }
  /** A view, valid until the guest runs on. */
  bytes(at: number): Uint8Array {
    const address = this.param(at);
    const length = this.wide(address + 8);
    return length === 0 ? new Uint8Array(0) : this.memory.bytes(this.wide(address), length);
  }
  refs(at: number): unknown[] {
    const address = this.param(at);
    const first = this.wide(address);
    const length = this.wide(address + 8);
    if (length === 0) return [];
    this.memory.bytes(first, length * 8);
    return Array.from({ length }, (_, i) => this.values.load(this.memory, first + i * 8));
  }
  /** Address of the first element of a slice, for writing; its length is `sliceLength`. */
  sliceAddress(at: number): number {
    return this.wide(this.param(at));
  }
  sliceLength(at: number): number {
    return this.wide(this.param(at) + 8);
  }

  setInt32(at: number, value: number): void {
    this.memory.setU32(this.result(at), value);
  }
  setInt64(at: number, value: bigint): void {
    this.memory.setU64(this.result(at), BigInt.asUintN(64, value));
  }
  /** A JavaScript number as a 64-bit integer, rounded down; NaN becomes 0. */
  setNumber(at: number, value: number): void {
    const address = this.result(at);
    this.memory.setU32(address, value);
    this.memory.setU32(address + 4, Math.floor(value / 2 ** 32));
  }
  setBool(at: number, value: boolean): void {
    this.memory.setU8(this.result(at), value ? 1 : 0);
  }
  setRef(at: number, value: unknown): void {
    this.values.store(this.memory, this.result(at), value);
  }

  private wide(address: number): number {
    return this.memory.u32(address) + this.memory.i32(address + 4) * 2 ** 32;
  }
}
