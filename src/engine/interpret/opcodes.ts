/**
 * The instructions of lowered code: words of an Int32Array, the opcode first. `d`, `a`, `b` are frame-relative word
 * positions (two words a cell), `k`, `lo`, `hi` immediates. Comparisons that are missing in one form are written with
 * swapped operands. The interpreter loop switches on these numbers; `opcodes.test.ts` holds both together.
 */
const NAMES = [
  // Control. `n`: instructions to charge; `t`: target.
  'LEAVE', // the code that an activation returns to
  'BRIDGE', // the code that a call of another instance returns to
  'TICK', // exact code, before every counting instruction
  'SWITCH', // exact code, where fused code may have an entry
  'PROBE', // n, offset
  'NOP', // keeps two places apart
  'UNREACHABLE',
  'JUMP', // n t
  'SET_JUMP', // n t d k: a local gets a constant and the jump is threaded through the br_table that reads it
  'BR_NZ', // n t a
  'BR_Z', // n t a
  'BR_TABLE', // count a (n t)…: the last pair is the default
  'RETURN', // n: the results stand at the frame base
  'RETURN_32', // n a
  'RETURN_64', // n a
  'RETURN_K', // n k
  'RETURN_EXACT', // exact code: the caller may stand in fused code
  'CALL', // n func base
  'CALL_IMPORT', // n func base
  'CALL_INDIRECT', // n table base type a
  'TAIL_CALL', // n func base
  'TAIL_CALL_INDIRECT', // n table base type a
  // Moves
  'MOVE_32',
  'MOVE_64',
  'CONST_32',
  'CONST_64',
  'SELECT_32', // d a b c
  'SELECT_64', // d a b c
  'GLOBAL_GET_32',
  'GLOBAL_GET_64',
  'GLOBAL_SET_32', // global a
  'GLOBAL_SET_64', // global a
  // i32 arithmetic: d a b, or d a k with an immediate
  'I32_ADD',
  'I32_ADD_K',
  'I32_SUB',
  'I32_MUL',
  'I32_MUL_K',
  'I32_AND',
  'I32_AND_K',
  'I32_OR',
  'I32_OR_K',
  'I32_XOR',
  'I32_XOR_K',
  'I32_SHL',
  'I32_SHL_K',
  'I32_SHR_S',
  'I32_SHR_S_K',
  'I32_SHR_U',
  'I32_SHR_U_K',
  'I32_ROTL',
  'I32_ROTL_K',
  // i32 comparisons: d a b, or d a k
  'I32_EQ',
  'I32_NE',
  'I32_LT_S',
  'I32_LE_S',
  'I32_LT_U',
  'I32_LE_U',
  'I32_EQ_K',
  'I32_NE_K',
  'I32_LT_S_K',
  'I32_LE_S_K',
  'I32_LT_U_K',
  'I32_LE_U_K',
  'I32_GT_S_K',
  'I32_GE_S_K',
  'I32_GT_U_K',
  'I32_GE_U_K',
  // i32 comparisons that branch: n t a b, or n t a k
  'BR_I32_EQ',
  'BR_I32_NE',
  'BR_I32_LT_S',
  'BR_I32_LE_S',
  'BR_I32_LT_U',
  'BR_I32_LE_U',
  'BR_I32_EQ_K',
  'BR_I32_NE_K',
  'BR_I32_LT_S_K',
  'BR_I32_LE_S_K',
  'BR_I32_LT_U_K',
  'BR_I32_LE_U_K',
  'BR_I32_GT_S_K',
  'BR_I32_GE_S_K',
  'BR_I32_GT_U_K',
  'BR_I32_GE_U_K',
  // i32 and i64, one operand: d a
  'I32_EXTEND8_S',
  'I32_EXTEND16_S',
  'I32_CLZ',
  'I64_EXTEND_I32_S',
  'I64_EXTEND_I32_U',
  // i64 arithmetic: d a b, or d a lo hi
  'I64_ADD',
  'I64_ADD_K',
  'I64_SUB',
  'I64_MUL',
  'I64_MUL_K',
  'I64_AND',
  'I64_AND_K',
  'I64_OR',
  'I64_OR_K',
  'I64_XOR',
  'I64_XOR_K',
  'I64_SHL',
  'I64_SHL_K',
  'I64_SHR_U',
  'I64_SHR_U_K',
  'I64_SHR_S',
  'I64_SHR_S_K',
  'I64_DIVIDE', // d a b wasm-opcode: the four divisions
  // Frequent pairs of Go code
  'I64_EXTEND_ADD_K', // d a lo hi: i64.extend_i32_u, i64.add
  'I64_EXTEND_ROTL_K', // d a k: i32.rotl, i64.extend_i32_u
  'I64_SHL_ADD_K', // d a k b: b + (a << k), 0 < k < 32
  'I32_SHL_ADD_K', // d a k b: the low word of the same
  'I32_ADD_K_GLOBAL', // d a k global: i32.add, local.tee, global.set
  // i64 comparisons: d a b, or d a lo hi; then the same branching: n t a b, or n t a lo hi
  'I64_EQ',
  'I64_NE',
  'I64_LT_S',
  'I64_LE_S',
  'I64_LT_U',
  'I64_LE_U',
  'I64_EQ_K',
  'I64_NE_K',
  'I64_LT_S_K',
  'I64_LE_S_K',
  'I64_LT_U_K',
  'I64_LE_U_K',
  'I64_GT_S_K',
  'I64_GE_S_K',
  'I64_GT_U_K',
  'I64_GE_U_K',
  'BR_I64_EQ',
  'BR_I64_NE',
  'BR_I64_LT_S',
  'BR_I64_LE_S',
  'BR_I64_LT_U',
  'BR_I64_LE_U',
  'BR_I64_EQ_K',
  'BR_I64_NE_K',
  'BR_I64_LT_S_K',
  'BR_I64_LE_S_K',
  'BR_I64_LT_U_K',
  'BR_I64_LE_U_K',
  'BR_I64_GT_S_K',
  'BR_I64_GE_S_K',
  'BR_I64_GT_U_K',
  'BR_I64_GE_U_K',
  // Loads of memory 0 at aligned offsets: d a offset, the offset in units of the access
  'LOAD_32',
  'LOAD_64',
  'LOAD_8U',
  'LOAD_8S',
  'LOAD_16U',
  'LOAD_16S',
  'LOAD_64_8U',
  'LOAD_64_8S',
  'LOAD_64_16U',
  'LOAD_64_16S',
  'LOAD_64_32U',
  'LOAD_64_32S',
  // Stores to memory 0 at aligned offsets: a offset v
  'STORE_32',
  'STORE_32_K',
  'STORE_64',
  'STORE_64_K',
  'STORE_8',
  'STORE_16',
  // Floats: d a b. An arithmetic NaN becomes the canonical one.
  'F64_ADD',
  'F64_SUB',
  'F64_MUL',
  'F64_DIV',
  'F64_EQ',
  'F64_NE',
  'F64_LT',
  'F64_LE',
  'F32_ADD',
  'F32_SUB',
  'F32_MUL',
  'F32_DIV',
  'F32_EQ',
  'F32_NE',
  'F32_LT',
  'F32_LE',
  // Everything else, through helpers
  'NUMERIC', // d a b wasm-opcode
  'LOAD_ANY', // d a memory wasm-opcode offset-lo offset-hi
  'STORE_ANY', // a v memory wasm-opcode offset-lo offset-hi
  'BULK', // wasm-opcode base x y n: instructions on memories, tables, segments and objects, operands at base
  // Vectors
  'MOVE_128',
  'CONST_128', // d and four words
  'VECTOR', // d row a b c k: by row of `INSTRUCTIONS`, see vector.ts
  // References
  'CALL_REF', // n a base
  'TAIL_CALL_REF', // n a base
  'ATOMIC', // wasm-opcode base memory offset-lo offset-hi n: operands at base
  // The other tier
  'ENTER', // func: compiled code goes on here
  'WATCH', // offset, a k: an access of memory at a + k follows; a = −1: it is to be looked at anyway, −2 − b: it takes three operands from b on
] as const;

export type OpcodeName = (typeof NAMES)[number];

/** Opcode numbers by name. */
export const X: Readonly<Record<OpcodeName, number>> = Object.fromEntries(NAMES.map((name, number) => [name, number])) as Record<OpcodeName, number>;

export function opcodeName(opcode: number): OpcodeName | undefined {
  return NAMES[opcode];
}
