import {
  type AddressType,
  type CompType,
  type FieldType,
  type GlobalType,
  I32,
  I64,
  type Limits,
  type MemoryType,
  type SubType,
  type TableType,
  type TagType,
  type ValType,
} from '../types.js';
import type { ByteReader } from './byte-reader.js';
import { LIMITS } from './limits.js';

const NO_SUPERS: readonly number[] = [];

/** Reads the type section and the types of imports and definitions (§5.3, §5.5.4). */
export class TypeReader {
  private readonly reader: ByteReader;

  constructor(reader: ByteReader) {
    this.reader = reader;
  }

  /** The content of a type section. */
  types(): SubType[] {
    const { reader } = this;
    const types: SubType[] = [];
    const groups = reader.count('types');
    for (let i = 0; i < groups; i++) {
      const start = types.length;
      if (reader.bytes[reader.pos] !== 0x4e || !reader.admits('gc')) types.push(this.subType(start, 1));
      else {
        reader.pos++;
        const length = reader.count('types');
        if (types.length + length > LIMITS.types) reader.fail('too many types');
        for (let j = 0; j < length; j++) types.push(this.subType(start, length));
      }
    }
    return types;
  }

  private subType(recStart: number, recLength: number): SubType {
    const { reader } = this;
    let final = true;
    let supers = NO_SUPERS;
    const code = reader.bytes[reader.pos];
    if ((code === 0x50 || code === 0x4f) && reader.admits('gc')) {
      reader.pos++;
      final = code === 0x4f;
      supers = this.indices();
    }
    const describes = this.clause(0x4c);
    const descriptor = this.clause(0x4d);
    const comp = this.compType();
    const type = { comp, final, supers, recStart, recLength };
    return describes === undefined && descriptor === undefined ? type : { ...type, describes, descriptor };
  }

  /** The type index of a `describes` or `descriptor` clause, if there is one. */
  private clause(code: number): number | undefined {
    const { reader } = this;
    if (reader.bytes[reader.pos] !== code || !reader.admits('custom-descriptors')) return undefined;
    reader.pos++;
    return reader.u32();
  }

  private indices(): readonly number[] {
    const count = this.reader.u32();
    const list: number[] = [];
    for (let i = 0; i < count; i++) list.push(this.reader.u32());
    return list;
  }

  private compType(): CompType {
    const { reader } = this;
    const at = reader.pos;
    const code = reader.byte();
    if (code === 0x60) return { kind: 'func', params: this.valTypes('parameters'), results: this.valTypes('results') };
    if (code === 0x5f && reader.admits('gc')) return { kind: 'struct', fields: this.fields() };
    if (code === 0x5e && reader.admits('gc')) return { kind: 'array', field: this.field() };
    return reader.fail(code >= 0x80 ? 'integer representation too long' : 'malformed definition type', at);
  }

  private valTypes(what: 'parameters' | 'results'): readonly ValType[] {
    const { reader } = this;
    const count = reader.count(what);
    const list: ValType[] = [];
    for (let i = 0; i < count; i++) list.push(reader.valType());
    return list;
  }

  private fields(): readonly FieldType[] {
    const count = this.reader.count('fields');
    const list: FieldType[] = [];
    for (let i = 0; i < count; i++) list.push(this.field());
    return list;
  }

  private field(): FieldType {
    const storage = this.reader.storageType();
    return { storage, mutable: this.mutability() };
  }

  private mutability(): boolean {
    const { reader } = this;
    const code = reader.byte();
    if (code > 1) reader.fail('malformed mutability', reader.pos - 1);
    return code === 1;
  }

  globalType(): GlobalType {
    const value = this.reader.valType();
    return { value, mutable: this.mutability() };
  }

  tagType(): TagType {
    const { reader } = this;
    if (reader.byte() !== 0) reader.fail('malformed tag attribute', reader.pos - 1);
    return { type: reader.u32() };
  }

  tableType(): TableType {
    const element = this.reader.refType();
    const { limits, address } = this.limits(this.flags(this.reader.admits('memory64') ? 0x05 : 0x01));
    return { limits, address, element };
  }

  memoryType(): MemoryType {
    const { reader } = this;
    const flags = this.flags(
      0x01 |
        (reader.admits('threads') ? 0x02 : 0) |
        (reader.admits('memory64') ? 0x04 : 0) |
        (reader.admits('custom-page-sizes') ? 0x08 : 0),
    );
    const { limits, address } = this.limits(flags);
    return { limits, address, shared: (flags & 2) !== 0, pageSizeLog2: (flags & 8) !== 0 ? this.pageSize() : 16 };
  }

  private pageSize(): number {
    const { reader } = this;
    const at = reader.pos;
    const log2 = reader.u32();
    if (log2 >= 64) reader.fail('invalid custom page size', at);
    return log2;
  }

  private flags(admitted: number): number {
    const { reader } = this;
    const flags = reader.byte();
    if ((flags & ~admitted) !== 0) reader.fail('malformed limits flags', reader.pos - 1);
    return flags;
  }

  private limits(flags: number): { limits: Limits; address: AddressType } {
    const address = (flags & 4) !== 0 ? I64 : I32;
    const min = this.size();
    return { limits: { min, max: (flags & 1) !== 0 ? this.size() : undefined }, address };
  }

  /** With 64-bit memories in the language every limit is written in 64 bits; `validate` knows the ranges. */
  private size(): bigint {
    const { reader } = this;
    if (!reader.admits('memory64')) return BigInt(reader.u32());
    reader.u64();
    return (BigInt(reader.hi >>> 0) << 32n) | BigInt(reader.lo >>> 0);
  }
}
