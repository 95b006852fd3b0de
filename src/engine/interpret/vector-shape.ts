import { Cells } from '../cells.js';

/**
 * A vector instruction. `d`, `a`, `b`, `c` are word positions of the result and the operands, `k` is the lane immediate;
 * those that an instruction does not have mean nothing. An operand may lie where the result goes, or overlap it from
 * above (a result moves down to where a branch wants it), so lanes are written from the first on, or all at once.
 */
export type VectorOperation = (cells: Cells, d: number, a: number, b: number, c: number, k: number) => void;

/** Where results are put together whose lanes do not come from the same lanes of the operands. */
export const scratch: Cells = new Cells(2);

/** The vector in `scratch` is the result. */
export function give(cells: Cells, d: number): void {
  setWords(cells.i32, d, scratch.i32[0]!, scratch.i32[1]!, scratch.i32[2]!, scratch.i32[3]!);
}

export function setWords(words: Int32Array, d: number, w0: number, w1: number, w2: number, w3: number): void {
  words[d] = w0;
  words[d + 1] = w1;
  words[d + 2] = w2;
  words[d + 3] = w3;
}

/** Of one lane, or of the same lane of two vectors; what it answers wraps around to the lane's width. */
export type IntegerLane = (x: number, y: number) => number;

/** i8x16, lane by lane. */
export function each8(lane: IntegerLane): VectorOperation {
  return ({ i8 }, d, a, b) => {
    const to = d * 4;
    const x = a * 4;
    const y = b * 4;
    for (let i = 0; i < 16; i++) i8[to + i] = lane(i8[x + i]!, i8[y + i]!);
  };
}
/** The same on unsigned lanes. */
export function each8u(lane: IntegerLane): VectorOperation {
  return ({ u8 }, d, a, b) => {
    const to = d * 4;
    const x = a * 4;
    const y = b * 4;
    for (let i = 0; i < 16; i++) u8[to + i] = lane(u8[x + i]!, u8[y + i]!);
  };
}
/** i16x8, lane by lane. */
export function each16(lane: IntegerLane): VectorOperation {
  return ({ i16 }, d, a, b) => {
    const to = d * 2;
    const x = a * 2;
    const y = b * 2;
    for (let i = 0; i < 8; i++) i16[to + i] = lane(i16[x + i]!, i16[y + i]!);
  };
}
export function each16u(lane: IntegerLane): VectorOperation {
  return ({ u16 }, d, a, b) => {
    const to = d * 2;
    const x = a * 2;
    const y = b * 2;
    for (let i = 0; i < 8; i++) u16[to + i] = lane(u16[x + i]!, u16[y + i]!);
  };
}
/** i32x4, lane by lane. */
export function each32(lane: IntegerLane): VectorOperation {
  return ({ i32 }, d, a, b) => {
    for (let i = 0; i < 4; i++) i32[d + i] = lane(i32[a + i]!, i32[b + i]!);
  };
}
export function each32u(lane: IntegerLane): VectorOperation {
  return ({ i32 }, d, a, b) => {
    for (let i = 0; i < 4; i++) i32[d + i] = lane(i32[a + i]! >>> 0, i32[b + i]! >>> 0);
  };
}
