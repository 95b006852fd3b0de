import { instruction, INSTRUCTIONS } from '../../wasm/instructions.js';
import { OP } from '../../wasm/opcodes.js';
import { BITS, selectVector } from './vector-bits.js';
import { FLOATS } from './vector-float.js';
import { INTEGERS } from './vector-integer.js';
import type { VectorOperation } from './vector-shape.js';
import { WIDE_ARITHMETIC } from './wide-arithmetic.js';

/**
 * Everything on 128 bits that the interpreter does, by row of `INSTRUCTIONS`: what the operation VECTOR calls. The
 * instructions on memories are not here: `COMPOSED` says what they are made of.
 */
export const VECTORS: readonly (VectorOperation | undefined)[] = tabulate({
  ...BITS, ...INTEGERS, ...FLOATS, ...WIDE_ARITHMETIC, select: selectVector,
});

function tabulate(operations: Partial<Record<keyof typeof OP, VectorOperation>>): (VectorOperation | undefined)[] {
  const table: (VectorOperation | undefined)[] = INSTRUCTIONS.map(() => undefined);
  for (const [name, operation] of Object.entries(operations)) table[instruction(OP[name as keyof typeof OP])!.index] = operation;
  return table;
}

/** A scalar access and the vector instruction that its lane goes to, or comes from. */
export interface Composition {
  readonly access: number;
  readonly operation: number;
}

/** The accesses that touch less than a whole vector; `v128.load` and `v128.store` are accesses like the scalar ones. */
export const COMPOSED: ReadonlyMap<number, Composition> = new Map(
  (
    [
      [OP.v128_load8x8_s, OP.i64_load, OP.i16x8_extend_low_i8x16_s], [OP.v128_load8x8_u, OP.i64_load, OP.i16x8_extend_low_i8x16_u],
      [OP.v128_load16x4_s, OP.i64_load, OP.i32x4_extend_low_i16x8_s], [OP.v128_load16x4_u, OP.i64_load, OP.i32x4_extend_low_i16x8_u],
      [OP.v128_load32x2_s, OP.i64_load, OP.i64x2_extend_low_i32x4_s], [OP.v128_load32x2_u, OP.i64_load, OP.i64x2_extend_low_i32x4_u],
      [OP.v128_load8_splat, OP.i32_load8_u, OP.i8x16_splat], [OP.v128_load16_splat, OP.i32_load16_u, OP.i16x8_splat],
      [OP.v128_load32_splat, OP.i32_load, OP.i32x4_splat], [OP.v128_load64_splat, OP.i64_load, OP.i64x2_splat],
      [OP.v128_load32_zero, OP.i32_load, OP.v128_load32_zero], [OP.v128_load64_zero, OP.i64_load, OP.v128_load64_zero],
      [OP.v128_load8_lane, OP.i32_load8_u, OP.i8x16_replace_lane], [OP.v128_load16_lane, OP.i32_load16_u, OP.i16x8_replace_lane],
      [OP.v128_load32_lane, OP.i32_load, OP.i32x4_replace_lane], [OP.v128_load64_lane, OP.i64_load, OP.i64x2_replace_lane],
      [OP.v128_store8_lane, OP.i32_store8, OP.i8x16_extract_lane_u], [OP.v128_store16_lane, OP.i32_store16, OP.i16x8_extract_lane_u],
      [OP.v128_store32_lane, OP.i32_store, OP.i32x4_extract_lane], [OP.v128_store64_lane, OP.i64_store, OP.i64x2_extract_lane],
    ] as const
  ).map(([op, access, operation]) => [op, { access, operation }]),
);
