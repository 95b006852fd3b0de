import { DecodeError } from '../errors.js';
import type { Feature, Features } from '../features.js';
import { F64, HEAP, type HeapType, I16, I32, I8, isAbstract, ref, type StorageType, V128, type ValType } from '../types.js';
import { LIMITS } from './limits.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The abstract heap types by their code, with the proposal that brought them (§5.3.3). */
const ABSTRACT_HEAP_TYPES: ReadonlyMap<number, Feature> = new Map<number, Feature>([
  // Tables always held functions; as values `valTypeOr` asks for reference types.
  [HEAP.func, 'mvp'],
  [HEAP.extern, 'reference-types'],
  [HEAP.exn, 'exceptions'],
  [HEAP.noexn, 'exceptions'],
  [HEAP.nofunc, 'gc'],
  [HEAP.noextern, 'gc'],
  [HEAP.none, 'gc'],
  [HEAP.any, 'gc'],
  [HEAP.eq, 'gc'],
  [HEAP.i31, 'gc'],
  [HEAP.struct, 'gc'],
  [HEAP.array, 'gc'],
]);

/**
 * Reads the values of the binary format (§5.2) and its types (§5.3) from a part of a module. Every error carries the
 * offset of the byte that is wrong.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** The next byte. */
  pos: number;
  /** Exclusive limit; reading further is "unexpected end". */
  end: number;
  /** The last 64-bit integer read: low and high 32 bits as int32. */
  lo = 0;
  hi = 0;
  private readonly features: Features | undefined;

  /** Without `features` every type of every proposal is admitted. */
  constructor(bytes: Uint8Array, pos: number, end: number, features?: Features) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
    this.features = features;
  }

  admits(feature: Feature): boolean {
    return this.features === undefined || this.features.has(feature);
  }

  fail(message: string, offset: number = this.pos): never {
    throw new DecodeError(message, offset);
  }

  protected unexpectedEnd(): never {
    this.fail('unexpected end of section or function', this.end);
  }

  byte(): number {
    if (this.pos >= this.end) this.unexpectedEnd();
    return this.bytes[this.pos++]!;
  }

  u32(): number {
    if (this.pos >= this.end) this.unexpectedEnd();
    const first = this.bytes[this.pos++]!;
    return first < 0x80 ? first : this.longU32(first);
  }

  private longU32(first: number): number {
    const { bytes, end } = this;
    let value = first & 0x7f;
    let shift = 7;
    // These have no bit that could be wrong.
    for (; shift < 28 && this.pos < end; shift += 7) {
      const next = bytes[this.pos++]!;
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    for (; ; shift += 7) {
      const next = this.lebByte(shift, 32, false);
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
    }
  }

  s32(): number {
    const first = this.byte();
    return first < 0x80 ? (first << 25) >> 25 : this.longS32(first);
  }

  private longS32(first: number): number {
    const { bytes, end } = this;
    let value = first & 0x7f;
    let shift = 7;
    for (; shift < 28 && this.pos < end; shift += 7) {
      const next = bytes[this.pos++]!;
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    for (; ; shift += 7) {
      const next = this.lebByte(shift, 32, true);
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return shift < 28 ? (value << (25 - shift)) >> (25 - shift) : value;
    }
  }

  /** Heap and block types: a type index is not negative. */
  s33(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = this.lebByte(shift, 33, true);
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return (next & 0x40) !== 0 ? value - 2 ** (shift + 7) : value;
    }
  }

  /** Into `lo` and `hi`. */
  u64(): void {
    this.read64(false);
  }
  /** Into `lo` and `hi`. */
  s64(): void {
    this.read64(true);
  }

  private read64(signed: boolean): void {
    const { bytes, end } = this;
    let lo = 0;
    let hi = 0;
    let shift = 0;
    for (; shift < 28 && this.pos < end; shift += 7) {
      const next = bytes[this.pos++]!;
      lo |= (next & 0x7f) << shift;
      if (next < 0x80) {
        this.lo = signed ? (lo << (25 - shift)) >> (25 - shift) : lo;
        this.hi = this.lo >> 31;
        return;
      }
    }
    for (; ; shift += 7) {
      const next = this.lebByte(shift, 64, signed);
      const bits = next & 0x7f;
      if (shift < 32) lo |= bits << shift;
      if (shift === 28) hi = bits >>> 4;
      else if (shift > 28) hi |= bits << (shift - 32);
      if (next < 0x80) {
        if (signed && (next & 0x40) !== 0) {
          if (shift + 7 < 32) lo |= -1 << (shift + 7);
          if (shift + 7 < 32) hi = -1;
          else if (shift + 7 < 64) hi |= -1 << (shift + 7 - 32);
        }
        this.lo = lo;
        this.hi = hi;
        return;
      }
    }
  }

  /** The byte of a LEB128 integer of `width` bits that holds bit `shift` upwards, checked for what it may hold. */
  private lebByte(shift: number, width: number, signed: boolean): number {
    const room = width - shift;
    if (room <= 0) this.fail('integer representation too long');
    const next = this.byte();
    if (room < 7) {
      const surplus = signed ? (-1 << (room - 1)) & 0x7f : (-1 << room) & 0x7f;
      const set = next & surplus;
      if (set !== 0 && !(signed && set === surplus)) this.fail('integer too large', this.pos - 1);
    }
    return next;
  }

  /** The length of what follows in bytes. Counts of vectors are plain `u32`s: a lie ends in "unexpected end". */
  length(): number {
    const at = this.pos;
    const count = this.u32();
    if (count > this.end - this.pos) this.fail('length out of bounds', at);
    return count;
  }

  /** The count of a vector of things that there is a limit of. */
  count(what: keyof typeof LIMITS): number {
    const at = this.pos;
    const count = this.u32();
    if (count > LIMITS[what]) this.fail(`too many ${what}: ${count}, at most ${LIMITS[what]}`, at);
    return count;
  }

  /** What to allocate for a vector that claims `count` elements, each of at least one byte. */
  roomFor(count: number): number {
    return Math.min(count, this.end - this.pos);
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    if (count > this.end - this.pos) this.unexpectedEnd();
    this.pos += count;
  }

  name(): string {
    const length = this.length();
    const at = this.pos;
    this.pos += length;
    if (length === 0) return '';
    try {
      return utf8.decode(this.bytes.subarray(at, at + length));
    } catch {
      return this.fail('malformed UTF-8 encoding', at);
    }
  }

  private heapType(message: string): HeapType {
    const at = this.pos;
    const value = this.s33();
    if (value < 0) return this.abstractHeap(value) ?? this.fail(message, at);
    if (!this.admits('function-references')) this.fail(message, at);
    return Math.min(value, MAX_INDEX);
  }

  /** `code` as s7. */
  private abstractHeap(code: number): HeapType | undefined {
    const heap = HEAP.bot | (code & 0x7f);
    const feature = ABSTRACT_HEAP_TYPES.get(heap);
    return code >= -64 && feature !== undefined && this.admits(feature) ? heap : undefined;
  }

  /** A heap type, with its `exact` marker if it has one, as (ref ht) or (ref null ht). */
  refTo(nullable: boolean, message = 'malformed heap type'): ValType {
    const at = this.pos;
    const exact = this.bytes[at] === 0x62 && at < this.end && this.admits('custom-descriptors');
    if (exact) this.pos++;
    const heap = this.heapType(message);
    if (exact && isAbstract(heap)) this.fail(message, at);
    return ref(heap, nullable, exact);
  }

  refType(): ValType {
    return this.refTypeOr('malformed reference type');
  }

  /** `message`: what a byte that begins no reference type is called here. */
  private refTypeOr(message: string): ValType {
    const at = this.pos;
    const code = this.byte();
    if (code === 0x63 || code === 0x64) {
      if (!this.admits('function-references')) this.fail(message, at);
      return this.refTo(code === 0x63, message);
    }
    if (code >= 0x80) this.fail('integer representation too long', at);
    const heap = this.abstractHeap(code - 0x80);
    return ref(heap ?? this.fail(message, at), true);
  }

  valType(): ValType {
    return this.valTypeOr('malformed value type');
  }

  private valTypeOr(message: string): ValType {
    const code = this.pos < this.end ? this.bytes[this.pos]! : 0;
    if ((code >= F64 && code <= I32) || (code === V128 && this.admits('simd'))) {
      this.pos++;
      return code;
    }
    if (!this.admits('reference-types')) this.fail(message);
    return this.refTypeOr(message);
  }

  /** A value type or a packed one. */
  storageType(): StorageType {
    const code = this.pos < this.end ? this.bytes[this.pos]! : 0;
    if (code === I8 || code === I16) {
      this.pos++;
      return code;
    }
    return this.valTypeOr('malformed storage type');
  }

  /**
   * A block type: 0 for none, a value type (positive), or the complement of a type index (negative).
   */
  readBlockType(): number {
    const code = this.pos < this.end ? this.bytes[this.pos]! : this.byte();
    if (code === 0x40) {
      this.pos++;
      return 0;
    }
    if ((code & 0xc0) === 0x40) return this.valTypeOr('malformed block type');
    const at = this.pos;
    const index = this.s33();
    if (index < 0) this.fail('malformed block type', at);
    if (!this.admits('multi-value')) this.fail('malformed block type', at);
    return ~Math.min(index, MAX_INDEX);
  }
}

/** What a reference type has room for (types.ts); larger indices are clamped to it, being just as unknown. */
const MAX_INDEX = (1 << 27) - 1;
