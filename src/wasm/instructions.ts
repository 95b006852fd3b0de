import type { Feature } from './features.js';
import { F32, F64, I32, I64, V128, type ValType } from './types.js';

export { OP } from './opcodes.js';

/**
 * The instruction table: one row an instruction (spec appendix A.7 and the proposals that features.ts names). Binary
 * reader, validator, text parser, printer, both tiers, tracer and disassembly read it.
 */
export interface Instruction {
  /** The opcode byte, or `prefix << 16 | sub` for the prefixed ones: `memory.copy` is 0xFC000A. */
  readonly op: number;
  /** Position in `INSTRUCTIONS`: a dense number for tables beside this one. */
  readonly index: number;
  /** As in the text format. Four pairs of rows share one: see `byMnemonic`. */
  readonly mnemonic: string;
  readonly imm: ImmediateKind;
  readonly feature: Feature;
  /**
   * Operand and result types, the last operand on top, where they do not depend on the context; otherwise both are
   * undefined and `validate/rules-*.ts` has the rule. `ADDR` stands for the address type of the memory that the
   * instruction names.
   */
  readonly params: readonly ValType[] | undefined;
  readonly results: readonly ValType[] | undefined;
  /** Log2 of the bytes that a memory access touches, which is its natural alignment. */
  readonly align: number | undefined;
  /** Exclusive limit of a lane immediate. */
  readonly lanes: number | undefined;
  /** May it occur in a constant expression (§3.3.13)? `global.get` has a further condition. */
  readonly constant: boolean;
}

/** Pseudo type in the table's signatures: i32, or i64 where the memory is a 64-bit one. */
export const ADDR: ValType = -1;

/**
 * What follows the opcode in the binary format, in this order. `InstructionReader` says where each part is found
 * after reading.
 */
export const IMMEDIATES = [
  'none',
  /** block type */
  'block',
  /** block type, catch clauses */
  'catches',
  'label',
  /** vector of labels, default label */
  'labels',
  'func',
  /** type, table */
  'type+table',
  'local',
  'global',
  'tag',
  'table',
  /** destination, source */
  'table+table',
  /** segment, table */
  'elem+table',
  'elem',
  'memory',
  /** destination, source */
  'memory+memory',
  /** segment, memory */
  'data+memory',
  'data',
  /** alignment, memory, offset */
  'memarg',
  'memarg+lane',
  'lane',
  /** the 16 lanes of a shuffle */
  'lanes',
  'i32',
  'i64',
  'f32',
  'f64',
  'v128',
  /** vector of value types */
  'valtypes',
  /** heap type, as such */
  'heap',
  /** heap type; text and validation read it as (ref ht) */
  'ref',
  /** heap type; text and validation read it as (ref null ht) */
  'ref null',
  'type',
  'type+field',
  'type+length',
  'type+data',
  'type+elem',
  'type+type',
  /** flags, label, source heap type, target heap type */
  'cast',
  /** one zero byte */
  'zero',
] as const;
export type ImmediateKind = (typeof IMMEDIATES)[number];

const rows: Instruction[] = [];

const SIGNATURE_LETTERS: Readonly<Record<string, ValType>> = { i: I32, I: I64, f: F32, F: F64, v: V128, a: ADDR };
const lists = new Map<string, readonly ValType[]>();

function valTypes(letters: string): readonly ValType[] {
  let list = lists.get(letters);
  if (list === undefined) lists.set(letters, (list = Object.freeze([...letters].map((letter) => SIGNATURE_LETTERS[letter]!))));
  return list;
}

interface More {
  readonly align?: number;
  readonly lanes?: number;
  readonly constant?: boolean;
}

/** Operands and results as letters: `ai>` takes an address and an i32. `?` for those whose type is special. */
function row(feature: Feature, op: number, mnemonic: string, imm: ImmediateKind, signature: string, more: More = {}): void {
  const [params, results] = signature === '?' ? [] : signature.split('>').map(valTypes);
  const { align, lanes, constant = false } = more;
  rows.push({ op, index: rows.length, mnemonic, imm, feature, params, results, align, lanes, constant });
}

/** Instructions of one signature with consecutive opcodes; `-` leaves one out. */
function run(feature: Feature, op: number, signature: string, mnemonics: string, more: More = {}): void {
  for (const [i, mnemonic] of mnemonics.split(' ').entries()) {
    if (mnemonic !== '-') row(feature, op + i, mnemonic, 'none', signature, more);
  }
}

const FB = 0xfb0000;
const FC = 0xfc0000;
const FD = 0xfd0000;
const FE = 0xfe0000;
const CONST: More = { constant: true };

// Control
row('mvp', 0x00, 'unreachable', 'none', '?');
row('mvp', 0x01, 'nop', 'none', '>');
row('mvp', 0x02, 'block', 'block', '?');
row('mvp', 0x03, 'loop', 'block', '?');
row('mvp', 0x04, 'if', 'block', '?');
row('mvp', 0x05, 'else', 'none', '?');
row('legacy-exceptions', 0x06, 'try', 'block', '?');
row('legacy-exceptions', 0x07, 'catch', 'tag', '?');
row('exceptions', 0x08, 'throw', 'tag', '?');
row('legacy-exceptions', 0x09, 'rethrow', 'label', '?');
row('exceptions', 0x0a, 'throw_ref', 'none', '?');
row('mvp', 0x0b, 'end', 'none', '?', CONST);
row('mvp', 0x0c, 'br', 'label', '?');
row('mvp', 0x0d, 'br_if', 'label', '?');
row('mvp', 0x0e, 'br_table', 'labels', '?');
row('mvp', 0x0f, 'return', 'none', '?');
row('mvp', 0x10, 'call', 'func', '?');
row('mvp', 0x11, 'call_indirect', 'type+table', '?');
row('tail-calls', 0x12, 'return_call', 'func', '?');
row('tail-calls', 0x13, 'return_call_indirect', 'type+table', '?');
row('function-references', 0x14, 'call_ref', 'type', '?');
row('function-references', 0x15, 'return_call_ref', 'type', '?');
row('legacy-exceptions', 0x18, 'delegate', 'label', '?');
row('legacy-exceptions', 0x19, 'catch_all', 'none', '?');
row('mvp', 0x1a, 'drop', 'none', '?');
row('mvp', 0x1b, 'select', 'none', '?');
row('reference-types', 0x1c, 'select', 'valtypes', '?');
row('exceptions', 0x1f, 'try_table', 'catches', '?');

// Variables and tables
row('mvp', 0x20, 'local.get', 'local', '?');
row('mvp', 0x21, 'local.set', 'local', '?');
row('mvp', 0x22, 'local.tee', 'local', '?');
row('mvp', 0x23, 'global.get', 'global', '?', CONST);
row('mvp', 0x24, 'global.set', 'global', '?');
row('reference-types', 0x25, 'table.get', 'table', '?');
row('reference-types', 0x26, 'table.set', 'table', '?');

// Memory
row('mvp', 0x28, 'i32.load', 'memarg', 'a>i', { align: 2 });
row('mvp', 0x29, 'i64.load', 'memarg', 'a>I', { align: 3 });
row('mvp', 0x2a, 'f32.load', 'memarg', 'a>f', { align: 2 });
row('mvp', 0x2b, 'f64.load', 'memarg', 'a>F', { align: 3 });
row('mvp', 0x2c, 'i32.load8_s', 'memarg', 'a>i', { align: 0 });
row('mvp', 0x2d, 'i32.load8_u', 'memarg', 'a>i', { align: 0 });
row('mvp', 0x2e, 'i32.load16_s', 'memarg', 'a>i', { align: 1 });
row('mvp', 0x2f, 'i32.load16_u', 'memarg', 'a>i', { align: 1 });
row('mvp', 0x30, 'i64.load8_s', 'memarg', 'a>I', { align: 0 });
row('mvp', 0x31, 'i64.load8_u', 'memarg', 'a>I', { align: 0 });
row('mvp', 0x32, 'i64.load16_s', 'memarg', 'a>I', { align: 1 });
row('mvp', 0x33, 'i64.load16_u', 'memarg', 'a>I', { align: 1 });
row('mvp', 0x34, 'i64.load32_s', 'memarg', 'a>I', { align: 2 });
row('mvp', 0x35, 'i64.load32_u', 'memarg', 'a>I', { align: 2 });
row('mvp', 0x36, 'i32.store', 'memarg', 'ai>', { align: 2 });
row('mvp', 0x37, 'i64.store', 'memarg', 'aI>', { align: 3 });
row('mvp', 0x38, 'f32.store', 'memarg', 'af>', { align: 2 });
row('mvp', 0x39, 'f64.store', 'memarg', 'aF>', { align: 3 });
row('mvp', 0x3a, 'i32.store8', 'memarg', 'ai>', { align: 0 });
row('mvp', 0x3b, 'i32.store16', 'memarg', 'ai>', { align: 1 });
row('mvp', 0x3c, 'i64.store8', 'memarg', 'aI>', { align: 0 });
row('mvp', 0x3d, 'i64.store16', 'memarg', 'aI>', { align: 1 });
row('mvp', 0x3e, 'i64.store32', 'memarg', 'aI>', { align: 2 });
row('mvp', 0x3f, 'memory.size', 'memory', '>a');
row('mvp', 0x40, 'memory.grow', 'memory', 'a>a');

// Numbers
row('mvp', 0x41, 'i32.const', 'i32', '>i', CONST);
row('mvp', 0x42, 'i64.const', 'i64', '>I', CONST);
row('mvp', 0x43, 'f32.const', 'f32', '>f', CONST);
row('mvp', 0x44, 'f64.const', 'f64', '>F', CONST);
run('mvp', 0x45, 'i>i', 'i32.eqz');
run('mvp', 0x46, 'ii>i', 'i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u');
run('mvp', 0x50, 'I>i', 'i64.eqz');
run('mvp', 0x51, 'II>i', 'i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u');
run('mvp', 0x5b, 'ff>i', 'f32.eq f32.ne f32.lt f32.gt f32.le f32.ge');
run('mvp', 0x61, 'FF>i', 'f64.eq f64.ne f64.lt f64.gt f64.le f64.ge');
run('mvp', 0x67, 'i>i', 'i32.clz i32.ctz i32.popcnt');
run('mvp', 0x6a, 'ii>i', 'i32.add i32.sub i32.mul', CONST);
run('mvp', 0x6d, 'ii>i', 'i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr');
run('mvp', 0x79, 'I>I', 'i64.clz i64.ctz i64.popcnt');
run('mvp', 0x7c, 'II>I', 'i64.add i64.sub i64.mul', CONST);
run('mvp', 0x7f, 'II>I', 'i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr');
run('mvp', 0x8b, 'f>f', 'f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt');
run('mvp', 0x92, 'ff>f', 'f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign');
run('mvp', 0x99, 'F>F', 'f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt');
run('mvp', 0xa0, 'FF>F', 'f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign');
run('mvp', 0xa7, 'I>i', 'i32.wrap_i64');
run('mvp', 0xa8, 'f>i', 'i32.trunc_f32_s i32.trunc_f32_u');
run('mvp', 0xaa, 'F>i', 'i32.trunc_f64_s i32.trunc_f64_u');
run('mvp', 0xac, 'i>I', 'i64.extend_i32_s i64.extend_i32_u');
run('mvp', 0xae, 'f>I', 'i64.trunc_f32_s i64.trunc_f32_u');
run('mvp', 0xb0, 'F>I', 'i64.trunc_f64_s i64.trunc_f64_u');
run('mvp', 0xb2, 'i>f', 'f32.convert_i32_s f32.convert_i32_u');
run('mvp', 0xb4, 'I>f', 'f32.convert_i64_s f32.convert_i64_u');
run('mvp', 0xb6, 'F>f', 'f32.demote_f64');
run('mvp', 0xb7, 'i>F', 'f64.convert_i32_s f64.convert_i32_u');
run('mvp', 0xb9, 'I>F', 'f64.convert_i64_s f64.convert_i64_u');
run('mvp', 0xbb, 'f>F', 'f64.promote_f32');
run('mvp', 0xbc, 'f>i', 'i32.reinterpret_f32');
run('mvp', 0xbd, 'F>I', 'i64.reinterpret_f64');
run('mvp', 0xbe, 'i>f', 'f32.reinterpret_i32');
run('mvp', 0xbf, 'I>F', 'f64.reinterpret_i64');
run('sign-extension', 0xc0, 'i>i', 'i32.extend8_s i32.extend16_s');
run('sign-extension', 0xc2, 'I>I', 'i64.extend8_s i64.extend16_s i64.extend32_s');

// References
row('reference-types', 0xd0, 'ref.null', 'heap', '?', CONST);
row('reference-types', 0xd1, 'ref.is_null', 'none', '?');
row('reference-types', 0xd2, 'ref.func', 'func', '?', CONST);
row('gc', 0xd3, 'ref.eq', 'none', '?');
row('function-references', 0xd4, 'ref.as_non_null', 'none', '?');
row('function-references', 0xd5, 'br_on_null', 'label', '?');
row('function-references', 0xd6, 'br_on_non_null', 'label', '?');

// Structures, arrays, casts
row('gc', FB + 0, 'struct.new', 'type', '?', CONST);
row('gc', FB + 1, 'struct.new_default', 'type', '?', CONST);
row('gc', FB + 2, 'struct.get', 'type+field', '?');
row('gc', FB + 3, 'struct.get_s', 'type+field', '?');
row('gc', FB + 4, 'struct.get_u', 'type+field', '?');
row('gc', FB + 5, 'struct.set', 'type+field', '?');
row('gc', FB + 6, 'array.new', 'type', '?', CONST);
row('gc', FB + 7, 'array.new_default', 'type', '?', CONST);
row('gc', FB + 8, 'array.new_fixed', 'type+length', '?', CONST);
row('gc', FB + 9, 'array.new_data', 'type+data', '?');
row('gc', FB + 10, 'array.new_elem', 'type+elem', '?');
row('gc', FB + 11, 'array.get', 'type', '?');
row('gc', FB + 12, 'array.get_s', 'type', '?');
row('gc', FB + 13, 'array.get_u', 'type', '?');
row('gc', FB + 14, 'array.set', 'type', '?');
row('gc', FB + 15, 'array.len', 'none', '?');
row('gc', FB + 16, 'array.fill', 'type', '?');
row('gc', FB + 17, 'array.copy', 'type+type', '?');
row('gc', FB + 18, 'array.init_data', 'type+data', '?');
row('gc', FB + 19, 'array.init_elem', 'type+elem', '?');
row('gc', FB + 20, 'ref.test', 'ref', '?');
row('gc', FB + 21, 'ref.test', 'ref null', '?');
row('gc', FB + 22, 'ref.cast', 'ref', '?');
row('gc', FB + 23, 'ref.cast', 'ref null', '?');
row('gc', FB + 24, 'br_on_cast', 'cast', '?');
row('gc', FB + 25, 'br_on_cast_fail', 'cast', '?');
row('gc', FB + 26, 'any.convert_extern', 'none', '?', CONST);
row('gc', FB + 27, 'extern.convert_any', 'none', '?', CONST);
row('gc', FB + 28, 'ref.i31', 'none', '?', CONST);
row('gc', FB + 29, 'i31.get_s', 'none', '?');
row('gc', FB + 30, 'i31.get_u', 'none', '?');
row('custom-descriptors', FB + 32, 'struct.new_desc', 'type', '?', CONST);
row('custom-descriptors', FB + 33, 'struct.new_default_desc', 'type', '?', CONST);
row('custom-descriptors', FB + 34, 'ref.get_desc', 'type', '?');
row('custom-descriptors', FB + 35, 'ref.cast_desc_eq', 'ref', '?');
row('custom-descriptors', FB + 36, 'ref.cast_desc_eq', 'ref null', '?');
row('custom-descriptors', FB + 37, 'br_on_cast_desc_eq', 'cast', '?');
row('custom-descriptors', FB + 38, 'br_on_cast_desc_eq_fail', 'cast', '?');

run('saturating-conversions', FC + 0, 'f>i', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u');
run('saturating-conversions', FC + 2, 'F>i', 'i32.trunc_sat_f64_s i32.trunc_sat_f64_u');
run('saturating-conversions', FC + 4, 'f>I', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u');
run('saturating-conversions', FC + 6, 'F>I', 'i64.trunc_sat_f64_s i64.trunc_sat_f64_u');
row('bulk-memory', FC + 8, 'memory.init', 'data+memory', 'aii>');
row('bulk-memory', FC + 9, 'data.drop', 'data', '>');
row('bulk-memory', FC + 10, 'memory.copy', 'memory+memory', '?');
row('bulk-memory', FC + 11, 'memory.fill', 'memory', 'aia>');
row('bulk-memory', FC + 12, 'table.init', 'elem+table', '?');
row('bulk-memory', FC + 13, 'elem.drop', 'elem', '>');
row('bulk-memory', FC + 14, 'table.copy', 'table+table', '?');
row('reference-types', FC + 15, 'table.grow', 'table', '?');
row('reference-types', FC + 16, 'table.size', 'table', '?');
row('reference-types', FC + 17, 'table.fill', 'table', '?');
run('wide-arithmetic', FC + 19, 'IIII>II', 'i64.add128 i64.sub128');
run('wide-arithmetic', FC + 21, 'II>II', 'i64.mul_wide_s i64.mul_wide_u');

// Vectors
row('simd', FD + 0, 'v128.load', 'memarg', 'a>v', { align: 4 });
row('simd', FD + 1, 'v128.load8x8_s', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 2, 'v128.load8x8_u', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 3, 'v128.load16x4_s', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 4, 'v128.load16x4_u', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 5, 'v128.load32x2_s', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 6, 'v128.load32x2_u', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 7, 'v128.load8_splat', 'memarg', 'a>v', { align: 0 });
row('simd', FD + 8, 'v128.load16_splat', 'memarg', 'a>v', { align: 1 });
row('simd', FD + 9, 'v128.load32_splat', 'memarg', 'a>v', { align: 2 });
row('simd', FD + 10, 'v128.load64_splat', 'memarg', 'a>v', { align: 3 });
row('simd', FD + 11, 'v128.store', 'memarg', 'av>', { align: 4 });
row('simd', FD + 12, 'v128.const', 'v128', '>v', CONST);
row('simd', FD + 13, 'i8x16.shuffle', 'lanes', 'vv>v', { lanes: 32 });
run('simd', FD + 14, 'vv>v', 'i8x16.swizzle');
run('simd', FD + 15, 'i>v', 'i8x16.splat i16x8.splat i32x4.splat');
run('simd', FD + 18, 'I>v', 'i64x2.splat');
run('simd', FD + 19, 'f>v', 'f32x4.splat');
run('simd', FD + 20, 'F>v', 'f64x2.splat');
row('simd', FD + 21, 'i8x16.extract_lane_s', 'lane', 'v>i', { lanes: 16 });
row('simd', FD + 22, 'i8x16.extract_lane_u', 'lane', 'v>i', { lanes: 16 });
row('simd', FD + 23, 'i8x16.replace_lane', 'lane', 'vi>v', { lanes: 16 });
row('simd', FD + 24, 'i16x8.extract_lane_s', 'lane', 'v>i', { lanes: 8 });
row('simd', FD + 25, 'i16x8.extract_lane_u', 'lane', 'v>i', { lanes: 8 });
row('simd', FD + 26, 'i16x8.replace_lane', 'lane', 'vi>v', { lanes: 8 });
row('simd', FD + 27, 'i32x4.extract_lane', 'lane', 'v>i', { lanes: 4 });
row('simd', FD + 28, 'i32x4.replace_lane', 'lane', 'vi>v', { lanes: 4 });
row('simd', FD + 29, 'i64x2.extract_lane', 'lane', 'v>I', { lanes: 2 });
row('simd', FD + 30, 'i64x2.replace_lane', 'lane', 'vI>v', { lanes: 2 });
row('simd', FD + 31, 'f32x4.extract_lane', 'lane', 'v>f', { lanes: 4 });
row('simd', FD + 32, 'f32x4.replace_lane', 'lane', 'vf>v', { lanes: 4 });
row('simd', FD + 33, 'f64x2.extract_lane', 'lane', 'v>F', { lanes: 2 });
row('simd', FD + 34, 'f64x2.replace_lane', 'lane', 'vF>v', { lanes: 2 });
const INT_COMPARISONS = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
const FLOAT_COMPARISONS = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'];
for (const [i, [shape, comparisons]] of [
  ['i8x16', INT_COMPARISONS] as const,
  ['i16x8', INT_COMPARISONS] as const,
  ['i32x4', INT_COMPARISONS] as const,
  ['f32x4', FLOAT_COMPARISONS] as const,
  ['f64x2', FLOAT_COMPARISONS] as const,
].entries()) {
  const first = i < 4 ? 35 + 10 * i : 71;
  run('simd', FD + first, 'vv>v', comparisons.map((comparison) => `${shape}.${comparison}`).join(' '));
}
run('simd', FD + 77, 'v>v', 'v128.not');
run('simd', FD + 78, 'vv>v', 'v128.and v128.andnot v128.or v128.xor');
run('simd', FD + 82, 'vvv>v', 'v128.bitselect');
run('simd', FD + 83, 'v>i', 'v128.any_true');
for (const [i, size] of [8, 16, 32, 64].entries()) {
  row('simd', FD + 84 + i, `v128.load${size}_lane`, 'memarg+lane', 'av>v', { align: i, lanes: 128 / size });
  row('simd', FD + 88 + i, `v128.store${size}_lane`, 'memarg+lane', 'av>', { align: i, lanes: 128 / size });
}
row('simd', FD + 92, 'v128.load32_zero', 'memarg', 'a>v', { align: 2 });
row('simd', FD + 93, 'v128.load64_zero', 'memarg', 'a>v', { align: 3 });
run('simd', FD + 94, 'v>v', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4');
run('simd', FD + 96, 'v>v', 'i8x16.abs i8x16.neg i8x16.popcnt');
run('simd', FD + 99, 'v>i', 'i8x16.all_true i8x16.bitmask');
run('simd', FD + 101, 'vv>v', 'i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u');
run('simd', FD + 103, 'v>v', 'f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest');
run('simd', FD + 107, 'vi>v', 'i8x16.shl i8x16.shr_s i8x16.shr_u');
run('simd', FD + 110, 'vv>v', 'i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u');
run('simd', FD + 116, 'v>v', 'f64x2.ceil f64x2.floor');
run('simd', FD + 118, 'vv>v', 'i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u');
run('simd', FD + 122, 'v>v', 'f64x2.trunc');
run('simd', FD + 123, 'vv>v', 'i8x16.avgr_u');
run('simd', FD + 124, 'v>v', 'i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u');
run('simd', FD + 126, 'v>v', 'i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u');
run('simd', FD + 128, 'v>v', 'i16x8.abs i16x8.neg');
run('simd', FD + 130, 'vv>v', 'i16x8.q15mulr_sat_s');
run('simd', FD + 131, 'v>i', 'i16x8.all_true i16x8.bitmask');
run('simd', FD + 133, 'vv>v', 'i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u');
run('simd', FD + 135, 'v>v', 'i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u');
run('simd', FD + 139, 'vi>v', 'i16x8.shl i16x8.shr_s i16x8.shr_u');
run('simd', FD + 142, 'vv>v', 'i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u');
run('simd', FD + 148, 'v>v', 'f64x2.nearest');
run('simd', FD + 149, 'vv>v', 'i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u - i16x8.avgr_u');
run('simd', FD + 156, 'vv>v', 'i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u');
run('simd', FD + 160, 'v>v', 'i32x4.abs i32x4.neg');
run('simd', FD + 163, 'v>i', 'i32x4.all_true i32x4.bitmask');
run('simd', FD + 167, 'v>v', 'i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u');
run('simd', FD + 171, 'vi>v', 'i32x4.shl i32x4.shr_s i32x4.shr_u');
run('simd', FD + 174, 'vv>v', 'i32x4.add - - i32x4.sub - - - i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s');
run('simd', FD + 188, 'vv>v', 'i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u');
run('simd', FD + 192, 'v>v', 'i64x2.abs i64x2.neg');
run('simd', FD + 195, 'v>i', 'i64x2.all_true i64x2.bitmask');
run('simd', FD + 199, 'v>v', 'i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u');
run('simd', FD + 203, 'vi>v', 'i64x2.shl i64x2.shr_s i64x2.shr_u');
run('simd', FD + 206, 'vv>v', 'i64x2.add - - i64x2.sub - - - i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s');
run('simd', FD + 220, 'vv>v', 'i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u');
run('simd', FD + 224, 'v>v', 'f32x4.abs f32x4.neg - f32x4.sqrt');
run('simd', FD + 228, 'vv>v', 'f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax');
run('simd', FD + 236, 'v>v', 'f64x2.abs f64x2.neg - f64x2.sqrt');
run('simd', FD + 240, 'vv>v', 'f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax');
run('simd', FD + 248, 'v>v', 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u');
run(
  'simd',
  FD + 252,
  'v>v',
  'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u',
);

run('relaxed-simd', FD + 256, 'vv>v', 'i8x16.relaxed_swizzle');
run('relaxed-simd', FD + 257, 'v>v', 'i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u');
run('relaxed-simd', FD + 259, 'v>v', 'i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero');
run('relaxed-simd', FD + 261, 'vvv>v', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd');
run(
  'relaxed-simd',
  FD + 265,
  'vvv>v',
  'i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect',
);
run('relaxed-simd', FD + 269, 'vv>v', 'f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max');
run('relaxed-simd', FD + 273, 'vv>v', 'i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s');
run('relaxed-simd', FD + 275, 'vvv>v', 'i32x4.relaxed_dot_i8x16_i7x16_add_s');

// Atomics
row('threads', FE + 0x00, 'memory.atomic.notify', 'memarg', 'ai>i', { align: 2 });
row('threads', FE + 0x01, 'memory.atomic.wait32', 'memarg', 'aiI>i', { align: 2 });
row('threads', FE + 0x02, 'memory.atomic.wait64', 'memarg', 'aII>i', { align: 3 });
row('threads', FE + 0x03, 'atomic.fence', 'zero', '>');
const ATOMIC_WIDTHS = [
  ['i32', '', '', 'i', 2],
  ['i64', '', '', 'I', 3],
  ['i32', '8', '_u', 'i', 0],
  ['i32', '16', '_u', 'i', 1],
  ['i64', '8', '_u', 'I', 0],
  ['i64', '16', '_u', 'I', 1],
  ['i64', '32', '_u', 'I', 2],
] as const;
for (const [i, [type, width, suffix, t, align]] of ATOMIC_WIDTHS.entries()) {
  row('threads', FE + 0x10 + i, `${type}.atomic.load${width}${suffix}`, 'memarg', `a>${t}`, { align });
  row('threads', FE + 0x17 + i, `${type}.atomic.store${width}`, 'memarg', `a${t}>`, { align });
  for (const [j, operation] of ['add', 'sub', 'and', 'or', 'xor', 'xchg'].entries()) {
    row('threads', FE + 0x1e + 7 * j + i, `${type}.atomic.rmw${width}.${operation}${suffix}`, 'memarg', `a${t}>${t}`, { align });
  }
  row('threads', FE + 0x48 + i, `${type}.atomic.rmw${width}.cmpxchg${suffix}`, 'memarg', `a${t}${t}>${t}`, { align });
}

export const INSTRUCTIONS: readonly Instruction[] = rows;

/** The prefix bytes are 0xFB to 0xFE; sub-opcodes stay below this. */
const SUBS = 512;
const byOpcode = new Int16Array(256 + 4 * SUBS).fill(-1);
const byName = new Map<string, Instruction[]>();
for (const instruction of rows) {
  const { op, index, mnemonic } = instruction;
  byOpcode[op < 256 ? op : 256 + ((op >>> 16) - 0xfb) * SUBS + (op & 0xffff)] = index;
  const same = byName.get(mnemonic);
  if (same === undefined) byName.set(mnemonic, [instruction]);
  else same.push(instruction);
}

/** By opcode byte: the row of an opcode without prefix, −1 if there is none. */
export const ROW_OF_BYTE: Int16Array = byOpcode.subarray(0, 256);
/** Row of `prefix` (0xFB to 0xFE) and the sub-opcode after it, −1 if there is none. */
export function indexOfPrefixed(prefix: number, sub: number): number {
  return sub < SUBS ? byOpcode[256 + (prefix - 0xfb) * SUBS + sub]! : -1;
}

/** The row of `op` (see `Instruction.op`); undefined for what is no instruction. */
export function instruction(op: number): Instruction | undefined {
  const prefix = op >>> 16;
  if (prefix === 0) return op < 256 ? rows[byOpcode[op]!] : undefined;
  return prefix >= 0xfb && prefix <= 0xfe ? rows[indexOfPrefixed(prefix, op & 0xffff)] : undefined;
}

/** All rows of a mnemonic, in the order of their opcodes; empty for an unknown one. */
export function byMnemonic(mnemonic: string): readonly Instruction[] {
  return byName.get(mnemonic) ?? [];
}
