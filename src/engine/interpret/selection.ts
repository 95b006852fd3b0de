import { OP } from '../../wasm/opcodes.js';
import { X } from './opcodes.js';

/**
 * Which lowered operation stands for which numeric or memory instruction. Tables by WebAssembly opcode (all below 256);
 * 0 where there is none, which sends the instruction to a helper.
 */
const table = (rows: readonly (readonly [number, number])[]): Int16Array => {
  const found = new Int16Array(256);
  for (const [op, lowered] of rows) found[op] = lowered;
  return found;
};

/** Two operands in cells. */
export const IN_CELLS: Int16Array = table([
  [OP.i32_add, X.I32_ADD], [OP.i32_sub, X.I32_SUB], [OP.i32_mul, X.I32_MUL], [OP.i32_and, X.I32_AND], [OP.i32_or, X.I32_OR],
  [OP.i32_xor, X.I32_XOR], [OP.i32_shl, X.I32_SHL], [OP.i32_shr_s, X.I32_SHR_S], [OP.i32_shr_u, X.I32_SHR_U], [OP.i32_rotl, X.I32_ROTL],
  [OP.i32_eq, X.I32_EQ], [OP.i32_ne, X.I32_NE], [OP.i32_lt_s, X.I32_LT_S], [OP.i32_le_s, X.I32_LE_S], [OP.i32_lt_u, X.I32_LT_U], [OP.i32_le_u, X.I32_LE_U],
  [OP.i64_add, X.I64_ADD], [OP.i64_sub, X.I64_SUB], [OP.i64_mul, X.I64_MUL], [OP.i64_and, X.I64_AND], [OP.i64_or, X.I64_OR],
  [OP.i64_xor, X.I64_XOR], [OP.i64_shl, X.I64_SHL], [OP.i64_shr_s, X.I64_SHR_S], [OP.i64_shr_u, X.I64_SHR_U],
  [OP.i64_eq, X.I64_EQ], [OP.i64_ne, X.I64_NE], [OP.i64_lt_s, X.I64_LT_S], [OP.i64_le_s, X.I64_LE_S], [OP.i64_lt_u, X.I64_LT_U], [OP.i64_le_u, X.I64_LE_U],
  [OP.f32_add, X.F32_ADD], [OP.f32_sub, X.F32_SUB], [OP.f32_mul, X.F32_MUL], [OP.f32_div, X.F32_DIV],
  [OP.f32_eq, X.F32_EQ], [OP.f32_ne, X.F32_NE], [OP.f32_lt, X.F32_LT], [OP.f32_le, X.F32_LE],
  [OP.f64_add, X.F64_ADD], [OP.f64_sub, X.F64_SUB], [OP.f64_mul, X.F64_MUL], [OP.f64_div, X.F64_DIV],
  [OP.f64_eq, X.F64_EQ], [OP.f64_ne, X.F64_NE], [OP.f64_lt, X.F64_LT], [OP.f64_le, X.F64_LE],
]);

/** The second operand an immediate. */
export const WITH_IMMEDIATE: Int16Array = table([
  [OP.i32_add, X.I32_ADD_K], [OP.i32_mul, X.I32_MUL_K], [OP.i32_and, X.I32_AND_K], [OP.i32_or, X.I32_OR_K], [OP.i32_xor, X.I32_XOR_K],
  [OP.i32_shl, X.I32_SHL_K], [OP.i32_shr_s, X.I32_SHR_S_K], [OP.i32_shr_u, X.I32_SHR_U_K], [OP.i32_rotl, X.I32_ROTL_K],
  [OP.i32_eq, X.I32_EQ_K], [OP.i32_ne, X.I32_NE_K], [OP.i32_lt_s, X.I32_LT_S_K], [OP.i32_le_s, X.I32_LE_S_K], [OP.i32_gt_s, X.I32_GT_S_K],
  [OP.i32_ge_s, X.I32_GE_S_K], [OP.i32_lt_u, X.I32_LT_U_K], [OP.i32_le_u, X.I32_LE_U_K], [OP.i32_gt_u, X.I32_GT_U_K], [OP.i32_ge_u, X.I32_GE_U_K],
  [OP.i64_add, X.I64_ADD_K], [OP.i64_mul, X.I64_MUL_K], [OP.i64_and, X.I64_AND_K], [OP.i64_or, X.I64_OR_K], [OP.i64_xor, X.I64_XOR_K],
  [OP.i64_shl, X.I64_SHL_K], [OP.i64_shr_s, X.I64_SHR_S_K], [OP.i64_shr_u, X.I64_SHR_U_K],
  [OP.i64_eq, X.I64_EQ_K], [OP.i64_ne, X.I64_NE_K], [OP.i64_lt_s, X.I64_LT_S_K], [OP.i64_le_s, X.I64_LE_S_K], [OP.i64_gt_s, X.I64_GT_S_K],
  [OP.i64_ge_s, X.I64_GE_S_K], [OP.i64_lt_u, X.I64_LT_U_K], [OP.i64_le_u, X.I64_LE_U_K], [OP.i64_gt_u, X.I64_GT_U_K], [OP.i64_ge_u, X.I64_GE_U_K],
]);

/** The instruction that means the same with its operands exchanged. */
export const MIRRORED: Int16Array = table([
  ...[
    OP.i32_add, OP.i32_mul, OP.i32_and, OP.i32_or, OP.i32_xor, OP.i32_eq, OP.i32_ne,
    OP.i64_add, OP.i64_mul, OP.i64_and, OP.i64_or, OP.i64_xor, OP.i64_eq, OP.i64_ne,
  ].map((op) => [op, op] as const),
  ...(
    [
      [OP.i32_lt_s, OP.i32_gt_s], [OP.i32_le_s, OP.i32_ge_s], [OP.i32_lt_u, OP.i32_gt_u], [OP.i32_le_u, OP.i32_ge_u],
      [OP.i64_lt_s, OP.i64_gt_s], [OP.i64_le_s, OP.i64_ge_s], [OP.i64_lt_u, OP.i64_gt_u], [OP.i64_le_u, OP.i64_ge_u],
      [OP.f32_lt, OP.f32_gt], [OP.f32_le, OP.f32_ge], [OP.f64_lt, OP.f64_gt], [OP.f64_le, OP.f64_ge],
    ] as const
  ).flatMap(([a, b]) => [[a, b] as const, [b, a] as const]),
]);

/** One operand. */
export const UNARY: Int16Array = table([
  [OP.i32_clz, X.I32_CLZ], [OP.i32_extend8_s, X.I32_EXTEND8_S], [OP.i32_extend16_s, X.I32_EXTEND16_S],
  [OP.i64_extend_i32_s, X.I64_EXTEND_I32_S], [OP.i64_extend_i32_u, X.I64_EXTEND_I32_U], [OP.i64_extend32_s, X.I64_EXTEND_I32_S],
]);

/** Loads and stores of memory 0 at 32-bit addresses. */
export const ACCESS: Int16Array = table([
  [OP.i32_load, X.LOAD_32], [OP.f32_load, X.LOAD_32], [OP.i64_load, X.LOAD_64], [OP.f64_load, X.LOAD_64],
  [OP.i32_load8_u, X.LOAD_8U], [OP.i32_load8_s, X.LOAD_8S], [OP.i32_load16_u, X.LOAD_16U], [OP.i32_load16_s, X.LOAD_16S],
  [OP.i64_load8_u, X.LOAD_64_8U], [OP.i64_load8_s, X.LOAD_64_8S], [OP.i64_load16_u, X.LOAD_64_16U], [OP.i64_load16_s, X.LOAD_64_16S],
  [OP.i64_load32_u, X.LOAD_64_32U], [OP.i64_load32_s, X.LOAD_64_32S],
  [OP.i32_store, X.STORE_32], [OP.f32_store, X.STORE_32], [OP.i64_store, X.STORE_64], [OP.f64_store, X.STORE_64],
  [OP.i32_store8, X.STORE_8], [OP.i64_store8, X.STORE_8], [OP.i32_store16, X.STORE_16], [OP.i64_store16, X.STORE_16], [OP.i64_store32, X.STORE_32],
]);
