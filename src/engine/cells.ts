/**
 * A growable run of 64-bit cells, the unit of operand stack, locals and globals. A value takes one cell (`v128` two,
 * low half first); an i32, an f32's bits and a reference handle sit in the low word, whose high word means nothing.
 * Values move as int32 words and never as JavaScript numbers, so that every NaN keeps its bits.
 */
export class Cells {
  i32: Int32Array;
  f32: Float32Array;
  f64: Float64Array;
  i64: BigInt64Array;
  /** The lanes of vectors. */
  i8: Int8Array;
  u8: Uint8Array;
  i16: Int16Array;
  u16: Uint16Array;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer(capacity * 8);
    this.i32 = new Int32Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
  }

  get capacity(): number {
    return this.f64.length;
  }

  /** Makes room for at least `capacity` cells, keeping the content. The typed arrays are replaced. */
  reserve(capacity: number): void {
    if (capacity <= this.capacity) return;
    const bigger = new Cells(Math.max(capacity, this.capacity * 2));
    bigger.i32.set(this.i32);
    this.i32 = bigger.i32;
    this.f32 = bigger.f32;
    this.f64 = bigger.f64;
    this.i64 = bigger.i64;
    this.i8 = bigger.i8;
    this.u8 = bigger.u8;
    this.i16 = bigger.i16;
    this.u16 = bigger.u16;
  }
}

/**
 * A window onto consecutive cells: how host functions see their arguments and write their results without an object
 * per call. Positions count cells from the window's start.
 */
export class CellWindow {
  cells: Cells;
  base: number;

  constructor(cells: Cells, base: number) {
    this.cells = cells;
    this.base = base;
  }

  i32(at: number): number {
    return this.cells.i32[(this.base + at) * 2]!;
  }
  u32(at: number): number {
    return this.i32(at) >>> 0;
  }
  i64(at: number): bigint {
    return this.cells.i64[this.base + at]!;
  }
  u64(at: number): bigint {
    return BigInt.asUintN(64, this.i64(at));
  }
  f32(at: number): number {
    return this.cells.f32[(this.base + at) * 2]!;
  }
  f64(at: number): number {
    return this.cells.f64[this.base + at]!;
  }
  setI32(at: number, value: number): void {
    this.cells.i32[(this.base + at) * 2] = value;
  }
  setI64(at: number, value: bigint): void {
    this.cells.i64[this.base + at] = value;
  }
  setF32(at: number, value: number): void {
    this.cells.f32[(this.base + at) * 2] = value;
  }
  setF64(at: number, value: number): void {
    this.cells.f64[this.base + at] = value;
  }
}
