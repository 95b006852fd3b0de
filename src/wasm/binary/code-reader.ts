import type { Features } from '../features.js';
import { type ImmediateKind, indexOfPrefixed, type Instruction, INSTRUCTIONS, ROW_OF_BYTE } from '../instructions.js';
import { BOT, type ValType } from '../types.js';
import { ByteReader } from './byte-reader.js';

const opOf = Int32Array.from(INSTRUCTIONS, (row) => row.op);

const everyRow = new Uint8Array(INSTRUCTIONS.length).fill(1);
const admittedRows = new WeakMap<Features, Uint8Array>();
/** One flag a row of `INSTRUCTIONS`: does a module with these features know it? */
function admitted(features: Features | undefined): Uint8Array {
  if (features === undefined) return everyRow;
  let flags = admittedRows.get(features);
  if (flags === undefined) admittedRows.set(features, (flags = Uint8Array.from(INSTRUCTIONS, (row) => Number(features.has(row.feature)))));
  return flags;
}

const NONE = new Uint32Array(0);

/** Catch clauses of `try_table`, as in the binary format. */
export const CATCH = { catch: 0, catchRef: 1, catchAll: 2, catchAllRef: 3 } as const;

/**
 * Reads instructions one by one. The immediates of the last one stand in plain fields, which the next one overwrites;
 * nothing is allocated per instruction. Which fields, by the row's `imm`:
 *
 *     label, func, local, global, tag, table, elem, memory, data, type    x
 *     type+table, elem+table, data+memory, table+table, memory+memory     x, y
 *     type+field, type+length, type+data, type+elem, type+type            x, y
 *     block            blockType
 *     catches          blockType, catches, catchCount
 *     labels           labels, labelCount
 *     memarg           align, memory, lo, hi (the offset)
 *     memarg+lane      the same, and the lane in x
 *     lane             x
 *     lanes, v128      at (offset of 16 bytes in `bytes`)
 *     i32              x (signed)
 *     f32              x (the bits)
 *     i64, f64         lo, hi
 *     valtypes         types
 *     heap, ref null   type (a nullable reference type)
 *     ref              type (a non-nullable one)
 *     cast             x (the label), type (source), target
 */
export class InstructionReader extends ByteReader {
  /** Offset of the instruction read last. */
  start: number;
  /** Its opcode (`Instruction.op`) and its row in `INSTRUCTIONS`. */
  op = 0;
  index = 0;

  /** An index, a label depth or a count, unsigned; an i32 constant, signed. */
  x = 0;
  y = 0;
  /** 0: no parameters, no result. Positive: one result of that type. Negative: complement of a type index. */
  blockType = 0;
  /** Log2 of the alignment that a memory access promises. */
  align = 0;
  memory = 0;
  /** Where 16 bytes of immediate are. */
  at = 0;
  type: ValType = BOT;
  target: ValType = BOT;
  readonly types: ValType[] = [];
  /** Depths, the default last. Only the first `labelCount` are meant. */
  labels: Uint32Array = NONE;
  labelCount = 0;
  /** Triples: a `CATCH` kind, the tag (0 without one), the label. Only the first `catchCount` triples are meant. */
  catches: Uint32Array = NONE;
  catchCount = 0;

  private rows: Uint8Array;

  /** Without `features` every instruction of every proposal is known. */
  constructor(bytes: Uint8Array, offset: number, end: number, features?: Features) {
    super(bytes, offset, end, features);
    this.start = offset;
    this.rows = admitted(features);
  }

  /** Goes to another range of the same bytes. */
  seek(offset: number, end: number): void {
    this.pos = offset;
    this.start = offset;
    this.end = end;
  }

  /** The row of the instruction read last. */
  get instruction(): Instruction {
    return INSTRUCTIONS[this.index]!;
  }

  /** The offset of the memory access as a number; exact below 2^53. */
  get offset(): number {
    return (this.hi >>> 0) * 2 ** 32 + (this.lo >>> 0);
  }

  /** Reads the instruction at `pos` and answers its opcode. Throws `DecodeError` for what is none. */
  next(): number {
    const start = this.pos;
    if (start >= this.end) this.unexpectedEnd();
    this.start = start;
    this.pos = start + 1;
    const byte = this.bytes[start]!;
    const index = byte >= 0xfb && byte <= 0xfe ? indexOfPrefixed(byte, this.u32()) : ROW_OF_BYTE[byte]!;
    if (index < 0 || this.rows[index] === 0) this.illegal(byte);
    this.index = index;
    this.op = opOf[index]!;
    const immediates = readers[index];
    if (immediates === readX) {
      const x = this.bytes[start + 1]!;
      // Most indices have one byte.
      if (byte < 0xfb && x < 0x80 && start + 1 < this.end) {
        this.x = x;
        this.pos = start + 2;
      } else this.x = this.u32();
    } else if (immediates !== undefined) immediates(this);
    return this.op;
  }

  private illegal(byte: number): never {
    const hex = [...this.bytes.subarray(this.start, byte >= 0xfb && byte <= 0xfe ? this.pos : this.start + 1)];
    this.fail(`illegal opcode ${hex.map((b) => b.toString(16).padStart(2, '0')).join(' ')}`, this.start);
  }

  zero(): number {
    if (this.byte() !== 0) this.fail('zero byte expected', this.pos - 1);
    return 0;
  }
  memoryIndex(): number {
    return this.admits('multi-memory') ? this.u32() : this.zero();
  }
  tableIndex(): number {
    return this.admits('reference-types') ? this.u32() : this.zero();
  }

  readMemarg(): void {
    const at = this.pos;
    const flags = this.u32();
    if (flags >= 0x80) this.fail('malformed memop flags', at);
    this.align = flags & 0x3f;
    this.memory = 0;
    if ((flags & 0x40) !== 0) {
      if (!this.admits('multi-memory')) this.fail('malformed memop flags', at);
      this.memory = this.u32();
    }
    // One byte is by far the most frequent; it needs no 64-bit reading.
    const first = this.pos < this.end ? this.bytes[this.pos]! : 0x80;
    if (first < 0x80) {
      this.pos++;
      this.lo = first;
      this.hi = 0;
    } else if (this.admits('memory64')) this.u64();
    else {
      this.lo = this.u32() | 0;
      this.hi = 0;
    }
  }

  int32(): number {
    const at = this.pos;
    this.skip(4);
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  readLabels(): void {
    const count = this.u32() + 1;
    const room = this.roomFor(count);
    if (room > this.labels.length) this.labels = new Uint32Array(room * 2);
    for (let i = 0; i < count; i++) this.labels[i] = this.u32();
    this.labelCount = count;
  }

  readCatches(): void {
    const count = this.u32();
    const room = 3 * this.roomFor(count);
    if (room > this.catches.length) this.catches = new Uint32Array(room * 2);
    for (let i = 0; i < count; i++) {
      const kind = this.byte();
      if (kind > CATCH.catchAllRef) this.fail('malformed catch clause', this.pos - 1);
      this.catches[3 * i] = kind;
      this.catches[3 * i + 1] = kind < CATCH.catchAll ? this.u32() : 0;
      this.catches[3 * i + 2] = this.u32();
    }
    this.catchCount = count;
  }
}

type Read = (reader: InstructionReader) => void;

const readX: Read = (reader) => {
  reader.x = reader.u32();
};
const readXY: Read = (reader) => {
  reader.x = reader.u32();
  reader.y = reader.u32();
};
const read16: Read = (reader) => {
  reader.at = reader.pos;
  reader.skip(16);
};
const readNullable: Read = (reader) => {
  reader.type = reader.refTo(true);
};

const READ: Readonly<Record<ImmediateKind, Read | undefined>> = {
  none: undefined,
  block: (reader) => {
    reader.blockType = reader.readBlockType();
  },
  catches: (reader) => {
    reader.blockType = reader.readBlockType();
    reader.readCatches();
  },
  label: readX,
  labels: (reader) => reader.readLabels(),
  func: readX,
  'type+table': (reader) => {
    reader.x = reader.u32();
    reader.y = reader.tableIndex();
  },
  local: readX,
  global: readX,
  tag: readX,
  table: readX,
  'table+table': readXY,
  'elem+table': readXY,
  elem: readX,
  memory: (reader) => {
    reader.x = reader.memoryIndex();
  },
  'memory+memory': (reader) => {
    reader.x = reader.memoryIndex();
    reader.y = reader.memoryIndex();
  },
  'data+memory': (reader) => {
    reader.x = reader.u32();
    reader.y = reader.memoryIndex();
  },
  data: readX,
  memarg: (reader) => reader.readMemarg(),
  'memarg+lane': (reader) => {
    reader.readMemarg();
    reader.x = reader.byte();
  },
  lane: (reader) => {
    reader.x = reader.byte();
  },
  lanes: read16,
  i32: (reader) => {
    reader.x = reader.s32();
  },
  i64: (reader) => reader.s64(),
  f32: (reader) => {
    reader.x = reader.int32();
  },
  f64: (reader) => {
    reader.lo = reader.int32();
    reader.hi = reader.int32();
  },
  v128: read16,
  valtypes: (reader) => {
    const count = reader.u32();
    reader.types.length = 0;
    for (let i = 0; i < count; i++) reader.types.push(reader.valType());
  },
  heap: readNullable,
  ref: (reader) => {
    reader.type = reader.refTo(false);
  },
  'ref null': readNullable,
  type: readX,
  'type+field': readXY,
  'type+length': readXY,
  'type+data': readXY,
  'type+elem': readXY,
  'type+type': readXY,
  cast: (reader) => {
    const flags = reader.byte();
    if (flags > 3) reader.fail('malformed cast flags', reader.pos - 1);
    reader.x = reader.u32();
    reader.type = reader.refTo((flags & 1) !== 0);
    reader.target = reader.refTo((flags & 2) !== 0);
  },
  zero: (reader) => void reader.zero(),
};

/** By row of `INSTRUCTIONS`. */
const readers: readonly (Read | undefined)[] = INSTRUCTIONS.map((row) => READ[row.imm]);
