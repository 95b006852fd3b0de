import type { OP } from '../../wasm/opcodes.js';
import type { Cells } from '../cells.js';
import type { VectorOperation } from './vector-shape.js';

/**
 * Wide arithmetic (a proposal): 128-bit numbers are two i64 on the operand stack, the low half first, and so stand in
 * cells just like a vector.
 */

/** The halves' signs do not matter: `setNumber` takes the result modulo 2^128. */
function number({ i64 }: Cells, at: number): bigint {
  return (i64[(at >> 1) + 1]! << 64n) + BigInt.asUintN(64, i64[at >> 1]!);
}
function setNumber({ i64 }: Cells, at: number, value: bigint): void {
  i64[at >> 1] = value;
  i64[(at >> 1) + 1] = value >> 64n;
}

export const WIDE_ARITHMETIC: Partial<Record<keyof typeof OP, VectorOperation>> = {
  i64_add128: (cells, d, a, b) => setNumber(cells, d, number(cells, a) + number(cells, b)),
  i64_sub128: (cells, d, a, b) => setNumber(cells, d, number(cells, a) - number(cells, b)),
  i64_mul_wide_s: (cells, d, a, b) => setNumber(cells, d, cells.i64[a >> 1]! * cells.i64[b >> 1]!),
  i64_mul_wide_u(cells, d, a, b) {
    setNumber(cells, d, BigInt.asUintN(64, cells.i64[a >> 1]!) * BigInt.asUintN(64, cells.i64[b >> 1]!));
  },
};
