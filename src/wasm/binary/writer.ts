import {
  type AddressType,
  type CompType,
  type FieldType,
  type GlobalType,
  type HeapType,
  heapOf,
  I64,
  isAbstract,
  isExact,
  isNullable,
  isRef,
  type Limits,
  type MemoryType,
  type StorageType,
  type SubType,
  type TableType,
  type ValType,
} from '../types.js';

const encoder = new TextEncoder();

/** A growable run of bytes with the encodings of the binary format (§5.2, §5.3). Everything written is in `take()`. */
export class ByteWriter {
  private buffer: Uint8Array;
  private used = 0;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.used;
  }

  /** The bytes written so far, as a view that the next write may detach from this writer. */
  take(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  /** Forgets what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.used = length;
  }

  private room(count: number): number {
    const at = this.used;
    if (at + count > this.buffer.length) {
      const bigger = new Uint8Array(Math.max(at + count, this.buffer.length * 2));
      bigger.set(this.buffer);
      this.buffer = bigger;
    }
    this.used = at + count;
    return at;
  }

  byte(value: number): this {
    const at = this.room(1);
    this.buffer[at] = value;
    return this;
  }

  bytes(values: Uint8Array | readonly number[]): this {
    const at = this.room(values.length);
    this.buffer.set(values, at);
    return this;
  }

  /** 0 to 2^32 − 1. */
  u32(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** In five bytes whatever the value, so that it can be patched. */
  u32Padded(value: number): this {
    const at = this.room(5);
    this.patchU32(at, value);
    return this;
  }

  /** Overwrites the padded integer at `at`. */
  patchU32(at: number, value: number): void {
    for (let i = 0; i < 5; i++) this.buffer[at + i] = ((value >>> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0);
  }

  /** An integer of −2^31 to 2^31 − 1. */
  s32(value: number): this {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.byte(rest & 0x7f);
  }

  /** An integer of −2^32 to 2^32 − 1, as block types and heap types need. */
  s33(value: number): this {
    return this.s64(BigInt(value));
  }

  u64(value: bigint): this {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.byte(Number(rest));
  }

  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.byte(Number(rest & 0x7fn));
  }

  /** The bits of an f32. */
  f32Bits(bits: number): this {
    return this.bytes([bits & 0xff, (bits >>> 8) & 0xff, (bits >>> 16) & 0xff, bits >>> 24]);
  }

  /** The bits of an f64. */
  f64Bits(bits: bigint): this {
    return this.f32Bits(Number(BigInt.asIntN(32, bits))).f32Bits(Number(BigInt.asIntN(32, bits >> 32n)));
  }

  /** Length and UTF-8 bytes. A string that is no Unicode must be given as bytes to `blob`. */
  name(text: string): this {
    return this.blob(encoder.encode(text));
  }

  /** Length and content. */
  blob(content: Uint8Array): this {
    return this.u32(content.length).bytes(content);
  }

  /** Count and elements. */
  vec<T>(items: readonly T[], write: (item: T, writer: this) => void): this {
    this.u32(items.length);
    for (const item of items) write(item, this);
    return this;
  }

  /** What `fill` writes, with its size in bytes before it. */
  sized(fill: (content: ByteWriter) => void): this {
    const content = new ByteWriter();
    fill(content);
    return this.blob(content.take());
  }

  section(id: number, fill: (content: ByteWriter) => void): this {
    return this.byte(id).sized(fill);
  }

  customSection(name: string, content: Uint8Array): this {
    return this.section(0, (section) => section.name(name).bytes(content));
  }

  /** Magic number and version. */
  header(): this {
    return this.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  }

  heapType(heap: HeapType, exact = false): this {
    if (isAbstract(heap)) return this.byte(heap & 0x7f);
    if (exact) this.byte(0x62);
    return this.s33(heap);
  }

  /** The heap type of a reference type, with its `exact` marker: the immediate of `ref.null`, `ref.test`, …. */
  heapOf(type: ValType): this {
    return this.heapType(heapOf(type), isExact(type));
  }

  valType(type: ValType): this {
    if (!isRef(type)) return this.byte(type);
    const heap = heapOf(type);
    if (isAbstract(heap) && isNullable(type)) return this.byte(heap & 0x7f);
    return this.byte(isNullable(type) ? 0x63 : 0x64).heapOf(type);
  }

  storageType(type: StorageType): this {
    return this.valType(type);
  }

  /** As `InstructionReader.blockType`: 0, a value type, or the complement of a type index. */
  blockType(type: number): this {
    if (type === 0) return this.byte(0x40);
    return type > 0 ? this.valType(type) : this.s33(~type);
  }

  private field(field: FieldType): void {
    this.storageType(field.storage).byte(field.mutable ? 1 : 0);
  }

  compType(comp: CompType): this {
    switch (comp.kind) {
      case 'func':
        return this.byte(0x60)
          .vec(comp.params, (type) => this.valType(type))
          .vec(comp.results, (type) => this.valType(type));
      case 'struct':
        return this.byte(0x5f).vec(comp.fields, (field) => this.field(field));
      case 'array':
        this.byte(0x5e).field(comp.field);
        return this;
    }
  }

  /** One member of a recursion group. */
  subType(type: SubType): this {
    if (!type.final || type.supers.length > 0) this.byte(type.final ? 0x4f : 0x50).vec(type.supers, (index) => this.u32(index));
    if (type.describes !== undefined) this.byte(0x4c).u32(type.describes);
    if (type.descriptor !== undefined) this.byte(0x4d).u32(type.descriptor);
    return this.compType(type.comp);
  }

  /** The content of a type section: groups of more or less than one type, and those marked so, get their `rec`. */
  types(types: readonly SubType[], isExplicit: (start: number) => boolean = () => false): this {
    const groups: SubType[][] = [];
    for (let i = 0; i < types.length; i += types[i]!.recLength) groups.push(types.slice(i, i + types[i]!.recLength));
    return this.vec(groups, (group) => {
      if (group.length !== 1 || isExplicit(group[0]!.recStart)) this.byte(0x4e).vec(group, (type) => this.subType(type));
      else this.subType(group[0]!);
    });
  }

  /** `more`: further flag bits (2: shared, 8: a page size follows). */
  private limits(limits: Limits, address: AddressType, more: number): void {
    this.byte((limits.max === undefined ? 0 : 1) | (address === I64 ? 4 : 0) | more).u64(limits.min);
    if (limits.max !== undefined) this.u64(limits.max);
  }

  memoryType(type: MemoryType): this {
    const custom = type.pageSizeLog2 !== 16;
    this.limits(type.limits, type.address, (type.shared ? 2 : 0) | (custom ? 8 : 0));
    return custom ? this.u32(type.pageSizeLog2) : this;
  }

  tableType(type: TableType): this {
    this.valType(type.element).limits(type.limits, type.address, 0);
    return this;
  }

  globalType(type: GlobalType): this {
    return this.valType(type.value).byte(type.mutable ? 1 : 0);
  }
}
