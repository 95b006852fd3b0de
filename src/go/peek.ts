/**
 * Reads linear memory without ever failing: bytes outside of it are 0, since what follows a pointer of a damaged
 * program must not bring down the tool that shows it. Addresses are unsigned byte addresses; `contains` asks first.
 */
export class Peek {
  private readonly source: () => Uint8Array;

  /** `source` gives the current bytes: a live memory replaces them when it grows. */
  constructor(source: () => Uint8Array) {
    this.source = source;
  }

  static of(bytes: Uint8Array): Peek {
    return new Peek(() => bytes);
  }

  get byteLength(): number {
    return this.source().length;
  }
  contains(address: number, length: number): boolean {
    return address >= 0 && length >= 0 && address + length <= this.byteLength;
  }
  u8(address: number): number {
    return this.source()[address] ?? 0;
  }
  u16(address: number): number {
    return this.u8(address) | (this.u8(address + 1) << 8);
  }
  i32(address: number): number {
    const bytes = this.source();
    return bytes[address]! | (bytes[address + 1]! << 8) | (bytes[address + 2]! << 16) | (bytes[address + 3]! << 24);
  }
  u32(address: number): number {
    return this.i32(address) >>> 0;
  }
  u64(address: number): bigint {
    return (BigInt(this.u32(address + 4)) << 32n) | BigInt(this.u32(address));
  }
  /** A Go word (`uintptr`, pointer, `int`, PC) as a number: exact below 2^53, which every address and PC is. */
  word(address: number): number {
    return this.u32(address) + this.u32(address + 4) * 2 ** 32;
  }
  /** A view of what of the range is inside the memory. */
  bytes(address: number, length: number): Uint8Array {
    return this.source().subarray(address, Math.max(address, address + length));
  }
  /** UTF-8, malformed sequences replaced. */
  text(address: number, length: number): string {
    return decoder.decode(this.bytes(address, length));
  }
  /** A NUL-terminated string, cut at `limit` bytes. */
  cString(address: number, limit = 65536): string {
    const bytes = this.bytes(address, limit);
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
  /** The content of the Go string whose header stands at `address`, cut at `limit` bytes. */
  goString(address: number, limit = 4096): string {
    return this.text(this.word(address), Math.min(this.word(address + 8), limit));
  }
}

const decoder = new TextDecoder();
