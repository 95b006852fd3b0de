import { TRAP, Trap } from './errors.js';
import type { MemoryInstance } from './memory.js';

/**
 * The guarded view of guest memory that host functions get: bounds-checked, always the current buffer after growth,
 * and the one place where a recording sees what the host wrote. Addresses are unsigned byte addresses below 2^53.
 * Every access outside the memory throws a `Trap`; `contains` asks first.
 */
export interface GuestMemory {
  readonly byteLength: number;
  contains(address: number, length: number): boolean;
  u8(address: number): number;
  u16(address: number): number;
  u32(address: number): number;
  u64(address: number): bigint;
  i32(address: number): number;
  i64(address: number): bigint;
  f64(address: number): number;
  setU8(address: number, value: number): void;
  setU16(address: number, value: number): void;
  setU32(address: number, value: number): void;
  setU64(address: number, value: bigint): void;
  setF64(address: number, value: number): void;
  /** A view, valid until the memory grows or the guest runs on; not to be written to. */
  bytes(address: number, length: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
  /** UTF-8, malformed sequences replaced. */
  text(address: number, length: number): string;
}

const decoder = new TextDecoder();

/** The direct view of one memory. */
export class MemoryView implements GuestMemory {
  readonly memory: MemoryInstance;

  constructor(memory: MemoryInstance) {
    this.memory = memory;
  }

  get byteLength(): number {
    return this.memory.byteLength;
  }
  contains(address: number, length: number): boolean {
    return address >= 0 && length >= 0 && address + length <= this.memory.byteLength;
  }
  private at(address: number, length: number): DataView {
    if (!this.contains(address, length)) throw new Trap(TRAP.memory);
    return this.memory.view;
  }
  u8(address: number): number {
    return this.at(address, 1).getUint8(address);
  }
  u16(address: number): number {
    return this.at(address, 2).getUint16(address, true);
  }
  u32(address: number): number {
    return this.at(address, 4).getUint32(address, true);
  }
  u64(address: number): bigint {
    return this.at(address, 8).getBigUint64(address, true);
  }
  i32(address: number): number {
    return this.at(address, 4).getInt32(address, true);
  }
  i64(address: number): bigint {
    return this.at(address, 8).getBigInt64(address, true);
  }
  f64(address: number): number {
    return this.at(address, 8).getFloat64(address, true);
  }
  setU8(address: number, value: number): void {
    this.at(address, 1).setUint8(address, value);
    this.memory.written(address, 1);
  }
  setU16(address: number, value: number): void {
    this.at(address, 2).setUint16(address, value, true);
    this.memory.written(address, 2);
  }
  setU32(address: number, value: number): void {
    this.at(address, 4).setUint32(address, value, true);
    this.memory.written(address, 4);
  }
  setU64(address: number, value: bigint): void {
    this.at(address, 8).setBigUint64(address, value, true);
    this.memory.written(address, 8);
  }
  setF64(address: number, value: number): void {
    this.at(address, 8).setFloat64(address, value, true);
    this.memory.written(address, 8);
  }
  bytes(address: number, length: number): Uint8Array {
    this.at(address, length);
    return this.memory.u8.subarray(address, address + length);
  }
  write(address: number, bytes: Uint8Array): void {
    this.at(address, bytes.length);
    this.memory.u8.set(bytes, address);
    this.memory.written(address, bytes.length);
  }
  text(address: number, length: number): string {
    return decoder.decode(this.bytes(address, length));
  }
}
